import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from willbuy.models import Calibrator, calibration, fit_calibrator
from willbuy.models.calibrator import KINDS, SURE

GRID = np.linspace(-60, 60, 40_001)


def drawn(rows, truth, seed=0, users=None):
    """Margins, labels drawn from truth(margin), weights, users, events so far."""
    rng = np.random.default_rng(seed)
    margin = rng.normal(-2.5, 1.5, rows)
    y = rng.random(rows) < truth(margin)
    user = rng.integers(0, users or max(rows // 4, 1), rows)
    return margin, y, rng.integers(1, 4, rows).astype(float), user, rng.integers(1, 30, rows)


def alone(kind, *data, **more):
    return fit_calibrator(*data, seed=1, kinds=[kind], share=1.0, **more).calibrator


def at(calibrator, margin, k=1):
    """Probabilities, all of them after event k."""
    return calibrator(margin, np.full(len(margin), k))


def test_recovers_a_slope_and_an_offset():
    data = drawn(60_000, lambda m: expit(0.6 * m - 0.8))
    assert alone("sigmoid", *data).parameters == pytest.approx((0.6, -0.8), abs=0.06)
    assert fit_calibrator(*data, seed=1).calibrator.kind != "none"


def test_sigmoid_is_sklearns_logistic_regression():
    margin, y, weight, user, k = drawn(5_000, lambda m: expit(1.5 * m + 1))
    oracle = LogisticRegression(C=np.inf, tol=1e-10).fit(
        margin[:, None], y, sample_weight=weight / weight.mean()
    )
    found = alone("sigmoid", margin, y, weight, user, k)
    assert found.parameters == pytest.approx((*oracle.coef_[0], *oracle.intercept_), abs=0.02)


def test_recovers_a_beta_map():
    def truth(m):
        return expit(1.4 * np.log(expit(m)) - 0.3 * np.log(expit(-m)) + 0.2)

    data = drawn(80_000, truth)
    assert at(alone("beta", *data), GRID[(GRID > -6) & (GRID < 2)]) == pytest.approx(
        truth(GRID[(GRID > -6) & (GRID < 2)]), abs=0.02
    )


def test_recovers_a_bent_map_by_isotonic():
    def truth(m):
        return 0.02 + 0.3 * (m > -2.5) + 0.3 * (m > -0.5)

    result = fit_calibrator(*drawn(40_000, truth), seed=1, share=1.0)
    assert result.calibrator.kind == "isotonic"
    assert at(result.calibrator, np.array([-5.0, -1.5, 1.0])) == pytest.approx(
        [0.02, 0.32, 0.62], abs=0.03
    )


def test_isotonic_blocks_are_sklearns():
    margin, y, weight, user, k = drawn(3_000, expit)
    found = alone("isotonic", margin, y, weight, user, k)
    oracle = IsotonicRegression().fit(margin, y, sample_weight=weight)
    at_knots = oracle.predict(found.knots)
    inner = slice(1, -1)
    assert found.values[inner] == pytest.approx(at_knots[inner], abs=1e-9)
    assert (np.diff(found.knots) > 0).all()
    assert len(found.knots) == len(np.unique(oracle.y_thresholds_))


def test_well_calibrated_margins_are_left_alone():
    result = fit_calibrator(*drawn(20_000, expit), seed=1)
    assert result.calibrator.kind == "none"
    assert set(result.calibrator.losses) == set(KINDS)
    assert result.calibrator.note == ""


@pytest.mark.parametrize("kind", KINDS)
def test_never_falls_stays_inside_and_keeps_its_bits(kind):
    found = alone(kind, *drawn(4_000, lambda m: expit(0.7 * m)))
    p = at(found, GRID)
    assert (np.diff(p) >= 0).all()
    assert p.min() >= SURE
    assert p.max() <= 1 - SURE
    assert all(at(found, GRID[i : i + 1])[0] == p[i] for i in range(0, len(GRID), 97))
    again = Calibrator.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False)))
    assert (at(again, GRID) == p).all()
    assert again.to_dict() == found.to_dict()
    assert at(found, GRID[:0]).shape == (0,)


@pytest.mark.parametrize("kind", ["sigmoid", "beta"])
def test_slopes_are_never_negative(kind):
    found = alone(kind, *drawn(4_000, lambda m: expit(-0.7 * m - 3)))
    assert min(found.parameters[:-1]) >= 0
    assert (np.diff(at(found, GRID)) >= 0).all()


def test_beta_leaves_out_the_slope_that_would_fall():
    def truth(m):  # falls with ln p, rises with -ln(1 - p)
        return expit(-0.4 * np.log(expit(m)) + 3 * np.logaddexp(0, m) - 3)

    a, b, _ = alone("beta", *drawn(40_000, truth)).parameters
    assert a == 0
    assert b > 1


def test_by_k_mends_what_no_map_of_the_margin_can():
    margin, _, weight, user, k = drawn(60_000, expit)
    truth = expit(0.8 * margin + 0.7 * (k == 1) - 0.2 * np.log(k))
    y = np.random.default_rng(2).random(len(k)) < truth
    result = fit_calibrator(margin, y, weight, user, k, seed=1, share=1.0)
    assert result.calibrator.kind == "by_k"
    p = result.calibrator(margin, k)
    for events in (1, 2, 10, 29):
        here = k == events
        assert p[here].mean() == pytest.approx(truth[here].mean(), abs=0.02)


def test_half_of_what_calibrate_asks_for_is_done():
    data = drawn(20_000, lambda m: expit(m + 0.8))
    whole, half = (fit_calibrator(*data, seed=1, share=share) for share in (1.0, 0.5))
    assert fit_calibrator(*data, seed=1).calibrator.share == 0.5
    margin, k = data[0], data[4]
    between = (margin + logit(whole.calibrator(margin, k))) / 2
    assert logit(half.calibrator(margin, k)) == pytest.approx(between, abs=1e-9)
    assert half.cross_fitted == pytest.approx(half.calibrator(margin, k), abs=0.02)


def test_cross_fitting_never_sees_the_shopper_it_predicts(monkeypatch):
    margin, y, weight, user, k = drawn(3_000, expit, users=200)
    seen = []
    fit = calibration._fit

    def spied(kind, *data):
        seen.append(set(data[0].tolist()))
        return fit(kind, *data)

    monkeypatch.setattr(calibration, "_fit", spied)
    fit_calibrator(margin, y, weight, user, k, seed=1, folds=4, kinds=["sigmoid"])
    shopper = dict(zip(margin.tolist(), user.tolist(), strict=True))
    learnt = [{shopper[m] for m in margins} for margins in seen]
    everyone = set(user.tolist())
    held_out = [everyone - one for one in learnt[:4]]
    assert set.union(*held_out) == everyone
    assert sum(len(one) for one in held_out) == len(everyone)
    assert learnt[4] == everyone


def test_a_shopper_of_many_equal_rows_cannot_vouch_for_themselves():
    # One shopper owns every row above 0 and always buys. Row-wise folds would learn that.
    margin, y, weight, user, k = drawn(6_000, lambda m: np.full(len(m), 0.05), users=1_000)
    margin = -np.abs(margin)
    margin[:600], y[:600], user[:600] = 5.0, True, 5_000
    crossed = fit_calibrator(
        margin, y, weight, user, k, seed=1, kinds=["isotonic"], share=1.0
    ).cross_fitted
    assert crossed[:600].max() < 0.2


def test_cross_fitted_probabilities_are_near_the_final_ones():
    margin, y, weight, user, k = drawn(20_000, lambda m: expit(0.6 * m))
    calibrator, crossed = fit_calibrator(margin, y, weight, user, k, seed=1)
    assert crossed == pytest.approx(calibrator(margin, k), abs=0.03)


def test_few_buyers_try_only_the_simplest():
    margin, _, weight, user, k = drawn(500, expit)
    y = np.isin(user, np.unique(user)[:6])
    calibrator, crossed = fit_calibrator(margin, y, weight, user, k, seed=1)
    assert calibrator.kind in ("none", "sigmoid")
    assert set(calibrator.losses) == {"none", "sigmoid"}
    assert "6 buying shoppers" in calibrator.note
    assert crossed.shape == (500,)


@pytest.mark.parametrize("buyers", [0, 1])
def test_next_to_no_buyers_keep_the_models_own(buyers):
    margin, _, weight, user, k = drawn(100, expit)
    y = np.isin(user, np.unique(user)[:buyers])
    calibrator, crossed = fit_calibrator(margin, y, weight, user, k, seed=1)
    assert calibrator.kind == "none"
    assert calibrator.note
    assert crossed == pytest.approx(expit(margin))


def test_only_buyers_and_no_rows_at_all():
    margin, y, weight, user, k = drawn(50, expit)
    assert fit_calibrator(margin, y | True, weight, user, k, seed=1).calibrator.kind == "none"
    nothing = fit_calibrator(margin[:0], y[:0], weight[:0], user[:0], k[:0], seed=1)
    assert nothing.cross_fitted.shape == (0,)


def test_separable_margins_have_a_finite_map():
    margin = np.repeat([-1.0, 1.0], 50)
    y, user = margin > 0, np.arange(100)
    for kind in KINDS:
        p = at(alone(kind, margin, y, np.ones(100), user, np.ones(100, int)), margin)
        assert np.isfinite(logit(p)).all()


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from([-40.0, -3.0, -1.0, -0.999, 0.0, 2.0, 40.0]),
            st.booleans(),
            st.sampled_from([0.5, 1.0, 100.0]),
            st.integers(0, 5),
            st.sampled_from([1, 2, 7, 500]),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_any_small_part_gives_a_usable_map(rows):
    margin, y, weight, user, k = (np.array(column) for column in zip(*rows, strict=True))
    crossed = fit_calibrator(margin, y, weight, user, k, seed=1).cross_fitted
    assert crossed.min() >= SURE
    assert crossed.max() <= 1 - SURE
    for kind in KINDS:
        fitted = calibration._fit(kind, margin, y, weight, k)
        for events in (1, 2, 30, 500):
            assert (np.diff(at(fitted, GRID[::40], events)) >= 0).all()
        p = at(fitted, GRID[::40])
        assert p.min() >= SURE
        assert p.max() <= 1 - SURE
