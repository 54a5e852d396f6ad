"""The nets that read event sequences."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from sklearn.metrics import roc_auc_score

from made_sequences import DAY, MINUTE, block_of, browsing, written
from willbuy.errors import WillbuyError
from willbuy.progress import Silent
from willbuy.research import sequence_nets
from willbuy.research.learner import Moments
from willbuy.research.rows import read_moments
from willbuy.research.sequence_modules import GRUReader
from willbuy.research.sequence_nets import GRULearner, TransformerLearner
from willbuy.research.session2vec import kept
from willbuy.research.session2vec.embedding import Recipe
from willbuy.research.session2vec.kept import Kept
from willbuy.research.session2vec.shown import Sentences
from willbuy.research.session2vec.training import train as train_vectors
from willbuy.research.tracks import Reading, dealt, lay
from willbuy.research.training import Plan

BORDER, HELD, TEST, END = 3 * DAY, 7 * DAY, 8 * DAY, 10 * DAY
NETS = (GRULearner, TransformerLearner)
QUICK = Plan(epochs=6, batch=256, rate=5e-3, decay=1e-3)
PAST = 32


@pytest.fixture(scope="module")
def sequences(tmp_path_factory):
    return written(tmp_path_factory.mktemp("sequences"), block_of(browsing(0, 250, 10)))


@pytest.fixture(scope="module")
def embedding(sequences):
    return train_vectors(Sentences(sequences, BORDER), Recipe(epochs=3), 0, Silent())


@pytest.fixture(autouse=True)
def _made_run(sequences, embedding, monkeypatch):
    """Learners find these sequences and vectors behind any run."""
    monkeypatch.setattr(sequence_nets, "sequences_of", lambda run, reporter: sequences)
    monkeypatch.setattr(sequence_nets, "vectors_of", lambda *_: Kept(embedding, [], 3.0, 2.0))
    for net in NETS:
        monkeypatch.setattr(net, "plan", QUICK)


def moments_of(sequences, begin, end):
    """A moment for every event; a purchase follows those who have looked at a product twice."""
    frames = []
    for block in sequences.blocks():
        sessions, steps = block
        of = np.repeat(np.arange(len(sessions)), sessions["events"])
        first = np.cumsum(sessions["events"]) - sessions["events"]
        again = np.zeros(len(of), np.int8)
        for i in range(len(of)):
            seen = steps["product"][first[of[i]] : i + 1].tolist()
            again[i] = len(set(seen)) < len(seen)
        frames.append(
            pl.DataFrame(
                {
                    "visit": sessions["visit"][of],
                    "ordinal": (np.arange(len(of)) - first[of] + 1).astype(np.int32),
                    "start": sessions["start"][of],
                    "label": again,
                    "weight": np.ones(len(of)),
                    "event_price": steps["price"],
                }
            )
        )
    rows = pl.concat(frames).filter(pl.col("start").is_between(begin, end - 1))
    X = np.random.default_rng(0).normal(size=(len(rows), 3)).astype(np.float32)
    X[::5, 1] = np.nan
    names = ("past_sessions", "past_views", "views")
    return Moments(X, names, rows, Path("none"), "train")


@pytest.fixture(scope="module")
def parts(sequences):
    """Train, held and test."""
    borders = ((0, HELD), (HELD, TEST), (TEST, END))
    return tuple(moments_of(sequences, *one) for one in borders)


@pytest.fixture(scope="module", params=NETS, ids=lambda one: one.name)
def fitted(request, parts, tmp_path_factory, sequences, embedding):
    patch = pytest.MonkeyPatch()
    with patch.context() as made:
        made.setattr(sequence_nets, "sequences_of", lambda run, reporter: sequences)
        made.setattr(sequence_nets, "vectors_of", lambda *_: Kept(embedding, [], 3.0, 2.0))
        made.setattr(request.param, "plan", QUICK)
        net = request.param(seed=0, threads=1)
        net.fit(*parts[:2], Silent(), tmp_path_factory.mktemp(net.name))
        return net


def test_what_only_the_order_of_events_tells_is_learnt(fitted, parts):
    """Neither the head's inputs nor an event by itself says it."""
    p = fitted.predict_proba(parts[2])
    assert ((p > 0) & (p < 1)).all()
    assert roc_auc_score(parts[2].y, p) > 0.9
    told = fitted.metadata
    assert told["epochs"] >= told["best_epoch"] >= 1
    assert told["earlier_cpu_s"] == 2.0  # of the vectors, which were there
    assert told["settings"]["head"] == 4  # three columns, one flag


def test_a_moments_answer_does_not_depend_on_those_beside_it(fitted, parts):
    test = parts[2]
    some = np.random.default_rng(1).permutation(len(test))[:200]
    alone = fitted.predict_proba(test.take(some))
    assert alone == pytest.approx(fitted.predict_proba(test)[some], abs=1e-6)
    assert fitted.answer(fitted.read(test).take(some)) == pytest.approx(alone, abs=1e-6)


def test_later_events_change_no_answer(fitted, parts, sequences, tmp_path, monkeypatch):
    """The rest of the session, and all of the shopper's sessions that began later, are others."""
    test = parts[2]
    before = fitted.predict_proba(test)
    block = next(iter(sequences.blocks()))
    sessions, steps = block
    of = np.repeat(np.arange(len(sessions)), sessions["events"])
    ordinal = np.arange(len(of)) - (block.ends - sessions["events"])[of] + 1
    # One session of each shopper is looked at, at its third event.
    last = np.zeros(len(sessions), bool)
    last[np.append(np.flatnonzero(np.diff(sessions["user"])), len(sessions) - 1)] = True
    changed = last[of] & (ordinal > 3)
    for name, value in (("product", 555), ("category", 3), ("price", 1.5), ("kind", 2)):
        steps[name][changed] = value
    steps["time"][changed] += 3 * MINUTE
    other = written(tmp_path, block)
    monkeypatch.setattr(sequence_nets, "sequences_of", lambda run, reporter: other)
    after = fitted.predict_proba(test)
    mine = test.rows["visit"].is_in(sessions["visit"][last].tolist()).to_numpy()
    early = mine & (test.k <= 3)
    assert early.sum() > 50
    assert after[early] == pytest.approx(before[early], abs=1e-6)
    assert after[~mine] == pytest.approx(before[~mine], abs=1e-6)
    assert np.abs(after - before)[mine & (test.k > 3)].max() > 1e-3


def test_saved_and_loaded_it_answers_the_same(fitted, parts, tmp_path):
    fitted.save(tmp_path)
    again = type(fitted).load(tmp_path, threads=1)
    assert np.array_equal(again.predict_proba(parts[2]), fitted.predict_proba(parts[2]))
    assert dict(again.metadata) == fitted.metadata
    kinds = {path.suffix for path in tmp_path.iterdir()}
    assert kinds == {".safetensors", ".json", ".npz"}


class _StoppedError(Exception):
    """The power is gone."""


class _Breaking(Silent):
    """Breaks off when an epoch is done."""

    def __init__(self, epochs):
        self.left = epochs

    def stage(self, title, total=None):
        self.watched = title in ("GRU", "Transformer")
        return self

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        return False

    def advance(self, amount, rows=0):
        if self.watched and amount:
            self.left -= 1
            if not self.left:
                raise _StoppedError

    def note(self, text):
        """Not looked at."""


@pytest.mark.parametrize("kind", NETS)
def test_an_interrupted_training_goes_on_to_the_same_net(kind, parts, tmp_path):
    small = [one.take(np.arange(400)) for one in parts[:2]]
    one, other = kind(seed=3, threads=1), kind(seed=3, threads=1)
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    one.fit(*small, Silent(), tmp_path / "one")
    with pytest.raises(_StoppedError):
        other.fit(*small, _Breaking(2), tmp_path / "other")
    went_on = kind(seed=3, threads=1)
    went_on.fit(*small, Silent(), tmp_path / "other")
    assert np.array_equal(one.predict_proba(parts[2]), went_on.predict_proba(parts[2]))
    assert one.metadata["curve"] == went_on.metadata["curve"]


def test_a_gpu_without_memory_takes_smaller_batches_and_says_so(parts, tmp_path, monkeypatch):
    forward = GRUReader.forward

    def small_memory(self, *inputs):
        if len(inputs[-1]) > 100:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, *inputs)

    monkeypatch.setattr(GRUReader, "forward", small_memory)
    monkeypatch.setattr(GRULearner, "plan", replace(QUICK, epochs=1))
    net = GRULearner(seed=0, threads=1)
    net.fit(parts[0].take(np.arange(600)), parts[1], Silent(), tmp_path)
    assert "memory" in net.metadata["notes"][0]
    assert net.metadata["moments_at_a_time"] <= 100
    assert len(net.predict_proba(parts[2])) == len(parts[2])


def test_tracks_are_the_session_after_the_shoppers_latest_past(embedding, tmp_path):
    """Two sessions at once, one of them long, and a third after a day."""
    early = [101 + i % 9 for i in range(40)]
    sessions = [(1, 4 * DAY, early), (1, 4 * DAY + 5 * MINUTE + 1, [201, 202, 201]), (2, 0, [301])]
    sessions.insert(2, (1, 5 * DAY, [303, 0, 303]))
    found = written(tmp_path, block_of(sessions))
    block = next(iter(found.blocks()))
    reading = Reading(embedding, np.array([150.0, 250.0]))
    visit = block.sessions["visit"]
    rows = pl.DataFrame({"visit": visit[[1, 2, 2, 3]], "ordinal": np.array([2, 1, 3, 1], "i4")})
    tracks = lay(found, reading, rows, PAST)
    begins = np.concatenate([[0], tracks.ends[:-1]])
    second, third, other = (tracks.session[i] for i in (0, 1, 3))
    assert tracks.session[1] == tracks.session[2]
    lengths = tracks.ends - begins
    assert lengths[second] == 6 + 2  # six events of the first session came before its first
    assert lengths[third] == PAST + 3
    assert lengths[other] == 1
    own = tracks.number[begins[second] : tracks.ends[second]]
    assert own.tolist() == [-5, -4, -3, -2, -1, 0, 1, 2]
    assert tracks.at.tolist() == [
        tracks.ends[second] - 1, tracks.ends[third] - 3, tracks.ends[third] - 1, begins[other],
    ]  # fmt: skip
    assert tracks.price[tracks.at].tolist() == [2, 3, 3, 3]
    assert tracks.price[tracks.ends[third] - 2] == 0  # the event that names nothing
    met = tracks.numbers[:, 4]
    assert met[tracks.ends[third] - 3 : tracks.ends[third]].tolist() == [0, 0, 1]
    # User 2 came before the embedding's border: no vector may be used.
    assert tracks.product[begins[other]] == 0
    assert tracks.product[tracks.at[0]] > 0


def test_a_product_never_seen_is_told_as_its_category(fitted, embedding, tmp_path, monkeypatch):
    found = written(tmp_path, block_of([(1, 9 * DAY, [199, 901, 0])]))
    tracks = lay(found, Reading(embedding, np.zeros(0)), moments_of(found, 0, END).rows, PAST)
    assert tracks.product[0] > len(embedding.products)
    assert tracks.product[1:].tolist() == [0, 0]
    assert tracks.category[1:].tolist() == [0, 0]
    monkeypatch.setattr(sequence_nets, "sequences_of", lambda run, reporter: found)
    assert np.isfinite(fitted.predict_proba(moments_of(found, 0, END))).all()


def test_an_epoch_goes_through_all_moments_few_of_a_session_at_a_time(embedding, sequences, parts):
    drawn = parts[0].take(np.random.default_rng(0).random(len(parts[0])) < 0.5)
    tracks = lay(sequences, Reading(embedding, np.zeros(0)), drawn.rows, PAST)
    one, other = (dealt(tracks, np.random.default_rng(seed), 4) for seed in (0, 1))
    assert np.array_equal(np.sort(one), np.arange(len(drawn)))
    assert not np.array_equal(one, other)
    sessions = tracks.session[one]
    longest = np.diff(np.flatnonzero(np.diff(sessions, prepend=-1, append=-1) != 0)).max()
    assert longest <= 8  # two hands of a session may come to lie side by side
    hands = int((np.diff(sessions) != 0).sum()) + 1
    count = np.bincount(sessions)
    assert len(np.unique(sessions)) < hands <= int((-(-count // 4)).sum())


def test_sessions_that_are_not_there_are_told(sequences, embedding, parts):
    rows = parts[0].rows.head(3).with_columns(visit=pl.col("visit") + 1)
    with pytest.raises(WillbuyError, match="1 sessions of the snapshots are not among"):
        lay(sequences, Reading(embedding, np.zeros(0)), rows, PAST)


def test_on_a_runs_own_moments(bench_run, tmp_path, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(kept, "TRIALS", 1)
    monkeypatch.setattr(GRULearner, "plan", replace(QUICK, epochs=3))
    train, held, test = (read_moments(bench_run, part, 4000, 0) for part in
                         ("train", "calibrate", "test"))  # fmt: skip
    net = GRULearner(seed=0, threads=1)
    net.fit(train, held, Silent(), tmp_path)
    # Few buyers tell little of others; here it is only asked that rows meet their tracks.
    curve = net.metadata["curve"]
    assert min(curve) < -np.log(0.5)
    assert np.isfinite(net.predict_proba(test)).all()
