"""The beginning of a file: its columns, and enough rows to tell what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from willbuy.errors import WillbuyError
from willbuy.events.files import format_of
from willbuy.events.parquet import parquet_head
from willbuy.events.rejects import Rejects
from willbuy.events.rows import block_rows
from willbuy.events.streams import first_lines, header_of

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE_ROWS = 1000


@dataclass(frozen=True)
class Head:
    """What is known of a file before it is read."""

    path: Path
    names: list[str]
    sample: pl.DataFrame
    """The first rows that have the right number of fields, under the file's own names."""


def head_of(path: Path, separator: str | None) -> Head:
    """Read the beginning of a file; refuses a file without any row."""
    if format_of(path) == "parquet":
        sample = parquet_head(path, SAMPLE_ROWS)
        if sample.is_empty():
            raise WillbuyError(f"{path} has columns but no rows.")
        return Head(path, sample.columns, sample)
    first, _, data = first_lines(path).partition(b"\n")
    header = header_of(path, first, separator)
    if not data.strip():
        raise WillbuyError(f"{path} has a header but no rows. Was it fully downloaded or exported?")
    once = list(dict.fromkeys(header.names))
    rows = block_rows(path, header, once, data, Rejects())
    return Head(path, header.names, rows.frame.head(SAMPLE_ROWS))
