"""Splits by time, with gaps, that later events cannot bend."""

import numpy as np
import pytest

from drive import default_rules, survey_all
from willbuy.errors import WillbuyError
from willbuy.events.schema import EVENT, Kind
from willbuy.moments.calendar import DAY, HOUR, MINUTE, make_calendar, midnight
from willbuy.moments.sessions import SESSION
from willbuy.settings import SplitSettings
from willbuy.snapshots.splits import PARTS, make_splits

NONE = np.zeros(0, np.int64)
START = midnight("Europe/Berlin", 18_000)


def sessions(days, per_day=60, length=HOUR, seed=0):
    """Sessions spread evenly; every third buys at its last event."""
    rng = np.random.default_rng(seed)
    made = np.zeros(days * per_day, SESSION)
    made["user"] = np.arange(len(made))
    made["start"] = START + np.sort(rng.integers(0, days * DAY - 2 * length, len(made)))
    made["last"] = made["start"] + rng.integers(0, length, len(made))
    made["events"] = 3
    made["purchase"] = np.where(np.arange(len(made)) % 3 == 0, 3, 0)
    made["moments"] = np.where(made["purchase"] > 0, 2, 3)
    return made


def split(made, zone="Europe/Berlin", **settings):
    events = np.zeros(1, EVENT)
    events["time"] = START
    return make_splits(
        made, zone, make_calendar(zone), default_rules(events), SplitSettings(**settings), NONE
    )


def test_four_weeks_and_more_are_cut_into_whole_weeks_at_local_midnight():
    found = split(sessions(31))
    days = [(begin - START) / DAY for begin in found.begins]
    assert days == [7, 17, 24]
    for begin in found.begins:
        assert begin in {midnight("Europe/Berlin", 18_000 + day) for day in range(32)}
    assert found.complete_days == 31


def test_two_weeks_are_cut_into_whole_days_near_60_20_20():
    found = split(sessions(14))
    assert [(begin - START) / DAY for begin in found.begins] == [3, 10, 12]


def test_a_short_log_is_cut_by_session_start():
    made = sessions(2, per_day=500)
    found = split(made)
    part = found.part(made["start"])
    counts = [(part == p).sum() for p in range(len(PARTS))]
    assert counts[0] > 2 * counts[1]
    assert counts[1] > 100
    assert (part[: len(made) // 5] == -1).all()  # the warm-up


def test_the_gap_is_the_long_session_plus_the_silence():
    found = split(sessions(31, length=2 * HOUR))
    assert 2 * HOUR < found.gap < 2 * HOUR + 31 * MINUTE
    assert found.gap == found.wanted_gap
    assert not found.censored
    np.testing.assert_array_equal(found.borders - found.ends, found.gap)


def test_the_gap_is_a_day_at_most():
    assert split(sessions(31, length=40 * HOUR)).gap == 24 * HOUR


def test_where_buyers_are_few_the_gap_shrinks_and_says_so():
    found = split(sessions(31, per_day=9, length=20 * HOUR), min_buyers=20)
    assert found.gap < found.wanted_gap
    assert found.censored
    assert found.to_dict()["labels_censored"]


def test_a_log_too_short_for_three_parts_is_refused():
    made = sessions(31)
    made["purchase"][len(made) // 2 :] = 0
    with pytest.raises(WillbuyError, match="each part needs sessions of both kinds"):
        split(made)


def test_parts_longer_than_the_log_are_refused():
    with pytest.raises(WillbuyError, match="leave none to train on"):
        split(sessions(30), calibrate_days=14, test_days=14)


def test_labels_after_the_gap_are_those_of_the_uncut_log():
    """Cutting the log at a border must not change the label of any session that is kept."""
    rng = np.random.default_rng(5)
    n = 9_000
    events = np.zeros(4 * n, EVENT)
    user = np.arange(n).repeat(4)
    start = START + np.sort(rng.integers(0, 30 * DAY, n))
    # Sessions that buy are longer: leaving out what straddles a border would drop buyers.
    buys = rng.random(n) < 0.2
    length = np.where(buys, rng.exponential(2 * HOUR, n), rng.exponential(HOUR / 4, n))
    steps = np.linspace(0, 1, 4)[None, :] * length[:, None]
    events["user"] = user
    events["session"] = user
    events["time"] = (start[:, None] + steps.astype(np.int64)).ravel()
    events["product"] = np.arange(4 * n)
    events["price"] = 1.0
    events["kind"] = Kind.VIEW
    events["kind"][3::4][buys] = Kind.PURCHASE
    events["position"] = np.arange(4 * n)

    calendar = make_calendar("Europe/Berlin")
    rules = default_rules(events)
    cut_at = START + 29 * DAY
    whole = survey_all(events, calendar, rules).sessions
    cut = survey_all(events[events["time"] < cut_at], calendar, rules).sessions
    found = make_splits(cut, "Europe/Berlin", calendar, rules, SplitSettings(), NONE)
    assert not found.censored

    kept = cut[found.part(cut["start"]) == 2]
    same = whole[np.isin(whole["user"], kept["user"])]
    rate_cut, rate_whole = ((one["purchase"] > 0).mean() for one in (kept, same))
    assert len(same) == len(kept) > 1_500
    # One session in a hundred is longer than the gap, by its definition.
    assert rate_whole - rate_cut < 0.01 * rate_whole + 1e-9
    # Without the gap, labels would be lost near the end.
    near = cut[(cut["start"] >= cut_at - 2 * HOUR) & (cut["start"] < cut_at)]
    true = whole[np.isin(whole["user"], near["user"])]
    assert (near["purchase"] > 0).mean() < 0.8 * (true["purchase"] > 0).mean()
