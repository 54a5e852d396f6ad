"""Local time. The only place where the shop's time zone enters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from willbuy.errors import WillbuyError

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Calendar(NamedTuple):
    """A time zone as numbers: from `instants[i]` on, local time is UTC plus `offsets[i]`.

    Both are int64 microseconds, of one length, `instants` ascending.
    """

    instants: NDArray[np.int64]
    offsets: NDArray[np.int64]


@lru_cache(maxsize=8)
def make_calendar(zone: str) -> Calendar:
    """The clock changes of a zone between 2000 and 2100.

    Raises:
        WillbuyError: The zone is not one of IANA's.
    """
    try:
        info = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        raise WillbuyError(
            f"The time zone {zone!r} is not known. Use an IANA name such as Europe/Berlin or UTC."
        ) from problem

    def offset(moment: datetime) -> timedelta:
        return moment.astimezone(info).utcoffset() or timedelta()

    instants, offsets = [_FIRST], [offset(_FIRST)]
    day = _FIRST
    while day < _LAST:
        following = day + timedelta(days=1)
        if offset(following) != offset(day):
            low, high = day, following
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) / 2
                middle = middle.replace(microsecond=0)
                if offset(middle) == offset(day):
                    low = middle
                else:
                    high = middle
            instants.append(high)
            offsets.append(offset(high))
        day = following
    return Calendar(
        np.array([round((i - _EPOCH).total_seconds()) * SECOND for i in instants], np.int64),
        np.array([round(o.total_seconds()) * SECOND for o in offsets], np.int64),
    )


def to_local(calendar: Calendar, time: int) -> int:
    """Microseconds of local time since 1970-01-01 00:00 local, for a UTC time."""
    low, high = 0, calendar.instants.size
    while high - low > 1:
        middle = (low + high) // 2
        if calendar.instants[middle] <= time:
            low = middle
        else:
            high = middle
    return int(time + calendar.offsets[low])


def local_days(calendar: Calendar, times: NDArray[np.int64]) -> NDArray[np.int64]:
    """The local day of each UTC time (n,), as `day_of` of `to_local`."""
    at = np.searchsorted(calendar.instants, times, side="right") - 1
    return np.asarray((times + calendar.offsets[np.maximum(at, 0)]) // DAY)


def day_of(local: int) -> int:
    """Days since 1970-01-01 of a local time."""
    return local // DAY


def hour_of(local: int) -> int:
    """Hour of the day, 0 to 23, of a local time."""
    return (local // HOUR) % 24


def weekday_of(local: int) -> int:
    """Day of the week, 0 for Monday, of a local time."""
    return (local // DAY + 3) % 7  # 1970-01-01 was a Thursday


def midnight(zone: str, day: int) -> int:
    """UTC microseconds at which a local day (counted from 1970-01-01) begins."""
    date = (_EPOCH + timedelta(days=day)).replace(tzinfo=ZoneInfo(zone))
    return round((date.astimezone(UTC) - _EPOCH).total_seconds()) * SECOND
