"""Columns that are set in the rows of one label only: marks that are made after the outcome."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import log

import numpy as np

from willbuy.leaks.finding import Level
from willbuy.leaks.strength import Bools, Floats, Ints
from willbuy.leaks.table import Table

_ZERO, _USUAL = 0.05, 0.2
"""From these shares of the rows on, 0 and any other value are what a column has at rest. Another
value has to be more common: a count of 1 in a tenth of the rows is no rest."""

_DRAWN = 5_000
_FEWEST = 20
_COMMON = 0.6
"""Rows end in the more common way for honest reasons, too: with an empty basket nobody can buy.
So marks of a label that more rows than this have are never certain."""

_LEAST_ODDS = 20.0
"""Odds that are no larger in rows reach no level; groups are not counted for them."""

_LEVELS = (
    # level, share of the label where set, at least; odds against elsewhere; share of the label
    (Level.CERTAIN, 0.98, 50.0, 0.3),
    (Level.LIKELY, 0.95, 50.0, 0.1),
    (Level.SUSPICIOUS, 0.7, _LEAST_ODDS, 0.0),
)


@dataclass(frozen=True)
class Mark:
    """Rows in which a column is set: neither missing nor at rest.

    Attributes:
        rest: What a row that is not marked has, in words.
        marked: How many rows are.
        hits: Positives among them.
        rate, rest_rate: Share of positives where marked, and elsewhere.
        covered: Share of the positives that are marked.
        units, up, down: Groups among the marked rows: all, with a positive row, with a negative
            one. Rows, where no groups are given.
    """

    rest: str
    marked: int
    hits: int
    rate: float
    rest_rate: float
    covered: float
    units: int
    up: int
    down: int

    @property
    def contrast(self) -> float:
        """How much larger the odds of a positive are where marked, as a logarithm."""
        return _log_odds(self.rate) - _log_odds(self.rest_rate)


@dataclass(frozen=True)
class Only:
    """A column set in rows of one label only, or nearly.

    Attributes:
        level: How sure it is.
        mark: The rows.
        label: Which label they have.
        hits: How many of them have it.
        covered: Share of the rows with that label that are marked.
        low: The share of groups with that label is at least this, for all columns together.
    """

    level: Level
    mark: Mark
    label: bool
    hits: int
    covered: float
    low: float


def marks(table: Table, name: str, values: Floats | Ints, missing: Bools) -> tuple[Mark, ...]:
    """The ways to read a column as set or not set.

    There is one for each value it may have at rest besides being missing, and one where only
    missing is at rest.

    Args:
        table: The table.
        name: Of the column.
        values: Its numbers, or the codes of its texts (n,).
        missing: Where it has none (n,).
    """
    found = []
    for value in _at_rest(table, values, missing):
        words = _words(table, name, values, value, bool(missing.any()))
        mark = _mark(table, ~missing & (values != value), words)
        if mark is not None:
            found.append(mark)
    mark = _mark(table, ~missing, "it is missing")
    return (*found, mark) if mark is not None else tuple(found)


def _at_rest(table: Table, values: Floats | Ints, missing: Bools) -> Iterator[float]:
    """0 and the values that many rows have; found in a sample, counted in all rows."""
    rows = table.drawn(_DRAWN)
    levels, size = np.unique(values[rows][~missing[rows]], return_counts=True)
    usual = levels[size >= 0.75 * _USUAL * len(rows)]
    text = values.dtype.kind == "i"
    for value in usual if text else np.append(0.0, usual[usual != 0]):
        least = _ZERO if value == 0 and not text else _USUAL
        if ((values == value) & ~missing).sum() >= least * table.rows:
            yield float(value)


def _words(table: Table, name: str, values: Floats | Ints, value: float, missing: bool) -> str:
    shown = table.frame[name][int(np.argmax(values == value))]
    if isinstance(shown, str):
        shown = f'"{shown}"'
    elif isinstance(shown, (int, float)):
        shown = f"{float(shown):g}"
    return f"it is {shown}" + (" or missing" if missing else "")


def _mark(table: Table, marked: Bools, rest: str) -> Mark | None:
    n, y = int(marked.sum()), table.y
    if n in (0, len(y)):
        return None
    hits = int(y[marked].sum())
    rate, others = hits / n, (table.positives - hits) / (len(y) - n)
    units, up, down = n, hits, n - hits
    apart = abs(_log_odds(rate) - _log_odds(others))
    if table.group is not None and n >= _FEWEST and apart >= log(_LEAST_ODDS):
        units, up, down = (
            table.units(np.flatnonzero(rows)) for rows in (marked, marked & y, marked & ~y)
        )
    return Mark(rest, n, hits, rate, others, hits / table.positives, units, up, down)


def only(table: Table, found: tuple[Mark, ...], tests: int) -> Only | None:
    """The surest reading of a column as set where one label is; None where there is none.

    Args:
        table: The table.
        found: Of `marks`.
        tests: How many columns are looked at.
    """
    told = [
        one
        for mark in found
        for label in (True, False)
        if (one := _only(table, mark, label, tests * len(found))) is not None
    ]
    return min(told, key=lambda one: (one.level, -one.covered), default=None)


def _only(table: Table, mark: Mark, label: bool, tests: int) -> Only | None:
    wrong = mark.down if label else mark.up
    if mark.units < _FEWEST or wrong == mark.units:
        return None
    of_label = table.positives if label else table.rows - table.positives
    hits = mark.hits if label else mark.marked - mark.hits
    low = _lowest(mark.units - wrong, wrong, tests)
    elsewhere = mark.rest_rate if label else 1 - mark.rest_rate
    odds, covered = _log_odds(low) - _log_odds(elsewhere), hits / of_label
    common = of_label > _COMMON * table.rows
    for level, share, least, most in _LEVELS:
        if low >= share and odds >= log(least) and covered >= most:
            if common:
                level = max(level, Level.LIKELY)
            return Only(level, mark, label, hits, covered, low)
    return None


def _lowest(hits: int, misses: int, tests: int) -> float:
    """The lower end of a share's interval (Clopper and Pearson), for so many columns together."""
    from scipy.stats import beta

    return float(beta.ppf(0.025 / tests, hits, misses + 1))


def _log_odds(share: float) -> float:
    share = min(max(share, 1e-9), 1 - 1e-9)
    return log(share / (1 - share))
