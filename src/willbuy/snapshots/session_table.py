"""A table that is already one row a session, as users bring it: read, and every column judged.

Nothing here looks at the label but `read_label`: what a column is and whether it can be a feature
is decided from its own values.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from willbuy.errors import WillbuyError
from willbuy.events.keys import keys_of, mix_all
from willbuy.events.rejects import UNREADABLE_TIME, Rejects
from willbuy.events.schema import MISSING
from willbuy.events.times import END, FIRST, UNITS, to_micros
from willbuy.snapshots.table_file import RawTable, read_raw
from willbuy.snapshots.table_kinds import Column, Read, date_format, find_kind, present
from willbuy.snapshots.table_label import nearest, read_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ID_SHARE = 0.95
"""Text of which more than so many values occur once only is an id, not a category."""

FEWEST_FOR_ID = 20
_LONG_ID = 1e8


@dataclass(frozen=True)
class SessionTable:
    """A table of sessions with its label.

    Attributes:
        path: The file.
        frame: Every column but the label, in the file's order and with every row that is used:
            Float64, Boolean, String or Datetime (microseconds); null where missing. Columns that
            are no features are in it, too.
        label: Name of the label's column.
        positive: The value of it that counts as positive, as the file writes it.
        y: bool (n,).
        time_name, time: The column that says when, and int64 microseconds UTC (n,), or None.
        group_name, group: The column whose equal values belong together, and its int64 keys (n,),
            or None. A row without a value is a group of its own.
        columns: What was found of each column of the frame, in its order.
        line: int64 (n,): each row's line in the file (in Parquet its row), from 1.
        rejects: Rows that are not used, by reason.
        nested: Columns of Parquet that hold no plain value; left out.
        as_written: As the file has them: the columns that are no features, and whole numbers that
            the frame does not hold digit by digit.
    """

    path: Path
    frame: pl.DataFrame
    label: str
    positive: str
    y: NDArray[np.bool_]
    time_name: str | None
    time: NDArray[np.int64] | None
    group_name: str | None
    group: NDArray[np.int64] | None
    columns: tuple[Column, ...]
    line: NDArray[np.int64]
    rejects: Rejects
    nested: tuple[str, ...]
    as_written: Mapping[str, pl.Series]

    @property
    def features(self) -> list[str]:
        """Names of the columns that a model may use."""
        return [column.name for column in self.columns if column.left_out is None]

    def time_at(self, rows: NDArray[Any]) -> NDArray[np.int64] | None:
        """When some rows were, named by place or by a mask; None where there is no time."""
        return None if self.time is None else self.time[rows]

    def notes(self) -> Iterator[str]:
        """What was done to the table, in sentences."""
        yield from self.as_read()
        for column in self.columns:
            if column.left_out is not None:
                yield f"{column.name}: left out ({column.left_out})"
        for name in self.nested:
            yield f"{name}: left out (no plain value, but a list, a record, a duration or the like)"

    def as_read(self) -> Iterator[str]:
        """How the label, the columns and the rows were read, in sentences."""
        yield f"{self.label} = {self.positive} counts as positive"
        for column in self.columns:
            for note in column.notes:
                yield f"{column.name}: {note}"
        for reason, count in self.rejects.counts.most_common():
            yield f"{count:,} rows left out ({reason})"


def read_table(
    path: Path | str,
    label: str,
    time: str | None = None,
    group: str | None = None,
    *,
    bad_row_share: float = 0.05,
) -> SessionTable:
    """Read a table of one row a session.

    Args:
        path: CSV (`,` `;` tab or `|`; also .csv.gz or a .zip of one) or Parquet.
        label: The column to predict, of two values.
        time: The column that says when a session was.
        group: The column whose equal values belong together, such as the shopper.
        bad_row_share: With a larger share of unreadable rows the table is refused.

    Raises:
        WillbuyError: The file, or one of the columns named, cannot be used.
    """
    raw = read_raw(path, bad_row_share=bad_row_share)
    names = raw.frame.columns
    for option, name in (("--label", label), ("--time", time), ("--group", group)):
        if name in raw.nested:
            raise WillbuyError(
                f"{raw.path}, column {name!r} ({option}): it holds lists, records, durations or "
                "the like. Write one plain value in every row."
            )
        if name is not None and name not in names:
            raise nearest(raw.path, name, names, option)
    if label in (time, group):
        raise WillbuyError(f"The column {label!r} cannot be the label and something else as well.")
    micros = None
    if time is not None:
        raw, micros = _with_times(raw, time, bad_row_share)
    y, positive = read_label(raw, label)
    keys = group_keys(raw.frame[group]) if group is not None else None
    roles = {group: "the group", time: "the time" if time != group else "the time and the group"}
    columns, values = [], []
    as_written: dict[str, pl.Series] = {}
    for name in names:
        if name == label:
            continue
        series = raw.frame.drop_in_place(name)
        column, typed = _judge(series, raw, roles.get(name))
        columns.append(column)
        values.append(typed)
        if column.left_out is not None or not _to_the_digit(series, typed):
            as_written[name] = series
    return SessionTable(
        raw.path, pl.DataFrame(values), label, positive, y, time, micros, group, keys,
        tuple(columns), raw.line, raw.rejects, raw.nested, as_written,
    )  # fmt: skip


def _judge(series: pl.Series, raw: RawTable, role: str | None) -> tuple[Column, pl.Series]:
    """What a column is, and whether it can be a feature."""
    read = find_kind(series, raw.separator)
    values = read.values
    missing = values.null_count()
    # Floats have lost the last digits of long ids.
    told_apart = present(series) if _beyond_floats(values) else values
    distinct = int(told_apart.drop_nulls().n_unique())
    notes = list(read.notes)
    if odd := int(read.odd.sum()):
        first = int(read.odd.arg_max() or 0)
        notes.append(
            f"{odd:,} values are no {read.kind} and count as missing, such as "
            f"{str(series[first])[:40]!r} in {raw.line_word} {raw.line[first]}"
        )
    left_out, is_id = role, False
    if distinct == 0:
        left_out = left_out or "all values are missing"
    elif distinct == 1 and missing == 0:
        left_out = left_out or f"constant: always {str(values.drop_nulls()[0])[:40]}"
    elif left_out is None:
        left_out = _as_id(series, read, distinct, missing)
        is_id = left_out is not None
    return (
        Column(
            series.name, read.kind, left_out, missing, distinct, tuple(notes), read.written, is_id
        ),
        values,
    )


def keys_of_column(
    name: str, frame: pl.DataFrame, as_written: Mapping[str, pl.Series]
) -> NDArray[np.int64]:
    """The int64 keys (n,) of a column's values, by what the file has where digits matter."""
    if name in as_written:
        return keys_of(present(as_written[name]))
    values = frame[name]
    return keys_of(values.cast(pl.Int64) if _whole(values) else present(values))


def _whole(values: pl.Series) -> bool:
    return values.dtype == pl.Float64 and bool((values == values.floor()).all())


def _to_the_digit(raw: pl.Series, values: pl.Series) -> bool:
    """Whether whole numbers are written as such, and floats can hold them: "007" is not 7."""
    if not _whole(values):
        return True
    if _beyond_floats(values):
        return False
    return raw.dtype != pl.String or bool(
        (values.cast(pl.Int64).cast(pl.String) == present(raw)).all()
    )


def _beyond_floats(values: pl.Series) -> bool:
    """Whether a column has whole numbers of which not every one is a float64."""
    return values.dtype == pl.Float64 and float(values.abs().max() or 0) >= 2.0**53  # type: ignore[arg-type]


def _as_id(series: pl.Series, read: Read, distinct: int, missing: int) -> str | None:
    """Why a column is an id: it names rows, and no row of tomorrow has a name of today."""
    present = len(series) - missing
    if present < FEWEST_FOR_ID:
        return None
    if read.kind == "text" and distinct > ID_SHARE * present:
        different = "a different" if distinct == present else "nearly always a different"
        return f"{different} text in every row: an id"
    if read.kind != "number" or distinct < present or missing:
        return None
    values = read.values.to_numpy()
    if not (values == np.floor(values)).all():
        return None
    low, high = float(values.min()), float(values.max())
    if high - low + 1 == present:
        return "the whole numbers without a gap, each once: a row number"
    return "a different long number in every row: an id" if low >= _LONG_ID else None


def _with_times(
    raw: RawTable, name: str, bad_row_share: float
) -> tuple[RawTable, NDArray[np.int64]]:
    """The rows that have a time, and their times; the others go to the rejects."""
    micros = micros_of(raw.frame[name])
    unread = micros.is_null().to_numpy()
    if not unread.any():
        return raw, micros.to_numpy()
    first = int(np.argmax(unread))
    if unread.sum() > bad_row_share * len(unread):
        raise WillbuyError(
            f"{raw.path}, column {name!r} (--time): {int(unread.sum()):,} of {len(unread):,} rows "
            f"have no time that can be read, the first in {raw.line_word} {raw.line[first]}: "
            f"{str(raw.frame[name][first])[:40]!r}. Write times as 2019-10-01 12:34:56 (where the "
            "day could as well be the month nothing is guessed), or as seconds since 1970."
        )
    for i in np.flatnonzero(unread):
        text = ",".join("" if v is None else str(v) for v in raw.frame.row(int(i)))
        raw.rejects.add(str(raw.path), int(raw.line[i]), UNREADABLE_TIME, text)
    kept = ~unread
    frame = raw.frame.filter(pl.Series(kept))
    told = RawTable(raw.path, frame, raw.line[kept], raw.separator, raw.nested, raw.rejects)
    return told, micros.drop_nulls().to_numpy()


def micros_of(raw: pl.Series) -> pl.Series:
    """Microseconds UTC of a column of times, null where one cannot be read.

    A day and a month that could be either are taken as day before month only where the column has
    a day above 12; else nothing is read.
    """
    if raw.dtype in (pl.Date, pl.Datetime):
        return to_micros(raw.cast(pl.Datetime("us")) if raw.dtype == pl.Date else raw, "iso", "UTC")
    text = raw.cast(pl.Int64, strict=False).cast(pl.String) if raw.dtype.is_float() else raw
    text = text.cast(pl.String).str.strip_chars()
    form, sure = date_format(text)
    if form is None:
        form, sure = next((f for f in UNITS if _possible(to_micros(text, f, "UTC"))), "iso"), True
    micros = to_micros(text, form if sure else "iso", "UTC")
    return pl.select(pl.when((micros >= FIRST) & (micros < END)).then(micros)).to_series()


def _possible(micros: pl.Series) -> bool:
    good = ((micros >= FIRST) & (micros < END)).sum()
    return bool(2 * good >= max(len(micros) - micros.null_count(), 1) and good)


def group_keys(raw: pl.Series) -> NDArray[np.int64]:
    """The int64 keys (n,) of a group's column; a row without a value is a group of its own."""
    keys = keys_of(present(raw))
    alone = keys == MISSING
    if alone.any():
        keys = keys.copy()
        keys[alone] = mix_all(np.flatnonzero(alone), 0).view(np.int64)
    return keys
