"""The plain rate by value of a feature, beside what the model adds there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from willbuy.evaluate.figures import How
from willbuy.explain.by_value import bin_of, by_value

HOW = How(0.5, seed=0, replicates=200, threads=1)


@given(
    arrays(np.float32, st.integers(1, 60), elements=st.sampled_from([*range(15), np.nan])),
    st.integers(2, 10),
)
def test_groups_keep_the_order_of_values_and_the_missing_apart(values, most):
    place = bin_of(values, most)
    known = ~np.isnan(values)
    assert len(np.unique(place[known])) <= most
    for one in np.unique(values[known]):  # equal values are never parted
        assert len(np.unique(place[values == one])) == 1
    order = np.argsort(values[known], kind="stable")
    assert (np.diff(place[known][order]) >= 0).all()
    assert not set(place[known]) & set(place[~known])


def test_a_value_that_most_have_stands_alone():
    values = np.array([0] * 80 + [*range(1, 21)], np.float32)
    assert (bin_of(values, 10)[:80] == 0).all()
    assert (bin_of(values, 10)[80:] > 0).all()


def told(values, added, y, weight=None):
    n = len(values)
    weight = np.ones(n) if weight is None else weight
    return by_value(
        np.asarray(values, np.float32), np.asarray(added, float), y, weight, np.arange(n), HOW
    )


def test_rates_are_the_weighted_shares_of_those_with_the_value():
    values = np.array([0, 0, 1, 1, np.nan])
    y = np.array([True, False, True, True, False])
    found = told(values, [1.0, 2.0, 3.0, 3.0, -1.0], y, np.array([3.0, 1.0, 1.0, 1.0, 2.0]))
    low, high, missing = found["bins"]
    assert (low["low"], high["low"], missing["low"]) == (0, 1, None)
    assert [one["rate"]["value"] for one in found["bins"]] == [0.75, 1.0, 0.0]
    assert [one["share"] for one in found["bins"]] == [0.5, 0.25, 0.25]
    assert [one["mean_contribution"] for one in found["bins"]] == [1.25, 3.0, -1.0]
    assert found["overall"] == pytest.approx(5 / 8)


def drawn(n=6000):
    rng = np.random.default_rng(0)
    x = rng.normal(size=n)
    return x, rng.random(n) < 1 / (1 + np.exp(1.5 - x))


@pytest.mark.parametrize(
    ("sign", "words"),
    [(1, "agree"), (-1, "disagree: other features explain it")],
)
def test_the_words_follow_from_the_rank_correlation(sign, words):
    x, y = drawn()
    agreement = told(x, sign * x, y)["agreement"]
    assert agreement["words"] == words
    assert agreement["rank_correlation"]["value"] * sign > 0.9
    assert agreement["rank_correlation"]["low"] <= agreement["rank_correlation"]["high"]


def test_a_rate_that_does_not_differ_is_not_compared():
    rng = np.random.default_rng(1)
    x = rng.integers(0, 3, 300)
    agreement = told(x, x, rng.random(300) < 0.5)["agreement"]
    assert agreement["words"] == "no difference in the plain rate can be told"


def test_one_value_cannot_be_compared():
    found = told(np.zeros(20), np.zeros(20), np.arange(20) < 5)
    assert found["agreement"]["words"] == "too few different values to compare"
    assert found["bins"][0]["as_rate"] == pytest.approx(0.25)
