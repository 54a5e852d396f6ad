"""From blocks of text to rows of fields, with the rows that have the wrong number of them.

A block that adds up (as many separators as its rows need, no quotes) is parsed as it is. Only one
that does not is looked at line by line.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from willbuy.errors import WillbuyError
from willbuy.events import rejects as why
from willbuy.events.files import unreadable_text
from willbuy.events.loops import OPEN, STRAY, compiled
from willbuy.events.streams import blocks, header_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from willbuy.events.rejects import Rejects
    from willbuy.events.streams import Header

    Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Rows of one file with as many fields as the header names."""

    frame: pl.DataFrame
    """The wanted columns, by their names in the file."""
    position: Ints
    """Which row of the file each is, from 0, rejected rows counted in."""
    line: Ints
    """Its line in the file, from 1, the header counted in."""
    text: Callable[[int], str]
    """The raw line of the i-th row, for the side file."""
    count: int
    """Rows that this block had, rejected ones included."""
    bytes_read: int


def csv_rows(
    path: Path, wanted: Sequence[str], separator: str | None, rejects: Rejects
) -> Iterator[Rows]:
    """All rows of a CSV file, block by block."""
    line, position = 1, 0
    reader: _Reader | None = None
    for data, bytes_read in blocks(path):
        if reader is None:
            first, _, data = data.partition(b"\n")
            header = header_of(path, first, separator)
            reader = _Reader(path, header, wanted, rejects)
            line = 2
        if not data:
            continue
        rows = reader.read(data, line, position, bytes_read)
        line += reader.lines
        position += rows.count
        yield rows


def block_rows(
    path: Path, header: Header, wanted: Sequence[str], data: bytes, rejects: Rejects
) -> Rows:
    """The rows of the first block of a file, behind its header."""
    return _Reader(path, header, wanted, rejects).read(data, 2, 0, len(data))


class _Reader:
    """Parses the blocks of one file."""

    def __init__(
        self,
        path: Path,
        header: Header,
        wanted: Sequence[str],
        rejects: Rejects,
    ) -> None:
        self.path, self.rejects = path, rejects
        self.names, self.separator = header.names, header.separator
        self.wanted = sorted((header.names.index(name), name) for name in wanted)
        self.lines = 0

    def read(self, data: bytes, line: int, position: int, bytes_read: int) -> Rows:
        """Parse one block, which starts at this line and row of the file."""
        view = np.frombuffer(data, dtype=np.uint8)
        ends, separators, quotes = compiled("tally_loop")(view, ord(self.separator))
        self.lines = ends + (not data.endswith(b"\n"))
        if not quotes and separators == self.lines * (len(self.names) - 1):
            # All columns are parsed, so a row with too many fields is an error, and since the
            # total is right without one there is no row with too few either.
            frame = self._parse(data, None, project=False)
            if frame is not None and frame.height == self.lines:
                steps = np.arange(self.lines)
                return Rows(
                    frame,
                    position=steps + position,
                    line=steps + line,
                    text=_Lines(data).text,
                    count=self.lines,
                    bytes_read=bytes_read,
                )
        if error := unreadable_text(self.path, data, line):
            raise error
        return self._read_by_line(data, view, line, position, bytes_read, bool(quotes))

    def _read_by_line(
        self,
        data: bytes,
        view: npt.NDArray[np.uint8],
        line: int,
        position: int,
        bytes_read: int,
        quotes: bool,
    ) -> Rows:
        def row_text(i: int) -> str:
            return data[starts[i] : starts[i + 1]].decode().rstrip("\r\n")

        starts = np.empty(self.lines + 1, dtype=np.int64)
        starts[-1] = len(data)
        fields = np.empty(self.lines, dtype=np.int32)
        quoting = np.zeros(self.lines, dtype=np.uint8)
        compiled("lines_loop")(view, ord(self.separator), starts, fields, quoting)
        expected = len(self.names)
        full = fields > 0
        good = (fields == expected) & (quoting != OPEN)
        rows = np.cumsum(full) - 1
        for i in np.flatnonzero(full & ~good):
            reason = why.TOO_MANY if fields[i] > expected else why.TOO_FEW
            if quoting[i] == OPEN:
                reason = why.OPEN_QUOTE
            elif reason == why.TOO_FEW and i == self.lines - 1 and not data.endswith(b"\n"):
                reason = why.CUT_OFF
            self.rejects.add(str(self.path), line + int(i), reason, row_text(int(i)))
        kept = np.flatnonzero(good)
        text_bytes = self._joined(data, starts, good, quoting)
        frame = self._parse(text_bytes, '"' if quotes else None, project=True)
        if frame is None or frame.height != len(kept):
            raise WillbuyError(
                f"{self.path}, lines {line} to {line + self.lines - 1}: these rows cannot be "
                f'split into the {expected} columns of the header. Are texts quoted with " ?'
            )

        count = int(full.sum())
        return Rows(
            frame,
            position=rows[kept] + position,
            line=kept + line,
            text=lambda i: row_text(int(kept[i])),
            count=count,
            bytes_read=bytes_read,
        )

    def _joined(
        self,
        data: bytes,
        starts: Ints,
        good: npt.NDArray[np.bool_],
        quoting: npt.NDArray[np.uint8],
    ) -> bytes:
        """The good lines; those with quotes in the middle of a field are quoted anew."""
        stray = good & (quoting == STRAY)
        if good.all() and not stray.any():
            return data
        style = np.where(stray, 2, good.astype(np.int8))
        borders = np.flatnonzero(np.diff(style, prepend=-1, append=-1))
        pieces = []
        for first, after in pairwise(borders):
            if style[first] == 1:
                pieces.append(data[starts[first] : starts[after]])
            elif style[first] == 2:
                pieces += [
                    self._requoted(data[starts[i] : starts[i + 1]]) for i in range(first, after)
                ]
        if pieces and not pieces[-1].endswith(b"\n"):
            pieces.append(b"\n")
        return b"".join(pieces)

    def _requoted(self, line: bytes) -> bytes:
        row = next(csv.reader([line.decode().rstrip("\r\n")], delimiter=self.separator))
        out = io.StringIO()
        csv.writer(out, delimiter=self.separator, lineterminator="\n").writerow(row)
        return out.getvalue().encode()

    def _parse(self, data: bytes, quote: str | None, *, project: bool) -> pl.DataFrame | None:
        if not data:
            return pl.DataFrame(schema={name: pl.String for _, name in self.wanted})
        try:
            frame = pl.read_csv(
                data,
                has_header=False,
                schema={str(i): pl.String for i in range(len(self.names))},
                columns=[i for i, _ in self.wanted] if project else None,
                separator=self.separator,
                quote_char=quote,
            )
        except (
            pl.exceptions.ComputeError, pl.exceptions.NoDataError, pl.exceptions.SchemaError,
        ):  # fmt: skip
            return None
        return frame.select(pl.col(str(i)).alias(name) for i, name in self.wanted)


class _Lines:
    """Looks up a line of a block; where lines start is found at the first question."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._starts: Ints | None = None

    def text(self, i: int) -> str:
        if self._starts is None:
            ends = np.flatnonzero(np.frombuffer(self._data, dtype=np.uint8) == ord("\n"))
            self._starts = np.concatenate(([0], ends + 1, [len(self._data)]))
        line = self._data[self._starts[i] : self._starts[i + 1]]
        return line.decode("utf-8", "replace").rstrip("\r\n")
