"""Rows of a Parquet file, slice by slice, as the text that a CSV of the same data would hold."""

from __future__ import annotations

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


def parquet_schema(path: Path) -> pl.Schema:
    """The columns of a Parquet file and their types."""
    try:
        return pl.scan_parquet(path).collect_schema()
    except (pl.exceptions.ComputeError, OSError) as error:
        raise WillbuyError(
            f"{path} is a damaged or truncated Parquet file. Write or download it again."
        ) from error


def parquet_head(path: Path, rows: int) -> pl.DataFrame:
    """The first rows, as text, but for times that have a type of their own."""
    frame = pl.scan_parquet(path).head(rows).collect()
    flat = [n for n, t in frame.schema.items() if t.is_numeric() or t.base_type() in _FLAT]
    return frame.select(_as_text(n, frame.schema[n]) for n in flat)


def parquet_rows(path: Path, wanted: Sequence[str]) -> Iterator[Rows]:
    """All rows, slice by slice."""
    schema = parquet_schema(path)
    for name in wanted:
        if not (schema[name].is_numeric() or schema[name].base_type() in _FLAT):
            raise WillbuyError(
                f"{path}: column {name!r} is of type {schema[name]}, not a plain value. "
                "Write it out as a column of its own first."
            )
    lazy = pl.scan_parquet(path).select(_as_text(n, schema[n]) for n in wanted)
    total = int(pl.scan_parquet(path).select(pl.len()).collect().item())
    size = path.stat().st_size
    for start in range(0, total, SLICE):
        try:
            frame = lazy.slice(start, SLICE).collect()
        except pl.exceptions.ComputeError as error:
            raise WillbuyError(
                f"{path} is damaged: rows from {start:,} on cannot be read. Write it again."
            ) from error
        after = start + frame.height
        position = np.arange(start, after)
        yield Rows(
            frame,
            position,
            position + 1,
            lambda i, frame=frame: ",".join("" if v is None else str(v) for v in frame.row(i)),  # type: ignore[misc]
            frame.height,
            size * after // total,
        )


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
