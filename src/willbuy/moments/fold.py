"""The fold: a shopper's events, in order, become sessions and moments.

`step` is the one definition of what an event does. Replay calls it for every event of a batch,
the live scorer for every event that arrives.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.events.schema import MISSING, Kind
from willbuy.moments.calendar import Calendar, day_of, hour_of, to_local, weekday_of
from willbuy.moments.history import absorb, blank, freeze
from willbuy.moments.last_visit import absorb_visit, open_visit
from willbuy.moments.state import Rules, Workspace

REPEATED = -1
"""What `step` answers for an exact repeat: nothing changed."""


def find_visit(visits: Any, n: int, event: Any, rules: Rules) -> int:
    """The register index of the session an event belongs to; `n` where it begins a new one."""
    for back in range(n):
        slot = n - 1 - back
        visit = visits[slot]
        if visit.key == event.session:
            silence = rules.silence if event.session == MISSING else rules.id_silence
            goes_on = (
                event.time - visit.last < silence and event.time - visit.start < rules.max_span
            )
            return slot if goes_on else n
    return n


def step(event: Any, n: int, work: Workspace, calendar: Calendar, rules: Rules) -> int:
    """Fold one event of one shopper.

    Args:
        event: Record of EVENT; not earlier than this shopper's events so far, or late.
        n: Sessions in the register so far.
        work: The shopper's memory, with room for one more session and one more row of the
            session the event belongs to.
        calendar: The shop's local time.
        rules: Borders, caps and half-life.

    Returns:
        The register index of its session (`n` where it opened one), or REPEATED.
    """
    slot = find_visit(work.visits, n, event, rules)
    visit = work.visits[slot]
    opens = slot == n
    history = work.history[0]
    if opens:
        visit.key = event.session
        visit.start = event.time
        visit.last = event.time
        visit.events = 0
        visit.purchase = 0
        visit.told = 0
        freeze(history, event.time, rules.half_life, rules.log_start, work.frozen, slot)
        visit.number = open_visit(history, event.time)
    # Live, an event may arrive late: it takes its place at the end of its session.
    time = max(event.time, visit.last)
    if is_repeat(event, time, work.seen, visit.offset, visit.events):
        return REPEATED
    row = visit.offset + visit.events
    before = -1 if opens else time - visit.last
    previous = work.seen[row if opens else row - 1]
    looked = not opens and previous.kind == Kind.VIEW
    if visit.number == history.opened:
        absorb_visit(history, event, time, before, previous)
    visit.last = time
    write_seen(work.seen[row], event, time, calendar)
    work.position[row] = event.position
    visit.events += 1
    first_purchase = event.kind == Kind.PURCHASE and visit.purchase == 0
    if first_purchase:
        visit.purchase = visit.events
    absorb(history, event, before, looked, first_purchase, rules.half_life)
    return slot


def is_repeat(event: Any, time: int, seen: Any, offset: int, n: int) -> bool:
    """Whether the session holds an event of this very time that is equal in every field."""
    for back in range(n):
        other = seen[offset + n - 1 - back]
        if other.time != time:
            return False
        if (
            other.kind == event.kind
            and other.product == event.product
            and other.brand == event.brand
            and other.category == event.category
            and other.section == event.section
            and (other.price == event.price or (np.isnan(other.price) and np.isnan(event.price)))
        ):
            return True
    return False


def write_seen(row: Any, event: Any, time: int, calendar: Calendar) -> None:
    """Fill a record of SEEN from a record of EVENT."""
    local = to_local(calendar, time)
    row.time = time
    row.product = event.product
    row.brand = event.brand
    row.category = event.category
    row.section = event.section
    row.price = event.price
    row.day = day_of(local)
    row.kind = event.kind
    row.hour = hour_of(local)
    row.weekday = weekday_of(local)


def fold_user(
    events: Any,
    begin: int,
    end: int,
    slots: NDArray[np.int32],
    work: Workspace,
    calendar: Calendar,
    rules: Rules,
) -> int:
    """Fold all events of one shopper.

    Args:
        events: Array of EVENT, ordered by user, then time, then position.
        begin, end: The shopper's rows in it.
        slots: (rows of the largest shopper,) int32, filled: the session of each event, or
            REPEATED.
        work: Memory for as many sessions and rows as the shopper has events; overwritten.
        calendar, rules: As for `step`.

    Returns:
        How many sessions the shopper has.
    """
    n = 0
    for i in range(begin, end):  # sessions first, so that each gets rows side by side
        event = events[i]
        slot = find_visit(work.visits, n, event, rules)
        visit = work.visits[slot]
        if slot == n:
            visit.key = event.session
            visit.start = event.time
            visit.events = 0
            n += 1
        visit.last = event.time
        visit.events += 1  # exact repeats as well: `step` counts anew
    offset = 0
    for slot in range(n):
        visit = work.visits[slot]
        visit.offset = offset
        offset += visit.events
    blank(work.history[0])
    n = 0
    for i in range(begin, end):
        slot = step(events[i], n, work, calendar, rules)
        slots[i - begin] = slot
        if slot == n:
            n += 1
    return n


def over_daily_cap(events: Any, begin: int, end: int, calendar: Calendar, cap: int) -> bool:
    """Whether a shopper has more events than `cap` on one local day."""
    if end - begin <= cap:
        return False
    day = -1
    count = 0
    for i in range(begin, end):
        today = day_of(to_local(calendar, events[i].time))
        if today != day:
            day = today
            count = 0
        count += 1
        if count > cap:
            return True
    return False
