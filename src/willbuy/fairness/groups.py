"""Columns cut into groups: a few levels each, chosen without a look at any label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

Codes = NDArray[np.int64]

MOST_LEVELS = 20
"""So many of the most frequent values of a text are groups of their own."""

NONE, OTHERS = "(none)", "(others)"

_FEW = 24
"""Numbers with at most so many different values are taken one by one, as the hours are."""

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_K_UPPER = (1, 2, 3, 5, 10, 20)
_K_NAMES = ("1", "2", "3", "4 to 5", "6 to 10", "11 to 20", "above 20")


@dataclass(frozen=True)
class Grouping:
    """One column, cut.

    Attributes:
        name: Of the column.
        levels: Names of the groups.
        code: The group of each row (n,), 0 … levels - 1.
        note: What was done to the column; empty where nothing was.
    """

    name: str
    levels: tuple[str, ...]
    code: Codes
    note: str = ""

    def at(self, rows: NDArray[np.bool_]) -> Grouping:
        """The same groups of some of the rows."""
        return Grouping(self.name, self.levels, self.code[rows], self.note)


def new_or_returning(past_sessions: pl.Series) -> Grouping:
    """Whether the log shows an earlier session of the shopper."""
    again = past_sessions.to_numpy() > 0
    return Grouping("shopper", ("new", "returning"), again.astype(np.int64))


def by_k(ordinal: pl.Series) -> Grouping:
    """How many events the session had."""
    code = np.searchsorted(_K_UPPER, ordinal.to_numpy(), side="left")
    return Grouping("k", _K_NAMES, code.astype(np.int64))


def by_weekday(weekday: pl.Series) -> Grouping:
    """The day of the week, 0 for Monday."""
    return Grouping("weekday", _WEEKDAYS, weekday.to_numpy().astype(np.int64))


def by_hour(hour: pl.Series) -> Grouping:
    """The local hour."""
    levels = tuple(f"{hour:02}" for hour in range(24))
    return Grouping("hour", levels, hour.to_numpy().astype(np.int64))


def by_value(
    name: str, values: pl.Series, earlier: pl.Series, judged: NDArray[np.bool_]
) -> Grouping:
    """Cut any column: numbers into fifths, texts into the most frequent values and the others.

    Args:
        name: Of the column.
        values: To be cut (n,).
        earlier: The same column of train and calibrate, where the fifths come from.
        judged: The rows whose values decide which are frequent (n,).
    """
    values, earlier = _typed(values, earlier)
    if values.dtype.is_numeric() and values.drop_nulls().n_unique() > _FEW:
        return _fifths(name, values, earlier)
    return _frequent(name, values, judged)


def _typed(values: pl.Series, earlier: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Texts that are all numbers become numbers; nan and empty texts become null."""
    if values.dtype == pl.String:
        values, earlier = (one.set(one == "", None) for one in (values, earlier))
        numbers = values.cast(pl.Float64, strict=False)
        if numbers.null_count() == values.null_count() < len(values):
            return _typed(numbers, earlier.cast(pl.Float64, strict=False))
    if values.dtype.is_float():
        return values.fill_nan(None), earlier.fill_nan(None)
    return values, earlier


def _fifths(name: str, values: pl.Series, earlier: pl.Series) -> Grouping:
    known = (earlier if earlier.null_count() < len(earlier) else values).drop_nulls().to_numpy()
    edges = np.unique(np.quantile(known, [0.2, 0.4, 0.6, 0.8]))
    missing = values.is_null().to_numpy()
    code = np.searchsorted(edges, values.fill_null(0).to_numpy(), side="left")
    told = [f"{edge:.6g}" for edge in edges]
    levels = [f"up to {told[0]}", *(f"{a} to {b}" for a, b in pairwise(told))]
    levels += [f"above {told[-1]}", NONE]
    note = "Cut at the fifths of train and calibrate."
    return Grouping(name, tuple(levels), np.where(missing, len(levels) - 1, code), note)


def _frequent(name: str, values: pl.Series, judged: NDArray[np.bool_]) -> Grouping:
    texts = values.cast(pl.String)
    here = texts.filter(pl.Series(judged)).drop_nulls()
    counted = here.value_counts().sort(["count", here.name], descending=[True, False])
    found: Sequence[str] = counted[here.name].to_list()
    kept = sorted(found[:MOST_LEVELS])
    levels = (*kept, OTHERS, NONE)
    places = {level: at for at, level in enumerate(kept)}
    code = texts.replace_strict(places, default=len(kept), return_dtype=pl.Int64)
    code = code.set(texts.is_null(), len(kept) + 1)
    note = ""
    if len(found) > MOST_LEVELS:
        note = f"{len(found):,} values in test; the {MOST_LEVELS} most frequent, and the others."
    return Grouping(name, levels, code.to_numpy(), note)


def crossed(one: Grouping, two: Grouping) -> Grouping:
    """Every pair of levels of two columns."""
    levels = tuple(f"{a} and {two.name} {b}" for a in one.levels for b in two.levels)
    return Grouping(one.name, levels, one.code * len(two.levels) + two.code)
