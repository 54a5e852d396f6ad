"""Rows, groups and made-up rows on both sides of a split."""

import numpy as np
import polars as pl
import pytest

import willbuy

N = 6_000


def rng(seed=5):
    return np.random.default_rng(seed)


def halves(n):
    return np.where(rng(6).random(n) < 0.3, "test", "train")


def sure(frame, **roles):
    """(level, kind) of the findings that are more than suspicious."""
    told = willbuy.audit(frame, "bought", **roles).findings
    return [(one.level.word, one.kind) for one in told if one.level.word != "suspicious"]


@pytest.fixture(scope="module")
def products():
    """Sessions of products, alike where product and hour are."""
    product = rng(1).integers(0, 2_000, N)
    facts = rng(2)
    return pl.DataFrame(
        {
            "product": product,
            "hour": rng(3).integers(0, 24, N),
            "bought": rng(4).random(N) < 0.12,
            "split": halves(N),
            "price": facts.lognormal(3, 1, 2_000).round(2)[product],
            "weight": facts.lognormal(0, 1, 2_000).round(3)[product],
            "maker": np.char.add("m", facts.integers(0, 1_500, 2_000).astype(str))[product],
        }
    )


def test_sessions_of_one_product_are_no_copies(products):
    assert sure(products.drop("price", "weight", "maker")) == []
    assert sure(products) == []
    # Nor where the product decides the label: price, weight and maker are one value, not three.
    alike = products.with_columns(bought=pl.col("product") % 8 == 0).drop("product")
    assert ("certain", "duplicates") not in sure(alike)


def test_moments_of_one_session_that_differ_in_nothing_but_the_label_are_no_copies():
    sessions = {name: rng(i).normal(size=N // 3).repeat(3) for i, name in enumerate("abcd")}
    frame = pl.DataFrame({**sessions, "bought": rng(9).random(N) < 0.12, "split": halves(N)})
    assert sure(frame) == []


def test_copies_of_sessions_of_products(products):
    measured = {name: rng(i).normal(size=N) for i, name in enumerate(("first", "second"))}
    frame = products.drop("split").with_columns(pl.Series(n, x) for n, x in measured.items())
    frame = pl.concat([frame, frame.sample(300, seed=1)])
    assert sure(frame.with_columns(split=halves(len(frame)))) == [("certain", "duplicates")]


@pytest.mark.parametrize("neither", [None, "warmup"])
def test_rows_on_neither_side_share_nothing(neither):
    user = np.arange(N) % 2_000
    side = np.where(user < 500, "test", "train").astype(object)
    side[(user < 500) & (np.arange(N) < 2_000)] = neither
    frame = pl.DataFrame(
        {
            "noise": rng().normal(size=N),
            "user": user,
            "split": pl.Series(side.tolist(), dtype=pl.String),
            "bought": rng(7).random(N) < 0.12,
        }
    )
    assert sure(frame, group="user") == []
    both = frame.with_columns(pl.col("split").fill_null("train").str.replace("warmup", "train"))
    assert sure(both, group="user") == [("certain", "group")]


def test_rows_without_0_or_1_are_on_neither_side():
    user = np.arange(N) % 2_000
    is_test = [None if u < 500 and i < 2_000 else int(u < 500) for i, u in enumerate(user)]
    frame = pl.DataFrame(
        {"noise": rng().normal(size=N), "user": user, "is_test": is_test,
         "bought": rng(7).random(N) < 0.12}
    )  # fmt: skip
    assert sure(frame, group="user") == []
    assert sure(frame.with_columns(pl.col("is_test").fill_null(0)), group="user") == [
        ("certain", "group")
    ]


def test_train_is_without_the_rows_on_neither_side():
    x, side = rng().lognormal(size=N), halves(N).astype(object)
    side[:1_000] = "warmup"
    train, holes = side == "train", rng(8).random(N) < 0.2
    before = pl.DataFrame(
        {"x": np.where(holes, np.nan, x), "split": side.tolist(), "bought": rng(7).random(N) < 0.12}
    ).fill_nan(None)

    def filled(rows):
        after = before.with_columns(pl.col("x").fill_null(x[rows & ~holes].mean()))
        return willbuy.audit(after, "bought", before=before).findings

    assert filled(train) == ()
    (told,) = filled(np.ones(N, bool))
    assert told.figures["of_train"] == pytest.approx(x[train & ~holes].mean())


def test_what_was_before_is_compared_or_that_is_told():
    frame = pl.DataFrame({"x": rng().lognormal(size=500), "bought": rng(7).random(500) < 0.3})
    notes = willbuy.audit(frame, "bought", before=frame).notes
    assert any("not compared: name the split" in note for note in notes)
    with pytest.raises(willbuy.WillbuyError, match="500 rows, and `before` has 499"):
        willbuy.audit(frame, "bought", before=frame.head(499))
    with pytest.raises(willbuy.WillbuyError, match="same order"):
        willbuy.audit(frame, "bought", before=frame.reverse())
