"""A shopper's past, folded event by event and frozen when a session begins."""

from __future__ import annotations

from typing import Any

import numpy as np

from willbuy.events.schema import MISSING, Kind
from willbuy.moments.calendar import HOUR, SECOND
from willbuy.moments.last_visit import blank_visit
from willbuy.moments.state import BOUGHT, CARTED, LONG_LOOK, REMEMBERED, VIEWED


def blank(history: Any) -> None:
    """Make a record of HISTORY that of a shopper never seen before."""
    history.asof = 0
    history.watched = 0
    history.updated = 0
    history.first = 0
    history.last = 0
    history.last_purchase = 0
    history.sessions = 0.0
    history.events = 0.0
    history.views = 0.0
    history.carts = 0.0
    history.removes = 0.0
    history.purchases = 0.0
    history.orders = 0.0
    history.spent = 0.0
    history.price_sum = 0.0
    history.priced = 0.0
    history.gaps = 0.0
    history.log_gaps = 0.0
    history.long_looks = 0.0
    history.breaks = 0.0
    history.log_breaks = 0.0
    history.sessions_since = 0.0
    history.events_since = 0.0
    history.carts_since = 0.0
    blank_visit(history)
    history.remembered = 0
    history.next = 0


def fade(history: Any, time: int, half_life: int) -> None:
    """Bring the decayed counts to what they are worth at `time`."""
    gap = time - history.updated
    if gap <= 0:
        return  # an event that arrives late does not turn the clock back
    factor = 0.5 ** (gap / half_life)
    history.updated = time
    history.sessions *= factor
    history.events *= factor
    history.views *= factor
    history.carts *= factor
    history.removes *= factor
    history.purchases *= factor
    history.orders *= factor
    history.spent *= factor
    history.price_sum *= factor
    history.priced *= factor
    history.gaps *= factor
    history.log_gaps *= factor
    history.long_looks *= factor
    history.breaks *= factor
    history.log_breaks *= factor
    history.sessions_since *= factor
    history.events_since *= factor
    history.carts_since *= factor


def absorb(
    history: Any, event: Any, before: int, looked: bool, first_purchase: bool, half_life: int
) -> None:
    """Take one event into the past.

    Args:
        history: Record of HISTORY, changed in place.
        event: Record of EVENT.
        before: Microseconds from the event before it in its session; -1 for a session's first.
        looked: The event before it was a view.
        first_purchase: It is the first purchase of its session: one more order.
        half_life: Microseconds after which a count is worth half.
    """
    fade(history, event.time, half_life)
    if before >= 0:
        history.gaps += 1.0
        history.log_gaps += log2_of(before / SECOND)
        if looked and before >= LONG_LOOK:
            history.long_looks += 1.0
    else:
        _begin(history, event)
    if history.first == 0:
        history.first = event.time
    history.last = max(history.last, event.time)
    history.events += 1.0
    history.events_since += 1.0
    if event.kind == Kind.VIEW:
        history.views += 1.0
    elif event.kind == Kind.CART:
        history.carts += 1.0
        history.carts_since += 1.0
    elif event.kind == Kind.REMOVE:
        history.removes += 1.0
    elif event.kind == Kind.PURCHASE:
        history.purchases += 1.0
        history.last_purchase = max(history.last_purchase, event.time)
        history.sessions_since = history.events_since = history.carts_since = 0.0
        if first_purchase:
            history.orders += 1.0
    if not np.isnan(event.price):
        history.priced += 1.0
        history.price_sum += event.price
        if event.kind == Kind.PURCHASE:
            history.spent += event.price
    if event.product != MISSING:
        _remember(history, event)


def log2_of(amount: float) -> float:
    """`log2(1 + amount)`: 0 for nothing, one more for about every doubling."""
    return float(np.log2(1.0 + amount))


def _begin(history: Any, event: Any) -> None:
    """A session begins."""
    history.sessions += 1.0
    history.sessions_since += 1.0
    if history.first > 0:
        history.last_break = max(event.time - history.last, 0)
        history.breaks += 1.0
        history.log_breaks += log2_of(history.last_break / HOUR)


def _remember(history: Any, event: Any) -> None:
    place = -1
    for j in range(history.remembered):
        if history.product[j] == event.product:
            place = j
    if place < 0:
        place = history.next
        history.next = (place + 1) % REMEMBERED
        if history.remembered < REMEMBERED:
            history.remembered += 1
        history.product[place] = event.product
        history.strength[place] = VIEWED
    history.brand[place] = event.brand
    history.category[place] = event.category
    if event.kind == Kind.PURCHASE:
        history.strength[place] = BOUGHT
    elif event.kind == Kind.CART:
        history.strength[place] = max(history.strength[place], CARTED)
    elif event.kind == Kind.REMOVE and history.strength[place] == CARTED:
        history.strength[place] = VIEWED


def freeze(history: Any, time: int, half_life: int, log_start: int, frozen: Any, slot: int) -> None:
    """Keep the past as it is when a session begins, in `frozen[slot]`."""
    frozen[slot] = history
    kept = frozen[slot]
    fade(kept, time, half_life)
    kept.asof = time
    kept.watched = max(time - log_start, 0)
