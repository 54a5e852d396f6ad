"""The ten features as one compiled loop over events that are clustered by shopper."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from willbuy.engines.cluster import Records
from willbuy.events.schema import MISSING, Kind

SESSION = np.dtype(
    [
        *(("user", "i8"), ("start", "i8"), ("mean_price", "f8"), ("max_price", "f8")),
        *(("seconds", "f8"), ("views", "i4"), ("carts", "i4"), ("purchases", "i4")),
        *(("products", "i4"), ("brands", "i4"), ("bought_before", "i4"), ("hour", "i4")),
        ("priced", "i4"),
    ],
    align=True,
)

SEEN = np.dtype([("key", "i8"), ("owner", "i8")])

_VIEW, _CART, _PURCHASE = int(Kind.VIEW), int(Kind.CART), int(Kind.PURCHASE)
_HOUR, _DAY = 3_600_000_000, 86_400_000_000
_ODD, _PRIME, _SHIFT = (
    np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93), np.uint64(32),
)  # fmt: skip


@numba.njit(cache=True, nogil=True)
def _is_new(table: Any, size: int, owner: int, key: int) -> bool:
    """Whether (owner, key) was not in a hash table; it is now."""
    h = (np.uint64(key) * _ODD + np.uint64(owner)) * _PRIME
    place = np.int64(h >> _SHIFT) & (size - 1)
    while table[place].owner >= 0:
        if table[place].owner == owner and table[place].key == key:
            return False
        place = (place + 1) & (size - 1)
    table[place].owner, table[place].key = owner, key
    return True


@numba.njit(cache=True, nogil=True)
def _fold(events: Any, ends: Any, keys: Any, products: Any, brands: Any, out: Any) -> int:
    found = begin = 0
    for user in range(ends.size):
        size = 2
        while size < 2 * (ends[user] - begin):
            size *= 2
        for place in range(size):  # small tables for most shoppers, so that they stay near
            products[place].owner = brands[place].owner = -1
        first = found
        now, before, at_now = events[begin].time, 0, 0
        for i in range(begin, ends[user]):
            event = events[i]
            if event.session == MISSING:
                continue
            if event.time > now:
                now, before, at_now = event.time, before + at_now, 0
            at_now += event.kind == _PURCHASE
            row = found - 1
            while row >= first and keys[row] != event.session:  # most often the latest
                row -= 1
            if row < first:
                row = found
                found += 1
                keys[row] = event.session
                out[row].user, out[row].start = event.user, event.time
                out[row].bought_before = before
                out[row].hour = event.time % _DAY // _HOUR
            session = out[row]
            session.seconds = (event.time - session.start) / 1e6
            session.views += event.kind == _VIEW
            session.carts += event.kind == _CART
            session.purchases += event.kind == _PURCHASE
            if event.price > 0:
                session.priced += 1
                session.mean_price += event.price
                session.max_price = max(session.max_price, event.price)
            if event.product != MISSING:
                session.products += _is_new(products, size, row, event.product)
            if event.brand != MISSING:
                session.brands += _is_new(brands, size, row, event.brand)
        begin = ends[user]
    for row in range(found):
        if out[row].priced:
            out[row].mean_price /= out[row].priced
        else:
            out[row].mean_price = out[row].max_price = np.nan
    return found


def fold(events: Records, ends: NDArray[np.int64]) -> Records:
    """The sessions of some shoppers, array of SESSION.

    Args:
        events: (n,) of EVENT, clustered by shopper, each one's in the order of time.
        ends: (shoppers,) where each one's end.
    """
    out = np.zeros(len(events), SESSION)
    keys = np.empty(len(events), np.int64)
    products, brands = np.empty((2, 4 * len(events) + 2), SEEN)
    found = _fold(events, ends, keys, products, brands, out)
    return out[:found].copy()
