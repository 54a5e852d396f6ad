"""The first pass over a log: its sessions, its days and the shop's counts.

No feature is computed here. What it learns decides splits, sampling and outage days, and fills
the shop tables that the second pass reads. Days are counted while the log is read, since its rows
come day by day; the fold then tells which events do not count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from willbuy.moments.calendar import Calendar
from willbuy.moments.program import fold_program
from willbuy.moments.sessions import SESSION
from willbuy.moments.shop import ALL, COUNTS
from willbuy.moments.state import Records, Rules, make_workspace
from willbuy.moments.tables import ShopTables
from willbuy.moments.tally import DAILY, grown, make_tally, merged

_MOST_ROWS = 1 << 20
"""The rows of a tally; they are set aside when it is full."""


@dataclass
class Survey:
    """What the first pass found.

    Attributes:
        sessions: Array of SESSION, in the order of users.
        bots: Keys of the shoppers left out for exceeding the daily cap.
        bot_events: How many events they had.
        repeats: Exact repeats removed.
        users: Shoppers, bots among them.
        daily: Counts by table, key and local day, array of DAILY.
    """

    sessions: Records
    bots: NDArray[np.int64]
    bot_events: int
    repeats: int
    users: int
    daily: Records

    @property
    def events(self) -> int:
        """Events after repeats and bots are left out."""
        return int(self.sessions["events"].sum())

    def tables(self, first_day: int, last_day: int) -> ShopTables:
        """The shop tables over these complete local days."""
        return ShopTables(self.daily, first_day, last_day)

    def days(self) -> Records:
        """Counts of the whole shop by local day (array of DAILY, ascending)."""
        rows: Records = self.daily[self.daily["table"] == ALL]
        return rows[np.argsort(rows["day"])]


class DailyCounts:
    """Counts all events of a log by table, key and local day, in any order of reading."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._tally = make_tally()
        self._done: list[Records] = []

    def add(self, events: Records) -> None:
        """Count some events, array of EVENT."""
        program = fold_program()
        done = 0
        while (done := program.tally_events(events, done, self._calendar, self._tally)) < len(
            events
        ):
            if len(self._tally.rows) < _MOST_ROWS:
                self._tally = grown(self._tally)
                program.index_rows(self._tally)
            else:  # days long past would only be in the way
                self._done.append(self._rows())
                self._tally = make_tally(_MOST_ROWS)

    def without(self, left_out: list[Records]) -> Records:
        """All counts, array of DAILY, less those of the events that do not count."""
        for part in left_out:
            for name in COUNTS:
                np.negative(part[name], out=part[name])
        parts = [*self._done, self._rows(), *left_out]
        self._done, self._tally = [], make_tally()
        return merged(parts)

    def _rows(self) -> Records:
        rows: Records = self._tally.rows[: self._tally.used[0]].copy()
        return rows


@dataclass
class PartSurvey:
    """The survey of one batch of users; `left_out` counts the events that do not count."""

    sessions: Records
    bots: NDArray[np.int64]
    left_out: Records
    repeats: int
    bot_events: int
    users: int


def survey_batch(
    events: Records, ends: NDArray[np.int64], calendar: Calendar, rules: Rules
) -> PartSurvey:
    """Fold one batch.

    Args:
        events: (n,) of EVENT, clustered by user; a user stands in one batch only.
        ends: (users,) where each user's rows end.
        calendar, rules: As for `fold_user`.
    """
    program = fold_program()
    tally = make_tally(1 << 10)
    largest = int(np.diff(ends, prepend=0).max(initial=0))
    work = make_workspace(largest, largest)
    slots = np.zeros(largest, np.int32)
    sessions = np.zeros(len(events), SESSION)
    bots = np.zeros(len(ends), np.int64)
    filled = np.zeros(4, np.int64)
    done = 0
    while True:
        done = program.survey_users(
            events, ends, done, slots, work, calendar, rules, tally, sessions, bots, filled
        )
        if done == len(ends):
            break
        tally = grown(tally)
        program.index_rows(tally)
    return PartSurvey(
        sessions=sessions[: filled[0]].copy(),
        bots=bots[: filled[1]].copy(),
        left_out=tally.rows[: tally.used[0]].copy(),
        repeats=int(filled[2]),
        bot_events=int(filled[3]),
        users=len(ends),
    )


def combine(parts: Iterable[PartSurvey], counts: DailyCounts) -> Survey:
    """The survey of the whole log from those of its batches, in their order.

    Args:
        parts: Of all batches.
        counts: Of all events of the log.
    """
    sessions, used = np.zeros(0, SESSION), 0
    bots, left_out = [np.zeros(0, np.int64)], [np.zeros(0, DAILY)]
    repeats = bot_events = users = 0
    for part in parts:
        if used + len(part.sessions) > len(sessions):  # grows where it lies: no second copy
            sessions.resize(used + max(len(part.sessions), used // 4), refcheck=False)
        sessions[used : used + len(part.sessions)] = part.sessions
        used += len(part.sessions)
        bots.append(part.bots)
        left_out.append(part.left_out)
        repeats += part.repeats
        bot_events += part.bot_events
        users += part.users
    sessions.resize(used, refcheck=False)
    return Survey(
        sessions=sessions,
        bots=np.concatenate(bots),
        bot_events=bot_events,
        repeats=repeats,
        users=users,
        daily=counts.without(left_out),
    )
