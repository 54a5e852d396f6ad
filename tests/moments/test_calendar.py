"""Local time as numbers against zoneinfo."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from willbuy.errors import WillbuyError
from willbuy.moments.calendar import (
    DAY,
    HOUR,
    SECOND,
    day_of,
    hour_of,
    local_days,
    make_calendar,
    midnight,
    to_local,
    weekday_of,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour of summer time
    "Asia/Kathmandu",  # UTC+5:45
    "America/Sao_Paulo",  # clocks went forward at midnight
    "Pacific/Apia",  # left out a whole day in 2011
    "Africa/Casablanca",  # goes back for Ramadan
]
FIRST = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()) * SECOND
LAST = int(datetime(2037, 12, 31, tzinfo=UTC).timestamp()) * SECOND


def clock(time, zone):
    return (EPOCH + timedelta(microseconds=time)).astimezone(ZoneInfo(zone))


def agree(time, zone):
    wall = clock(time, zone)
    here = to_local(make_calendar(zone), time)
    assert here == (wall.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
    assert hour_of(here) == wall.hour
    assert weekday_of(here) == wall.weekday()
    assert day_of(here) == (wall.date() - EPOCH.date()).days


@settings(max_examples=300)
@given(time=st.integers(FIRST, LAST), zone=st.sampled_from(ZONES))
@example(FIRST, "Europe/Berlin")
def test_local_time_is_zoneinfos(time, zone):
    agree(time, zone)


@pytest.mark.parametrize("zone", ZONES)
def test_local_days_of_many_times_at_once(zone):
    calendar = make_calendar(zone)
    changes = calendar.instants[:, None] + np.array([-DAY, -1, 0, 1, DAY])
    times = np.concatenate([changes.ravel(), np.linspace(FIRST - DAY, LAST, 999).astype(np.int64)])
    expected = [day_of(to_local(calendar, int(time))) for time in times]
    assert local_days(calendar, times).tolist() == expected


@pytest.mark.parametrize("zone", ZONES)
def test_every_clock_change_takes_place_at_its_very_microsecond(zone):
    calendar = make_calendar(zone)
    for instant in calendar.instants[1:].tolist():
        if instant < LAST:
            agree(instant - 1, zone)
            agree(instant, zone)


def test_the_clock_changes_of_2019_in_berlin_and_lord_howe():
    berlin = make_calendar("Europe/Berlin")
    change = int(datetime(2019, 10, 27, 1, tzinfo=UTC).timestamp()) * SECOND
    assert to_local(berlin, change - 1) - to_local(berlin, change) == HOUR - 1
    howe = make_calendar("Australia/Lord_Howe")
    change = int(datetime(2019, 10, 5, 15, 30, tzinfo=UTC).timestamp()) * SECOND
    assert to_local(howe, change) - to_local(howe, change - 1) == HOUR // 2 + 1


@settings(max_examples=200)
@given(
    day=st.integers(FIRST // DAY + 1, LAST // DAY),
    zone=st.sampled_from([zone for zone in ZONES if zone != "Pacific/Apia"]),
)
@example(18_196, "Europe/Berlin")  # the day of a clock change
@example(17_839, "America/Sao_Paulo")  # this day began at one o'clock
def test_midnight_is_where_a_local_day_begins(day, zone):
    begin = midnight(zone, day)
    calendar = make_calendar(zone)
    assert day_of(to_local(calendar, begin)) == day
    assert day_of(to_local(calendar, begin - 1)) == day - 1


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "berlin time"])
def test_an_unknown_zone_is_named_and_an_example_given(zone):
    with pytest.raises(WillbuyError, match="Europe/Berlin") as caught:
        make_calendar(zone)
    assert repr(zone) in str(caught.value)
