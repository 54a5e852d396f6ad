"""What all shoppers did with a product, brand or category in complete past days.

`Shop` is what features see; the functions here look things up in it. `tables.py` makes it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from willbuy.events.keys import mix
from willbuy.events.schema import MISSING
from willbuy.moments.state import Goods, Records

PRODUCT, BRAND, CATEGORY, SECTION, ALL = 0, 1, 2, 3, 4
"""The tables. ALL has one key, 0: the shop itself."""

EMPTY = -1
"""The table number of a free slot."""

PRICE_UNIT = 10_000
"""Price sums are kept as integers of this many parts, so that their order never matters."""

SMOOTHING = 20.0
"""A rate is drawn towards its parent's as if so many views had been seen at the parent's rate."""

SLOT = np.dtype([("key", "i8"), ("table", "i4"), ("begin", "i4"), ("end", "i4")], align=True)
"""A place in the hash index: the key's entries are `begin` up to, not including, `end`."""

COUNTS = ("views", "carts", "purchases", "priced", "price_sum")
ENTRY = np.dtype([("day", "i4"), *((name, "i8") for name in COUNTS)], align=True)
"""A key's counts up to and including a day; ascending by day, days without events left out."""

ANSWER = np.dtype(
    [("key", "i8"), ("day", "i4"), ("days", "i4"), *((name, "i8") for name in COUNTS)], align=True
)
"""The last answer to a question of one sort: a row asks the same thing many times over."""

_SORTS = 4
"""Sorts of questions to a table, by the number of days."""


class Shop(NamedTuple):
    """The shop as of the midnight before a moment.

    `day` is the last complete local day that is visible, `first_day` the first one counted;
    `slots` (a power of two,) of SLOT and `entries` (n,) of ENTRY hold the counts; `answers` of
    ANSWER the latest answers, one thread's own. `goods` (events,) of GOODS is what is known of
    the product of each of the session's events; empty where there is no session.
    """

    day: int
    first_day: int
    slots: Records
    entries: Records
    answers: Records
    goods: Goods


def no_answers() -> Records:
    """Room for `Shop.answers`, before anything was asked."""
    answers = np.zeros((ALL + 1) * _SORTS, ANSWER)
    answers["key"] = MISSING
    return answers


class Window(NamedTuple):
    """Counts over the trailing days: events by kind, and prices seen (their sum in units)."""

    views: int
    carts: int
    purchases: int
    priced: int
    price_sum: int


def slot_hash(table: int, key: int, mask: int) -> int:
    """Where the search for a key begins in an index of `mask + 1` slots."""
    return int(mix(int(mix(table)) ^ key) & mask)


def find_slot(slots: Any, table: int, key: int) -> int:
    """The index of a key's slot, or of the free slot where it would go."""
    mask = slots.size - 1
    place = slot_hash(table, key, mask)
    while slots[place].table != EMPTY:
        if slots[place].key == key and slots[place].table == table:
            return place
        place = (place + 1) & mask
    return place


def entry_before(entries: Any, begin: int, end: int, day: int) -> int:
    """The last entry at or before a day; `begin - 1` where there is none."""
    low, high = begin, end
    while low < high:
        middle = (low + high) // 2
        if entries[middle].day <= day:
            low = middle + 1
        else:
            high = middle
    return low - 1


def window(shop: Shop, table: int, key: int, days: int) -> Window:
    """Counts of a key over the last `days` complete days; zeros for an unseen or missing key."""
    if key == MISSING:
        return Window(0, 0, 0, 0, 0)
    answer = shop.answers[table * _SORTS + days % _SORTS]
    if answer.key != key or answer.day != shop.day or answer.days != days:
        look_up(shop, table, key, days, answer)
    return Window(answer.views, answer.carts, answer.purchases, answer.priced, answer.price_sum)


def look_up(shop: Shop, table: int, key: int, days: int, answer: Any) -> None:
    """Fill a record of ANSWER from the tables."""
    answer.key = key
    answer.day = shop.day
    answer.days = days
    answer.views = answer.carts = answer.purchases = answer.priced = answer.price_sum = 0
    slot = shop.slots[find_slot(shop.slots, table, key)]
    if slot.table == EMPTY:
        return
    last = entry_before(shop.entries, slot.begin, slot.end, shop.day)
    if last < slot.begin:
        return
    upto = shop.entries[last]
    answer.views = upto.views
    answer.carts = upto.carts
    answer.purchases = upto.purchases
    answer.priced = upto.priced
    answer.price_sum = upto.price_sum
    before = entry_before(shop.entries, slot.begin, slot.end, shop.day - days)
    if before >= slot.begin:
        base = shop.entries[before]
        answer.views -= base.views
        answer.carts -= base.carts
        answer.purchases -= base.purchases
        answer.priced -= base.priced
        answer.price_sum -= base.price_sum


def days_covered(shop: Shop, days: int) -> int:
    """How many of the last `days` complete days were really counted."""
    return max(min(days, shop.day - shop.first_day + 1), 0)


def smoothed(count: float, views: float, parent: float) -> float:
    """A share of views, drawn towards the parent's share where views are few."""
    return (count + SMOOTHING * parent) / (views + SMOOTHING)


def share(count: float, whole: float) -> float:
    """`count / whole`; nan where there is no whole."""
    return count / whole if whole > 0 else np.nan


def mean_price(counts: Window) -> float:
    """The mean price of the events in a window; nan where none had one."""
    return share(counts.price_sum / PRICE_UNIT, counts.priced)


def shop_rate(shop: Shop, days: int) -> float:
    """Purchases per view of the whole shop."""
    whole = window(shop, ALL, 0, days)
    return share(whole.purchases, whole.views)


def rate_of(shop: Shop, table: int, key: int, parent: float, days: int) -> float:
    """Purchases per view of one key, drawn towards its parent's rate."""
    counts = window(shop, table, key, days)
    return smoothed(counts.purchases, counts.views, parent)
