"""The fold over many shoppers: their sessions, and what it counts on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.moments.calendar import Calendar, day_of, to_local
from willbuy.moments.fold import REPEATED, fold_user, over_daily_cap
from willbuy.moments.state import Rules, Workspace
from willbuy.moments.tally import Tally, has_room, tally_left_out

SESSION = np.dtype(
    [
        ("user", "i8"),
        ("key", "i8"),  # of the log's session id
        ("start", "i8"),
        ("last", "i8"),
        ("bought", "i8"),  # time of the first purchase; 0 where there was none
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
        slots, work, calendar, rules, tally: As for `fold_user` and `tally_left_out`.
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
        tally_left_out(events, begin, end, slots, calendar, rules.daily_cap, tally)
        if over_daily_cap(events, begin, end, calendar, rules.daily_cap):
            bots[filled[1]] = events[begin].user
            filled[1] += 1
            filled[3] += end - begin
            continue
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
            if visit.purchase > 0:
                row.bought = work.seen[visit.offset + visit.purchase - 1].time
            row.moments = moments_of(visit.events, visit.purchase, rules.max_events)
            filled[0] += 1
    return int(ends.size)


def moments_of(events: int, purchase: int, max_events: int) -> int:
    """How many moments a session has: before its first purchase and within the cap."""
    before = purchase - 1 if purchase > 0 else events
    return min(before, max_events)
