"""The boosted trees with session vectors beside a run's features."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from willbuy.progress import Silent
from willbuy.research.rows import read_moments
from willbuy.research.session2vec import Session2VecLearner, learner
from willbuy.research.session2vec.border import border_of


@pytest.fixture(scope="module")
def moments(bench_run):
    """Some of each part."""
    return tuple(read_moments(bench_run, part, 4000, 0) for part in ("train", "calibrate", "test"))


@pytest.fixture(scope="module")
def fitted(moments, tmp_path_factory):
    patch = pytest.MonkeyPatch()
    with patch.context() as made:
        made.setattr(learner, "TRIALS", 1)
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


def test_vectors_of_an_interrupted_fit_are_taken_up(moments, tmp_path, monkeypatch):
    monkeypatch.setattr(learner, "TRIALS", 1)
    one = Session2VecLearner(seed=0, threads=1)
    one.fit(moments[0], moments[1], Silent(), tmp_path)
    monkeypatch.setattr(learner, "search", None)  # would fail if it were asked
    other = Session2VecLearner(seed=0, threads=1)
    other.fit(moments[0], moments[1], Silent(), tmp_path)
    some = replace(moments[2], rows=moments[2].rows.head(500), X=moments[2].X[:500])
    assert np.array_equal(one.predict_proba(some), other.predict_proba(some))
