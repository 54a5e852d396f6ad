"""Events → snapshots: the two passes over a log, and what they leave."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from willbuy.moments.survey import Survey, combine, survey_batch
from willbuy.moments.tables import ShopTables, no_tables
from willbuy.progress import Reporter
from willbuy.settings import Settings
from willbuy.snapshots.outages import outage_days
from willbuy.snapshots.replay import ROW, Block, Replay, Wanted, replay_program
from willbuy.snapshots.sampling import fitting_c
from willbuy.snapshots.splits import PARTS, TRAIN, Splits, check_times, make_splits

_ROWS_PER_FILE = 500_000
_NOWHERE = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64))


@dataclass(frozen=True)
class Snapshots:
    """Rows to learn from and to be judged on.

    Attributes:
        features: The F columns.
        X: float32 (n, F), nan where missing.
        rows: Array of ROW (n,): label, weight, part and where each comes from.
        splits, outages: How the parts were made; local days left out.
        tables: The shop's counts, all complete days of the log.
        calendar, rules: What the moments were seen with.
        c: The sampling constant of each part.
    """

    features: tuple[Feature, ...]
    X: NDArray[np.float32]
    rows: Records
    survey: Survey
    splits: Splits
    outages: NDArray[np.int64]
    tables: ShopTables
    calendar: Calendar
    rules: Rules
    c: NDArray[np.float64]

    @property
    def names(self) -> list[str]:
        """The column names."""
        return [one.name for one in self.features]

    def of(self, part: int) -> tuple[NDArray[np.float32], Records]:
        """X and rows of one part, by session and ordinal: however the log was read."""
        places = self._places(part)
        return self.X[places], self.rows[places]

    def rows_of(self, part: int) -> Records:
        """The rows of one part without their features, in the same order."""
        rows: Records = self.rows[self._places(part)]
        return rows

    def _places(self, part: int) -> NDArray[np.int64]:
        chosen = np.flatnonzero(self.rows["part"] == part)
        rows = self.rows[chosen]
        return chosen[np.lexsort((rows["ordinal"], rows["visit"]))]

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

    def write(self, folder: Path) -> None:
        """Write `snapshots/*.parquet`: features, label, weight, split and whence."""
        import polars as pl

        folder.mkdir(parents=True, exist_ok=True)
        for part, name in enumerate(PARTS):
            X, rows = self.of(part)
            for number, begin in enumerate(range(0, max(len(rows), 1), _ROWS_PER_FILE)):
                piece = slice(begin, begin + _ROWS_PER_FILE)
                frame = pl.DataFrame({n: X[piece, i] for i, n in enumerate(self.names)})
                frame = frame.with_columns(row_columns(rows[piece], name, self.tables))
                frame.write_parquet(folder / f"{name}-{number:03}.parquet")


def row_columns(rows: Records, split: str, tables: ShopTables) -> list[Any]:
    """What stands beside the features: label, weight, split, and whence the row comes."""
    import polars as pl

    def times(field: str) -> Any:
        return pl.Series(field, rows[field]).cast(pl.Datetime("us", "UTC"))

    return [
        pl.Series("label", rows["label"]),
        pl.Series("weight", rows["weight"]),
        pl.lit(split).alias("split"),
        *(
            pl.Series(f"{field}_key" if field in ("user", "session") else field, rows[field])
            for field in ("user", "session", "visit", "ordinal", "position")
        ),
        times("start"),
        times("time"),
        covered_day(rows, tables),
    ]


def covered_day(rows: Records, tables: ShopTables) -> Any:
    """The last complete day whose counts a row used, as a date; null where there is none."""
    import polars as pl

    day = pl.Series("shop_day", rows["shop_day"]).cast(pl.Date)
    return day.set(pl.Series(rows["shop_day"] < tables.first_day), None)


def from_events(
    engine: LocalEngine, features: tuple[Feature, ...], settings: Settings, reporter: Reporter
) -> Snapshots:
    """Survey a loaded log, decide splits and sampling, and replay it.

    Args:
        engine: Its log is loaded.
        features: The columns; those of scope shop are left out where the log has no complete
            day.
        settings: All of them.
        reporter: Told of progress.

    Raises:
        WillbuyError: The log cannot be split (no purchases, only purchases, too short).
    """
    calendar = make_calendar(settings.timezone)
    rules = make_rules(settings, engine.first_time)
    with reporter.stage("Sessions and daily counts", engine.events) as stage:
        parts = []
        for part, n in engine.map_users(
            lambda events, ends: (survey_batch(events, ends, calendar, rules), len(events))
        ):
            parts.append(part)
            stage.advance(n, rows=n)
        survey = combine(parts)
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
    wanted, c = _wanted(survey, splits, outages, settings)
    replay = Replay(features, calendar, rules, tables, wanted)
    X, rows = _replayed(engine, replay, reporter)
    return Snapshots(features, X, rows, survey, splits, outages, tables, calendar, rules, c)


def _wanted(
    survey: Survey, splits: Splits, outages: NDArray[np.int64], settings: Settings
) -> tuple[Wanted, NDArray[np.float64]]:
    sessions = survey.sessions
    part = splits.part(sessions["start"])
    part[np.isin(sessions["day"], outages)] = -1
    sampling = settings.sampling
    c = np.array(
        [
            fitting_c(
                sessions["moments"][part == p],
                sampling.max_train_rows if p == TRAIN else sampling.max_judge_rows,
                sampling.c if p == TRAIN else float(settings.session.max_events),
            )
            for p in range(len(PARTS))
        ]
    )
    return Wanted(splits.begins, splits.ends, c, outages, settings.seed, latest=False), c


def _replayed(
    engine: LocalEngine, replay: Replay, reporter: Reporter
) -> tuple[NDArray[np.float32], Records]:
    compile_first(replay.features, reporter)
    width = len(replay.features)
    X, rows = [np.zeros((0, width), np.float32)], [np.zeros(0, ROW)]

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
            X += [block for block, _ in blocks]
            rows += [block for _, block in blocks]
            stage.advance(n, rows=n)
    return np.concatenate(X), np.concatenate(rows)


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
