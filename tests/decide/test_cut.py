"""What a cut brings: arithmetic that can be done by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from willbuy.decide.price.cut import Baseline, Elasticities, consequences, parse_cut, parse_margin
from willbuy.errors import WillbuyError


def base(inside=0.0, others=0.0):
    one = [np.array([value]) for value in (1000.0, 50.0, 500.0, inside)]
    return Baseline(*one, *(np.array([value]) for value in (20.0, 200.0, others)))


def test_units_revenue_margin_and_break_even_by_hand():
    told = consequences(base(), 0.1, 0.3, Elasticities.of_range(-2.0, -2.0))
    times = 0.9**-2
    assert told["units"]["after"]["low"] == pytest.approx(50 * times)
    assert told["conversion"]["after"]["low"] == pytest.approx(0.05 * times)
    assert told["revenue"]["after"]["low"] == pytest.approx(500 * 0.9 * times)
    assert told["margin"]["before"] == pytest.approx(150)
    # A unit cost 70 % of the old price, and still does.
    assert told["margin"]["after"]["low"] == pytest.approx(500 * times * (0.9 - 0.7))
    least = told["break_even_margin"]["low"]
    at_it = consequences(base(), 0.1, least, Elasticities.of_range(-2.0, -2.0))["margin"]
    assert at_it["after"]["low"] == pytest.approx(at_it["before"])


@given(st.floats(0.01, 0.9), st.floats(0.05, 0.95), st.floats(-4, -0.1), st.floats(-4, -0.1))
def test_a_stronger_answer_never_brings_less(cut, margin, one, other):
    weak, strong = max(one, other), min(one, other)
    told = consequences(base(), cut, margin, Elasticities.of_range(strong, weak))
    for name in ("units", "revenue", "conversion"):
        assert told[name]["after"]["value"] is None  # a range has no best guess
        assert told[name]["after"]["low"] <= told[name]["after"]["high"]
    alone = consequences(base(), cut, margin, Elasticities.of_range(strong, strong))
    assert alone["units"]["after"]["low"] == pytest.approx(told["units"]["after"]["high"])


@given(st.floats(0.01, 0.5), st.floats(-3.0, -0.2), st.floats(0.05, 0.5))
def test_an_interval_is_the_elasticitys_own(cut, value, error):
    draws = Elasticities.of_estimate(np.array([value]), np.array([[error**2]]))
    told = consequences(base(), cut, None, draws)["units"]["after"]
    edges = [50 * (1 - cut) ** (value + sign * 1.96 * error) for sign in (1, -1)]
    assert told["value"] == pytest.approx(50 * (1 - cut) ** value)
    assert [told["low"], told["high"]] == pytest.approx(edges, rel=0.1)


def test_a_cut_that_wins_nobody_pays_at_no_margin():
    told = consequences(base(), 0.1, None, Elasticities.of_range(0.0, 0.0))
    assert told["break_even_margin"] == {"value": None, "low": None, "high": None}
    assert "margin" not in told


def test_purchases_taken_from_other_products_are_taken():
    pair = Elasticities.of_estimate(np.array([-2.0, 0.8]), np.zeros((2, 2)))
    told = consequences(base(inside=0.5, others=1.0), 0.1, None, pair)
    assert told["units"]["after"]["value"] == pytest.approx(50 * 0.9 ** (-2 + 0.8 * 0.5))
    assert told["others"]["units"]["value"] == pytest.approx(20 * (0.9**0.8 - 1))
    alone = consequences(base(), 0.1, None, Elasticities.of_range(-2.0, -2.0))
    assert told["break_even_margin"]["value"] > alone["break_even_margin"]["low"]


@pytest.mark.parametrize("text", ["0", "0%", "100%", "150%", "1", "10", "-5%", "ten", "", "nan"])
def test_a_cut_is_a_share(text):
    with pytest.raises(WillbuyError, match="--cut"):
        parse_cut(text)


def test_a_margin_is_a_share():
    assert parse_margin("30%") == parse_margin("0.3") == 0.3
    with pytest.raises(WillbuyError, match="--margin"):
        parse_margin("-0.1")
