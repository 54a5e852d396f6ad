"""The boosted trees with session vectors beside a run's features."""

import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from willbuy.progress import Silent
from willbuy.research.rows import read_moments
from willbuy.research.sequence_nets import GRULearner
from willbuy.research.session2vec import Session2VecLearner, kept
from willbuy.research.session2vec.border import border_of
from willbuy.research.session2vec.embedding import Embedding
from willbuy.research.training import Plan


@pytest.fixture(scope="module")
def moments(bench_run):
    """Some of each part."""
    return tuple(read_moments(bench_run, part, 4000, 0) for part in ("train", "calibrate", "test"))


@pytest.fixture(scope="module")
def fitted(moments, tmp_path_factory):
    patch = pytest.MonkeyPatch()
    with patch.context() as made:
        made.setattr(kept, "TRIALS", 1)
        one = Session2VecLearner(seed=0, threads=1)
        one.fit(moments[0], moments[1], Silent(), tmp_path_factory.mktemp("fit"))
        return one


def test_it_answers_and_tells_what_it_did(fitted, moments, bench_run):
    p = fitted.predict_proba(moments[2])
    assert ((p > 0) & (p < 1)).all()
    assert roc_auc_score(moments[2].y, p) > 0.6
    told = fitted.metadata
    assert told["recipe"]["window"] >= 2
    assert len(told["tried"]) == 1
    assert any("have none" in note for note in told["notes"])
    begin, end = moments[0].start.min(), moments[0].start.max()
    assert begin < border_of(bench_run) < end
    assert fitted.embedding.border == border_of(bench_run)


def test_saved_and_loaded_it_answers_the_same(fitted, moments, tmp_path):
    fitted.save(tmp_path)
    again = Session2VecLearner.load(tmp_path, threads=1)
    assert np.array_equal(again.predict_proba(moments[2]), fitted.predict_proba(moments[2]))
    assert dict(again.metadata) == dict(fitted.metadata)
    assert {path.suffix for path in tmp_path.iterdir()} == {".ubj", ".npz", ".json"}


def test_the_next_learner_takes_the_same_vectors_and_is_told_their_cost(
    fitted, moments, bench_run, tmp_path, monkeypatch
):
    monkeypatch.setattr(kept, "TRIALS", 1)
    monkeypatch.setattr(kept, "search", None)  # would fail if it were asked
    folder = bench_run / "research" / "vectors"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    times = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    net = GRULearner(seed=0, threads=1)
    monkeypatch.setattr(GRULearner, "plan", Plan(epochs=1))
    some = [one.take(np.arange(300)) for one in moments[:2]]
    net.fit(*some, Silent(), tmp_path)
    net.save(tmp_path)
    again = Embedding.load(tmp_path)
    assert np.array_equal(again.product_vectors, fitted.embedding.product_vectors)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == times
    spent = json.loads(before["about.json"])["cpu_s"]
    assert spent - 1 < net.metadata["earlier_cpu_s"] <= spent  # to read them takes a little
    assert net.metadata["recipe"] == fitted.metadata["recipe"]
