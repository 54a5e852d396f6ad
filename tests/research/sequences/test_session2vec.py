"""Session2Vec: what it learns, from what it may learn, and what it says of what it never saw."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_sequences import DAY, MINUTE, block_of, browsing, written
from willbuy.errors import WillbuyError
from willbuy.progress import Silent
from willbuy.research.session2vec.embedding import Embedding, Recipe, nearest
from willbuy.research.session2vec.map import map_of
from willbuy.research.session2vec.next_product import (
    Alike,
    Popular,
    Together,
    Votes,
    ask,
    hits,
)
from willbuy.research.session2vec.search import search
from willbuy.research.session2vec.shown import Sentences, shown
from willbuy.research.session2vec.training import Looks, train
from willbuy.research.session2vec.vectors import columns, names_of, session_vectors

BORDER = 6 * DAY
QUICK = Recipe(size=8, epochs=4)


@pytest.fixture(scope="module")
def sequences(tmp_path_factory):
    sessions = browsing(0, 400, 10)
    half = len(sessions) // 2
    folder = tmp_path_factory.mktemp("sequences")
    return written(folder, block_of(sessions[:half]), block_of(sessions[half:]))


@pytest.fixture(scope="module")
def embedding(sequences):
    return train(Sentences(sequences, BORDER), replace(QUICK, epochs=15), 0, Silent())


def every_row(sequences):
    """A row for every event, as the snapshots would have it."""
    frames = []
    for sessions, _ in sequences.blocks():
        of = np.repeat(np.arange(len(sessions)), sessions["events"])
        first = np.cumsum(sessions["events"]) - sessions["events"]
        frames.append(
            pl.DataFrame(
                {
                    "visit": sessions["visit"][of],
                    "start": sessions["start"][of],
                    "ordinal": np.arange(len(of)) - first[of] + 1,
                }
            )
        )
    return pl.concat(frames)


def equal(one, other):
    """Whether two embeddings are the same, bit by bit."""
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("products", "product_vectors", "outputs", "category_vectors", "counts")
    )


def test_what_is_looked_at_in_a_row_is_one_word():
    words = shown(block_of([(1, 0, [101, 101, 0, 101, 102, 101]), (1, DAY, [101, 0, 0])]))
    assert words.words["product"].tolist() == [101, 102, 101, 101]
    assert words.session.tolist() == [0, 0, 0, 1]
    assert words.step.tolist() == [0, 4, 5, 6]


def test_products_of_a_kind_come_to_lie_together(embedding):
    near = embedding.nearest_products(101, 5)
    assert [product // 100 for product, _ in near] == [1] * 5
    cosines = [cosine for _, cosine in near]
    assert cosines == sorted(cosines, reverse=True)
    assert 101 not in [product for product, _ in near]


def test_the_same_seed_gives_the_same_vectors_and_another_does_not(sequences):
    first = train(Sentences(sequences, BORDER), QUICK, 0, Silent())
    assert equal(first, train(Sentences(sequences, BORDER), QUICK, 0, Silent()))
    assert not equal(first, train(Sentences(sequences, BORDER), QUICK, 1, Silent()))


def test_nothing_after_the_border_changes_a_vector(sequences, tmp_path):
    first = train(Sentences(sequences, BORDER), QUICK, 0, Silent())
    changed, late = [], 0
    for block in sequences.blocks():
        sessions, steps = block
        of = np.repeat(np.arange(len(sessions)), sessions["events"])
        after = sessions["last"][of] >= BORDER
        late += int(after.sum())
        steps["product"][after] = 501
        steps["category"][after] = 7
        changed.append(block)
    assert late > 1000
    other = written(tmp_path / "changed", *changed)
    assert equal(first, train(Sentences(other, BORDER), QUICK, 0, Silent()))


def test_a_session_that_went_on_at_the_border_is_not_learnt_from(tmp_path):
    before, across = (1, BORDER - DAY, [101, 102] * 3), (2, BORDER - 2 * MINUTE, [201, 202] * 3)
    found = written(tmp_path, block_of([before, across]))
    embedding = train(Sentences(found, BORDER), QUICK, 0, Silent())
    assert embedding.products.tolist() == [101, 102]


def by_hand(embedding, products):
    """The decayed mean of what a session has shown, from its meaning."""
    words = [p for i, p in enumerate(products) if p and p != ([0, *filter(None, products[:i])][-1])]
    known = []
    for word in words:
        for keys, vectors, key in (
            (embedding.products, embedding.product_vectors, word),
            (embedding.categories, embedding.category_vectors, word // 100),
        ):
            if key in keys:
                known.append(vectors[keys.tolist().index(key)].astype(float))
                break
    if not known:
        return np.full(embedding.size, np.nan)
    weight = embedding.recipe.fade ** np.arange(len(known))[::-1]
    return np.average(known, axis=0, weights=weight)


PRODUCTS = st.lists(st.sampled_from([0, 101, 102, 103, 199, 205, 901]), min_size=1, max_size=12)


@given(PRODUCTS, PRODUCTS)
def test_a_sessions_vector_is_the_decayed_mean_of_what_it_has_shown(embedding, one, other):
    """199 was never seen, so that its category stands in; nor was 901's category."""
    block = block_of([(1, 0, one), (2, DAY, other)])
    vectors, of = session_vectors(embedding, block, np.ones(2, bool))
    for begin, products in ((0, one), (len(one), other)):
        for k in range(len(products)):
            row = of[begin + k]
            found = vectors[row] if row >= 0 else np.full(embedding.size, np.nan)
            wanted = by_hand(embedding, products[: k + 1])
            assert found == pytest.approx(wanted, abs=1e-5, nan_ok=True)


@given(PRODUCTS, PRODUCTS, PRODUCTS)
def test_what_comes_later_in_a_session_changes_no_earlier_vector(embedding, begin, one, other):
    def at(products):
        vectors, of = session_vectors(embedding, block_of([(1, 0, products)]), np.ones(1, bool))
        last = of[len(begin) - 1]
        return vectors[last].tobytes() if last >= 0 else None

    assert at([*begin, *one]) == at([*begin, *other])


def test_columns_are_those_of_the_rows_in_any_order(embedding, sequences):
    rows = every_row(sequences).sample(fraction=1.0, shuffle=True, seed=1).head(500)
    found = columns(embedding, sequences, rows)
    assert found.shape == (500, len(names_of(embedding)))
    late = rows["start"].to_numpy() >= BORDER
    assert 100 < late.sum() < 400
    assert np.isnan(found[~late]).all()
    assert not np.isnan(found[late]).any()
    products = {
        int(session["visit"]): block.steps["product"][end - session["events"] : end].tolist()
        for block in sequences.blocks()
        for session, end in zip(block.sessions, block.ends, strict=True)
    }
    for i in np.flatnonzero(late)[:50].tolist():
        row = rows.row(i, named=True)
        wanted = by_hand(embedding, products[row["visit"]][: row["ordinal"]])
        assert found[i] == pytest.approx(wanted, abs=1e-5)


def test_saved_and_loaded_it_is_the_same(embedding, tmp_path):
    embedding.save(tmp_path)
    again = Embedding.load(tmp_path)
    assert equal(again, embedding)
    assert again.recipe == embedding.recipe
    assert again.border == embedding.border
    assert {path.suffix for path in tmp_path.iterdir()} == {".npz", ".json"}
    (tmp_path / "embedding.npz").write_bytes(b"no arrays")
    with pytest.raises(WillbuyError, match="cannot be read"):
        Embedding.load(tmp_path)


def test_a_product_never_seen_is_as_its_category_or_told(embedding):
    assert embedding.nearest_products(199, 3, category=1)[0][0] // 100 == 1
    with pytest.raises(WillbuyError, match="901 was shown fewer than 3 times"):
        embedding.nearest_products(901, 3, category=9)


def test_nearest_sessions_are_such_as_showed_the_like(embedding, sequences):
    block = next(iter(sequences.blocks()))
    vectors, of = session_vectors(embedding, block, np.ones(len(block.sessions), bool))
    at_end = vectors[of[block.ends - 1]]
    category = block.steps["category"][block.ends - 1]
    found = nearest(at_end, at_end[0], 10)
    assert found[0] == (0, pytest.approx(1))
    assert {category[at] for at, _ in found} == {category[0]}


def test_vectors_tell_the_next_product_as_counts_do(embedding, sequences):
    """All products of a category are alike here, so that nobody can do much better than 1 in 1."""
    asked = ask(sequences, BORDER, 10 * DAY)
    words = Sentences(sequences, BORDER)
    looks = Looks(words)
    rankers = (
        Votes(embedding, 0.9, 0.3), Popular(looks), Together(words, looks, 0.0),
        Popular(looks, shown_first=True), Alike(embedding.products, embedding.product_vectors),
    )  # fmt: skip
    for ranker in rankers:
        assert hits(ranker, asked).mean() > 0.95
    assert hits(Popular(looks), asked.take(np.zeros(0, np.int64))).shape == (0,)


def test_questions_are_moves_to_another_product(tmp_path):
    found = written(tmp_path, block_of([(1, 0, [101, 101, 102, 0, 103]), (2, MINUTE, [201, 201])]))
    asked = ask(found, 0, DAY)
    assert asked.answer.tolist() == [102, 103]
    assert asked.products[asked.last].tolist() == [101, 102]
    assert asked.users.tolist() == [1, 1]


def test_the_search_looks_at_nothing_after_the_border(sequences, tmp_path):
    # Shoppers who are on their way at the border, and go on to what nobody else does.
    across = [(900 + i, BORDER - (i + 1) * MINUTE, [101, *([701, 802] * i)]) for i in range(1, 60)]
    all_of_it = written(tmp_path / "all", *sequences.blocks(), block_of(across))
    tried = search(all_of_it, BORDER, 2, 0, Silent())
    cut = []
    for block in sequences.blocks():
        keep = block.sessions["last"] < BORDER
        of = np.repeat(keep, block.sessions["events"])
        cut.append(block._replace(sessions=block.sessions[keep], steps=block.steps[of]))
    assert search(written(tmp_path / "cut", *cut), BORDER, 2, 0, Silent()) == tried
    assert tried[0].hit_rate >= tried[1].hit_rate
    assert any(one.recipe.window == Recipe().window for one in tried)


def test_too_little_to_learn_from_is_told(tmp_path):
    found = written(tmp_path, block_of([(1, 0, [101, 102])]))
    told = r"too little to learn vectors from.*--models logistic,xgboost,tabnet,tabm,blend"
    with pytest.raises(WillbuyError, match=told):
        train(Sentences(found, BORDER), QUICK, 0, Silent())
    with pytest.raises(WillbuyError, match=told):
        train(Sentences(found, 0), QUICK, 0, Silent())


def test_no_question_to_judge_recipes_by_is_told(tmp_path):
    early = [(user, user * MINUTE, [101, 102, 103]) for user in range(20)]
    late = [(99, BORDER - DAY // 2, [101, 101])]
    found = written(tmp_path, block_of([*early, *late]))
    with pytest.raises(WillbuyError, match=r"too little to learn vectors from.*nobody went"):
        search(found, BORDER, 1, 0, Silent())


def test_a_product_is_what_it_was_when_last_shown_whoever_saw_it(tmp_path):
    block = block_of([(1, 2 * DAY, [101]), (2, DAY, [101]), (3, 0, [102, 101])])
    block.steps["category"] = [7, 8, 1, 9]
    later = block_of([(4, DAY // 2, [101, 102])])
    looks = Looks(Sentences(written(tmp_path, block, later), BORDER))
    assert looks.products.tolist() == [101, 102]
    assert looks.counts.tolist() == [4, 2]
    assert looks.categories.tolist() == [7, 1]


def test_a_log_without_categories_has_vectors_of_its_products(tmp_path):
    blocks = [block_of(browsing(0, 120, 10))]
    for block in blocks:
        block.steps["category"] = -1
    found = written(tmp_path, *blocks)
    best = search(found, BORDER, 1, 0, Silent())[0]
    embedding = train(Sentences(found, BORDER), replace(QUICK, epochs=15), 0, Silent())
    assert len(embedding.categories) == 0
    assert best.hit_rate > 0.5  # twenty of fifty products, ten of which are right
    asked = ask(found, BORDER, 10 * DAY)
    assert hits(Votes(embedding, 0.9, 0.3), asked).mean() > 0.5
    assert embedding.nearest_products(101, 5)[0][0] // 100 == 1


def test_the_map_has_every_product_within_its_frame(embedding, sequences):
    told = map_of(embedding, sequences.names)
    assert told == map_of(embedding, sequences.names)
    assert len(told["points"]) == len(embedding.products) == told["products"]
    for point in told["points"]:
        assert 0 <= point["x"] <= 1
        assert 0 <= point["y"] <= 1
        assert point["section"] == "toys"
        assert point["category"] is None
