"""How long the shopper looks before going on."""

from __future__ import annotations

import numpy as np

from willbuy.events.schema import Kind
from willbuy.features.loops import SECONDS
from willbuy.features.registry import feature
from willbuy.moments.history import log2_of
from willbuy.moments.shop import Shop
from willbuy.moments.state import LONG_LOOK, Session, User


@feature("Usual time between events", unit="log2 seconds")
def usual_gap(session: Session, user: User, shop: Shop) -> float:
    """Mean of log2(1 + seconds) between events that follow each other; missing at the first."""
    if session.time.size < 2:
        return np.nan
    total = 0.0
    for j in range(1, session.time.size):
        total += log2_of((session.time[j] - session.time[j - 1]) / SECONDS)
    return total / (session.time.size - 1)


@feature("Long looks", unit="events")
def long_looks(session: Session, user: User, shop: Shop) -> float:
    """Views of the session after which nothing happened for 40 seconds or more."""
    n = 0
    for j in range(session.time.size - 1):
        if session.kind[j] == Kind.VIEW and session.time[j + 1] - session.time[j] >= LONG_LOOK:
            n += 1
    return n
