"""One machine: a log of any size, clustered by user, in bounded memory."""

from __future__ import annotations

import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from willbuy.engines.cluster import Records, cluster_program, clustered
from willbuy.engines.memory import free_memory
from willbuy.errors import WillbuyError
from willbuy.events.ahead import ahead
from willbuy.events.schema import EVENT
from willbuy.progress import Reporter, Stage

if TYPE_CHECKING:
    from willbuy.events.read import Chunk, EventLog

T = TypeVar("T")
Clusters = tuple[Records, NDArray[np.int64]]

BATCH = 100_000
"""Events a worker takes at a time, about."""

LEAST_PART, MOST_PART = 100_000, 3_000_000
"""Events of a part: fewer make too many files, more gain nothing."""

_MEMORY_SHARE = 8
_BYTES_PER_EVENT = 4 * EVENT.itemsize
"""A part as it was written, twice as it is clustered (one is worked on, one filled), and more."""

_UNEVEN = 1.25
"""Parts are so much larger than their mean at most, as a rule."""


class LocalEngine:
    """Reads a log once, clusters it by user, and maps functions over the clusters.

    What does not fit into its share of the memory is dealt to files by a hash of the user, in a
    temporary folder that `close` removes; then two parts at most are in memory at a time.

    Attributes:
        memory: Bytes that the whole process should stay within.
        events: How many the log has, once loaded.
        first_time, last_time: Of its earliest and latest event, microseconds UTC.
    """

    def __init__(
        self, log: EventLog, scratch: Path, threads: int = 1, memory: int | None = None
    ) -> None:
        self.log = log
        self.threads = threads
        self.memory = memory or free_memory()
        self.events = 0
        self.first_time = np.iinfo(np.int64).max
        self.last_time = 0
        self._scratch = scratch
        self._folder: Path | None = None
        self._parts: list[_Part] = []

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

    @property
    def spilled(self) -> bool:
        """Whether the log did not fit and lies in temporary files."""
        return self._folder is not None

    def load(self, reporter: Reporter, watchers: Sequence[Callable[[Chunk], None]] = ()) -> None:
        """Read the whole log.

        Args:
            reporter: Told how far the reading is.
            watchers: Called with every chunk as it is read.

        Raises:
            WillbuyError: The log cannot be read, or the disk is full.
        """
        share = self.memory // _MEMORY_SHARE // _BYTES_PER_EVENT
        most = min(max(share, LEAST_PART), MOST_PART)
        held: list[Records] = []
        with reporter.stage("Reading", self.log.bytes_total) as stage, self._disk():
            files: list[BinaryIO] = []
            try:
                for chunk in self._watched(watchers, stage):
                    if files:
                        self._deal(chunk.events, files)
                        continue
                    held.append(chunk.events)
                    if self.events > most:
                        files = self._open(chunk.bytes_read, most, reporter)
                        while held:
                            self._deal(held.pop(0), files)
            finally:
                for file in files:
                    file.close()
        if not self._parts:
            self._parts = [_Part(np.concatenate(held) if held else np.zeros(0, EVENT))]

    def _watched(
        self, watchers: Sequence[Callable[[Chunk], None]], stage: Stage
    ) -> Iterator[Chunk]:
        done = 0
        for chunk in ahead(self.log.chunks()):
            stage.advance(chunk.bytes_read - done, rows=len(chunk.events))
            done = chunk.bytes_read
            self.events += len(chunk.events)
            if len(chunk.events):
                self.first_time = min(self.first_time, int(chunk.events["time"].min()))
                self.last_time = max(self.last_time, int(chunk.events["time"].max()))
            for watch in watchers:
                watch(chunk)
            yield chunk

    def _open(self, bytes_read: int, most: int, reporter: Reporter) -> list[BinaryIO]:
        """Make files for so many parts as the whole log will need, by what is read of it."""
        expected = self.events * self.log.bytes_total / max(bytes_read, 1)
        parts = int(expected * _UNEVEN / most) + 1
        needed = int(expected * EVENT.itemsize)
        free = shutil.disk_usage(self._scratch).free
        if free < needed:
            raise WillbuyError(
                f"The events need about {_size(needed)} of temporary space, and {self._scratch} "
                f"has {_size(free)} free. Make room, or choose another place with --out; more "
                "memory (--memory) needs less."
            )
        reporter.say(
            f"The log is larger than its share of the memory ({_size(self.memory)}): it goes "
            f"through {parts} temporary files, {_size(needed)}."
        )
        self._folder = Path(tempfile.mkdtemp(prefix=".willbuy-events-", dir=self._scratch))
        self._parts = [_Part(self._folder / f"{part:04}") for part in range(parts)]
        return [part.path.open("ab", 1 << 18) for part in self._parts if part.path is not None]

    def _deal(self, events: Records, files: list[BinaryIO]) -> None:
        out = np.empty(len(events), EVENT)
        ends = np.zeros(len(files), np.int64)
        cluster_program().deal(events, len(files), out, ends)
        begin = 0
        for file, part, end in zip(files, self._parts, ends.tolist(), strict=True):
            file.write(out[begin:end].data)
            part.size += end - begin
            begin = end

    def map_users(self, function: Callable[[Records, NDArray[np.int64]], T]) -> Iterator[T]:
        """`function(events, ends)` for every batch, in order, `threads` of them at once.

        Args:
            function: Given (n,) of EVENT, clustered by user, each user's in the order of time
                and place in the log, and (users,) where each user's end. They are good until it
                returns.
        """
        buffers = _Buffers(max((part.size for part in self._parts), default=0))
        waiting: deque[tuple[int, Future[T]]] = deque()
        with ThreadPoolExecutor(self.threads) as pool, self._disk():
            try:
                for number, part in enumerate(self._parts):
                    while waiting and waiting[0][0] < number - 1:  # its buffer is filled anew
                        yield waiting.popleft()[1].result()
                    for batch in cut(*part.clusters(buffers, number % 2)):
                        waiting.append((number, pool.submit(function, *batch)))
                        while len(waiting) > 2 * self.threads:
                            yield waiting.popleft()[1].result()
                while waiting:
                    yield waiting.popleft()[1].result()
            finally:
                for _, one in waiting:
                    one.cancel()

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """A full or broken disk is one clear message; what was written goes."""
        try:
            yield
        except OSError as problem:
            self.close()
            raise WillbuyError(
                f"The temporary files in {self._scratch} cannot be written or read: "
                f"{problem.strerror or problem}. The log needs about "
                f"{_size(self.log.bytes_total // 134 * EVENT.itemsize)} there, and some more for "
                "the result. Make room, or choose another place with --out."
            ) from problem


class _Buffers:
    """Memory for the largest part: as written, and clustered twice; taken when first needed."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._made: dict[int, Records] = {}

    def __getitem__(self, number: int) -> Records:
        if number not in self._made:
            self._made[number] = np.empty(self._size, EVENT)
        return self._made[number]


class _Part:
    """Some of the users: in memory, or in a file; clustered when first asked for."""

    def __init__(self, source: Records | Path) -> None:
        self.path = source if isinstance(source, Path) else None
        self._held = source if not isinstance(source, Path) else None
        self._ends: NDArray[np.int64] | None = None
        self.size = len(self._held) if self._held is not None else 0

    def clusters(self, buffers: _Buffers, number: int) -> Clusters:
        """The events, clustered, and where each user's end."""
        if self._held is not None:
            if self._ends is None:
                out = np.empty(self.size, EVENT)
                self._ends = clustered(self._held, out)
                self._held = out
            return self._held, self._ends
        assert self.path is not None
        out = buffers[number][: self.size]
        if self._ends is not None:
            self._read(self.path, out)
            return out, self._ends
        raw = buffers[2][: self.size]
        self._read(self.path, raw)
        ends = clustered(raw, out)
        with self.path.open("r+b") as file:  # clustered once, whatever the number of passes
            file.write(out.data)
        self._ends = ends
        return out, ends

    @staticmethod
    def _read(path: Path, out: Records) -> None:
        with path.open("rb", buffering=0) as file:
            view = memoryview(out.view(np.uint8))  # type: ignore[arg-type]
            done = 0
            while done < len(view):
                read = file.readinto(view[done:])
                if not read:
                    raise OSError(f"{path} is shorter than it was written")
                done += read


def by_user(events: Records) -> Records:
    """Events clustered by user, each user's ordered by time, then place in the log."""
    out = np.empty(len(events), EVENT)
    clustered(np.ascontiguousarray(events), out)
    return out


def user_ends(events: Records) -> NDArray[np.int64]:
    """Where the rows of each user end."""
    if not len(events):
        return np.zeros(0, np.int64)
    return np.append(np.flatnonzero(np.diff(events["user"])) + 1, len(events)).astype(np.int64)


def cut(events: Records, ends: NDArray[np.int64]) -> Iterator[Clusters]:
    """Cut clustered events between users into batches of about `BATCH` events."""
    first = 0
    while first < len(ends):
        begin = int(ends[first - 1]) if first else 0
        last = max(int(np.searchsorted(ends, begin + BATCH, side="right")), first + 1)
        yield events[begin : ends[last - 1]], ends[first:last] - begin
        first = last


def _size(bytes_: int) -> str:
    return f"{bytes_ / 1e9:.1f} GB"
