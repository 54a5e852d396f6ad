"""The label or an id in disguise: ids whose text tells it, ids with many rows, row order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from willbuy.events.keys import mix_all
from willbuy.leaks.derived import CERTAIN_AUC, LIKELY_AUC, Alone
from willbuy.leaks.finding import Finding, Level
from willbuy.leaks.strength import auc, crossed_auc, error_of, lower_bound
from willbuy.leaks.table import Table, coded

_MANY = 200
"""Text, and whole numbers, with more different values are looked at piece by piece."""

_REPEATED = 0.9
_ORDER = 0.2
_SURE = 8.0
_FEWEST = 20
_EXACT = 2.0**53
"""From here on, not every whole number is a float64."""

_PIECES = {
    "its first character": pl.element().str.head(1),
    "its first two characters": pl.element().str.head(2),
    "its first three characters": pl.element().str.head(3),
    "its last character": pl.element().str.tail(1),
    "its length": pl.element().str.len_chars().cast(pl.String),
}
_DIGITS = {
    "its last digit": pl.element().str.tail(1),
    "its last two digits": pl.element().str.tail(2),
}
"""A number's first digits and its length are told by its size, which other checks look at."""


def disguised(table: Table, found: dict[str, Alone], flagged: set[str]) -> Iterator[Finding]:
    """Findings on ids and on the order of the rows.

    Args:
        table: The table.
        found: Of `alone`.
        flagged: Columns that were found already.
    """
    if min(table.positives, table.rows - table.positives) < _FEWEST:
        return
    for name in table.texts:
        if name not in flagged:
            yield from _pieces(table, name, table.frame[name], _PIECES)
    for name in table.numeric:
        if name not in flagged and (digits := _digits(table, name)) is not None:
            yield from _pieces(table, name, digits, _DIGITS)
    for name in (*table.texts, *table.numeric):
        if name not in flagged:
            yield from _repeated(table, found[name])
    yield from _row_order(table)


def _digits(table: Table, name: str) -> pl.Series | None:
    """Whole numbers as text; None where a column is none of an id's."""
    series = table.frame[name]
    if series.dtype != pl.Float64 or series.null_count() or (series != series.floor()).any():
        return None
    low, high = float(series.min() or 0), float(series.max() or 0)  # type: ignore[arg-type]
    if low < 0 or high <= _MANY:
        return None
    if high < _EXACT:
        return series.cast(pl.Int64).cast(pl.String)
    # A float has lost the last digits; the key of a whole number is that number.
    return pl.Series(table.keys(name)).cast(pl.String) if table.keys is not None else None


def _pieces(
    table: Table, name: str, series: pl.Series, pieces: dict[str, pl.Expr]
) -> Iterator[Finding]:
    """An id of which a piece tells the label, such as a prefix that only orders have."""
    if series.n_unique() <= _MANY:
        return
    tests = len(_PIECES) * len(table.texts) + len(_DIGITS) * len(table.numeric)
    for piece, how in pieces.items():
        values = pl.DataFrame({"x": series}).select(_applied(how)).to_series()
        codes, size = coded(values)
        area = crossed_auc(codes, size, table.y, table.half)
        low = lower_bound(area, *table.effective, tests)
        perfect = area == 1 and table.chance(100) <= -6
        if not (perfect or low >= LIKELY_AUC):
            continue
        level = Level.CERTAIN if perfect or low >= CERTAIN_AUC else Level.LIKELY
        yield Finding(
            level, "disguise", (name,),
            f"{name} carries the label in {piece}.",
            f"By {piece} alone the label is told with a ROC-AUC of {area:.4f} (rates of one half "
            "of the rows, judged on the other).",
            f"Leave {name} out: an id names a row and tells nothing of tomorrow's.",
            area, {"auc": area, "low": low},
        )  # fmt: skip
        return


def _applied(how: pl.Expr) -> pl.Expr:
    return pl.col("x").implode().list.eval(how).explode()


def _repeated(table: Table, one: Alone) -> Iterator[Finding]:
    """An id with several rows each, whose other rows tell a row's label."""
    codes, size = table.codes(one.name)
    if size <= _MANY or size < 0.02 * table.rows or size > 0.7 * table.rows:
        return
    if table.frame.schema[one.name] != pl.String:
        x = table.numbers(one.name)
        present = x[~np.isnan(x)]
        if len(present) < 0.99 * len(x) or (present != np.floor(present)).any():
            return
    # Halves by row: with halves by group no id of the one would be in the other.
    half = (mix_all(np.arange(table.rows, dtype=np.int64), 7) & 1).astype(np.int8)
    area = crossed_auc(codes, size, table.y, half)
    if area < _REPEATED or area < one.auc + 0.05:  # a number that tells it anyhow is no id
        return
    yield Finding(
        Level.LIKELY, "disguise", (one.name,),
        f"{one.name} is an id whose other rows tell the label.",
        f"It has {size:,} values in {table.rows:,} rows. The label of the other rows with the "
        f"same value tells a row's own with a ROC-AUC of {area:.3f}.",
        f"Leave {one.name} out, name it as the group (--group {one.name}), and keep its rows on "
        "one side of every split.",
        area, {"auc": area, "values": size},
    )  # fmt: skip


def _row_order(table: Table) -> Iterator[Finding]:
    area = auc(np.arange(table.rows, dtype=np.float64), table.y)
    strong = max(area, 1 - area)
    chance = table.chance(1)
    if strong == 1 and chance <= -6:
        level, words = Level.LIKELY, "is sorted by the label"
    elif strong - 0.5 >= _ORDER and strong - 0.5 >= _SURE * error_of(0.5, *table.effective):
        level, words = Level.SUSPICIOUS, "tells the label"
    else:
        return
    if level == Level.SUSPICIOUS and table.time is not None:
        by_time = auc(table.time.astype(np.float64), table.y)
        if abs(by_time - 0.5) > 0.7 * (strong - 0.5):  # the order is that of time
            return
    yield Finding(
        level, "disguise", (),
        f"The order of the rows {words}.",
        f"A row's number alone has a ROC-AUC of {strong:.3f}.",
        "Keep no row number or index as a column, and do not split or fold by position: shuffle, "
        "or better, split by time.",
        strong, {"auc": strong},
    )  # fmt: skip
