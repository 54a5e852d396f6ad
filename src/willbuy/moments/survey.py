"""The first pass over a log: its sessions, its days and the shop's counts.

No feature is computed here. What it learns decides splits, sampling and outage days, and fills
the shop tables that the second pass reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from willbuy.moments.calendar import Calendar
from willbuy.moments.program import fold_program
from willbuy.moments.sessions import SESSION
from willbuy.moments.shop import ALL
from willbuy.moments.state import Records, Rules, make_workspace
from willbuy.moments.tables import ShopTables
from willbuy.moments.tally import DAILY, grown, make_tally, merged


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


@dataclass
class PartSurvey:
    """The survey of one batch of users."""

    sessions: Records
    bots: NDArray[np.int64]
    daily: Records
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
    tally = make_tally()
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
        bots=bots[: filled[1]],
        daily=tally.rows[: tally.used[0]].copy(),
        repeats=int(filled[2]),
        bot_events=int(filled[3]),
        users=len(ends),
    )


def combine(parts: Iterable[PartSurvey]) -> Survey:
    """The survey of the whole log from those of its batches, in their order."""
    sessions, bots, daily = [np.zeros(0, SESSION)], [np.zeros(0, np.int64)], np.zeros(0, DAILY)
    pending: list[Records] = []
    repeats = bot_events = users = 0
    for part in parts:
        sessions.append(part.sessions)
        bots.append(part.bots)
        repeats += part.repeats
        bot_events += part.bot_events
        users += part.users
        pending.append(part.daily)
        if sum(map(len, pending)) > max(len(daily), 1 << 20):
            daily, pending = merged([daily, *pending]), []
    return Survey(
        sessions=np.concatenate(sessions),
        bots=np.concatenate(bots),
        daily=merged([daily, *pending]),
        repeats=repeats,
        bot_events=bot_events,
        users=users,
    )
