import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from willbuy.evaluate.figures import Part
from willbuy.evaluate.lift import DECILES, deciles, lift


def plain(part):
    """Rate and gain by decile: a moment's weight is a strip, and tied strips lie side by side."""
    order = np.argsort(-part.p, kind="stable")
    y, p, weight = part.y[order], part.p[order], part.weight[order]
    for one in np.unique(p):  # tied: each gets the mean of its group
        tied = p == one
        y = np.where(tied, np.average(y[tied], weights=weight[tied]), y)
    ends = np.cumsum(weight)
    rates, caught = [], []
    for d in range(DECILES):
        low, high = d / DECILES * ends[-1], (d + 1) / DECILES * ends[-1]
        inside = np.clip(np.minimum(ends, high) - np.maximum(ends - weight, low), 0, None)
        caught.append(inside @ y)
        rates.append(inside @ y / inside.sum())
    return np.array(rates), np.cumsum(caught) / np.sum(caught)


def test_equals_the_plain_computation(part, how, check_whole):
    told = lift(part, how)["deciles"]
    assert all(check_whole(told))
    rates, gains = plain(part)
    base = np.average(part.y, weights=part.weight)
    assert [row["decile"] for row in told] == list(range(1, 11))
    assert [row["rate"]["value"] for row in told] == pytest.approx(rates)
    assert [row["lift"]["value"] for row in told] == pytest.approx(rates / base)
    assert [row["gain"]["value"] for row in told] == pytest.approx(gains)


def test_gains_end_at_one_and_moments_at_all(part, how):
    told = lift(part, how)["deciles"]
    assert told[-1]["gain"]["value"] == 1
    assert sum(row["moments"] for row in told) == pytest.approx(len(part.y))
    gains = [row["gain"]["value"] for row in told]
    assert gains == sorted(gains)


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from([0.1, 0.2, 0.7]) | st.floats(0, 1), st.floats(0.01, 50)),
        min_size=1,
        max_size=80,
    )
)
def test_each_decile_holds_a_tenth_whatever_the_ties(rows):
    p, weight = (np.array(column) for column in zip(*rows, strict=True))
    cell, share = deciles(p, weight)
    assert share.sum(axis=0)[np.unique(cell)] == pytest.approx(np.ones(len(np.unique(cell))))
    mass = share @ np.bincount(cell, weight, 2 * DECILES)
    assert mass == pytest.approx(np.full(DECILES, weight.sum() / DECILES), rel=1e-6)


def test_the_order_of_rows_does_not_matter(part, how):
    other = np.random.default_rng(0).permutation(len(part.y))
    turned = Part(*(column[other] for column in vars(part).values()))
    one, two = lift(part, how)["deciles"], lift(turned, how)["deciles"]
    for a, b in zip(one, two, strict=True):
        assert a["rate"]["value"] == pytest.approx(b["rate"]["value"], rel=1e-12)
        assert a["gain"]["value"] == pytest.approx(b["gain"]["value"], rel=1e-12)


def test_a_model_that_knows_nothing_lifts_nothing(made, how):
    part = made.part
    constant = Part(part.y, np.full(len(part.y), 0.2), part.weight, part.user, part.session)
    told = lift(constant, how)["deciles"]
    assert [row["lift"]["value"] for row in told] == pytest.approx(np.ones(10))
    assert [row["gain"]["value"] for row in told] == pytest.approx(np.arange(1, 11) / 10)


def test_a_decile_without_buyers_has_no_interval(made, how):
    part = made.part
    sure = Part(part.y, part.y * 0.5, part.weight, part.user, part.session)
    last = lift(sure, how)["deciles"][-1]
    assert last["rate"] == {"value": 0, "low": None, "high": None, "reason": "none of them"}
    assert last["lift"] == last["rate"]


def test_degenerate_parts_have_reasons(poor, how, check_whole):
    check_whole(lift(poor, how))
