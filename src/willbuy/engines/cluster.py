"""Events of many shoppers, brought together shopper by shopper in time linear in their number.

Shoppers stand in the order of a hash of their key, whatever the number of parts a log is dealt to:
part after part, their order is the same as if there were one.
"""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.compiled import Function, build
from willbuy.events.keys import NATIVE, mix

Records = np.ndarray[Any, np.dtype[np.void]]

_HALF = np.uint64(32)


def deal(events: Any, parts: int, out: Any, ends: NDArray[np.int64]) -> None:
    """Copy events to `out`, part by part, each part in the order they came in.

    Args:
        events: (n,) of EVENT.
        parts: How many; a shopper is in one only, by the upper half of the hash.
        out: (n,) of EVENT, filled.
        ends: (parts,) filled: where each part ends in `out`.
    """
    begins = np.zeros(parts + 1, np.int64)
    home = np.empty(events.size, np.int32)
    for i in range(events.size):
        part = int(((np.uint64(mix(events[i].user)) >> _HALF) * np.uint64(parts)) >> _HALF)
        home[i] = part
        begins[part + 1] += 1
    for part in range(parts):
        begins[part + 1] += begins[part]
        ends[part] = begins[part + 1]
    for i in range(events.size):
        out[begins[home[i]]] = events[i]
        begins[home[i]] += 1


def find_users(
    events: Any, number: NDArray[np.int32], hashes: NDArray[np.int64], counts: NDArray[np.int64]
) -> int:
    """Number the shoppers as they come.

    Args:
        events: (n,) of EVENT.
        number: (n,) filled: the number of each event's shopper.
        hashes, counts: (n,) filled for each number: hash of the key, how many events.

    Returns:
        How many shoppers there are.
    """
    size = 1 << 12
    places = np.full(size, -1, np.int32)
    found = 0
    for i in range(events.size):
        h = mix(events[i].user)
        place = int(h & (size - 1))
        while places[place] >= 0 and hashes[places[place]] != h:  # the hash is one-to-one
            place = (place + 1) & (size - 1)
        one = int(places[place])
        if one < 0:
            one = found
            places[place] = one
            hashes[found] = h
            counts[found] = 0
            found += 1
            if 2 * found > size:
                size *= 4
                places = np.full(size, -1, np.int32)
                for known in range(found):
                    place = int(hashes[known] & (size - 1))
                    while places[place] >= 0:
                        place = (place + 1) & (size - 1)
                    places[place] = known
        number[i] = one
        counts[one] += 1
    return found


def gather_users(
    events: Any, number: NDArray[np.int32], begins: NDArray[np.int64], out: Any
) -> None:
    """Copy events to where their shoppers' begin, each shopper's by time, then as they came.

    Args:
        events: (n,) of EVENT.
        number: (n,) each event's shopper.
        begins: (shoppers,) where each one's events begin in `out`; changed to where they end.
        out: (n,) of EVENT, filled.
    """
    first = begins.copy()
    late = np.zeros(begins.size, np.bool_)
    for i in range(events.size):
        one = number[i]
        place = begins[one]
        out[place] = events[i]
        if place > first[one] and out[place].time < out[place - 1].time:
            late[one] = True
        begins[one] = place + 1
    for one in range(begins.size):
        if late[one]:
            mine = out[first[one] : begins[one]]
            times = np.empty(mine.size, np.int64)
            for i in range(mine.size):
                times[i] = mine[i].time
            kept = mine.copy()
            order = np.argsort(times, kind="mergesort")  # a stable one
            for i in range(order.size):
                mine[i] = kept[order[i]]


@lru_cache(maxsize=1)
def cluster_program() -> ModuleType:
    """The functions of this module, compiled."""
    roots: dict[str, Function] = {
        "deal": deal,
        "find_users": find_users,
        "gather_users": gather_users,
    }
    return build(roots, NATIVE, allocates=True)


def clustered(events: Records, out: Records) -> NDArray[np.int64]:
    """Cluster events by shopper into `out`.

    Args:
        events: (n,) of EVENT, in the order of the log.
        out: (n,) of EVENT, filled: by the shopper's hash, then time, then place in the log.

    Returns:
        (shoppers,) where each one's events end.
    """
    program = cluster_program()
    number = np.empty(len(events), np.int32)
    hashes, counts = np.empty(len(events), np.int64), np.empty(len(events), np.int64)
    found = program.find_users(events, number, hashes, counts)
    order = np.argsort(hashes[:found].view(np.uint64))
    ends = np.cumsum(counts[:found][order])
    begins = np.empty(found, np.int64)
    begins[order] = ends - counts[:found][order]
    program.gather_users(events, number, begins, out)
    return ends
