"""Columns that tell the label alone: copies of it, totals that hold it, marks set after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from willbuy.leaks.finding import Finding, Level
from willbuy.leaks.marks import Mark, marks, only
from willbuy.leaks.strength import (
    Floats,
    Ints,
    bins_of,
    crossed_auc,
    either_way,
    lower_bound,
)
from willbuy.leaks.table import Table

CERTAIN_AUC, LIKELY_AUC, SUSPICIOUS_AUC = 0.995, 0.98, 0.93
"""Lower ends of the interval of a single column's AUC, from which a level begins. Honest single
columns reach 0.85, rarely 0.9."""

CHANCE = {Level.CERTAIN: -6.0, Level.LIKELY: -3.0}
"""A perfect split by chance must be rarer than this (log10, all columns together)."""

FIX = (
    "Leave {name} out, or compute it anew from what was known at the row's moment: events before "
    "it, and none of the outcome."
)


@dataclass(frozen=True)
class Alone:
    """What one column tells by itself.

    Attributes:
        name: Of the column.
        auc: The better of a monotone reading and of cross-fitted rates by bin or category.
        low: The lower end of its interval, for all columns together.
        marks: The ways to read it as set or not set, one for each value it may have at rest.
    """

    name: str
    auc: float
    low: float
    marks: tuple[Mark, ...] = ()


def alone(table: Table) -> dict[str, Alone]:
    """What every column tells by itself, time among them."""
    names = list(table.features)
    if table.time_name in table.frame.columns:
        names.append(table.time_name)
    return {name: _alone(table, name, len(names)) for name in names}


def _alone(table: Table, name: str, tests: int) -> Alone:
    y, (up, down) = table.y, table.effective
    values: Floats | Ints
    if name in table.texts:
        values, size = table.codes(name)
        found = crossed_auc(values, size, y, table.half)
        missing = values == 0
    else:
        values = table.numbers(name)
        code, size = bins_of(values)
        found = max(either_way(values, y), crossed_auc(code, size, y, table.half))
        missing = np.isnan(values)
    low = lower_bound(found, up, down, tests)
    return Alone(name, found, low, marks(table, name, values, missing))


def derived(table: Table, found: dict[str, Alone]) -> Iterator[Finding]:
    """Findings on single columns.

    Args:
        table: The table.
        found: Of `alone`.
    """
    for one in found.values():
        told = [_perfect(table, one, len(found)), _near(one), _only_where(table, one, len(found))]
        yield from sorted((each for each in told if each), key=lambda each: each.level)[:1]


def _perfect(table: Table, one: Alone, tests: int) -> Finding | None:
    if one.auc < 1:
        return None
    chance = table.chance(tests)
    level = Level.SUSPICIOUS
    for at, most in CHANCE.items():
        if chance <= most:
            level = at
            break
    if chance > -1:  # so few rows that nothing can be told
        return None
    return Finding(
        level, "label", (one.name,),
        f"{one.name} alone tells the label of every row.",
        f"Its values part the {table.positives:,} positive rows from the "
        f"{table.rows - table.positives:,} others without one error. By chance one of {tests} "
        f"columns would do so in {_seldom(chance)}{table.once}.",
        FIX.format(name=one.name), 2.0, {"auc": 1.0, "log10_chance": chance},
    )  # fmt: skip


_NEAR = (
    (Level.CERTAIN, CERTAIN_AUC, "No honest column comes so close to the outcome"),
    (Level.LIKELY, LIKELY_AUC, "Honest columns hardly ever reach that"),
    (Level.SUSPICIOUS, SUSPICIOUS_AUC, "Honest columns seldom reach that"),
)


def _seldom(log10: float) -> str:
    if log10 < -9:
        return "fewer than one table in a billion"
    return f"one table in {10**-log10:,.0f}"


def _near(one: Alone) -> Finding | None:
    reached = [(level, words) for level, least, words in _NEAR if one.low >= least]
    if not reached:
        return None
    level, seldom = reached[0]
    return Finding(
        level, "label", (one.name,),
        f"{one.name} alone tells the label nearly always.",
        f"ROC-AUC of {one.name} by itself: {one.auc:.4f}, at least {one.low:.4f} (95 %, for all "
        f"columns together). {seldom}.",
        FIX.format(name=one.name), one.auc, {"auc": one.auc, "low": one.low},
    )  # fmt: skip


def _only_where(table: Table, one: Alone, tests: int) -> Finding | None:
    """Set only where one label is: a mark that is made after the outcome."""
    told = only(table, one.marks, tests)
    if told is None:
        return None
    mark = told.mark
    base = (table.positives if told.label else table.rows - table.positives) / table.rows
    where, which = ("is", "positive") if told.label else ("is not", "negative")
    all_ = told.hits == mark.marked
    rows = f"All {mark.marked:,}" if all_ else f"{told.hits:,} of {mark.marked:,}"
    groups = f" They are of {mark.units:,} groups." if table.group is not None else ""
    return Finding(
        told.level, "label", (one.name,),
        f"{one.name} is set {'' if all_ else 'nearly '}only where the label {where}.",
        f"{rows} rows in which it is set are {which} (share of all rows: {base:.1%}); they are "
        f"{told.covered:.0%} of the {which}s. Elsewhere {mark.rest}.{groups}",
        FIX.format(name=one.name), 1 + told.covered,
        {"marked": mark.marked, "share": told.hits / mark.marked, "low": told.low,
         "covered": told.covered, "base_rate": base},
    )  # fmt: skip


def numbers_of(table: Table, names: tuple[str, ...], rows: object) -> Floats:
    """Some numeric columns at some rows, float64 (rows, columns); nan where missing."""
    chosen = table.frame.select(names)[rows]  # type: ignore[call-overload]
    small = Table(table.name, chosen, table.label, table.y)
    return np.column_stack([small.numbers(name) for name in names])
