"""Writing a file of any size frame by frame, whole or not at all."""

from __future__ import annotations

import gzip
import queue
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import polars as pl
from polars.io.plugins import register_io_source

from willbuy.errors import WillbuyError

_BYTES_PER_EVENT = {".csv.gz": 40, ".csv": 135, ".parquet": 30}
_WAITING = 2
"""Frames that may wait to be written: a bound on memory."""
_GZIP_LEVEL = 3  # within 5 % of the usual 6, at three quarters of the time
_PATIENCE = 0.2  # seconds between looks at whether the writer still lives


class Sink:
    """A file that frames are written into, one after the other, while the block runs.

    It is written beside its place under another name, by a thread of its own, and put there
    when the block ends well. When it does not, nothing is left, and a file that was there
    before stays as it was.

    Args:
        path: Ends in .csv, .csv.gz or .parquet; its folder is there. CSV shows every float as a
            price, with two decimals.
        schema: Column → type, of every frame; two columns or more.
        metadata: Texts by name, kept in a Parquet file.
        cut_last_line: A CSV's last line ends within the last field but one, as after a transfer
            that broke off.

    Raises:
        WillbuyError: On entering, writing or leaving: the file cannot be written, and why.
    """

    def __init__(
        self,
        path: Path,
        schema: pl.Schema,
        *,
        cut_last_line: bool = False,
        metadata: dict[str, str] | None = None,
    ) -> None:
        self._path = path
        self._ending = ending_of(path)
        self._schema = schema
        self._metadata = metadata
        self._cut = cut_last_line and self._ending != ".parquet"
        self._last: pl.DataFrame | None = None  # the row that will be cut off
        self._waiting: queue.Queue[pl.DataFrame | None] = queue.Queue(_WAITING)
        self._problem: BaseException | None = None
        self._writer = threading.Thread(target=self._run, name=f"write {path}", daemon=True)

    def __enter__(self) -> Self:
        try:
            folder = tempfile.mkdtemp(prefix=".partial-", dir=self._path.resolve().parent)
        except OSError as problem:
            raise self._failed(problem) from problem
        self._partial = Path(folder) / f"partial{self._ending}"
        self._writer.start()
        return self

    def write(self, frame: pl.DataFrame) -> None:
        """Add rows. It waits while enough frames are under way."""
        if self._cut and len(frame):
            if self._last is not None:
                frame = self._last.vstack(frame)
            frame, self._last = frame[:-1], frame[-1:]
        if len(frame):
            self._hand_over(frame)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self.finish()
                self._partial.replace(self._path.resolve())  # what a link points to
        except OSError as problem:
            raise self._failed(problem) from problem
        finally:
            self._end()
            shutil.rmtree(self._partial.parent, ignore_errors=True)

    def finish(self) -> None:
        """Write what there still is; leaving the block does it, too.

        Who writes several files calls it for all of them before the first block ends, so that
        none is put in its place when another one fails.
        """
        self._end()
        self._check()
        if self._last is not None:
            try:
                self._append_cut(self._last)
            except OSError as problem:
                raise self._failed(problem) from problem
            self._last = None

    def _append_cut(self, row: pl.DataFrame) -> None:
        line = row.write_csv(include_header=False, float_precision=2)
        text = line.rpartition(",")[0][:-1].encode()
        with self._partial.open("ab") as file:
            # A gzip file may have several members; they read as one text.
            file.write(gzip.compress(text, mtime=0) if self._ending == ".csv.gz" else text)

    def _hand_over(self, frame: pl.DataFrame) -> None:
        while True:
            self._check()
            try:
                return self._waiting.put(frame, timeout=_PATIENCE)
            except queue.Full:
                continue

    def _end(self) -> None:
        """Let the writer come to its end, if it has not yet."""
        while self._writer.is_alive():
            try:
                self._waiting.put(None, timeout=_PATIENCE)
            except queue.Full:
                continue
            self._writer.join()

    def _check(self) -> None:
        if isinstance(self._problem, (OSError, pl.exceptions.ComputeError)):
            raise self._failed(self._problem) from self._problem
        if self._problem is not None:
            raise self._problem

    def _failed(self, problem: BaseException) -> WillbuyError:
        why = getattr(problem, "strerror", None) or str(problem).partition("\n")[0]
        return WillbuyError(f"{self._path} cannot be written: {why}. Nothing was kept.")

    def _run(self) -> None:
        frames = register_io_source(self._frames, schema=self._schema, validate_schema=True)
        try:
            if self._ending == ".parquet":
                frames.sink_parquet(self._partial, metadata=self._metadata)
            elif self._ending == ".csv":
                frames.sink_csv(self._partial, float_precision=2)
            else:
                frames.sink_csv(
                    self._partial,
                    float_precision=2,
                    compression="gzip",
                    compression_level=_GZIP_LEVEL,
                )
        except BaseException as problem:  # it is raised where the sink is used
            self._problem = problem

    def _frames(self, *_: Any) -> Iterator[pl.DataFrame]:
        """All frames, to polars, which asks for no part of them."""
        while (frame := self._waiting.get()) is not None:
            yield frame


def ending_of(path: Path) -> str:
    """Which of the endings a path has.

    Raises:
        WillbuyError: None of them.
    """
    for ending in _BYTES_PER_EVENT:
        if path.name.endswith(ending):
            return ending
    raise WillbuyError(f"{path}: the name must end in .csv, .csv.gz or .parquet.")


def bytes_of(events: int, path: Path) -> int:
    """About how large a log of so many events becomes."""
    return events * _BYTES_PER_EVENT[ending_of(path)]


def check_place(path: Path, bytes_needed: int) -> None:
    """Make sure that a file can be written before the work for it begins.

    The folder is made where it is missing.

    Raises:
        WillbuyError: The ending is unknown, the path is a folder, nothing can be written there,
            or the disk has too little room.
    """
    ending_of(path)
    try:
        if path.is_dir():
            raise WillbuyError(f"{path} is a folder. Name a file to write.")
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
        free = shutil.disk_usage(path.parent).free
    except OSError as problem:
        raise WillbuyError(f"{path} cannot be written: {problem.strerror}.") from problem
    if bytes_needed > free:
        raise WillbuyError(
            f"{path} needs about {bytes_needed / 1e9:,.1f} GB, and there are "
            f"{free / 1e9:,.1f} GB free. Choose another place, or fewer events."
        )
