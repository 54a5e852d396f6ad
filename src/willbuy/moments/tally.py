"""Counting what happened with each key on each local day: part of the fold."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from willbuy.events.keys import mix
from willbuy.events.schema import MISSING, Kind
from willbuy.moments.calendar import MINUTE, Calendar, day_of, to_local
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
    `used` (1,) how many rows are filled; `hashes` (5,) of each table and the day at hand.
    """

    places: NDArray[np.int64]
    rows: Records
    used: NDArray[np.int64]
    hashes: NDArray[np.int64]


def make_tally(capacity: int = 1 << 14) -> Tally:
    """An empty tally with room for `capacity` rows (a power of two)."""
    return Tally(
        np.full(2 * capacity, -1, np.int64),
        np.zeros(capacity, DAILY),
        np.zeros(1, np.int64),
        np.zeros(_TABLES_PER_EVENT, np.int64),
    )


def grown(tally: Tally) -> Tally:
    """The same counts with twice the room."""
    larger = make_tally(2 * len(tally.rows))
    used = tally.used[0]
    larger.rows[:used] = tally.rows[:used]
    larger.used[0] = used
    larger.hashes[:] = tally.hashes
    return larger


def has_room(tally: Tally, events: int) -> bool:
    """Whether so many more events can be counted."""
    return bool(tally.used[0] + _TABLES_PER_EVENT * events <= tally.rows.size)


def index_rows(tally: Tally) -> None:
    """Enter all rows in the hash map (after it has grown)."""
    for row in range(tally.used[0]):
        entry = tally.rows[row]
        of_day = int(mix(entry.table + 8 * entry.day))
        tally.places[_place(tally, of_day, entry.table, entry.key, entry.day)] = row


def _place(tally: Tally, of_day: int, table: int, key: int, day: int) -> int:
    """Where the row of a key is named or would be; `of_day` is the hash of its table and day."""
    mask = tally.places.size - 1
    place = int(mix(of_day ^ key) & mask)
    while tally.places[place] >= 0:
        row = tally.rows[tally.places[place]]
        if row.key == key and row.day == day and row.table == table:
            break
        place = (place + 1) & mask
    return place


def _count(tally: Tally, table: int, key: int, day: int, kind: int, units: int) -> None:
    if key == MISSING:
        return
    place = _place(tally, tally.hashes[table], table, key, day)
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
    if kind == Kind.VIEW:
        row.views += 1
    elif kind == Kind.CART:
        row.carts += 1
    elif kind == Kind.PURCHASE:
        row.purchases += 1
    if units >= 0:
        row.priced += 1
        row.price_sum += units


def tally_events(events: Any, first: int, calendar: Calendar, tally: Tally) -> int:
    """Count events from the `first` on until all are counted or the tally is full.

    Args:
        events: (n,) of EVENT, in any order.
        first: The event to begin with.
        calendar: The shop's local time.
        tally: Counted into.

    Returns:
        The event that comes next; n when all are counted.
    """
    minute = today = -1
    for i in range(first, events.size):
        if not has_room(tally, 1):
            return i
        event = events[i]
        if event.time // MINUTE != minute:  # no day begins within a minute
            minute = event.time // MINUTE
            day = day_of(to_local(calendar, event.time))
            if day != today:
                today = day
                _stir(tally, day)
        _count_everywhere(tally, today, event)
    return int(events.size)


def tally_left_out(
    events: Any,
    begin: int,
    end: int,
    slots: NDArray[np.int32],
    calendar: Calendar,
    daily_cap: int,
    tally: Tally,
) -> None:
    """Count what does not count of one shopper's events; the tally must have room.

    These are exact repeats, and all of a day on which the shopper exceeds the cap. That is a
    matter of this day alone: what a shopper does later changes no earlier day's counts.
    """
    today = -1
    allowed = True
    for i in range(begin, end):
        event = events[i]
        day = day_of(to_local(calendar, event.time))
        if day != today:
            today = day
            _stir(tally, day)
            last = min(i + daily_cap, end - 1)
            allowed = last < i + daily_cap or day_of(to_local(calendar, events[last].time)) != day
        if slots[i - begin] == REPEATED or not allowed:
            _count_everywhere(tally, day, event)


def _stir(tally: Tally, day: int) -> None:
    for table in range(tally.hashes.size):
        tally.hashes[table] = mix(table + 8 * day)


def _count_everywhere(tally: Tally, day: int, event: Any) -> None:
    """Count an event of a day that `_stir` was told of."""
    units = -1
    if not np.isnan(event.price):
        units = int(np.floor(event.price * PRICE_UNIT + 0.5))
    kind = event.kind
    _count(tally, PRODUCT, event.product, day, kind, units)
    _count(tally, BRAND, event.brand, day, kind, units)
    _count(tally, CATEGORY, event.category, day, kind, units)
    _count(tally, SECTION, event.section, day, kind, units)
    _count(tally, ALL, _ALL_KEY, day, kind, units)


def index_slots(slots: Any, tables: Any, keys: Any, begins: Any, ends: Any) -> None:
    """Fill the empty hash index of a shop: one slot for each (table, key)."""
    for i in range(keys.size):
        slot = slots[find_slot(slots, tables[i], keys[i])]
        slot.key = keys[i]
        slot.table = tables[i]
        slot.begin = begins[i]
        slot.end = ends[i]


def merged(parts: list[Records]) -> Records:
    """One row for each (table, key, day), in this order, from several arrays of DAILY.

    Rows whose counts add up to nothing are left out.
    """
    rows = np.concatenate(parts) if len(parts) > 1 else parts[0]
    if len(parts) == 1 and _in_order(rows):
        return rows
    for name in ("day", "key", "table"):  # stable, one after the other: a day's rows come sorted
        rows = rows[np.argsort(rows[name], kind="stable")]
    if not len(rows):
        return rows
    repeats = np.ones(len(rows) - 1, bool)
    for name in ("table", "key", "day"):
        repeats &= rows[name][1:] == rows[name][:-1]
    begins = np.flatnonzero(np.append(True, ~repeats))
    sums = rows[begins]
    counted = np.zeros(len(sums), bool)
    for name in COUNTS:
        sums[name] = np.add.reduceat(rows[name], begins)
        counted |= sums[name] != 0
    del rows  # as large as what is returned
    kept: Records = sums if counted.all() else sums[counted]
    return kept


def _in_order(rows: Records) -> bool:
    table, key, day = (rows[name] for name in ("table", "key", "day"))
    same_table, same_key = table[1:] == table[:-1], key[1:] == key[:-1]
    follows = (table[1:] > table[:-1]) | (same_table & (key[1:] > key[:-1]))
    return bool((follows | (same_table & same_key & (day[1:] > day[:-1]))).all())
