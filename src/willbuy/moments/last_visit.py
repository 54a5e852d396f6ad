"""A shopper's latest session by itself, as far as it went.

The latest is the one that began last. An older one that goes on beside it changes nothing here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from willbuy.events.schema import MISSING, Kind
from willbuy.moments.state import LONG_LOOK


def blank_visit(history: Any) -> None:
    """Make it that of a shopper who has begun no session."""
    history.opened = 0
    history.last_break = 0
    _clear(history)


def open_visit(history: Any, time: int) -> int:
    """Another session begins at `time` and is the latest one now; its number."""
    _clear(history)
    history.opened += 1
    history.visit_start = time
    return int(history.opened)


def absorb_visit(history: Any, event: Any, time: int, before: int, previous: Any) -> None:
    """Take one event of the latest session in.

    Args:
        history: Record of HISTORY, changed in place.
        event: Record of EVENT.
        time: When it took its place in its session.
        before: Microseconds from the event before it in its session; -1 for its first.
        previous: Record of SEEN of that event; any where there was none.
    """
    history.visit_last = time
    history.visit_events += 1
    if event.kind == Kind.CART:
        history.visit_carts += 1
    elif event.kind == Kind.PURCHASE:
        history.visit_orders = 1
    if before >= 0:
        if event.product != previous.product:
            history.visit_moves += 1
        if previous.kind == Kind.VIEW and before >= LONG_LOOK:
            history.visit_long_looks += 1
    if event.product != MISSING:
        history.visit_product = event.product
    if not np.isnan(event.price):
        history.visit_price = event.price


def _clear(history: Any) -> None:
    history.visit_start = 0
    history.visit_last = 0
    history.visit_events = 0
    history.visit_carts = 0
    history.visit_moves = 0
    history.visit_long_looks = 0
    history.visit_orders = 0
    history.visit_product = MISSING
    history.visit_price = np.nan
