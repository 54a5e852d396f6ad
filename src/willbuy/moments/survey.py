"""The first pass over a log: its sessions, its days and the shop's counts.

No feature is computed here. What it learns decides splits, sampling and outage days, and fills
the shop tables that the second pass reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.moments.calendar import Calendar, day_of, to_local
from willbuy.moments.fold import REPEATED, fold_user
from willbuy.moments.shop import ALL
from willbuy.moments.state import Records, Rules, Workspace, make_workspace
from willbuy.moments.tables import (
    DAILY,
    ShopTables,
    Tally,
    grown,
    has_room,
    make_tally,
    merged,
    tally_user,
)

SESSION = np.dtype(
    [
        ("user", "i8"),
        ("key", "i8"),  # of the log's session id
        ("start", "i8"),
        ("last", "i8"),
        ("day", "i4"),  # local, of its first event
        ("events", "i4"),
        ("purchase", "i4"),  # ordinal of the first purchase; 0 where there was none
        ("moments", "i4"),  # before the first purchase and within the cap
    ],
    align=True,
)
"""What the survey keeps of a session."""


def survey_users(
    events: Any,
    ends: NDArray[np.int64],
    first: int,
    slots: NDArray[np.int32],
    work: Workspace,
    calendar: Calendar,
    rules: Rules,
    tally: Tally,
    sessions: Any,
    bots: NDArray[np.int64],
    filled: NDArray[np.int64],
) -> int:
    """Fold users from the `first` on until all are done or the tally is full.

    Args:
        events: (n,) of EVENT, clustered by user.
        ends: (users,) where each user's rows end.
        first: The user to begin with.
        slots, work, calendar, rules, tally: As for `fold_user` and `tally_user`.
        sessions: (n,) of SESSION, filled.
        bots: (users,) keys of shoppers above the daily cap, filled.
        filled: (4,) counts so far: sessions, bots, exact repeats, events of bots.

    Returns:
        The user that comes next; the number of users when all are done.
    """
    for u in range(first, ends.size):
        begin = ends[u - 1] if u > 0 else 0
        end = ends[u]
        if not has_room(tally, end - begin):
            return u
        n = fold_user(events, begin, end, slots, work, calendar, rules)
        if n < 0:
            bots[filled[1]] = events[begin].user
            filled[1] += 1
            filled[3] += end - begin
            continue
        tally_user(events, begin, end, slots, calendar, tally)
        for i in range(end - begin):
            if slots[i] == REPEATED:
                filled[2] += 1
        for slot in range(n):
            visit = work.visits[slot]
            row = sessions[filled[0]]
            row.user = events[begin].user
            row.key = visit.key
            row.start = visit.start
            row.last = visit.last
            row.day = day_of(to_local(calendar, visit.start))
            row.events = visit.events
            row.purchase = visit.purchase
            row.moments = moments_of(visit.events, visit.purchase, rules.max_events)
            filled[0] += 1
    return int(ends.size)


def moments_of(events: int, purchase: int, max_events: int) -> int:
    """How many moments a session has: before its first purchase and within the cap."""
    before = purchase - 1 if purchase > 0 else events
    return min(before, max_events)


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
    from willbuy.moments.program import fold_program

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
