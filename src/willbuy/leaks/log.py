"""The log beside a table: what each row's session did, before the row's moment and after it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from willbuy.engines.local import LocalEngine
from willbuy.errors import WillbuyError
from willbuy.events.keys import keys_of, mix, mix_all
from willbuy.events.read import open_log
from willbuy.events.words import COLUMNS, fold
from willbuy.leaks.strength import Bools, Ints
from willbuy.leaks.table import Table
from willbuy.moments.calendar import make_calendar
from willbuy.moments.rules import make_rules
from willbuy.moments.state import Records
from willbuy.moments.survey import survey_batch
from willbuy.progress import Reporter
from willbuy.settings import Settings

MOST_ROWS = 20_000
"""So many rows of the table, drawn, are looked up in the log at most."""

_FOUND = 0.5
_FIELDS = ("time", "position", "kind", "product", "brand", "category", "price")


@dataclass(frozen=True)
class Beside:
    """Rows of a table and the events of their sessions.

    Attributes:
        rows: Places in the table (r,), ascending.
        events: One row for each event of a row's session, in order: `row` (0 ... r - 1), `at`
            (the row's moment), `time`, `position`, `kind`, `product`, `brand`, `category`,
            `price`.
        session: The table's column that names the session.
    """

    rows: Ints
    events: pl.DataFrame
    session: str

    @property
    def found(self) -> int:
        """How many of the rows have their session in the log."""
        return self.events["row"].n_unique()


def beside(
    table: Table, paths: Sequence[Path | str], settings: Settings, reporter: Reporter
) -> Beside:
    """Find the sessions of a table's rows in a log.

    A session is named by the log's own id, or by the number that a run gives it (`session` of
    sample_session_features.csv, `visit` of the snapshots).

    Raises:
        WillbuyError: The table has no time or no column that names sessions of this log.
    """
    if table.time is None or table.keys is None:
        raise WillbuyError(
            "To compare a table with its log, say when each row's moment is: --time COLUMN."
        )
    names = _candidates(table)
    if not names:
        raise WillbuyError(
            f"{table.name} has no column that names sessions. Call it session, or give it as "
            "--group."
        )
    drawn = table.drawn(MOST_ROWS)
    keys = {name: table.keys(name)[drawn] for name in names}
    held = _events(paths, np.unique(np.concatenate(list(keys.values()))), settings, reporter)
    best, how, share = "", "", 0.0
    for name in names:
        for way in ("visit", "id"):
            known = float(np.isin(keys[name], held[way].unique().to_numpy()).mean())
            if known > share:
                best, how, share = name, way, known
    if share < _FOUND:
        raise WillbuyError(
            f"Only {share:.0%} of the rows of {table.name} have their session in the log, by "
            f"{', '.join(names)}. Give the log that the table was made from, and the settings "
            "of its run where sessions were cut otherwise."
        )
    asked = pl.DataFrame({"row": np.arange(len(drawn)), "key": keys[best], "at": table.time[drawn]})
    events = asked.join(
        held.rename({how: "key"}).select("key", *_FIELDS), on="key", how="inner"
    ).sort("row", "time", "position")
    return Beside(drawn, events.drop("key"), best)


def _candidates(table: Table) -> list[str]:
    words = {fold(word) for word in COLUMNS["session"]}
    named = [name for name in table.frame.columns if fold(name) in words]
    group = [table.group_name] if table.group_name is not None else []
    return list(dict.fromkeys([*named, *group]))


def _events(
    paths: Sequence[Path | str], wanted: Ints, settings: Settings, reporter: Reporter
) -> pl.DataFrame:
    """All events of the sessions with one of these keys: `id`, `visit` and the fields."""
    log = open_log(paths, settings.source, bad_row_share=settings.bad_row_share)
    calendar = make_calendar(settings.timezone)
    with (
        tempfile.TemporaryDirectory(prefix="willbuy-audit-") as scratch,
        LocalEngine(log, Path(scratch), settings.workers) as engine,
    ):
        engine.load(reporter)
        rules = make_rules(settings, engine.first_time)

        def work(events: Records, ends: Ints) -> tuple[pl.DataFrame, int]:
            sessions = survey_batch(events, ends, calendar, rules).sessions
            return _of_sessions(events, sessions, wanted), len(events)

        parts = []
        with reporter.stage("The sessions of the table", engine.events) as stage:
            for part, n in engine.map_users(work):
                parts.append(part)
                stage.advance(n, rows=n)
    return pl.concat(parts)


def _of_sessions(events: Records, sessions: Records, wanted: Ints) -> pl.DataFrame:
    visits = visit_ids(sessions)
    told = pl.DataFrame(
        {
            "user": sessions["user"],
            "id": sessions["key"],
            "start": sessions["start"],
            "visit": keys_of(pl.Series(visits).cast(pl.String)),
        }
    )
    told = told.filter(pl.Series(_in(told, wanted)))
    frame = pl.DataFrame(
        {"user": events["user"], "id": events["session"]} | {name: events[name] for name in _FIELDS}
    ).with_columns(pl.col("price").fill_nan(None))
    mine = frame.filter(pl.Series(np.isin(events["user"], told["user"].to_numpy())))
    return (
        mine.sort("time", "position")
        .join_asof(
            told.sort("start"), left_on="time", right_on="start", by=["user", "id"],
            strategy="backward", check_sortedness=False,
        )
        .filter(pl.col("visit").is_not_null())
        .select("id", "visit", *_FIELDS)
    )  # fmt: skip


def _in(told: pl.DataFrame, wanted: Ints) -> Bools:
    """Which sessions are wanted; others of the same id stay, so that they take their own events."""
    either = np.isin(told["visit"].to_numpy(), wanted) | np.isin(told["id"].to_numpy(), wanted)
    ids = told.filter(pl.Series(either)).select("user", "id").unique()
    joined = told.join(ids.with_columns(there=True), on=["user", "id"], how="left",
                       maintain_order="left")  # fmt: skip
    return joined["there"].fill_null(False).to_numpy()


def visit_ids(sessions: Records) -> Ints:
    """`sampling.visit_id` of many sessions (array of SESSION)."""
    start = np.int64(mix(0))

    def mixed(values: Ints) -> Ints:  # mix_all stirs a seed in; this takes it out again
        return mix_all(values ^ start, 0).view(np.int64)

    def stirred(state: Ints, values: Ints) -> Ints:
        return mixed(mixed(state) ^ values)

    return stirred(stirred(sessions["user"], sessions["key"]), sessions["start"])
