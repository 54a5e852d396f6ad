"""Rows of a Parquet file, slice by slice, as the text that a CSV of the same data would hold."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from willbuy.errors import WillbuyError
from willbuy.events.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SLICE = 500_000
"""Rows read at a time."""

_FLAT = (pl.String, pl.Categorical, pl.Enum, pl.Boolean, pl.Datetime, pl.Date, pl.Null)


def parquet_head(path: Path, rows: int) -> pl.DataFrame:
    """The first rows as text, but for times that have a type of their own."""
    with damage_told(path):
        frame = pl.scan_parquet(path).head(rows).collect()
    flat = [name for name, dtype in frame.schema.items() if _is_flat(dtype)]
    return frame.select(_as_text(name, frame.schema[name]) for name in flat)


def parquet_rows(path: Path, wanted: Sequence[str]) -> Iterator[Rows]:
    """All rows, slice by slice."""
    with damage_told(path):
        file = pl.scan_parquet(path)
        schema = file.collect_schema()
        total = int(file.select(pl.len()).collect().item())
    for name in wanted:
        if not _is_flat(schema[name]):
            raise WillbuyError(
                f"{path}: column {name!r} is of type {schema[name]}, not a plain value. "
                "Write it out as a column of its own first."
            )
    texts = file.select(_as_text(name, schema[name]) for name in wanted)
    size = path.stat().st_size
    for start in range(0, total, SLICE):
        with damage_told(path):
            frame = texts.slice(start, SLICE).collect()
        position = np.arange(start, start + frame.height)
        yield Rows(
            frame,
            position=position,
            line=position + 1,
            text=partial(_row_text, frame),
            count=frame.height,
            bytes_read=size * (start + frame.height) // total,
        )


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Say in words that reading a Parquet file failed."""
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        raise WillbuyError(
            f"{path} is a damaged or truncated Parquet file ({error}). Write or download it again."
        ) from error


def _row_text(frame: pl.DataFrame, i: int) -> str:
    return ",".join("" if value is None else str(value) for value in frame.row(i))


def _is_flat(dtype: pl.DataType) -> bool:
    return dtype.is_numeric() or dtype.base_type() in _FLAT


def _as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        return column
    if dtype.is_float():
        # Ids that became floats get their digits back where a float is exact; where it is not,
        # the text shows it, as a spreadsheet's would.
        whole = (column == column.floor()) & (column.abs() < 1 << 53)
        other = column.cast(pl.String).str.replace(r"e(\d)", "E+$1")
        text = pl.when(whole).then(column.cast(pl.Int64, strict=False).cast(pl.String))
        return pl.when(column.is_not_nan()).then(text.otherwise(other)).alias(name)
    return column.cast(pl.String).replace("", None)
