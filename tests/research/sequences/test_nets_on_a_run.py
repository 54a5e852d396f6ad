"""The nets that read sequences on a run's own moments: what they see, and what they must not."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from made_sequences import written
from willbuy.events.schema import MISSING
from willbuy.progress import Silent
from willbuy.research import sequence_nets
from willbuy.research.learner import learner_class
from willbuy.research.rows import read_moments
from willbuy.research.sequence_nets import GRULearner, TransformerLearner
from willbuy.research.sequences import sequences_of
from willbuy.research.session2vec import kept

pytestmark = pytest.mark.slow
NETS = (GRULearner, TransformerLearner)


@pytest.fixture(scope="module")
def sequences(bench_run):
    return sequences_of(bench_run, Silent())


@pytest.fixture(autouse=True)
def _one_recipe(monkeypatch):
    monkeypatch.setattr(kept, "TRIALS", 1)


def left_off(sequences):
    """By session: whether the last event before it was of an arbitrary half of the categories.

    No feature tells what a category is called. Sessions of which it cannot be said are left out.
    """
    found = {}
    for sessions, steps in sequences.blocks():
        of = np.repeat(np.arange(len(sessions)), sessions["events"])
        user = sessions["user"][of]
        order = np.lexsort((steps["position"], steps["time"], user))
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        for visit, first in zip(
            sessions["visit"], np.cumsum(sessions["events"]) - sessions["events"], strict=True
        ):
            last = order[place[first] - 1]
            if place[first] and user[last] == user[first] and steps["category"][last] != MISSING:
                found[int(visit)] = int(steps["category"][last] % 2)
    return found


@pytest.fixture(scope="module")
def planted(bench_run, sequences):
    """Train, held and test, whose labels say where the shopper left off the time before."""
    label = left_off(sequences)
    parts = []
    for part in ("train", "calibrate", "test"):
        its = read_moments(bench_run, part, 20_000, 0)
        its = its.take(its.rows["visit"].is_in(list(label)).to_numpy())
        told = pl.Series([label[one] for one in its.visit.tolist()], dtype=pl.Int8)
        parts.append(replace(its, rows=its.rows.with_columns(label=told)))
    return parts


@pytest.mark.parametrize("kind", NETS, ids=lambda one: one.name)
def test_what_lies_in_the_visit_before_is_learnt_beyond_what_features_tell(
    kind, planted, tmp_path, monkeypatch
):
    train, held, test = planted
    monkeypatch.setattr(kind, "plan", replace(kind.plan, epochs=8, batch=256))
    net = kind(seed=0, threads=1)
    net.fit(train, held, Silent(), tmp_path)
    trees = learner_class("xgboost")(seed=0, threads=1)
    trees.fit(train, held, Silent(), tmp_path)
    seen, told = (roc_auc_score(test.y, one.predict_proba(test)) for one in (net, trees))
    assert seen > 0.8
    assert seen > told + 0.1


@pytest.mark.parametrize("kind", NETS, ids=lambda one: one.name)
def test_nothing_later_than_a_moment_changes_its_answer(
    kind, bench_run, sequences, tmp_path, monkeypatch
):
    """All that happens in the shop after a time becomes something else."""
    train, held, test = (read_moments(bench_run, part, 3000, 0) for part in
                         ("train", "calibrate", "test"))  # fmt: skip
    monkeypatch.setattr(kind, "plan", replace(kind.plan, epochs=1))
    net = kind(seed=0, threads=1)
    net.fit(train, held, Silent(), tmp_path)
    before, time = net.predict_proba(test), test.rows["time"].to_physical().to_numpy()
    now = int(np.median(time))
    blocks = []
    for block in sequences.blocks():
        late = block.steps["time"] > now
        for name, value in (("product", 555), ("category", 3), ("price", 1.5), ("kind", 2)):
            block.steps[name][late] = value
        blocks.append(block)
    other = written(tmp_path / "other", *blocks)
    monkeypatch.setattr(sequence_nets, "sequences_of", lambda run, reporter: other)
    after = net.predict_proba(test)
    assert after[time <= now] == pytest.approx(before[time <= now], abs=1e-6)
    assert np.abs(after - before)[time > now].max() > 1e-3
