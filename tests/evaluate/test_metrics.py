import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk
from sklearn.calibration import calibration_curve

from willbuy.evaluate.bootstrap import figures_once
from willbuy.evaluate.metrics import (
    METRICS,
    equal_mass_bins,
    error_by_chance,
    point_figures,
    why_undefined,
)

ROWS = st.lists(
    st.tuples(
        st.booleans(),
        st.sampled_from([0.0, 1e-6, 0.05, 0.3, 0.300001, 0.5, 0.97, 1.0]) | st.floats(0, 1),
        st.sampled_from([0.25, 1.0, 3.0]) | st.floats(0.01, 500),
    ),
    min_size=1,
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(rows=ROWS, threshold=st.sampled_from([0.05, 0.3, 0.5, 1.0]))
def test_the_bootstraps_loop_is_scikit_learn(rows, threshold):
    y, p, weight = (np.array(column) for column in zip(*rows, strict=True))
    fast = figures_once(y, p, weight, threshold=threshold)
    slow = point_figures(y, p, weight, threshold=threshold)
    assert list(fast) == list(METRICS)
    for name, value in slow.items():
        if value is None:
            assert np.isnan(fast[name]), name
            assert why_undefined(name, y)
        else:
            assert fast[name] == pytest.approx(value, rel=1e-9, abs=1e-11), name


@settings(max_examples=50, deadline=None)
@given(rows=ROWS)
def test_whole_weights_are_repeated_rows(rows):
    y, p, weight = (np.array(column) for column in zip(*rows, strict=True))
    times = np.ceil(weight).astype(int) % 4 + 1
    weighted = point_figures(y, p, times.astype(float), threshold=0.3)
    repeated = point_figures(
        np.repeat(y, times), np.repeat(p, times), np.ones(times.sum()), threshold=0.3
    )
    for name, value in repeated.items():
        if value is None:
            assert weighted[name] is None, name
        else:
            assert weighted[name] == pytest.approx(value, rel=1e-9, abs=1e-11), name


def test_point_figures_by_name():
    rng = np.random.default_rng(1)
    p = rng.random(500).round(2)
    y, weight = rng.random(500) < p, rng.integers(1, 9, 500).astype(float)
    told = point_figures(y, p, weight, threshold=0.4)
    assert told["roc_auc"] == sk.roc_auc_score(y, p, sample_weight=weight)
    assert told["average_precision"] == sk.average_precision_score(y, p, sample_weight=weight)
    assert told["brier"] == pytest.approx(sk.brier_score_loss(y, p, sample_weight=weight))
    assert told["f1"] == sk.f1_score(y, p >= 0.4, sample_weight=weight)
    assert told["mean_prediction"] - told["base_rate"] == told["calibration_in_the_large"]


def test_calibration_error_is_the_mean_gap_of_ten_equal_bins():
    rng = np.random.default_rng(2)
    p = rng.permutation(np.linspace(0.01, 0.6, 2_000))
    y = rng.random(2_000) < p**1.3
    rate, mean = calibration_curve(y, p, n_bins=10, strategy="quantile")
    told = point_figures(y, p, np.ones(2_000), threshold=0.5)
    assert told["calibration_error"] == pytest.approx(np.abs(rate - mean).mean(), abs=1e-3)


@settings(max_examples=100, deadline=None)
@given(rows=ROWS)
def test_bins_keep_equal_probabilities_together_and_hold_their_share(rows):
    _, p, weight = (np.array(column) for column in zip(*rows, strict=True))
    bins = equal_mass_bins(p, weight)
    place = bins.of(p)
    assert set(place) == set(range(len(bins.upper)))
    assert len(bins.upper) <= 10
    for one in np.unique(p):
        assert len(np.unique(place[p == one])) == 1
    assert (np.diff(place[np.argsort(p, kind="stable")]) >= 0).all()
    heaviest = max(weight[p == one].sum() for one in np.unique(p))
    assert np.bincount(place, weight).max() <= weight.sum() / 10 + heaviest * (1 + 1e-9)


def test_bins_are_equal_where_they_can_be():
    p = np.arange(100) / 100
    assert np.bincount(equal_mass_bins(p, np.ones(100)).of(p)).tolist() == [10] * 10
    heavy = np.where(p < 0.5, 9.0, 1.0)
    masses = np.bincount(equal_mass_bins(p, heavy).of(p), heavy)
    assert masses == pytest.approx(50, abs=9)


def test_chance_is_what_a_perfect_model_shows():
    rng = np.random.default_rng(3)
    session = np.repeat(np.arange(2_000), 3)
    p = rng.beta(1, 12, 6_000)
    weight = rng.integers(1, 4, 6_000).astype(float)
    told = error_by_chance(p, weight, session, seed=1)
    bins = equal_mass_bins(p, weight)
    errors = []
    for _ in range(200):  # by hand, from other random numbers
        y = rng.random(2_000)[session] < p
        errors.append(bins.error(y, p, weight))
    assert told["median"] == pytest.approx(np.median(errors), rel=0.1)
    assert told["p95"] == pytest.approx(np.quantile(errors, 0.95), rel=0.1)


def test_chance_counts_sessions_not_moments():
    rng = np.random.default_rng(4)
    session = np.repeat(np.arange(300), 20)
    p = np.repeat(rng.beta(2, 12, 300), 20)
    together = error_by_chance(p, np.ones(6_000), session, seed=1)
    apart = error_by_chance(p, np.ones(6_000), np.arange(6_000), seed=1)
    assert together["median"] > 3 * apart["median"]
    assert error_by_chance(p, np.ones(6_000), session, seed=1) == together


@pytest.mark.parametrize("label", [False, True])
def test_one_kind_of_label_has_no_ranking(label):
    y, p = np.full(5, label), np.linspace(0.1, 0.5, 5)
    told = point_figures(y, p, np.ones(5), threshold=0.9)
    missing = {name for name, value in told.items() if value is None}
    assert missing == {"roc_auc", "average_precision", "precision", "recall", "f1"}


def test_no_rows():
    none = np.empty(0)
    told = point_figures(none.astype(bool), none, none, threshold=0.5)
    assert set(told.values()) == {None}
    assert why_undefined("brier", none.astype(bool)) == "no moments"
