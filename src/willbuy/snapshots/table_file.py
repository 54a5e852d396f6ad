"""A table of one row a session, as its file holds it: text, or Parquet's own types."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from willbuy.errors import WillbuyError
from willbuy.events.files import find_files, format_of
from willbuy.events.parquet import damage_told
from willbuy.events.rejects import Rejects
from willbuy.events.rows import csv_rows
from willbuy.events.streams import first_lines, header_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_PLAIN = (pl.String, pl.Categorical, pl.Enum, pl.Boolean, pl.Datetime, pl.Date, pl.Null)


@dataclass(frozen=True)
class RawTable:
    """What a file holds.

    Attributes:
        path: The file.
        frame: All columns in their order, text (CSV) or of the file's own types (Parquet).
        line: int64 (n,): each row's line in the file, from 1, the header counted in; in Parquet
            its row, from 1.
        separator: Between the columns; None in Parquet.
        nested: Columns of Parquet that hold no plain value; they are not in the frame.
        rejects: Rows with more or fewer fields than the header.
    """

    path: Path
    frame: pl.DataFrame
    line: NDArray[np.int64]
    separator: str | None
    nested: tuple[str, ...]
    rejects: Rejects

    @property
    def line_word(self) -> str:
        """What a number in `line` counts."""
        return "row" if self.separator is None else "line"


def read_raw(path: Path | str, *, bad_row_share: float = 0.05) -> RawTable:
    """Read a CSV (also .csv.gz or .zip of one) or Parquet file whole.

    Args:
        path: The file.
        bad_row_share: With a larger share of rows that do not have the header's number of fields
            it is refused.

    Raises:
        WillbuyError: It is not there, no such file, has no rows, two columns of one name, or too
            many rows that cannot be split.
    """
    files = find_files([path])
    if len(files) != 1:
        raise WillbuyError(
            f"{path} is a folder of {len(files)} data files. A table of sessions is one file; "
            "name it."
        )
    file = files[0]
    raw = _parquet(file) if format_of(file) == "parquet" else _csv(file)
    rows, bad = len(raw.frame), raw.rejects.total
    if bad > max(bad_row_share * (rows + bad), 1) or (bad and not rows):
        raise WillbuyError(
            f"{bad:,} of {rows + bad:,} rows of {file} cannot be used, more than the "
            f"{bad_row_share:.0%} that are let pass:\n{raw.rejects.explain()}\nMend the file."
        )
    if not rows:
        raise WillbuyError(f"{file} has columns but no rows. Was it fully exported?")
    return raw


def _csv(path: Path) -> RawTable:
    header = header_of(path, first_lines(path).partition(b"\n")[0], None)
    _check_names(path, header.names)
    rejects = Rejects()
    frames, lines = [], []
    for rows in csv_rows(path, header.names, None, rejects):
        frames.append(rows.frame)
        lines.append(rows.line)
    frame = (
        pl.concat(frames) if frames else pl.DataFrame(schema=dict.fromkeys(header.names, pl.String))
    )
    line = np.concatenate([np.empty(0, np.int64), *lines]).astype(np.int64)
    return RawTable(path, _named(frame), line, header.separator, (), rejects)


def _parquet(path: Path) -> RawTable:
    with damage_told(path):
        schema = pl.scan_parquet(path).collect_schema()
        plain = [name for name, dtype in schema.items() if is_plain(dtype)]
        frame = pl.scan_parquet(path).select(plain).collect()
    texts = [n for n in plain if schema[n].base_type() in (pl.Categorical, pl.Enum, pl.Null)]
    frame = frame.with_columns(pl.col(texts).cast(pl.String))
    nested = tuple(name for name in schema if name not in plain)
    line = np.arange(1, len(frame) + 1)
    return RawTable(path, _named(frame), line, None, nested, Rejects())


def is_plain(dtype: pl.DataType) -> bool:
    """Whether a column holds numbers, truth values, text, dates or times."""
    return dtype.is_numeric() or dtype.base_type() in _PLAIN


def _named(frame: pl.DataFrame) -> pl.DataFrame:
    """A column without a name, such as the index that pandas writes, gets one by its place."""
    given: dict[str, str] = {}
    for i, name in enumerate(frame.columns):
        if not name.strip():
            made = f"column {i + 1}"
            while made in frame.columns:
                made += "*"
            given[name] = made
    return frame.rename(given)


def _check_names(path: Path, names: Sequence[str]) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            places = [str(i + 1) for i, one in enumerate(names) if one == name]
            called = f"are named {name!r}" if name else "have no name"
            raise WillbuyError(
                f"{path}: columns {' and '.join(places)} {called}. Give every column a name of "
                "its own, or remove the copies."
            )
