"""The blend of models' log-odds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from willbuy.research.blend import crossed_margin, fit_blend


def told_by_two(seed, n=800, noise=1.0):
    draw = np.random.default_rng(seed)
    odds = draw.normal(size=n)
    y = draw.random(n) < 1 / (1 + np.exp(-odds))
    margins = {
        "one": odds + noise * draw.normal(size=n),
        "two": odds + noise * draw.normal(size=n),
        "noise": draw.normal(size=n),
    }
    return margins, y, draw.integers(1, 4, n).astype(float), draw.integers(0, 200, n)


def loss(margin, y, weight):
    """With the best slope and offset, as a calibrator would find them."""
    model = LogisticRegression(C=1e6).fit(margin[:, None], y, sample_weight=weight)
    p = model.predict_proba(margin[:, None])[:, 1]
    return np.average(-np.log(np.where(y, p, 1 - p)), weights=weight)


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_on_its_own_part_it_is_not_worse_than_any_member(seed):
    margins, y, weight, _ = told_by_two(seed)
    blend = fit_blend(margins, y, weight)
    assert all(one >= 0 for one in blend.weights.values())
    assert sum(blend.weights.values()) == pytest.approx(1)
    blended = loss(blend.margin(margins), y, weight)
    assert all(blended <= loss(one, y, weight) + 1e-5 for one in margins.values())


def test_the_weights_are_those_of_a_logistic_regression_where_none_is_negative():
    margins, y, weight, _ = told_by_two(1, n=5000)
    margins.pop("noise")
    free = LogisticRegression(C=1e6, tol=1e-10).fit(
        np.column_stack(list(margins.values())), y, sample_weight=weight
    )
    wanted = free.coef_[0] / free.coef_[0].sum()
    found = fit_blend(margins, y, weight).weights
    assert list(found.values()) == pytest.approx(wanted.tolist(), abs=1e-3)


def test_a_model_that_is_wrong_about_everything_gets_nothing():
    margins, y, weight, _ = told_by_two(2)
    one, two = margins["one"], margins["two"]
    assert fit_blend({"one": one, "wrong": -two}, y, weight).weights == {"one": 1.0, "wrong": 0.0}
    assert fit_blend({"wrong": -two, "worse": -one}, y, weight).weights == {
        "wrong": 0.5,
        "worse": 0.5,
    }


def test_crossed_log_odds_do_not_depend_on_the_shoppers_own_labels():
    margins, y, weight, user = told_by_two(3)
    before = crossed_margin(margins, y, weight, user, seed=0)
    shopper = user == user[0]
    flipped = y.copy()
    flipped[shopper] = np.roll(flipped[shopper], 1)  # still a buyer, so that folds stay
    after = crossed_margin(margins, flipped, weight, user, seed=0)
    assert np.array_equal(before[shopper], after[shopper])
