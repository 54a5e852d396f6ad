"""A search that is stopped and gone on with, by time or by trials, on windows of time."""

import doctest

import numpy as np
import pytest

import willbuy.models.study
from willbuy.errors import WillbuyError
from willbuy.models.boosted import DEFAULTS, latest
from willbuy.models.study import parse_budget
from willbuy.models.tuning import tune
from willbuy.models.windows import draw_sessions, time_views

START = {"learning_rate": 0.1, "rounds": 40, "patience": 5, "max_depth": 3}


def found(data, **changed):
    views = time_views(data.X, data.names, data.time)
    given = {"seed": 1, "threads": 1, "params": START, **changed}
    return tune(views, data.y, data.weight, **given)


def test_a_search_that_was_interrupted_comes_to_the_same(small, tmp_path):
    whole = found(small, trials=14, path=tmp_path / "whole.log")
    for trials in (3, 11):
        parts = found(small, trials=trials, path=tmp_path / "parts.log")
    assert parts == whole
    assert len(whole.history) == 14
    assert sum(whole.importance.values()) == pytest.approx(1) or not whole.importance
    assert parts == found(small, trials=14)


def test_a_search_that_was_killed_amid_a_trial_goes_on(small, tmp_path, monkeypatch):
    def killed(*given):
        raise KeyboardInterrupt

    path = tmp_path / "study.log"
    found(small, trials=2, path=path)
    with monkeypatch.context() as patched:
        patched.setattr("willbuy.models.tuning.Trainer.search", killed)
        with pytest.raises(KeyboardInterrupt):
            found(small, trials=1, path=path)
    with path.open("a") as file:  # what a kill may leave of a line
        file.write('{"op_code": 4, "work')
    assert found(small, trials=4, path=path) == found(small, trials=6)


def test_a_budget_of_time_makes_whole_trials(small, tmp_path):
    told = []
    timed = found(small, seconds=1e-6, progress=lambda *report: told.append(report))
    assert told == [(1, None, timed.loss)]
    assert timed == found(small, trials=1)


def test_settings_outside_of_the_space_are_tried_as_they_are(small):
    tuned = found(small, trials=2, params={**START, "max_depth": 12, "reg_lambda": 0.0})
    assert tuned.history[0]["settings"] == {**DEFAULTS, **START, "max_depth": 12, "reg_lambda": 0.0}
    other = found(small, trials=1, params={**START, "max_depth": 8, "reg_lambda": 0.1})
    assert tuned.history[0]["losses"] != other.history[0]["losses"]


def test_trials_of_other_rows_are_refused(small, tmp_path):
    path = tmp_path / "study.log"
    found(small, trials=1, path=path)
    for change in ({"seed": 2}, {"params": {**START, "max_bin": 64}}):
        with pytest.raises(WillbuyError, match="other rows or settings"):
            found(small, trials=1, path=path, **change)
    path.write_text("no study\nat all\n")
    with pytest.raises(WillbuyError, match="damaged"):
        found(small, trials=1, path=path)


def test_windows_are_judged_by_what_came_before(small):
    gap = 5_000_000
    views = time_views(small.X, small.names, small.time, gap=gap)
    for view in views:
        assert small.time[view.learnt].max() < small.time[view.held].min() - gap
        assert not np.isin(small.user[view.held], small.user[view.learnt]).any()  # time: by user
        assert 0.1 < view.held.mean() < 0.2
    held = [view.held for view in views]
    assert np.sum(held, axis=0).max() == 1
    assert [small.time[one].min() for one in held] == sorted(small.time[one].min() for one in held)
    np.testing.assert_array_equal(held[-1], latest(small.time))


def test_later_rows_change_no_earlier_window(small):
    """What lies after a window is neither learnt from nor judged by."""
    views = time_views(small.X, small.names, small.time)
    after = small.time > small.time[views[0].held].max()
    turned = np.where(after, ~small.y, small.y)
    losses = [
        tune(views, y, small.weight, trials=1, seed=0, threads=1, params=START).history[0]["losses"]
        for y in (small.y, turned)
    ]
    assert losses[0][0] == losses[1][0]
    assert losses[0][2] != losses[1][2]


def test_whole_sessions_are_drawn():
    visit = np.repeat(np.arange(5_000), 1 + np.arange(5_000) % 7)
    places = draw_sessions(visit, 6_000, seed=0)
    assert 5_400 < len(places) < 6_600
    assert (np.diff(places) > 0).all()
    counts = np.bincount(visit[places], minlength=5_000)
    assert set(counts / (1 + np.arange(5_000) % 7)) == {0.0, 1.0}
    assert len(draw_sessions(visit, 10**6, seed=0)) == len(visit)


def test_examples():
    assert doctest.testmod(willbuy.models.study).failed == 0


@pytest.mark.parametrize("text", ["", "0", "-3", "2.5", "0m", "ten", "15 days", "1e3", "m"])
def test_what_is_no_budget_is_refused(text):
    with pytest.raises(WillbuyError, match=r"30, or a time, like 15m"):
        parse_budget(text)
