import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.calibration import calibration_curve as sk_curve
from sklearn.metrics import brier_score_loss

from willbuy.evaluate.calibration_curve import calibration_curve
from willbuy.evaluate.figures import How, Part
from willbuy.evaluate.metrics import equal_mass_bins
from willbuy.evaluate.recalibration import recalibration

PARTS = ("reliability", "resolution", "uncertainty", "within_bins")


def test_bins_are_means_over_their_rows(part, how, check_whole):
    told = calibration_curve(part, how)
    assert all(check_whole(told["bins"]))
    of = equal_mass_bins(part.p, part.weight).of(part.p)
    for b, row in enumerate(told["bins"]):
        at = of == b
        w = part.weight[at]
        assert row["moments"] == at.sum()
        assert row["weight_share"] == pytest.approx(w.sum() / part.weight.sum())
        assert row["mean_prediction"] == pytest.approx(np.average(part.p[at], weights=w))
        assert row["observed_rate"]["value"] == pytest.approx(np.average(part.y[at], weights=w))
    assert sum(row["weight_share"] for row in told["bins"]) == pytest.approx(1)


def test_the_curve_is_scikit_learns(made, how):
    part = made.part
    rows = len(part.y) // 10 * 10
    part = part.at(np.arange(len(part.y)) < rows)
    rates, means = sk_curve(part.y, part.p, n_bins=10, strategy="quantile")
    bins = calibration_curve(part, how)["bins"]
    # Its bins are cut between two rows; a row at the border may stand on the other side.
    assert [row["observed_rate"]["value"] for row in bins] == pytest.approx(rates, abs=0.002)
    assert [row["mean_prediction"] for row in bins] == pytest.approx(means, abs=0.002)


def test_the_parts_sum_to_the_brier_score(part, how):
    told = calibration_curve(part, how)["brier"]
    score = brier_score_loss(part.y, part.p, sample_weight=part.weight)
    assert told["score"]["value"] == pytest.approx(score, rel=1e-12)
    reliability, resolution, uncertainty, within = (told[name]["value"] for name in PARTS)
    assert abs(reliability - resolution + uncertainty + within - score) < 1e-12


def test_the_parts_by_their_definition(part, how):
    told = calibration_curve(part, how)["brier"]
    of = equal_mass_bins(part.p, part.weight).of(part.p)
    y, p, w = part.y.astype(float), part.p, part.weight
    rate, mean = np.empty(len(y)), np.empty(len(y))
    for b in np.unique(of):
        rate[of == b] = np.average(y[of == b], weights=w[of == b])
        mean[of == b] = np.average(p[of == b], weights=w[of == b])
    base = np.average(y, weights=w)
    expected = {
        "reliability": np.average((mean - rate) ** 2, weights=w),
        "resolution": np.average((rate - base) ** 2, weights=w),
        "uncertainty": base * (1 - base),
        "within_bins": np.average((p - mean) ** 2 - 2 * (p - mean) * (y - rate), weights=w),
    }
    for name, value in expected.items():
        assert told[name]["value"] == pytest.approx(value, rel=1e-9, abs=1e-12), name


def test_one_probability_is_one_bin_without_resolution(made, how):
    part = made.part
    constant = Part(part.y, np.full(len(part.y), 0.2), part.weight, part.user, part.session)
    told = calibration_curve(constant, how)
    assert len(told["bins"]) == 1
    assert told["brier"]["resolution"]["value"] == pytest.approx(0, abs=1e-12)
    assert told["brier"]["within_bins"]["value"] == pytest.approx(0, abs=1e-12)


def test_slope_and_intercept_are_the_most_likely(part, how, check_whole):
    told = recalibration(part, how)
    assert all(check_whole(told))
    p = np.clip(part.p, np.finfo(float).eps, 1 - np.finfo(float).eps)
    margin = np.log(p / (1 - p))

    def loss(at):
        linear = at[0] + at[1] * margin
        return part.weight @ np.logaddexp(0, np.where(part.y, -linear, linear)) / len(p)

    best = minimize(loss, [0, 1], tol=1e-12).x
    assert told["intercept"]["value"] == pytest.approx(best[0], abs=1e-4)
    assert told["slope"]["value"] == pytest.approx(best[1], abs=1e-4)


def test_a_step_is_as_good_as_a_fit(made):
    """The interval of one Newton step is that of fitting every replicate anew."""
    part = made.part.at(np.arange(len(made.part.y)) < 3_000)
    how = How(0.3, seed=1, replicates=100, threads=1)
    often = how.counts(part.user)
    slopes = []
    for count in often:
        again = Part(part.y, part.p, part.weight * count, part.user, part.session).at(count > 0)
        slopes.append(recalibration(again, How(0.3, 1, 1, 1))["slope"]["value"])
    told = recalibration(part, how)["slope"]
    low, high = np.quantile(slopes, [0.025, 0.975])
    assert told["low"] == pytest.approx(low, abs=0.1 * (high - low))
    assert told["high"] == pytest.approx(high, abs=0.1 * (high - low))


def test_a_calibrated_model_needs_no_correction():
    rng = np.random.default_rng(0)
    margin = rng.normal(-2, 1.5, 40_000)
    p = 1 / (1 + np.exp(-margin))
    part = Part(rng.random(40_000) < p, p, np.ones(40_000), np.arange(40_000), np.arange(40_000))
    told = recalibration(part, How(0.3, 1, 200, 2))
    assert told["slope"]["low"] < 1 < told["slope"]["high"]
    assert told["intercept"]["low"] < 0 < told["intercept"]["high"]
    bold = Part(part.y, 1 / (1 + np.exp(-2 * margin)), part.weight, part.user, part.session)
    assert recalibration(bold, How(0.3, 1, 200, 2))["slope"]["high"] < 0.6


def test_degenerate_parts_have_reasons(poor, how, check_whole):
    check_whole(calibration_curve(poor, how))
    check_whole(recalibration(poor, how))


def test_what_has_no_slope_says_why(made, how):
    part = made.part
    same = Part(part.y, np.full(len(part.y), 0.2), part.weight, part.user, part.session)
    assert recalibration(same, how)["slope"]["reason"] == "all probabilities are equal"
    sure = Part(part.y, 0.1 + 0.8 * part.y, part.weight, part.user, part.session)
    assert "separate" in recalibration(sure, how)["slope"]["reason"]
