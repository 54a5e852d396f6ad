"""What a training leaves behind, and how long one answer takes."""

import time

import numpy as np
import pytest

from research_moments import made
from willbuy.errors import WillbuyError
from willbuy.progress import Silent
from willbuy.research import bench, familiar
from willbuy.research.bench import Job, _latency, train_or_load
from willbuy.research.learner import Learner


class Slow(Learner):
    """Takes long to read a session and no time to answer."""

    name = "logistic"

    def __init__(self):
        self.reads, self.asked = 0, []

    def read(self, moments):
        self.reads += 1
        time.sleep(0.05)
        return moments

    def answer(self, read):
        self.asked.append(read.rows["position"].to_list())
        return np.full(len(read), 0.5)


@pytest.fixture
def job(train, held):
    return Job(train, held, {"test": made(300, 2, part="test")}, 0, 1, "a run", "a machine")


def test_a_latency_is_of_answers_however_long_reading_takes(unseen, monkeypatch):
    monkeypatch.setattr(bench, "_SINGLE_SECONDS", 0.04)
    slow = Slow()
    assert _latency(slow, unseen) < 40
    assert slow.reads == 1
    assert len(slow.asked) >= 50
    assert all(len(one) == 1 for one in slow.asked)
    assert len({one[0] for one in slow.asked}) == len(slow.asked)


def test_a_file_that_a_fit_does_not_find_is_not_called_a_full_disk(job, tmp_path, monkeypatch):
    def fails(self, train, held, reporter, folder):
        raise FileNotFoundError("a log that is gone")

    monkeypatch.setattr(familiar.LogisticLearner, "fit", fails)
    with pytest.raises(FileNotFoundError, match="a log that is gone"):
        train_or_load("logistic", job, tmp_path / "logistic", Silent())


def test_a_model_that_cannot_be_written_is_told(job, tmp_path, monkeypatch):
    def fails(self, folder):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(familiar.LogisticLearner, "save", fails)
    with pytest.raises(WillbuyError, match="model cannot be written: No space left on device"):
        train_or_load("logistic", job, tmp_path / "logistic", Silent())


def test_another_version_of_a_package_trains_anew(job, tmp_path, monkeypatch):
    folder = tmp_path / "logistic"
    first = train_or_load("logistic", job, folder, Silent())
    assert not first.reused
    elsewhere = Job(**{**vars(job), "machine": "another machine"})
    again = train_or_load("logistic", elsewhere, folder, Silent())
    assert again.reused
    assert again.made == first.made
    assert again.made["machine"] == "a machine"
    told = bench.version
    monkeypatch.setattr(
        bench, "version", lambda name: "99" if name == "scikit-learn" else told(name)
    )
    newer = train_or_load("logistic", elsewhere, folder, Silent())
    assert not newer.reused
    assert newer.made["versions"]["scikit-learn"] == "99"
    assert newer.made["machine"] == "another machine"
