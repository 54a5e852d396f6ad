"""Funnels and moves between segments, against a slow count over the sessions one by one."""

import math
from collections import Counter, defaultdict

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from willbuy.decide.behaviour import COLUMNS, Behaviour
from willbuy.decide.intent import Intent
from willbuy.decide.moves import BOUGHT, LEFT, journeys
from willbuy.decide.rules import Condition, Rules
from willbuy.decide.segments import FEW, Segments, entered

SEGMENTS = Segments(
    Intent(0.2, 0.6, ""),
    Behaviour(
        Rules(
            COLUMNS,
            ((Condition("events", -math.inf, 2),), (Condition("events", 2, math.inf),)),
            (0, 1),
        ),
        ("short", "long"), 1.0, 1.0, {},
    ),
)  # fmt: skip

MOMENT = st.tuples(st.sampled_from([0.1, 0.4, 0.9]), st.integers(0, 1))
SESSION = st.tuples(st.lists(MOMENT, min_size=1, max_size=6), st.booleans(),
                    st.sampled_from([1.0, 2.5]))  # fmt: skip


def moments(sessions):
    """Rows of sessions, each a list of (probability, cart events here), label and weight."""
    rows = []
    for visit, (steps, bought, weight) in enumerate(sessions):
        carts = 0
        for at, (p, cart) in enumerate(steps, 1):
            carts += cart
            rows.append({"visit": visit, "user_key": visit // 2, "ordinal": at, "weight": weight,
                         "label": bought, "probability": p, "events": float(at),
                         "carts": float(carts)})  # fmt: skip
    rest = [name for name in COLUMNS if name not in ("events", "carts")]
    return pl.DataFrame(rows).with_columns(pl.lit(0.0).alias(name) for name in rest)


def place(p, events):
    return f"{'low' if p < 0.2 else 'medium' if p < 0.6 else 'high'} / " + (
        "short" if events <= 2 else "long"
    )


def by_hand(sessions):
    """Weights of where sessions went next, and of the steps of the funnel, by segment."""
    went, steps = defaultdict(Counter), defaultdict(Counter)
    for moves, bought, weight in sessions:
        names = [place(p, at) for at, (p, _) in enumerate(moves, 1)]
        for name in set(names):
            first = names.index(name)
            later = [one for one in names[first:] if one != name]
            went[name][later[0] if later else BOUGHT if bought else LEFT] += weight
            had = any(cart for _, cart in moves[: first + 1])
            ever = any(cart for _, cart in moves)
            steps[name]["entered"] += weight
            steps[name]["had" if had else "put" if ever else "never"] += weight
            steps[name]["with" if ever else "without"] += weight * bought
    return went, steps


def told(sessions, times=1):
    made = entered(SEGMENTS, moments(sessions * times))
    return {one.segment: one for one in journeys(SEGMENTS, made, seed=0, count=100, threads=1)}


@given(st.lists(SESSION, min_size=1, max_size=8))
@settings(max_examples=40, deadline=None)
def test_moves_and_funnels_are_those_counted_one_by_one(sessions):
    found = told(sessions, FEW)  # every segment that is met has enough of them
    went, steps = by_hand(sessions * FEW)
    assert set(found) == set(went)
    for name, one in found.items():
        total, counted = sum(went[name].values()), steps[name]
        shares = {move.to: move.share.value for move in one.next}
        assert shares == pytest.approx({to: w / total for to, w in went[name].items()})
        assert sum(shares.values()) == pytest.approx(1)
        assert one.funnel.entered == round(counted["entered"])
        assert one.funnel.had_cart == round(counted["had"])
        if any(cart for moves, _, _ in sessions for _, cart in moves):
            same(one.funnel.put_in_cart, counted["put"], counted["put"] + counted["never"])
            same(one.funnel.bought_with_cart, counted["with"], counted["had"] + counted["put"])
        same(one.funnel.bought_without_cart, counted["without"], counted["never"])


def same(figure, top, bottom):
    """A share of nobody is withheld."""
    if bottom == 0:
        assert figure.value is None
        assert figure.reason
    else:
        assert figure.value == pytest.approx(top / bottom)


def test_shares_have_intervals_over_shoppers():
    sessions = [([(0.1, 0), (0.9, 0)], True, 1.0), ([(0.1, 1)], False, 1.0)]
    low = told(sessions, 200)["low / short"]
    for figure in (low.next[0].share, low.next[1].share):
        assert figure.low is not None
        assert figure.low <= 0.5 <= figure.high
    assert [move.to for move in told(sessions, 200)["high / short"].next] == [BOUGHT]


def test_of_few_sessions_nothing_is_said():
    found = told([([(0.1, 1)], True, 1.0)] * (FEW - 1))["low / short"]
    assert found.next == []
    assert found.funnel.entered == FEW - 1
    assert found.funnel.bought_with_cart.reason == f"fewer than {FEW} sessions"


def test_a_log_without_carts_has_no_step_to_the_cart():
    found = told([([(0.1, 0)], True, 1.0), ([(0.1, 0)], False, 1.0)], FEW)["low / short"]
    assert found.funnel.put_in_cart.value is None
    assert "no cart event" in found.funnel.put_in_cart.reason
    assert found.funnel.bought_without_cart.value == 0.5
