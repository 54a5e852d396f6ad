"""The small loops features are made of. Each runs compiled and as plain Python.

Arrays are those of a session, oldest event first. Keys of -1 are missing and equal nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from willbuy.events.schema import MISSING

SECONDS = 1_000_000
"""Microseconds in a second; times are divided by it."""

DAYS = 86_400 * SECONDS


def same(one: int, other: int) -> bool:
    """Whether two keys name the same thing; a missing key is the same as nothing."""
    return one != MISSING and one == other


def count(values: Any, value: int) -> int:
    """How many values equal `value`."""
    n = 0
    for x in values:
        if x == value:
            n += 1
    return n


def count_same(keys: Any, key: int) -> int:
    """How many keys are `key`; 0 where it is missing."""
    return 0 if key == MISSING else count(keys, key)


def seen_before(keys: Any, j: int) -> bool:
    """Whether the key at `j` stands earlier, too."""
    for i in range(j):  # noqa: SIM110 (a generator cannot be compiled)
        if same(keys[i], keys[j]):
            return True
    return False


def distinct(keys: Any) -> int:
    """How many different keys there are, missing ones left out."""
    n = 0
    for j in range(keys.size):
        if keys[j] != MISSING and not seen_before(keys, j):
            n += 1
    return n


def switches(keys: Any) -> int:
    """How often a key follows another one, missing ones passed over."""
    n = 0
    last = MISSING
    for key in keys:
        if key != MISSING:
            if last != MISSING and key != last:
                n += 1
            last = key
    return n


def run_length(keys: Any) -> int:
    """How many events in a row, up to the last, have the last event's key."""
    n = 0
    for j in range(keys.size):
        if not same(keys[keys.size - 1 - j], keys[-1]):
            break
        n += 1
    return n


def last_place(values: Any, value: int) -> int:
    """The index of the last value that equals `value`; -1 where none does."""
    for j in range(values.size):
        if values[values.size - 1 - j] == value:
            return int(values.size - 1 - j)
    return -1


def ratio(part: float, whole: float) -> float:
    """`part / whole`; nan where the whole is zero or missing."""
    return part / whole if whole > 0 else np.nan


def mean(values: Any) -> float:
    """The mean of the values that are there; nan where none is."""
    total = 0.0
    n = 0
    for x in values:
        if not np.isnan(x):
            total += x
            n += 1
    return total / n if n > 0 else np.nan


def smallest(values: Any) -> float:
    """The smallest value that is there; nan where none is."""
    best = np.nan
    for x in values:
        if not np.isnan(x) and not x >= best:
            best = x
    return best


def largest(values: Any) -> float:
    """The largest value that is there; nan where none is."""
    best = np.nan
    for x in values:
        if not np.isnan(x) and not x <= best:
            best = x
    return best


def spread(values: Any) -> float:
    """The standard deviation (population) of the values that are there; nan where none is."""
    middle = mean(values)
    total = 0.0
    n = 0
    for x in values:
        if not np.isnan(x):
            total += (x - middle) ** 2
            n += 1
    return float(np.sqrt(total / n)) if n > 0 else np.nan


def last_known(values: Any) -> float:
    """The latest value that is there; nan where none is."""
    for j in range(values.size):
        if not np.isnan(values[values.size - 1 - j]):
            return float(values[values.size - 1 - j])
    return np.nan
