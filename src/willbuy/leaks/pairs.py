"""Columns that give the label two by two: a - b, a + b, a / b, |a - b|; of texts, a == b."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from willbuy.leaks.derived import Alone, numbers_of
from willbuy.leaks.finding import Finding, Level
from willbuy.leaks.strength import Bools, Floats, either_way, lower_bound
from willbuy.leaks.table import Table, coded

MOST_COLUMNS = 200
"""Pairs are looked at among so many columns of a kind at most, the strongest alone first."""

_EACH = 600
_SCREEN = 0.97
_FEWEST = 20
_JUDGED = 50

_Strong = tuple[float, str, str, str]
"""An AUC in the sample, two columns, and how they are taken together."""


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
    "How far apart {a} and {b} are": _apart,
}
_EQUAL = "Whether {a} equals {b}"


def pairs(
    table: Table, found: dict[str, Alone], flagged: set[str], most: int = MOST_COLUMNS
) -> Iterator[Finding]:
    """Findings on pairs of columns neither of which tells the label alone.

    Pairs are screened on up to 1,200 rows, and the 50 that stand out most are judged on all.

    Args:
        table: The table.
        found: Of `alone`.
        flagged: Columns that were found already.
        most: Of so many columns, numeric or of text, those that tell most alone are taken.
    """
    numeric = _strongest(
        table, [n for n in table.numeric if n not in flagged], found, "numeric", most
    )
    texts = _strongest(table, [n for n in table.texts if n not in flagged], found, "text", most)
    if min(table.positives, table.rows - table.positives) < _FEWEST:
        return
    tests = len(WAYS) * len(numeric) ** 2 // 2 + len(texts) ** 2 // 2
    seen: set[str] = set()
    for a, b, way in (*_screened(table, numeric), *_screened_texts(table, texts)):
        if a in seen and b in seen:
            continue
        area = either_way(_together(table, a, b, way), table.y)
        told = _judged(table, (found[a], found[b]), way, area, tests)
        if told is not None:
            seen |= {a, b}
            yield told


def _strongest(
    table: Table, names: list[str], found: dict[str, Alone], kind: str, most: int
) -> list[str]:
    """Of too many columns those that tell most alone, in their order; that is noted."""
    if len(names) <= most:
        return names
    table.notes.append(
        f"Pairs were looked at among the {most} {kind} columns that tell most alone."
    )
    strongest = set(sorted(names, key=lambda name: -found[name].auc)[:most])
    return [name for name in names if name in strongest]


def _together(table: Table, a: str, b: str, way: str) -> Floats:
    """What is judged of two columns, in all rows."""
    if way == _EQUAL:
        equal = (table.frame[a] == table.frame[b]).fill_null(False)
        return equal.cast(pl.Float64).to_numpy()
    return WAYS[way](table.numbers(a), table.numbers(b))


def _screened(table: Table, names: list[str]) -> Iterator[tuple[str, str, str]]:
    if len(names) < 2:
        return
    rows = table.balanced(_EACH)
    X = numbers_of(table, tuple(names), rows)
    y = table.y[rows]
    strong: list[_Strong] = []
    for i, a in enumerate(names[:-1]):
        for way, function in WAYS.items():
            areas = _areas(function(X[:, i, None], X[:, i + 1 :]), y)
            strong += _standing_out(areas, a, names[i + 1 :], way)
    yield from _first(strong)


def _screened_texts(table: Table, names: list[str]) -> Iterator[tuple[str, str, str]]:
    if len(names) < 2:
        return
    rows = table.balanced(_EACH)
    columns = table.frame.select(names)[rows]
    # One code for a text in all columns; 0 where missing, which equals nothing.
    codes, _ = coded(pl.concat(columns.get_columns(), rechunk=True))
    C = codes.reshape(len(names), len(rows))
    y = table.y[rows]
    strong: list[_Strong] = []
    for i, a in enumerate(names[:-1]):
        equal = (C[i + 1 :] == C[i]) & (C[i] > 0)
        areas = 0.5 + np.abs(equal[:, y].mean(axis=1) - equal[:, ~y].mean(axis=1)) / 2
        strong += _standing_out(areas, a, names[i + 1 :], _EQUAL)
    yield from _first(strong)


def _standing_out(areas: Floats, a: str, others: list[str], way: str) -> Iterator[_Strong]:
    for j in np.flatnonzero(areas >= _SCREEN):
        yield float(areas[j]), a, others[j], way


def _first(strong: list[_Strong]) -> Iterator[tuple[str, str, str]]:
    """The strongest first, and the plainest of equally strong."""
    for _, a, b, way in sorted(strong, key=lambda one: -one[0])[:_JUDGED]:
        yield a, b, way


def _areas(D: Floats, y: Bools) -> NDArray[np.float64]:
    """The AUC of each column, up or down.

    Ties are not halved, which would take three times as long: the rows stand in the order of a
    hash, so whichever way a sort puts ties, it puts them without regard to the label.
    """
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
    chance = table.chance(tests)
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
