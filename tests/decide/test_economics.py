"""What acting costs and must bring."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from willbuy.decide.economics import COST, MARGIN, Terms, gain_note, sessions_for_test, terms_of
from willbuy.decide.evidence import Evidence
from willbuy.errors import WillbuyError
from willbuy.settings import DecideSettings

shares = st.floats(0.05, 0.95)


@given(margin=shares, cost=st.floats(0, 50), p=st.floats(0.01, 0.5), value=st.floats(1, 1000),
       offer=st.floats(0, 0.9))  # fmt: skip
def test_at_the_break_even_lift_acting_earns_nothing(margin, cost, p, value, offer):
    terms = Terms(margin, cost, offer)
    lift = float(terms.break_even(np.array([p]), np.array([value]))[0])
    if offer >= margin:
        assert lift == np.inf
        assert terms.hopeless
        return
    gain = float(terms.gain(np.array([p]), np.array([value]), lift)[0])
    assert gain == pytest.approx(0, abs=1e-6 * (1 + cost + value * (1 + lift)))
    assert float(terms.gain(np.array([p]), np.array([value]), lift + 0.1)[0]) > gain


def test_the_gain_is_what_a_till_would_show():
    # One session in five buys for 100; a tenth more of them do when offered 5 % off, at 0.50 each.
    terms = Terms(margin=0.3, cost=0.5, offer=0.05, lift=0.1)
    without = 0.2 * 100 * 0.3
    acted = 0.2 * 1.1 * 100 * (0.3 - 0.05) - 0.5
    assert terms.gain(np.array([0.2]), np.array([100.0]))[0] == pytest.approx(acted - without)


def test_nothing_at_stake_never_pays():
    assert Terms(0.3, 1.0).break_even(np.array([0.0, 0.5]), np.array([10.0, 0.0])).tolist() == [
        np.inf, np.inf,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given_", "word"),
    [
        ({"margin": -0.1}, "margin"),
        ({"margin": 0.0}, "margin"),
        ({"margin": 30}, "margin"),
        ({"cost": -1.0}, "cost"),
        ({"cost": np.nan}, "cost"),
        ({"cost": np.inf}, "cost"),
        ({"lift": np.nan}, "lift"),
        ({"lift": np.inf}, "lift"),
        ({"lift": 0.1, "between": (-2.0, 2.2)}, "lift"),
        ({"offer": 1.0}, "offer"),
        ({"lift": -2.0}, "lift"),
    ],
)
def test_numbers_that_cannot_be_are_named(given_, word):
    with pytest.raises(WillbuyError, match=word):
        Terms(**({"margin": 0.3, "cost": 1.0} | given_))


def test_the_interval_of_a_lift_has_its_middle_between_its_ends():
    terms = terms_of(DecideSettings(), lift=(0.03, 0.13))
    assert terms.lift == pytest.approx(0.08)
    assert [one.lift for one in terms.ends] == [0.03, 0.13]
    assert terms.lift_told == "3.0% to 13.0%"
    with pytest.raises(WillbuyError, match="low end first"):
        terms_of(DecideSettings(), lift=(0.13, 0.03))


def test_what_the_interval_of_a_gain_leaves_out_is_told():
    exact, spread = Terms(0.3, 1.0, lift=0.1), terms_of(DecideSettings(), lift=(0.05, 0.15))
    assert "the test's own uncertainty is not in it" in gain_note(exact, Evidence.MEASURED)
    assert "how far the lift may be off is not in it" in gain_note(exact, Evidence.ASSUMPTION)
    assert "not in it" not in gain_note(spread, Evidence.MEASURED)
    assert gain_note(Terms(0.3, 1.0), Evidence.ASSUMPTION) == ""


def test_placeholders_are_told():
    assert terms_of(DecideSettings()) == Terms(MARGIN, COST, placeholders=("margin", "cost"))
    assert terms_of(DecideSettings(margin=0.2), cost=0.1).placeholders == ()


def test_a_test_of_the_size_told_finds_the_lift_four_times_in_five():
    rate, lift = 0.06, 0.3
    n = sessions_for_test(rate, lift)
    rng = np.random.default_rng(0)
    a, b = rng.binomial(n, rate, 300), rng.binomial(n, rate * (1 + lift), 300)
    # With equal groups the sum splits in half where there is no lift (a conditional exact test).
    found = np.mean(
        [binomtest(int(x), int(x + y)).pvalue < 0.05 for x, y in zip(a, b, strict=True)]
    )
    assert 0.72 < found < 0.88


def test_there_is_nothing_to_test_without_a_lift():
    assert sessions_for_test(0.1, 0.0) == 0
    assert sessions_for_test(0.0, 0.1) == 0
