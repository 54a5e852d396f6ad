"""Beliefs put to the test: the verdicts follow from the numbers."""

import json

import numpy as np
import pytest

from willbuy.evaluate.figures import How
from willbuy.explain.drop_off import drop_off
from willbuy.explain.insights import (
    BELIEFS,
    HINDSIGHT,
    NOT_SUPPORTED,
    STRONG,
    SUPPORTED,
    TOP_FAMILY,
    TOP_RANK,
    UNKNOWN,
    Pair,
    Seen,
    alone,
    verdict,
)
from willbuy.features.registry import built_in

HOW = How(0.5, seed=0, replicates=200, threads=1)


def auc(value, low=None):
    return {"value": value, "low": value - 0.02 if low is None else low, "high": value + 0.02}


def entry(rank=1, family=1, before=0.7, end=0.8):
    return {
        "rank": {"rank": 1, "low": 1, "high": rank},
        "family_rank": {"rank": 1, "low": 1, "high": family},
        "alone": auc(before),
        "at_the_end": auc(end),
        "whole_session": None,
    }


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (entry(), SUPPORTED),
        (entry(rank=TOP_RANK + 1), SUPPORTED),
        (entry(rank=TOP_RANK + 1, family=TOP_FAMILY + 1), HINDSIGHT),
        (entry(before=0.55), HINDSIGHT),
        (entry(before=0.55, end=0.55), NOT_SUPPORTED),
        (entry(before=0.55, end=0.55) | {"whole_session": auc(0.9)}, HINDSIGHT),
        (entry() | {"alone": auc(0.7, low=0.45)}, UNKNOWN),
        (entry(before=0.55) | {"at_the_end": auc(0.7, low=0.45)}, NOT_SUPPORTED),
        (entry() | {"alone": {"value": 0.7, "low": None, "high": None}}, UNKNOWN),
        (entry() | {"rank": None, "family_rank": None}, UNKNOWN),
        (entry() | {"alone": {"value": None, "low": None, "high": None}}, UNKNOWN),
    ],
)
def test_verdicts(told, expected):
    assert verdict(told) == expected


def seen(x, y):
    n = len(x)
    return Seen(np.asarray(x, np.float32)[:, None], y, np.ones(n), np.arange(n), np.arange(n))


def test_a_relation_of_any_shape_counts():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 4000))
    y = rng.random((2, 4000)) < np.where(np.abs(x) > 1, 0.6, 0.1)  # high at both ends
    both = Pair(*(seen(*one) for one in zip(x, y, strict=True)))
    found = alone(both.calibrate.X[:, 0], both.test.X[:, 0], both, HOW)
    assert found["value"] > 0.75
    assert found["low"] < found["value"] < found["high"]


def test_noise_is_not_strong_however_many_groups_it_is_dealt_to():
    rng = np.random.default_rng(0)
    both = Pair(*(seen(rng.normal(size=3000), rng.random(3000) < 0.1) for _ in range(2)))
    found = alone(both.calibrate.X[:, 0], both.test.X[:, 0], both, HOW)
    assert abs(found["value"] - 0.5) < 0.06


def test_what_is_meant_by_a_belief_are_features_that_there_are():
    names = {one.name for one in built_in()}
    assert all(set(one.features) <= names for one in BELIEFS)


def test_drop_off_follows_each_session_from_its_first_high_moment():
    # Three sessions of two moments; the second and the third reach 0.5; the third buys.
    p = np.array([0.1, 0.2, 0.6, 0.9, 0.1, 0.5])
    y = np.array([0, 0, 0, 0, 1, 1], bool)
    session, k = np.repeat([1, 2, 3], 2), np.tile([1, 2], 3)
    found = drop_off(0.5, p, y, np.ones(6), session, session, k, HOW)
    assert (found["sessions"], found["high_intent"]) == (3, 2)
    assert found["left"]["value"] == 0.5
    assert found["expected"] == pytest.approx(1 - (0.6 + 0.5) / 2)
    assert found["share_of_leavers"]["value"] == 0.5


@pytest.mark.parametrize(
    ("rate", "expected"), [(0.1, SUPPORTED), (0.9, NOT_SUPPORTED), (0.5, UNKNOWN)]
)
def test_many_drop_off_where_most_do(rate, expected):
    y = np.arange(400) % 20 < 20 * rate
    one = np.arange(400)
    found = drop_off(0.5, np.full(400, 0.6), y, np.ones(400), one, one, np.ones(400, int), HOW)
    assert found["verdict"] == expected
    assert found["left"]["value"] == pytest.approx(1 - rate)


def test_nobody_of_high_intent_is_told_with_the_reason():
    one = np.arange(5)
    found = drop_off(0.9, np.full(5, 0.1), np.zeros(5, bool), np.ones(5), one, one, one, HOW)
    assert found["high_intent"] == 0
    assert found["left"]["reason"] == "no session reaches the line"
    assert found["verdict"] == UNKNOWN


def test_a_run_tests_them_all(small_run):
    found = json.loads((small_run.folder / "explanations.json").read_text())["insights"]
    assert [one["name"] for one in found["predictors"]] == [one.name for one in BELIEFS]
    for one in found["predictors"]:
        assert one["verdict"] == verdict(one)
    duration = found["predictors"][0]
    assert duration["whole_session"]["value"] > duration["alone"]["value"]  # hindsight helps
    assert f"{STRONG:g}" in found["note"]
    left = found["drop_off"]
    assert 0 < left["high_intent"] <= left["sessions"]


def test_a_table_is_not_asked(table_run):
    found = json.loads((table_run.folder / "explanations.json").read_text())["insights"]
    assert "whole session" in found["reason"]
