"""Reading a log: any shop's files in, blocks of canonical events out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from willbuy.errors import WillbuyError
from willbuy.events.batch import REASONS, Batch, Names, raw_columns
from willbuy.events.files import find_files, fingerprint, format_of
from willbuy.events.head import Head, head_of
from willbuy.events.health import ReadHealth
from willbuy.events.parquet import parquet_rows
from willbuy.events.rejects import Rejects
from willbuy.events.rows import csv_rows
from willbuy.events.sources import guess, resolve, unmapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from willbuy.events.rows import Rows
    from willbuy.events.sources import Source
    from willbuy.settings import SourceSettings

    Events = npt.NDArray[np.void]

_EARLY_ROWS = 10_000
_EARLY_FACTOR = 4


@dataclass(frozen=True)
class Chunk:
    """Some consecutive rows of a log that are events."""

    events: Events
    raw: pl.DataFrame
    """The same rows as the log writes them, in columns named as in ``FIELDS``."""
    bytes_read: int
    """How far into all files this reaches, for showing progress."""


class EventLog:
    """A log that is known to be readable. Iterate over ``chunks`` as often as needed."""

    def __init__(
        self, files: Sequence[Path], source: Source, *, bad_row_share: float = 0.05
    ) -> None:
        self.files = list(files)
        self.source = source
        self.bad_row_share = bad_row_share
        self.bytes_total = sum(file.stat().st_size for file in self.files)
        self.names = Names()
        self.rejects = Rejects()
        self.health = ReadHealth()

    @property
    def fingerprint(self) -> str:
        """A hash that tells whether the log is still the same; see `files.fingerprint`."""
        return fingerprint(self.files)

    def chunks(self) -> Iterator[Chunk]:
        """All events, block by block, in the order of the files.

        ``rejects`` and ``health`` start anew, and are complete when the last chunk is out.
        """
        self.rejects, self.health = Rejects(), ReadHealth()
        batch = Batch(self.source, self.names)
        for path, rows, bytes_before, rows_before in self._rows(self.rejects):
            raw = raw_columns(rows.frame, self.source)
            events, faults = batch.events(raw, rows.position + rows_before)
            if faults is not None:
                for i in np.flatnonzero(faults):
                    line = int(rows.line[i])
                    self.rejects.add(str(path), line, REASONS[faults[i]], rows.text(int(i)))
                good = faults == 0
                events, raw = events[good], raw.filter(pl.Series(good))
            self.health.add(events, rows.count)
            self._check_rejected(early=True)
            yield Chunk(events, raw, bytes_before + rows.bytes_read)
        self.health.update(batch.counts, self.rejects)
        self._check_rejected(early=False)
        self._check_words()

    def raw_at(self, positions: npt.NDArray[np.int64]) -> Iterator[pl.DataFrame]:
        """The raw rows at these sorted positions, block by block; a second reading.

        Each block has the columns of ``FIELDS`` and ``position``.
        """
        for _, rows, _, rows_before in self._rows(Rejects()):
            at = rows.position + rows_before
            first, after = np.searchsorted(positions, (at[0], at[-1] + 1)) if len(at) else (0, 0)
            kept = np.flatnonzero(np.isin(at, positions[first:after], assume_unique=True))
            if not len(kept):
                continue
            raw = raw_columns(rows.frame[kept], self.source)
            raw = raw.with_columns(pl.col("time").cast(pl.String))
            yield raw.insert_column(0, pl.Series("position", at[kept]))
            if at[-1] >= positions[-1]:
                break

    def column(self, name: str) -> pl.DataFrame:
        """One column of all rows as text, ``value``, and the ``position`` of each."""
        blocks = [
            rows.frame.select(value=name).with_columns(position=rows.position + rows_before)
            for _, rows, _, rows_before in self._rows(Rejects(), [name])
        ]
        return pl.concat(blocks)

    def _rows(
        self, rejects: Rejects, wanted: Sequence[str] | None = None
    ) -> Iterator[tuple[Path, Rows, int, int]]:
        """All rows, with the bytes and the rows of the files before theirs."""
        if wanted is None:
            wanted = list(dict.fromkeys(self.source.columns.values()))
        bytes_before = rows_before = rows_so_far = 0
        for path in self.files:
            if format_of(path) == "parquet":
                blocks = parquet_rows(path, wanted)
            else:
                blocks = csv_rows(path, wanted, self.source.separator, rejects)
            for rows in blocks:
                rows_so_far += rows.count
                yield path, rows, bytes_before, rows_before
            bytes_before += path.stat().st_size
            rows_before = rows_so_far

    def _check_rejected(self, *, early: bool) -> None:
        rows, bad = self.health.rows, self.rejects.total
        allowed = self.bad_row_share * (_EARLY_FACTOR if early else 1)
        if early and rows < _EARLY_ROWS:
            return
        if bad > max(allowed * rows, 1) or (not early and self.health.events == 0):
            raise WillbuyError(
                f"{bad:,} of {rows:,} rows of {self._called()} cannot be used, more than the "
                f"{self.bad_row_share:.0%} that are let pass:\n{self.rejects.explain()}\n"
                "Mend the file or the mapping (`willbuy check` shows both)."
            )

    def _check_words(self) -> None:
        unknown = self.health.unknown_events
        if unknown * 2 <= self.health.events:
            return
        words = ", ".join(repr(word) for word in self.health.unknown_words)
        raise WillbuyError(
            f"{unknown:,} of {self.health.events:,} events of {self._called()} have a word in "
            f"column {self.source.columns['kind']!r} that nobody mapped: {words}. Say what they "
            "mean, with --map kind.WORD=KIND for view, cart, remove, wishlist, checkout, "
            "purchase or other, or map the right column: --map kind=COLUMN."
        )

    def _called(self) -> str:
        more = f" and {len(self.files) - 1} more files" if len(self.files) > 1 else ""
        return f"{self.files[0]}{more}"


def open_log(
    paths: Sequence[Path | str], settings: SourceSettings, *, bad_row_share: float = 0.05
) -> EventLog:
    """Find the files of a log and make sure that we know how to read them.

    Raises:
        WillbuyError: if a file is missing or is no log, or if nobody said which column is what.
    """
    files = find_files(paths)
    heads = [head_of(path, settings.separator) for path in files]
    check_alike(heads)
    head = heads[0]
    source = source_of(head, settings)
    if source is None:
        raise unmapped(head.path, guess(head.names, head.sample, settings))
    return EventLog(files, source, bad_row_share=bad_row_share)


def source_of(head: Head, settings: SourceSettings) -> Source | None:
    """How a file is read, if it is recognised or mapped; what is wrong is said with its name."""
    try:
        return resolve(head.names, head.sample, settings)
    except WillbuyError as error:
        raise WillbuyError(f"{head.path}: {error}") from error


def check_alike(heads: Sequence[Head]) -> None:
    """Refuse files that do not have the same columns; their order may differ."""
    first = heads[0]
    for head in heads[1:]:
        gone = sorted(set(first.names) - set(head.names))
        extra = sorted(set(head.names) - set(first.names))
        if gone or extra:
            raise WillbuyError(
                f"{head.path} has other columns than {first.path}: "
                + "; ".join(
                    [f"it lacks {', '.join(gone)}"] * bool(gone)
                    + [f"it adds {', '.join(extra)}"] * bool(extra)
                )
                + ". Give the files of one log only, with the same columns."
            )
