"""One machine: a log of any size, clustered by user, in bounded memory."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from willbuy.errors import WillbuyError
from willbuy.events.schema import EVENT
from willbuy.progress import Reporter, Stage

if TYPE_CHECKING:
    from willbuy.events.read import Chunk, EventLog

T = TypeVar("T")
Records = np.ndarray[Any, np.dtype[np.void]]
MapUsers = Callable[[Callable[[Records, NDArray[np.int64]], T]], Iterator[T]]

PARTITION = 2_000_000
"""Events that are sorted in memory at once, about; what is larger goes through the disk."""

BATCH = 250_000
"""Events a worker takes at a time, about."""

_BYTES_PER_EVENT = 60
"""A cautious guess of how short a row of a log is on disk (REES46: 134), compressed ones less."""


class LocalEngine:
    """Reads a log once, clusters it by user, and maps functions over the clusters.

    A log of more than `PARTITION` events is spread over files by a hash of the user, in a
    temporary folder that `close` removes; then only one part is in memory at a time.

    Attributes:
        events: How many the log has, once loaded.
        first_time, last_time: Of its earliest and latest event, microseconds UTC.
    """

    def __init__(self, log: EventLog, scratch: Path, threads: int = 1) -> None:
        self.log = log
        self.threads = threads
        self.events = 0
        self.first_time = np.iinfo(np.int64).max
        self.last_time = 0
        self._scratch = scratch
        self._folder: Path | None = None
        self._files: list[Path] = []
        self._held: Records = np.zeros(0, EVENT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the temporary files."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def load(self, reporter: Reporter, watchers: Sequence[Callable[[Chunk], None]] = ()) -> None:
        """Read the whole log.

        Args:
            reporter: Told how far the reading is.
            watchers: Called with every chunk as it is read.

        Raises:
            WillbuyError: The log cannot be read, or the disk is full.
        """
        with reporter.stage("Reading", self.log.bytes_total) as stage:
            self._take(self._watched(watchers, stage))

    def _take(self, chunks: Iterator[Chunk]) -> None:
        parts = -(-self.log.bytes_total // (_BYTES_PER_EVENT * PARTITION))
        if parts <= 1:
            held = [chunk.events for chunk in chunks]
            self._held = np.concatenate(held) if held else np.zeros(0, EVENT)
            return
        try:
            self._spill(chunks, parts)
        except OSError as problem:
            self.close()
            raise WillbuyError(
                f"The events could not be spread over temporary files in {self._scratch}: "
                f"{problem.strerror}. They need about {_spill_size(self.log.bytes_total)} there; "
                "choose another place with --out."
            ) from problem

    def _watched(
        self, watchers: Sequence[Callable[[Chunk], None]], stage: Stage
    ) -> Iterator[Chunk]:
        done = 0
        for chunk in self.log.chunks():
            stage.advance(chunk.bytes_read - done, rows=len(chunk.events))
            done = chunk.bytes_read
            self.events += len(chunk.events)
            if len(chunk.events):
                self.first_time = min(self.first_time, int(chunk.events["time"].min()))
                self.last_time = max(self.last_time, int(chunk.events["time"].max()))
            for watch in watchers:
                watch(chunk)
            yield chunk

    def _spill(self, chunks: Iterable[Chunk], parts: int) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix=".willbuy-events-", dir=self._scratch))
        self._files = [self._folder / f"{part:04}" for part in range(parts)]
        files: list[BinaryIO] = []
        try:
            files = [path.open("ab") for path in self._files]
            for chunk in chunks:
                # A multiplicative hash: which file a user is in decides nothing but balance.
                spun = chunk.events["user"].view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
                home = (spun >> np.uint64(40)) % np.uint64(parts)
                order = np.argsort(home, kind="stable")
                borders = np.searchsorted(home[order], np.arange(parts + 1))
                spread = chunk.events[order]
                for part in range(parts):
                    spread[borders[part] : borders[part + 1]].tofile(files[part])
        finally:
            for file in files:
                file.close()

    def _partitions(self) -> Iterator[Records]:
        if not self._files:
            yield self._held
        for path in self._files:
            yield np.fromfile(path, EVENT)

    def batches(self) -> Iterator[tuple[Records, NDArray[np.int64]]]:
        """Clusters of users: (events, ends), by user, time and position; ends of each user."""
        for part in self._partitions():
            events = by_user(part)
            ends = user_ends(events)
            if not self._files:
                self._held = events
            yield from cut(events, ends)

    def map_users(self, function: Callable[[Records, NDArray[np.int64]], T]) -> Iterator[T]:
        """`function(events, ends)` for every batch, in order, `threads` of them at once."""
        if self.threads == 1:
            for batch in self.batches():
                yield function(*batch)
            return
        with ThreadPoolExecutor(self.threads) as pool:
            waiting = []
            for batch in self.batches():
                waiting.append(pool.submit(function, *batch))
                if len(waiting) > self.threads:
                    yield waiting.pop(0).result()
            for one in waiting:
                yield one.result()


def by_user(events: Records) -> Records:
    """Events ordered by user, then time, then place in the log; as they are if they are so."""
    user, time = events["user"], events["time"]
    if len(events) < 2:
        return events
    follows = (user[1:] > user[:-1]) | ((user[1:] == user[:-1]) & (time[1:] >= time[:-1]))
    if follows.all():
        return events
    if (time[1:] >= time[:-1]).all():
        return events[np.argsort(user, kind="stable")]
    return events[np.lexsort((time, user))]


def user_ends(events: Records) -> NDArray[np.int64]:
    """Where the rows of each user end."""
    if not len(events):
        return np.zeros(0, np.int64)
    return np.append(np.flatnonzero(np.diff(events["user"])) + 1, len(events)).astype(np.int64)


def cut(events: Records, ends: NDArray[np.int64]) -> Iterator[tuple[Records, NDArray[np.int64]]]:
    """Cut clustered events between users into batches of about `BATCH` events."""
    first = 0
    while first < len(ends):
        begin = int(ends[first - 1]) if first else 0
        last = max(int(np.searchsorted(ends, begin + BATCH, side="right")), first + 1)
        yield events[begin : ends[last - 1]], ends[first:last] - begin
        first = last


def _spill_size(bytes_total: int) -> str:
    return f"{bytes_total / 134 * EVENT.itemsize / 1e9:.1f} GB"
