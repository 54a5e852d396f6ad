"""Counting what happened with each key on each local day: part of the fold."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from willbuy.events.keys import mix
from willbuy.events.schema import MISSING, Kind
from willbuy.moments.calendar import Calendar, day_of, to_local
from willbuy.moments.fold import REPEATED
from willbuy.moments.shop import (
    ALL,
    BRAND,
    CATEGORY,
    COUNTS,
    PRICE_UNIT,
    PRODUCT,
    SECTION,
    find_slot,
)
from willbuy.moments.state import Records

DAILY = np.dtype(
    [("key", "i8"), ("table", "i4"), ("day", "i4"), *((name, "i8") for name in COUNTS)],
    align=True,
)
"""What happened with one key of one table on one local day."""

_ALL_KEY = 0
_TABLES_PER_EVENT = 5


class Tally(NamedTuple):
    """A growing hash map from (table, key, day) to counts.

    `places` (a power of two,) int64 holds the row of each key, -1 where free; `rows` of DAILY;
    `used` (1,) how many rows are filled.
    """

    places: NDArray[np.int64]
    rows: Records
    used: NDArray[np.int64]


def make_tally(capacity: int = 1 << 14) -> Tally:
    """An empty tally with room for `capacity` rows (a power of two)."""
    return Tally(
        np.full(2 * capacity, -1, np.int64), np.zeros(capacity, DAILY), np.zeros(1, np.int64)
    )


def grown(tally: Tally) -> Tally:
    """The same counts with twice the room."""
    larger = make_tally(2 * len(tally.rows))
    used = tally.used[0]
    larger.rows[:used] = tally.rows[:used]
    larger.used[0] = used
    return larger


def has_room(tally: Tally, events: int) -> bool:
    """Whether so many more events can be counted."""
    return bool(tally.used[0] + _TABLES_PER_EVENT * events <= tally.rows.size)


def index_rows(tally: Tally) -> None:
    """Enter all rows in the hash map (after it has grown)."""
    for row in range(tally.used[0]):
        entry = tally.rows[row]
        tally.places[_place(tally, entry.table, entry.key, entry.day)] = row


def _place(tally: Tally, table: int, key: int, day: int) -> int:
    mask = tally.places.size - 1
    place = int(mix(int(mix(table + 8 * day)) ^ key) & mask)
    while tally.places[place] >= 0:
        row = tally.rows[tally.places[place]]
        if row.key == key and row.day == day and row.table == table:
            break
        place = (place + 1) & mask
    return place


def _count(tally: Tally, table: int, key: int, day: int, event: Any) -> None:
    if key == MISSING:
        return
    place = _place(tally, table, key, day)
    index = tally.places[place]
    if index < 0:
        index = tally.used[0]
        tally.used[0] = index + 1
        tally.places[place] = index
        entry = tally.rows[index]
        entry.key = key
        entry.table = table
        entry.day = day
    row = tally.rows[index]
    if event.kind == Kind.VIEW:
        row.views += 1
    elif event.kind == Kind.CART:
        row.carts += 1
    elif event.kind == Kind.PURCHASE:
        row.purchases += 1
    if not np.isnan(event.price):
        row.priced += 1
        row.price_sum += np.int64(np.floor(event.price * PRICE_UNIT + 0.5))


def tally_user(
    events: Any,
    begin: int,
    end: int,
    slots: NDArray[np.int32],
    calendar: Calendar,
    daily_cap: int,
    tally: Tally,
) -> None:
    """Count the events of one shopper, exact repeats left out; the tally must have room.

    A day on which the shopper exceeds the cap is not counted. That is a matter of this day
    alone: what a shopper does later changes no earlier day's counts.
    """
    today = -1
    allowed = True
    for i in range(begin, end):
        event = events[i]
        day = day_of(to_local(calendar, event.time))
        if day != today:
            today = day
            last = min(i + daily_cap, end - 1)
            allowed = last < i + daily_cap or day_of(to_local(calendar, events[last].time)) != day
        if slots[i - begin] == REPEATED or not allowed:
            continue
        _count(tally, PRODUCT, event.product, day, event)
        _count(tally, BRAND, event.brand, day, event)
        _count(tally, CATEGORY, event.category, day, event)
        _count(tally, SECTION, event.section, day, event)
        _count(tally, ALL, _ALL_KEY, day, event)


def index_slots(slots: Any, tables: Any, keys: Any, begins: Any, ends: Any) -> None:
    """Fill the empty hash index of a shop: one slot for each (table, key)."""
    for i in range(keys.size):
        slot = slots[find_slot(slots, tables[i], keys[i])]
        slot.key = keys[i]
        slot.table = tables[i]
        slot.begin = begins[i]
        slot.end = ends[i]


def merged(parts: list[Records]) -> Records:
    """One row for each (table, key, day), in this order, from several arrays of DAILY."""
    rows = np.concatenate(parts)
    rows = rows[np.lexsort((rows["day"], rows["key"], rows["table"]))]
    if not len(rows):
        return rows
    repeats = np.ones(len(rows) - 1, bool)
    for name in ("table", "key", "day"):
        repeats &= rows[name][1:] == rows[name][:-1]
    begins = np.flatnonzero(np.append(True, ~repeats))
    sums = rows[begins]
    for name in COUNTS:
        sums[name] = np.add.reduceat(rows[name], begins)
    return sums
