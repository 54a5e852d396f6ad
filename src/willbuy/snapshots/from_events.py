"""Events → snapshots: the two passes over a log, and what they leave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from willbuy.compiled import is_cached
from willbuy.engines.local import LocalEngine
from willbuy.errors import WillbuyError
from willbuy.events.schema import EVENT
from willbuy.features.registry import OWN, SHOP, Feature
from willbuy.moments.calendar import Calendar, make_calendar
from willbuy.moments.rules import make_rules
from willbuy.moments.state import Records, Rules
from willbuy.moments.survey import DailyCounts, PartSurvey, Survey, combine, survey_batch
from willbuy.moments.tables import ShopTables, no_tables
from willbuy.progress import Reporter
from willbuy.settings import Settings
from willbuy.snapshots.blocks import gather
from willbuy.snapshots.outages import outage_days
from willbuy.snapshots.replay import Block, Replay, Wanted, replay_program
from willbuy.snapshots.sampling import fitting_c, fitting_share
from willbuy.snapshots.splits import (
    CALIBRATE,
    PARTS,
    TEST,
    TRAIN,
    Splits,
    check_times,
    make_splits,
)
from willbuy.snapshots.store import PartFiles, Store

_NOWHERE = (
    *(np.zeros(0, np.int64), np.zeros(0, np.int64)),
    *(np.zeros(0), np.zeros(0), np.zeros(0, np.int64)),
)


@dataclass(frozen=True)
class Snapshots:
    """Rows to learn from and to be judged on.

    Their features lie on disk; `blocks` reads them. All of a part's rows are in one order, that
    of a hash of the shopper, then by session and k, however the log was read.

    Attributes:
        features: The F columns.
        store: Where the rows are.
        survey: Of the log.
        splits, outages: How the parts were made; local days left out.
        tables: The shop's counts, all complete days of the log.
        calendar, rules: What the moments were seen with.
        c: The c at which train's moments were drawn, at rate min(1, c / k).
        shares: (3,) the share of each part's sessions that was drawn; 1 for train.
    """

    features: tuple[Feature, ...]
    store: Store
    survey: Survey
    splits: Splits
    outages: NDArray[np.int64]
    tables: ShopTables
    calendar: Calendar
    rules: Rules
    c: float
    shares: NDArray[np.float64]

    @property
    def names(self) -> list[str]:
        """The column names."""
        return [one.name for one in self.features]

    def blocks(self, part: int) -> PartFiles:
        """The features of one part, block by block."""
        return self.store.blocks(part)

    def rows_of(self, part: int) -> Records:
        """The rows of one part without their features, array of ROW, in the same order."""
        return self.store.rows(part)

    def features_at(self, part: int, places: NDArray[np.int64]) -> NDArray[np.float32]:
        """The features (m, F) of some rows of a part; places ascend."""
        return gather(self.blocks(part), places)

    def sessions_of(self, part: int) -> Records:
        """The sessions of a part that have a moment (array of SESSION), drawn or not."""
        sessions = self._sessions_in(part)
        chosen: Records = sessions[sessions["moments"] > 0]
        return chosen

    def bought_first(self, part: int) -> Records:
        """The sessions of a part whose first event is the purchase (array of SESSION)."""
        sessions = self._sessions_in(part)
        chosen: Records = sessions[sessions["purchase"] == 1]
        return chosen

    def _sessions_in(self, part: int) -> Records:
        sessions = self.survey.sessions
        inside = self.splits.part(sessions["start"]) == part
        chosen: Records = sessions[inside & ~np.isin(sessions["day"], self.outages)]
        return chosen


def from_events(
    engine: LocalEngine,
    counts: DailyCounts,
    features: tuple[Feature, ...],
    settings: Settings,
    reporter: Reporter,
    folder: Path,
    scratch: Path,
) -> Snapshots:
    """Survey a loaded log, decide splits and sampling, and replay it.

    Args:
        engine: Its log is loaded.
        counts: Of all its events.
        features: The columns; those of scope shop are left out where the log has no complete
            day.
        settings: All of them.
        reporter: Told of progress.
        folder: Gets the snapshots.
        scratch: A folder for what is needed as long as the snapshots are.

    Raises:
        WillbuyError: The log cannot be split (no purchases, only purchases, too short), or the
            disk is full.
    """
    calendar = make_calendar(settings.timezone)
    rules = make_rules(settings, engine.first_time)
    survey = _surveyed(engine, counts, calendar, rules, reporter)
    check_times(survey.sessions)
    outages = outage_days(survey.days())
    splits = make_splits(
        survey.sessions, settings.timezone, calendar, rules, settings.split, outages
    )
    if splits.complete_days:
        tables = survey.tables(splits.first_day, splits.last_day)
    else:
        tables = no_tables()
        features = tuple(one for one in features if one.scope != SHOP)
    wanted = _wanted(survey, splits, outages, settings)
    replay = Replay(features, calendar, rules, tables, wanted)
    names = tuple(one.name for one in features)
    store = Store(folder, scratch, names, tables, engine.log.names)
    _replay_into(store, engine, replay, reporter)
    return Snapshots(
        features, store, survey, splits, outages, tables, calendar, rules,
        float(wanted.c[TRAIN]), wanted.shares,
    )  # fmt: skip


def _surveyed(
    engine: LocalEngine, counts: DailyCounts, calendar: Calendar, rules: Rules, reporter: Reporter
) -> Survey:
    def parts() -> Iterator[PartSurvey]:
        for part, n in engine.map_users(
            lambda events, ends: (survey_batch(events, ends, calendar, rules), len(events))
        ):
            stage.advance(n, rows=n)
            yield part

    with reporter.stage("Sessions and daily counts", engine.events) as stage:
        return combine(parts(), counts)


def _wanted(
    survey: Survey, splits: Splits, outages: NDArray[np.int64], settings: Settings
) -> Wanted:
    """Of train single moments are drawn; of the others whole sessions, so that they stay whole."""
    sessions, sampling = survey.sessions, settings.sampling
    part = splits.part(sessions["start"])
    part[np.isin(sessions["day"], outages)] = -1
    moments = [sessions["moments"][part == p] for p in range(len(PARTS))]
    c = np.full(len(PARTS), float(settings.session.max_events))
    c[TRAIN] = fitting_c(moments[TRAIN], sampling.max_train_rows, sampling.c)
    shares = np.ones(len(PARTS))
    for p in (CALIBRATE, TEST):
        shares[p] = fitting_share(moments[p], sampling.max_judge_rows)
    return Wanted(splits.begins, splits.ends, c, shares, outages, settings.seed, latest=False)


def _replay_into(store: Store, engine: LocalEngine, replay: Replay, reporter: Reporter) -> None:
    compile_first(replay.features, reporter)

    def work(events: Records, ends: NDArray[np.int64]) -> tuple[list[Block], int]:
        try:
            return replay(events, ends), len(events)
        except (IndexError, ZeroDivisionError, ValueError) as problem:
            own = ", ".join(one.name for one in replay.features if one.scope == OWN)
            raise WillbuyError(
                f"A feature of your own failed ({own}): {problem}. Check that the place exists "
                "and that nothing is divided by zero."
            ) from problem

    with reporter.stage("Replay: features at every wanted moment", engine.events) as stage:
        for blocks, n in engine.map_users(work):
            for X, rows in blocks:
                store.add(X, rows)
            stage.advance(n, rows=n)
        store.finish()


def compile_first(features: tuple[Feature, ...], reporter: Reporter) -> None:
    """Compile the replay of these features before it is needed, and say so if it takes long.

    Raises:
        WillbuyError: A feature cannot be compiled; the message names it.
    """
    if is_cached(replay_program(features)):
        return
    title = f"Compiling {len(features)} features (the first time they are used here)"
    with reporter.stage(title):
        try:
            _compile(features)
        except Exception as problem:
            raise _blamed(features, problem) from problem


def _compile(features: tuple[Feature, ...]) -> None:
    Replay(
        features,
        make_calendar("UTC"),
        make_rules(Settings(), 0),
        no_tables(),
        Wanted(*_NOWHERE, seed=0, latest=False),
    )(np.zeros(0, EVENT), np.zeros(0, np.int64))


def _blamed(features: tuple[Feature, ...], problem: Exception) -> Exception:
    """The error of the one own feature that cannot be compiled; else the problem itself."""
    for one in features:
        if one.scope == OWN:
            try:
                _compile((one,))
            except Exception as its:
                where = f"{one.function.__code__.co_filename}, line "
                where += str(one.function.__code__.co_firstlineno)
                return WillbuyError(
                    f"The feature {one.name} ({where}) cannot be compiled: {_told(its)}. It may "
                    "use the fields of session and user, numbers, loops, math and functions of "
                    "numpy for single numbers, and returns a number on every path "
                    "(docs/features.md)."
                )
    return problem


def _told(problem: Exception) -> str:
    """The line of a compiler's message that says what is wrong."""
    if isinstance(problem, KeyError):
        return f"there is no field {problem}"
    lines = [line.strip(" -<>\x1b") for line in str(problem).splitlines()]
    skipped = ("During", "File", "Failed in", "No implementation", "There are", "Overload")
    useful = [line for line in lines if line and not line.startswith(skipped)]
    said = [line for line in useful if any(word in line.lower() for word in _TELLING)]
    return (said or useful or [type(problem).__name__])[0].rstrip(".")


_TELLING = ("attribute", "unknown", "cannot", "can't", "unif", "unsupported", "invalid", "expected")
