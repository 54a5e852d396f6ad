import numpy as np
import pytest

from willbuy.evaluate.drift import CALENDAR, TOP, drift
from willbuy.evaluate.figures import How
from willbuy.features.registry import all_features

HOW = How(0.5, seed=1, replicates=100, threads=2)
FEATURES = {one.name: one for one in all_features()}
USED = [FEATURES[name] for name in ("views", "price", "weekday", "hour", "product_rate")]


def rows(n=3_000, seed=0):
    rng = np.random.default_rng(seed)
    user = rng.integers(0, n // 3, n)
    X = rng.normal(size=(n, len(USED))).astype(np.float32)
    X[rng.random(X.shape) < 0.1] = np.nan
    return X, rng.random(n) < 0.4, np.ones(n), user


def test_nothing_tells_equal_parts_apart(check_whole):
    told = drift(*rows(), USED, HOW)
    check_whole(told)
    for name, features in (("all_features", 5), ("behaviour", 2)):
        assert told[name]["features"] == features
        assert told[name]["roc_auc"]["value"] == pytest.approx(0.5, abs=0.03)


def test_a_change_in_behaviour_is_seen_and_named():
    X, is_test, *rest = rows()
    X[is_test, 1] += 1
    told = drift(X, is_test, *rest, USED, HOW)["behaviour"]
    assert told["roc_auc"]["low"] > 0.65
    best = told["top"][0]
    assert best["name"] == "price"
    assert best["label"] == FEATURES["price"].label
    assert best["gain"] > 0.5
    assert best["calendar"] is False


def test_time_alone_is_marked_and_is_no_behaviour():
    X, is_test, *rest = rows()
    X[:, 3] = is_test
    told = drift(X, is_test, *rest, USED, HOW)
    assert told["all_features"]["roc_auc"]["value"] == pytest.approx(1, abs=1e-6)
    assert told["all_features"]["top"][0]["calendar"] is True
    assert len(told["all_features"]["top"]) <= TOP
    assert told["behaviour"]["roc_auc"]["low"] < 0.5


def test_moments_drawn_at_other_rates_are_no_drift():
    """Long values are rarer in train because they were drawn less; their weights make up."""
    X, is_test, _, user = rows(12_000)
    length = np.random.default_rng(1).geometric(0.3, len(user))
    X[:, 0] = length
    rate = np.where(is_test, 1.0, 1 / length)
    kept = np.random.default_rng(2).random(len(user)) < rate
    drawn = X[kept], is_test[kept], 1 / rate[kept], user[kept]
    assert drift(*drawn, USED, HOW)["behaviour"]["roc_auc"]["low"] < 0.51
    blind = drawn[0], drawn[1], np.ones(kept.sum()), drawn[3]
    assert drift(*blind, USED, HOW)["behaviour"]["roc_auc"]["low"] > 0.55


def test_too_few_shoppers_have_a_reason(check_whole):
    X, is_test, weight, user = rows(30)
    told = drift(X, is_test, weight, np.zeros_like(user), USED, HOW)
    check_whole(told)
    assert "too few shoppers" in told["behaviour"]["roc_auc"]["reason"]


def test_same_seed_same_answer():
    assert drift(*rows(900), USED, HOW) == drift(*rows(900), USED, HOW)


def test_what_only_tells_the_time_is_there():
    assert set(FEATURES) >= CALENDAR
