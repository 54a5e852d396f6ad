"""Columns that give the label two by two: a - b, a + b, a / b, a == b."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from willbuy.leaks.derived import Alone, numbers_of
from willbuy.leaks.finding import Finding, Level
from willbuy.leaks.strength import Bools, Floats, either_way, log10_chance, lower_bound
from willbuy.leaks.table import Table

MOST_COLUMNS = 200
"""Pairs are looked at among so many columns at most, the strongest alone first."""

_EACH = 600
_SCREEN = 0.97
_FEWEST = 20


def _minus(a: Floats, b: Floats) -> Floats:
    return a - b


def _plus(a: Floats, b: Floats) -> Floats:
    return a + b


def _ratio(a: Floats, b: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(b == 0, np.nan, a / np.where(b == 0, 1, b))


def _apart(a: Floats, b: Floats) -> Floats:
    return np.abs(a - b)


WAYS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "{a} - {b}": _minus,
    "{a} + {b}": _plus,
    "{a} / {b}": _ratio,
    "whether {a} equals {b}": _apart,
}


def pairs(table: Table, found: dict[str, Alone], flagged: set[str]) -> Iterator[Finding]:
    """Findings on pairs of columns neither of which tells the label alone.

    Pairs are screened on up to 1,200 rows and what stands out is judged on all.

    Args:
        table: The table.
        found: Of `alone`.
        flagged: Columns that were found already.
    """
    numeric = [n for n in table.numeric if n not in flagged]
    texts = [n for n in table.texts if n not in flagged]
    if len(numeric) > MOST_COLUMNS:
        table.notes.append(
            f"Pairs were looked at among the {MOST_COLUMNS} numeric columns that tell most alone."
        )
        strongest = set(sorted(numeric, key=lambda name: -found[name].auc)[:MOST_COLUMNS])
        numeric = [n for n in numeric if n in strongest]
    if min(table.positives, table.rows - table.positives) < _FEWEST:
        return
    tests = len(WAYS) * len(numeric) ** 2 // 2 + len(texts) ** 2 // 2
    seen: set[str] = set()
    for a, b, way in _screened(table, numeric):
        if a in seen and b in seen:
            continue
        x = WAYS[way](table.numbers(a), table.numbers(b))
        told = _judged(table, (found[a], found[b]), way, either_way(x, table.y), tests)
        if told is not None:
            seen |= {a, b}
            yield told
    for a, b in combinations(texts, 2):
        equal = (table.frame[a] == table.frame[b]).fill_null(False).to_numpy()
        if equal.any() and not equal.all():
            area = either_way(equal.astype(np.float64), table.y)
            way = "whether {a} equals {b}"
            told = _judged(table, (found[a], found[b]), way, area, tests)
            if told is not None:
                yield told


def _screened(table: Table, names: list[str]) -> Iterator[tuple[str, str, str]]:
    if len(names) < 2:
        return
    rows = table.balanced(_EACH)
    X = numbers_of(table, tuple(names), rows)
    y = table.y[rows]
    strong: list[tuple[float, str, str, str]] = []
    for i, a in enumerate(names[:-1]):
        for way, function in WAYS.items():
            areas = _areas(function(X[:, i, None], X[:, i + 1 :]), y)
            strong += [
                (float(areas[j]), a, names[i + 1 + j], way)
                for j in np.flatnonzero(areas >= _SCREEN)
            ]
    # The strongest first, and the plainest of equally strong.
    for _, a, b, way in sorted(strong, key=lambda one: -one[0])[:50]:
        yield a, b, way


def _areas(D: Floats, y: Bools) -> NDArray[np.float64]:
    """The AUC of each column, up or down; rows come in no order, so ties fall by chance."""
    D = np.where(np.isnan(D), -np.inf, D)
    ordered = y[np.argsort(D, axis=0)]
    up = int(y.sum())
    ranks = (ordered * np.arange(1, len(y) + 1)[:, None]).sum(axis=0)
    areas = (ranks - up * (up + 1) / 2) / (up * (len(y) - up))
    return np.asarray(np.maximum(areas, 1 - areas))


def _judged(
    table: Table, two: tuple[Alone, Alone], way: str, area: float, tests: int
) -> Finding | None:
    best = max(one.auc for one in two)
    low = lower_bound(area, *table.effective, tests)
    chance = log10_chance(table.rows, table.positives, tests)
    if area == 1 and chance <= -6:
        level = Level.CERTAIN
    elif low >= 0.995 and 1 - area < (1 - best) / 5:
        level = Level.LIKELY
    elif low >= 0.985 and 1 - area < (1 - best) / 5:
        level = Level.SUSPICIOUS
    else:
        return None
    a, b = (one.name for one in two)
    what = way.format(a=a, b=b)
    errs = "without one error" if area == 1 else f"with a ROC-AUC of {area:.4f}"
    return Finding(
        level, "pair", (a, b),
        f"{what} tells the label.",
        f"It parts the labels of {table.rows:,} rows {errs}; {a} alone has {two[0].auc:.3f}, {b} "
        f"alone {two[1].auc:.3f}.",
        f"One of the two is later than the row's moment. Leave out {a} or {b}, or compute both as "
        "of that moment.",
        area, {"auc": area, "auc_first": two[0].auc, "auc_second": two[1].auc},
    )  # fmt: skip
