"""Flaws strike in their share, blindly, and the same way every time."""

import math

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from willbuy.events.schema import Kind
from willbuy.simulator.state import DAY, LOGGED, NO_SESSION, session_number
from willbuy.simulator.traps import (
    FIRST_BOT,
    SETTLED,
    Traps,
    in_ladder,
    outage_days,
    trapped,
    with_ids,
)

NONE = Traps.none()
PRICES = np.round(np.random.default_rng(9).lognormal(4, 1, 500), 2)


def only(**shares):
    return NONE.model_copy(update=shares)


def visits(shoppers=20_000, each=2, seed=0, days=2):
    """A log of visits of 1 to 6 events, in time order."""
    rng = np.random.default_rng(seed)
    count = shoppers * each
    length = rng.integers(1, 7, count)
    at = np.repeat(np.arange(count), length)
    events = np.zeros(len(at), LOGGED)
    events["shopper"], events["visit"] = at // each, at % each
    events["session"] = session_number(events["shopper"].astype(np.int64), events["visit"])
    events["ordinal"] = np.arange(len(at)) - np.repeat(np.cumsum(length) - length, length) + 1
    events["start"] = np.sort(rng.integers(0, days * DAY - 300, (shoppers, each))).ravel()[at]
    events["time"] = events["start"] + 40 * (events["ordinal"] - 1)
    events["product"] = rng.integers(0, len(PRICES), len(at))
    events["price"] = PRICES[events["product"]]
    events["kind"] = rng.choice([Kind.VIEW, Kind.CART, Kind.PURCHASE], len(at), p=[0.9, 0.05, 0.05])
    return events[np.argsort(events["time"], kind="stable")]


def put(events, traps, day=0, days=2, seed=0):
    return trapped(events, day, days, traps, seed, PRICES)


def assert_share(struck, of, share):
    """Within four standard errors of a binomial draw."""
    assert abs(struck - of * share) < 4 * math.sqrt(of * share * (1 - share)) + 1


def table(events):
    return pl.DataFrame({name: events[name] for name in LOGGED.names})


def test_a_clean_log_stays_as_it_is():
    events = visits()
    before = events.copy()
    out = put(events, NONE)
    assert (out == before).all()
    put(events, Traps())
    assert (events == before).all()
    assert not NONE.cut_last_line
    assert outage_days(365, NONE, 0) == []


def test_the_order_of_time_holds_with_every_trap():
    out = put(visits(), Traps(repeated=0.2, bots=5e-5))
    assert (np.diff(out["time"]) >= 0).all()


@pytest.mark.parametrize("share", [0.0003, 0.02, 1.0])
def test_repeats_stand_right_after_their_row(share):
    events = visits()
    out = put(events, only(repeated=share))
    same = out[1:] == out[:-1]
    assert_share(same.sum(), len(events), share)
    assert len(out) == len(events) + same.sum()
    assert (np.delete(out, np.flatnonzero(same) + 1) == events).all()


def test_a_price_of_zero_is_repeated_as_such():
    events = visits()
    out = put(events, only(price_zero=0.05))
    assert_share((out["price"] == 0).sum(), len(events), 0.05)
    assert (out["price"][out["price"] > 0] == events["price"][out["price"] > 0]).all()
    both = put(events, only(price_zero=1.0, repeated=1.0))
    assert (both[::2] == both[1::2]).all()
    assert (both["price"] == 0).all()


def test_a_session_id_may_be_shared_with_another_shopper():
    events = visits()
    out = table(put(events, only(shared_id=0.05)))
    users = out.group_by("session").agg(pl.col("shopper").unique().len())["shopper"]
    # Where both of a pair are struck they exchange their ids.
    assert_share((users == 2).sum(), 20_000, 0.05 * 0.95)
    assert users.max() == 2
    # To a shopper the visits stay apart: the trap takes nobody's session away.
    pairs = out.select("shopper", "visit").n_unique()
    assert out.select("shopper", "session").n_unique() == pairs
    assert out.select("shopper", "visit", "session").n_unique() == pairs


def test_overlapping_visits_are_dealt_out_on_two_ids():
    events = visits()
    out = table(put(events, only(overlapping=0.1))).with_columns(
        own=pl.Series(events["session"]), moved=pl.Series(events["session"]) != pl.col("session")
    )
    each = out.group_by("own").agg(pl.len(), pl.col("moved").sum(), pl.col("session").n_unique())
    assert each["session"].max() == 2
    long = each.filter(pl.col("len") == 6)
    assert_share((long["moved"] > 0).sum(), len(long), 0.1 * (1 - 0.5**6))
    assert out.select("shopper", "session").n_unique() == out["session"].n_unique()


def test_some_shoppers_keep_one_id():
    out = table(put(visits(each=4), only(long_id=0.05)))
    each = out.group_by("shopper").agg(pl.col("visit").n_unique(), pl.col("session").n_unique())
    kept = each["session"] == 1
    assert_share(kept.sum(), 20_000, 0.05)
    assert (each["visit"] == 4).all()
    assert each.filter(~kept)["session"].unique().to_list() == [4]
    assert out["session"].n_unique() == each["session"].sum()


def test_some_visits_have_no_id():
    out = table(put(visits(), only(null_id=0.02)))
    each = out.group_by("shopper", "visit").agg((pl.col("session") == NO_SESSION).mean())
    assert each["session"].is_in([0.0, 1.0]).all()
    assert_share((each["session"] == 1).sum(), 40_000, 0.02)


def test_on_an_outage_day_no_purchase_is_recorded():
    traps = only(outage=1 / 31)
    (out_of_order,) = outage_days(31, traps, 0)
    events = visits()
    for day in range(31):
        seen = trapped(events, day, 31, traps, 0, PRICES)
        wanted = events[events["kind"] != Kind.PURCHASE] if day == out_of_order else events
        assert (seen == wanted).all()


def test_outages_are_rare_late_and_differ_by_seed():
    traps = Traps()
    assert outage_days(13, traps, 0) == []
    assert {len(outage_days(14, traps, seed)) for seed in range(20)} == {1}
    assert [len(outage_days(days, traps, 3)) for days in (31, 62, 93, 365)] == [1, 2, 3, 12]
    chosen = [outage_days(31, traps, seed)[0] for seed in range(300)]
    assert set(chosen) == set(range(11, 31))
    assert outage_days(93, traps, 3) == sorted(set(outage_days(93, traps, 3)))


def test_bots_view_thousands_of_products_in_one_day_and_buy_nothing():
    events = visits()
    events["time"] += DAY
    out = put(events, only(bots=3 / len(events)), day=1)
    bots = out[out["shopper"] >= FIRST_BOT]
    assert (out[out["shopper"] < FIRST_BOT] == events).all()
    assert (bots["kind"] == Kind.VIEW).all()
    assert (bots["time"] // DAY == 1).all()
    assert (bots["price"] == PRICES[bots["product"]]).all()
    names, counts = np.unique(bots["shopper"], return_counts=True)
    assert len(names) in (3, 4)
    assert counts.min() >= 1_500
    for name in names:
        mine = bots[bots["shopper"] == name]
        assert (mine["ordinal"] == np.arange(1, len(mine) + 1)).all()
        assert (np.diff(mine["time"]) > 0).all()
        assert len(np.unique(mine["session"])) == 1
        assert (mine["start"] == mine["time"][0]).all()
    other = put(events, only(bots=3 / len(events)), day=1, seed=1)
    assert not np.array_equal(bots, other[other["shopper"] >= FIRST_BOT])


def test_bots_come_in_their_share_over_many_days():
    events = visits(shoppers=1_000)
    bots = [put(events, only(bots=1e-4), day=day, days=100) for day in range(100)]
    found = sum(len(np.unique(day["shopper"][day["shopper"] >= FIRST_BOT])) for day in bots)
    assert_share(found, 100, 1e-4 * len(events))


def test_traps_strike_the_same_way_whatever_happens_in_the_visit():
    """Only who, which visit and which event count: not kind, product, price or time."""
    events, rng = visits(), np.random.default_rng(5)
    traps = Traps(
        repeated=0.05, price_zero=0.05, shared_id=0.05, overlapping=0.05, long_id=0.05,
        null_id=0.05, bots=0,
    )  # fmt: skip
    other = events.copy()
    other["kind"] = rng.permutation(events["kind"])
    other["product"] = rng.permutation(events["product"])
    other["price"] = 1.0
    one, two = put(events, traps), put(other, traps)
    for name in ("session", "shopper", "visit", "ordinal", "time"):
        assert (one[name] == two[name]).all()
    assert ((one["price"] == 0) == (two["price"] == 0)).all()
    # A visit that goes on after midnight meets the same fate on both days.
    late = events["time"] >= DAY
    halves = [put(events[~late], traps, day=0), put(events[late], traps, day=1)]
    assert (np.concatenate(halves) == one).all()
    assert (put(events, traps, seed=1)["session"][:1_000] != one["session"][:1_000]).any()


def test_the_traps_strike_independently_of_each_other():
    out = put(visits(each=1), only(shared_id=0.5, overlapping=0.5, long_id=0.5, null_id=0.5))
    first = table(out).filter(pl.col("ordinal") == 1)
    assert_share((first["session"] == NO_SESSION).sum(), len(first), 0.5)
    rows = put(visits(), only(price_zero=0.5, repeated=0.5))
    assert_share((rows["price"] == 0).sum(), len(rows), 0.5)


def ladder(events, traps, days=31, seed=0):
    first = events[events["ordinal"] == 1]
    return first, in_ladder(first["shopper"], first["visit"], first["start"], days, traps, seed)


def test_the_ladder_leaves_out_whatever_a_trap_may_hurt():
    events = visits(days=31, each=4)
    traps = Traps(shared_id=0.3, overlapping=0.05, long_id=0.05, null_id=0.05, repeated=0.3)
    first, inside = ladder(events, traps)
    (day,) = outage_days(31, traps, 0)
    before = (first["start"] >= day * DAY - SETTLED) & (first["start"] < (day + 1) * DAY)
    cut = first["start"] >= 31 * DAY - SETTLED
    assert before.any()
    assert cut.any()
    assert not inside[before | cut].any()
    assert_share(inside.sum(), (~before & ~cut).sum(), 0.95**3)
    # What is inside has one id for all of its visit, which no other of the shopper's has.
    seen = table(with_ids(events, traps, 0))
    kept = pl.DataFrame({"shopper": first["shopper"], "visit": first["visit"]}).filter(inside)
    ids = seen.select("shopper", "visit", "session").unique()
    mine = ids.join(kept, on=["shopper", "visit"])
    assert len(mine) == len(kept)
    assert (mine["session"] != NO_SESSION).all()
    uses = ids.group_by("shopper", "session").agg(pl.len().alias("visits"))
    assert (mine.join(uses, on=["shopper", "session"])["visits"] == 1).all()


def test_the_ladder_of_a_clean_log_ends_with_what_the_logs_end_may_cut():
    first, inside = ladder(visits(days=31), NONE)
    assert (inside == (first["start"] < 31 * DAY - SETTLED)).all()


def test_buying_visits_are_left_out_as_often_as_any():
    events = visits(days=31, shoppers=60_000)
    first, inside = ladder(events, Traps(overlapping=0.2, long_id=0.1, null_id=0.1))
    bought = np.unique(events["session"][events["kind"] == Kind.PURCHASE])
    buys = np.isin(first["session"], bought)
    share = buys.mean()
    assert_share(buys[inside].sum(), inside.sum(), share)


@pytest.mark.parametrize(
    "wrong", [{"repeated": 1.1}, {"null_id": -0.1}, {"bots": 0.01}, {"repeats": 0.1}]
)
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(ValidationError):
        Traps(**wrong)
    with pytest.raises(ValidationError):
        Traps().repeated = 0.5


def test_every_trap_says_what_it_is():
    assert all(field.description for field in Traps.model_fields.values())
