"""Columns that tell the label alone: copies of it, totals that hold it, marks set after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import log10

import numpy as np

from willbuy.leaks.finding import Finding, Level
from willbuy.leaks.strength import (
    Floats,
    bins_of,
    crossed_auc,
    either_way,
    log10_chance,
    lower_bound,
)
from willbuy.leaks.table import Table

CERTAIN_AUC, LIKELY_AUC, SUSPICIOUS_AUC = 0.995, 0.98, 0.93
"""Lower ends of the interval of a single column's AUC, from which a level begins. Honest single
columns reach 0.85, rarely 0.9."""

CHANCE = {Level.CERTAIN: -6.0, Level.LIKELY: -3.0}
"""A perfect split by chance must be rarer than this (log10, all columns together)."""

_COVERED = {Level.CERTAIN: 0.3, Level.LIKELY: 0.1}
_MARKED = {Level.CERTAIN: 300, Level.LIKELY: 60}
"""So many rows marked, all positive: the rate among them is above 99 %, 95 % (rule of three)."""

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
        marked: Rows where it is neither missing nor at rest (0, or the category of most rows).
        rate, rest_rate: Share of positives where marked, and elsewhere.
        covered: Share of the positives that are marked.
        rest: What a row that is not marked has, in words.
    """

    name: str
    auc: float
    low: float
    marked: int = 0
    rate: float = 0.0
    rest_rate: float = 0.0
    covered: float = 0.0
    rest: str = ""


def alone(table: Table) -> dict[str, Alone]:
    """What every column tells by itself, time among them."""
    names = list(table.features)
    if table.time_name in table.frame.columns:
        names.append(table.time_name)
    return {name: _alone(table, name, len(names)) for name in names}


def _alone(table: Table, name: str, tests: int) -> Alone:
    y, (up, down) = table.y, table.effective
    if name in table.texts:
        codes, size = table.codes(name)
        found = crossed_auc(codes, size, y, table.half)
        marked = codes > 0
        rest = "it is missing"
    else:
        x = table.numbers(name)
        code, size = bins_of(x)
        found = max(either_way(x, y), crossed_auc(code, size, y, table.half))
        zero = x == 0
        many = 20 * zero.sum() >= len(x)
        marked = ~(np.isnan(x) | zero) if many else ~np.isnan(x)
        rest = "it is 0 or missing" if many else "it is missing"
    low = lower_bound(found, up, down, tests)
    n = int(marked.sum())
    if n in (0, len(y)):
        return Alone(name, found, low)
    hit = int(y[marked].sum())
    others = (table.positives - hit) / (len(y) - n)
    return Alone(name, found, low, n, hit / n, others, hit / table.positives, rest)


def derived(table: Table, found: dict[str, Alone]) -> Iterator[Finding]:
    """Findings on single columns.

    Args:
        table: The table.
        found: Of `alone`.
    """
    for one in found.values():
        told = _perfect(table, one, len(found)) or _near(one) or _only_where(table, one, len(found))
        if told is not None:
            yield told


def _perfect(table: Table, one: Alone, tests: int) -> Finding | None:
    if one.auc < 1:
        return None
    chance = log10_chance(table.rows, table.positives, tests)
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
        f"columns would do so in {_seldom(chance)}.",
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
    """Set only where the label is: a mark that is made after the outcome."""
    if one.rate < 1 or one.marked < 20:
        return None
    base = table.positives / table.rows
    if one.marked * log10(base) + log10(tests) > CHANCE[Level.CERTAIN]:
        return None
    level = next(
        (
            at
            for at in (Level.CERTAIN, Level.LIKELY)
            if one.marked >= _MARKED[at] and one.covered >= _COVERED[at]
        ),
        Level.SUSPICIOUS,
    )
    return Finding(
        level, "label", (one.name,),
        f"{one.name} is set only where the label is.",
        f"All {one.marked:,} rows in which it is set are positive (share of all rows: {base:.1%}); "
        f"they are {one.covered:.0%} of the positives. Elsewhere {one.rest}.",
        FIX.format(name=one.name), 1 + one.covered,
        {"marked": one.marked, "covered": one.covered, "base_rate": base},
    )  # fmt: skip


def numbers_of(table: Table, names: tuple[str, ...], rows: object) -> Floats:
    """Some numeric columns at some rows, float64 (rows, columns); nan where missing."""
    chosen = table.frame.select(names)[rows]  # type: ignore[call-overload]
    small = Table(table.name, chosen, table.label, table.y)
    return np.column_stack([small.numbers(name) for name in names])
