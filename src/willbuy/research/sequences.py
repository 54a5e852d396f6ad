"""The sessions of a run event by event, for learners that read sequences.

They come from the run's own log by one more pass of the fold, so that a session, a repeat and a
cut are here what they are everywhere: the k-th event of a session is that of the snapshots' row
of ordinal k.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from willbuy.bundle.files import find_bundle, load_settings_of
from willbuy.compiled import build
from willbuy.engines.local import LocalEngine
from willbuy.errors import WillbuyError
from willbuy.events.batch import Names
from willbuy.events.keys import NATIVE
from willbuy.events.read import open_log
from willbuy.explain.own_inputs import own_log
from willbuy.moments.calendar import Calendar, make_calendar
from willbuy.moments.fold import fold_user, over_daily_cap
from willbuy.moments.rules import make_rules
from willbuy.moments.sessions import moments_of
from willbuy.moments.state import Records, Rules, Workspace, make_workspace
from willbuy.progress import Reporter
from willbuy.research.rows import files_of
from willbuy.snapshots.sampling import visit_id
from willbuy.snapshots.splits import PARTS

Ints = NDArray[np.int64]

NO_PART = -1
"""The part of sessions without a row in the snapshots: of the warm-up, the gaps, outage days, and
those that were not drawn. They are other sessions' past, and may be what embeddings learn from."""

SEQUENCE = np.dtype(
    [
        ("user", "i8"),
        ("session", "i8"),  # key of the log's session id
        ("start", "i8"),
        ("last", "i8"),
        ("visit", "i8"),  # the session's number, as in the snapshots
        ("events", "i4"),  # exact repeats not counted
        ("moments", "i4"),  # the first so many are moments: before the purchase, within the cap
        ("purchase", "i4"),  # ordinal of the first purchase; 0 where there was none
        ("part", "i1"),  # of the run: an index of `PARTS`, or NO_PART
    ],
    align=True,
)
"""One session."""

STEP = np.dtype(
    [
        ("time", "i8"),
        ("position", "i8"),  # the event's place in the log
        ("product", "i8"),
        ("brand", "i8"),
        ("category", "i8"),
        ("section", "i8"),
        ("price", "f8"),
        ("kind", "i1"),
        ("hour", "i1"),
        ("weekday", "i1"),
    ],
    align=True,
)
"""One event of a session, as the fold sees it."""

FORMAT = 2
EVENTS_PER_FILE = 500_000
"""About; a shopper stands in one file only."""

_ABOUT = "about.json"


class Block(NamedTuple):
    """Whole shoppers.

    Attributes:
        sessions: Array of SEQUENCE (s,), a shopper's in the order in which they began.
        steps: Array of STEP: the events of the first session, then of the second, and so on.
    """

    sessions: Records
    steps: Records

    @property
    def ends(self) -> Ints:
        """Where each session's events end (s,)."""
        return np.cumsum(self.sessions["events"], dtype=np.int64)


@dataclass(frozen=True)
class Sequences:
    """The sessions of a run on disk; `blocks` reads them, a block at a time.

    Attributes:
        folder: Holds `sessions-000.parquet`, `events-000.parquet` and so on.
        names: What the keys of brands, categories and sections stand for.
        cpu_s: CPU seconds that it took to write them.
    """

    folder: Path
    names: Names
    cpu_s: float = 0.0

    def blocks(self) -> Iterator[Block]:
        """All sessions, block by block, in one order, however the log was read."""
        import polars as pl

        for path in sorted(self.folder.glob("sessions-*.parquet")):
            beside = path.with_name(path.name.replace("sessions", "events"))
            yield Block(
                _records(pl.read_parquet(path), SEQUENCE), _records(pl.read_parquet(beside), STEP)
            )


def sequences_of(run: Path, reporter: Reporter, memory: int | None = None) -> Sequences:
    """The sessions of a run, from `run/research/sequences`; written there the first time.

    Args:
        run: The folder of a run on a log.
        reporter: Told of progress.
        memory: Bytes to stay within while the log is read; by what is free where not given.

    Raises:
        WillbuyError: The run's log is gone or has changed, its snapshots are of another version,
            or the folder cannot be written.
    """
    folder = run / "research" / "sequences"
    if (kept := _kept(folder, run)) is not None:
        return kept
    began = time.process_time()
    files = own_log(run, "The sequence models need it as it was: bring it back, or repeat the run")
    settings = load_settings_of(find_bundle(run))
    log = open_log(files, settings.source, bad_row_share=settings.bad_row_share)
    try:
        folder.parent.mkdir(exist_ok=True)
        for left in folder.parent.glob(".sequences.*"):
            shutil.rmtree(left, ignore_errors=True)  # of a run that was killed
        partial = Path(tempfile.mkdtemp(prefix=".sequences.", dir=folder.parent))
        try:
            calendar = make_calendar(settings.timezone)
            with LocalEngine(log, partial, settings.workers, memory) as engine:
                engine.load(reporter)
                rules = make_rules(settings, engine.first_time)
                _write(engine, calendar, rules, _visits(run), partial, reporter)
            about = {
                "of": identity_of(run),
                "names": {field: _texts(log.names, field) for field in _NAMED},
                "cpu_s": time.process_time() - began,
            }
            (partial / _ABOUT).write_text(json.dumps(about, ensure_ascii=False), "utf-8")
            partial.chmod(0o755)
            shutil.rmtree(folder, ignore_errors=True)
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as problem:
        raise WillbuyError(
            f"The sequences cannot be written to {folder}: {problem.strerror or problem}. Make "
            "room there, or copy the run to a place where there is some."
        ) from problem
    kept = _kept(folder, run)
    assert kept is not None
    return kept


_NAMED = ("brand", "category", "section")


def _texts(names: Names, field: str) -> dict[str, str]:
    return {str(key): text for key, text in getattr(names, field).items()}


def _kept(folder: Path, run: Path) -> Sequences | None:
    """What an earlier pass over the log of the same run left."""
    try:
        about = json.loads((folder / _ABOUT).read_text("utf-8"))
        if about["of"] != identity_of(run):
            return None
        texts = ({int(k): v for k, v in about["names"][field].items()} for field in _NAMED)
        return Sequences(folder, Names(*texts), about["cpu_s"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def identity_of(run: Path) -> list[Any]:
    """What the sequences of a run depend on."""
    about = json.loads((run / "run.json").read_text("utf-8"))
    return [FORMAT, about["data_fingerprint"], about["finished"]]


def _visits(run: Path) -> list[Ints]:
    """The numbers of the sessions that have a row, ascending, by part."""
    import polars as pl

    found = []
    for part in PARTS:
        files = files_of(run, part, ["visit"])
        rows = pl.concat(pl.read_parquet(one, columns=["visit"]) for one in files)
        found.append(np.unique(rows["visit"].to_numpy()))
    return found


def _write(
    engine: LocalEngine,
    calendar: Calendar,
    rules: Rules,
    visits: list[Ints],
    folder: Path,
    reporter: Reporter,
) -> None:
    held: list[Block] = []
    number = 0

    def flush() -> None:
        nonlocal number
        sessions, steps = zip(*held, strict=True)
        write_block(folder, number, Block(np.concatenate(sessions), np.concatenate(steps)))
        held.clear()
        number += 1

    with reporter.stage("Sessions event by event", engine.events) as stage:
        for block, n in engine.map_users(
            lambda events, ends: (tell_batch(events, ends, calendar, rules), len(events))
        ):
            for part, its in enumerate(visits):
                at = np.searchsorted(its, block.sessions["visit"])
                known = its[np.minimum(at, max(len(its) - 1, 0))] if len(its) else at - 1
                block.sessions["part"][known == block.sessions["visit"]] = part
            held.append(block)
            if sum(len(one.steps) for one in held) >= EVENTS_PER_FILE:
                flush()
            stage.advance(n, rows=n)
        if held:
            flush()


def write_block(folder: Path, number: int, block: Block) -> None:
    """Write the block of a number into a folder of sequences."""
    for name, records in (("sessions", block.sessions), ("events", block.steps)):
        path = folder / f"{name}-{number:03}.parquet"
        _frame(records).write_parquet(path, compression="lz4")


def tell_batch(events: Records, ends: Ints, calendar: Calendar, rules: Rules) -> Block:
    """Fold one batch and tell its sessions, all in NO_PART; likely bots are left out.

    Args:
        events: (n,) of EVENT, clustered by user; a user stands in one batch only.
        ends: (users,) where each user's rows end.
        calendar, rules: As for the fold.
    """
    largest = int(np.diff(ends, prepend=0).max(initial=0))
    work = make_workspace(largest, largest)
    sessions, steps = np.zeros(len(events), SEQUENCE), np.zeros(len(events), STEP)
    slots, filled = np.zeros(largest, np.int32), np.zeros(2, np.int64)
    _program().tell_users(events, ends, slots, work, calendar, rules, sessions, steps, filled)
    sessions["part"] = NO_PART
    return Block(sessions[: filled[0]].copy(), steps[: filled[1]].copy())


def tell_users(
    events: Any,
    ends: Ints,
    slots: NDArray[np.int32],
    work: Workspace,
    calendar: Calendar,
    rules: Rules,
    sessions: Any,
    steps: Any,
    filled: Ints,
) -> None:
    """Fold users and write out what the fold kept. Compiled.

    Args:
        events, ends, slots, work, calendar, rules: As for `survey_users`.
        sessions: (n,) of SEQUENCE, filled.
        steps: (n,) of STEP, filled.
        filled: (2,) sessions and events so far.
    """
    for u in range(ends.size):
        begin = ends[u - 1] if u > 0 else 0
        end = ends[u]
        if over_daily_cap(events, begin, end, calendar, rules.daily_cap):
            continue
        n = fold_user(events, begin, end, slots, work, calendar, rules)
        user = events[begin].user
        for slot in range(n):
            visit = work.visits[slot]
            row = sessions[filled[0]]
            row.user = user
            row.session = visit.key
            row.start = visit.start
            row.last = visit.last
            row.visit = visit_id(user, visit.key, visit.start)
            row.events = visit.events
            row.moments = moments_of(visit.events, visit.purchase, rules.max_events)
            row.purchase = visit.purchase
            filled[0] += 1
            for k in range(visit.events):
                step = steps[filled[1]]
                seen = work.seen[visit.offset + k]
                step.time = seen.time
                step.position = work.position[visit.offset + k]
                step.product = seen.product
                step.brand = seen.brand
                step.category = seen.category
                step.section = seen.section
                step.price = seen.price
                step.kind = seen.kind
                step.hour = seen.hour
                step.weekday = seen.weekday
                filled[1] += 1


@lru_cache(maxsize=1)
def _program() -> ModuleType:
    return build({"tell_users": tell_users}, NATIVE)


def _frame(records: Records) -> Any:
    import polars as pl

    assert records.dtype.names is not None
    return pl.DataFrame({name: np.ascontiguousarray(records[name]) for name in records.dtype.names})


def _records(frame: Any, dtype: np.dtype[Any]) -> Records:
    out = np.zeros(len(frame), dtype)
    assert dtype.names is not None
    for name in dtype.names:
        out[name] = frame[name].to_numpy()
    return out
