"""Every feature at every moment against the slow, independent implementation in `oracle`."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drive import default_rules, replay_all, survey_all
from oracle import ORACLE, moments_of, read_log
from streams import BIG, HOUR, MINUTE, MISSING, SECOND, crowds, logs, make_events, microseconds
from willbuy.events.schema import Kind
from willbuy.features.registry import built_in
from willbuy.moments.calendar import make_calendar

NAMES = [one.name for one in built_in()]
START = 1_570_000_000 * SECOND  # a Wednesday morning in October 2019


def days_of(log):
    return sorted(e["day"] for e in log)


def answers(events, zone="UTC", span=None, **changes):
    """Moment → (features, record), from the compiled replay."""
    rules = default_rules(events, **changes)
    calendar = make_calendar(zone)
    days = days_of(read_log(events, zone))
    tables = survey_all(events, calendar, rules).tables(*(span or (days[0], days[-1])))
    X, rows = replay_all(events, calendar, rules, tables)
    found = {}
    for features, row in zip(X, rows, strict=True):
        session = None if row["session"] == MISSING else int(row["session"])
        name = (int(row["user"]), session, int(row["start"]), int(row["ordinal"]))
        assert name not in found
        found[name] = (features, row)
    return found


def expected(events, zone="UTC", span=None, **changes):
    log = read_log(events, zone)
    days = days_of(log)
    rules = default_rules(events, **changes)
    return moments_of(log, zone, rules, *(span or (days[0], days[-1])))


def check(events, zone="UTC", span=None, **changes):
    """Compare all moments; answer what was found."""
    found = answers(events, zone, span, **changes)
    left = dict(found)
    for name, facts, moment in expected(events, zone, span, **changes):
        assert name in left, f"the moment {name} is missing"
        features, row = left.pop(name)
        assert {key: int(row[key]) for key in facts} == facts, name
        for column, value in zip(NAMES, features, strict=True):
            truth = ORACLE[column](*moment)
            if isinstance(truth, int):
                assert value == truth, (column, name)
            else:
                np.testing.assert_allclose(
                    value, truth, rtol=1e-6, atol=1e-9, err_msg=f"{column} at {name}"
                )
    assert not left, f"moments that should not be: {list(left)}"
    return found


def test_the_oracle_knows_every_feature():
    assert set(ORACLE) == set(NAMES)


@settings(max_examples=70)
@given(log=logs() | crowds(), spare=st.integers(0, 2))
def test_every_feature_of_every_moment(log, spare):
    days = days_of(read_log(log.events, log.zone))
    check(log.events, log.zone, span=(days[0], days[-1] - spare))


@settings(max_examples=25)
@given(log=crowds(), max_events=st.integers(1, 6), cap=st.integers(3, 12))
def test_caps(log, max_events, cap):
    # Without repeats: how a repeat beyond the cap is treated has its own test.
    fields = [name for name in log.events.dtype.names if name not in ("position", "price")]
    keyed = np.ascontiguousarray(log.events[fields])
    _, first = np.unique(keyed.astype([(f, "i8") for f in fields]), return_index=True)
    check(log.events[np.sort(first)], log.zone, max_events=max_events, daily_cap=cap)


def rows(*given, **common):
    """Events of one shopper, each (seconds after START, kind[, more fields])."""
    made = []
    for time, kind, *more in given:
        row = {"user": BIG, "session": BIG + 2, "product": BIG + 10, "price": 10.0}
        row.update(common)
        row.update(more[0] if more else {})
        row.update({"time": START + round(time * SECOND), "kind": kind})
        made.append(row)
    return make_events(made)


def ordinals(found):
    return sorted((name[2] - START, name[3]) for name in found)


@pytest.mark.parametrize(
    ("session", "gap"),
    [(MISSING, 30 * MINUTE), (BIG + 2, 6 * HOUR)],
    ids=["30 minutes without an id", "6 hours with one"],
)
def test_a_session_ends_at_exactly_this_silence(session, gap):
    second = gap / SECOND
    just_before = rows((0, Kind.VIEW), (second - 1e-6, Kind.VIEW), session=session)
    assert ordinals(check(just_before)) == [(0, 1), (0, 2)]
    exactly = rows((0, Kind.VIEW), (second, Kind.VIEW), session=session)
    assert ordinals(check(exactly)) == [(0, 1), (gap, 1)]


def test_a_session_is_cut_exactly_24_hours_after_its_first_event():
    steps = [(5 * 3600 * i, Kind.VIEW) for i in range(5)]
    just_before = rows(*steps, (24 * 3600 - 1e-6, Kind.VIEW))
    assert ordinals(check(just_before))[-1] == (0, 6)
    exactly = rows(*steps, (24 * 3600, Kind.VIEW), (24 * 3600 + 1, Kind.VIEW))
    assert ordinals(check(exactly))[-2:] == [(24 * HOUR, 1), (24 * HOUR, 2)]


def test_no_moment_after_the_event_cap_but_the_past_counts_all():
    views = [(i, Kind.VIEW) for i in range(8)]
    events = rows(*views, (7 * 3600, Kind.VIEW))
    found = check(events, max_events=3)
    assert ordinals(found) == [(0, 1), (0, 2), (0, 3), (7 * HOUR, 1)]
    features, _ = found[(BIG, BIG + 2, START + 7 * HOUR, 1)]
    assert 7.8 < features[NAMES.index("past_events")] < 8


def test_a_purchase_after_the_event_cap_still_makes_the_session_a_buying_one():
    events = rows(*[(i, Kind.VIEW) for i in range(5)], (9, Kind.PURCHASE))
    found = check(events, max_events=3)
    assert [int(row["label"]) for _, row in found.values()] == [1, 1, 1]


def test_a_repeat_beyond_the_event_cap_is_still_a_repeat():
    again = [(i, Kind.VIEW) for i in (0, 1, 2, 3, 3, 4)]
    check(rows(*again, (7 * 3600, Kind.VIEW)), max_events=3)


def test_a_shopper_above_the_daily_cap_gives_no_moment_and_such_a_day_no_count():
    busy = rows(*[(i, Kind.VIEW) for i in range(4)], user=-7)
    calm = rows((0, Kind.VIEW), (1, Kind.VIEW), (2, Kind.VIEW), (86_400, Kind.VIEW))
    events = np.concatenate([busy, calm])
    events["position"] = np.arange(len(events))
    assert {name[0] for name in check(events, daily_cap=3)} == {BIG}
    assert {name[0] for name in check(events, daily_cap=4)} == {BIG, -7}


def test_the_daily_cap_counts_local_days():
    # Two events on each side of midnight in Lord Howe, all on one day of UTC.
    midnight = microseconds(datetime(2019, 10, 2, 13, 30, tzinfo=UTC)) // SECOND - START // SECOND
    events = rows(*[(midnight + i, Kind.VIEW) for i in (-2, -1, 0, 1)])
    assert check(events, "Australia/Lord_Howe", daily_cap=2)
    assert not check(events, "UTC", daily_cap=2)


def test_more_than_32_products_are_remembered_by_replacing_the_oldest_entry():
    def look(i, product, kind=Kind.VIEW):
        return (i, kind, {"product": product, "brand": 100 + product % 3, "category": 7})

    first = [look(i, 1000 + i, Kind.CART) for i in range(32)]
    more = [look(40, 1000), look(41, 2000), look(42, 2001), look(43, 1000)]
    later = [
        (7 * 3600 + i, Kind.VIEW, {"product": p, "category": 7})
        for i, p in enumerate([1000, 1001, 1002, 1003, 2000, 2001])
    ]
    found = check(rows(*first, *more, *later))
    column = NAMES.index("product_known")
    start = START + 7 * HOUR
    known = [found[(BIG, BIG + 2, start, k)][0][column] for k in range(1, 7)]
    # 2000 took the place of 1000, 2001 that of 1001, and then 1000 that of 1002.
    assert known == [1, 0, 0, 1, 1, 1]


def test_equal_events_of_one_second_are_one_only_within_a_session():
    one = rows((0, Kind.VIEW), (0, Kind.VIEW), (0, Kind.VIEW, {"price": 11.0}))
    assert ordinals(check(one)) == [(0, 1), (0, 2)]
    two = rows((0, Kind.VIEW), (0, Kind.VIEW, {"session": -9}), (0, Kind.VIEW))
    found = check(two)
    assert [(name[1], name[3]) for name in sorted(found)] == [(-9, 1), (BIG + 2, 1)]
    # The other session's event is history of this very second.
    features, _ = found[(BIG, -9, START, 1)]
    assert features[NAMES.index("past_events")] == 1


def test_a_repeat_parted_by_another_event_of_the_second_is_still_a_repeat():
    events = rows((0, Kind.VIEW), (0, Kind.CART), (0, Kind.VIEW), (1, Kind.VIEW))
    assert ordinals(check(events)) == [(0, 1), (0, 2), (0, 3)]


def test_missing_prices_are_equal_in_a_repeat():
    nothing = {"price": np.nan, "product": MISSING}
    assert ordinals(check(rows((0, Kind.VIEW, nothing), (0, Kind.VIEW, nothing)))) == [(0, 1)]


def test_a_session_that_begins_with_a_purchase_has_no_moment():
    assert not check(rows((0, Kind.PURCHASE), (1, Kind.VIEW), (2, Kind.PURCHASE)))


def test_no_moment_at_or_after_the_first_purchase():
    events = rows(
        (0, Kind.VIEW), (1, Kind.CART), (2, Kind.PURCHASE), (3, Kind.VIEW), (4, Kind.PURCHASE)
    )
    found = check(events)
    assert ordinals(found) == [(0, 1), (0, 2)]
    assert [int(row["label"]) for _, row in found.values()] == [1, 1]


def test_a_purchase_in_the_next_session_is_no_label():
    events = rows((0, Kind.VIEW), (6 * 3600, Kind.VIEW), (6 * 3600 + 1, Kind.PURCHASE))
    found = check(events)
    assert {name[2] - START: int(row["label"]) for name, (_, row) in found.items()} == {
        0: 0,
        6 * HOUR: 1,
    }


def test_an_order_counts_once_however_many_rows_it_has():
    events = rows(*[(i, Kind.PURCHASE) for i in range(3)], (86_400, Kind.VIEW))
    [(features, _)] = check(events).values()
    worth = 0.5 ** (1 / 14)
    assert features[NAMES.index("past_orders")] == pytest.approx(worth, rel=1e-4)
    assert features[NAMES.index("past_purchases")] == pytest.approx(3 * worth, rel=1e-4)


def test_a_day_is_visible_three_hours_after_local_midnight():
    # 2019-10-02 in Berlin ends at 22:00 UTC, so its counts can be had from 01:00 UTC on.
    end_of_day = microseconds(datetime(2019, 10, 2, 22, tzinfo=UTC)) // SECOND - START // SECOND
    events = rows(
        (end_of_day - 1, Kind.VIEW),
        (end_of_day + 3 * 3600 - 1e-6, Kind.VIEW, {"session": -1}),
        (end_of_day + 3 * 3600, Kind.VIEW, {"session": -1}),
    )
    found = check(events, "Europe/Berlin")
    by_time = sorted(found.values(), key=lambda pair: pair[1]["time"])
    views = [features[NAMES.index("product_views_week")] for features, _ in by_time]
    np.testing.assert_array_equal(views, [np.nan, np.nan, 1])


def test_windows_are_divided_by_the_days_counted_and_forget_older_ones():
    daily = [(86_400 * i, Kind.VIEW, {"session": i}) for i in range(12)]
    found = check(rows(*daily))
    by_time = [f for f, _ in sorted(found.values(), key=lambda pair: pair[1]["time"])]
    week = [features[NAMES.index("product_views_week")] for features in by_time]
    np.testing.assert_array_equal(week, [np.nan] + [1] * 11)


def test_cheaper_is_said_only_where_there_was_a_price_to_compare_with():
    same = {"category": 7}
    check(rows((0, Kind.VIEW, {**same, "price": np.nan}), (1, Kind.VIEW, same)))
