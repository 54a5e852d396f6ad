"""How fast the shopper goes through sessions, and how often sessions come."""

from __future__ import annotations

import numpy as np

from willbuy.features.loops import DAYS, ratio
from willbuy.features.registry import feature
from willbuy.moments.calendar import HOUR
from willbuy.moments.history import log2_of
from willbuy.moments.shop import Shop
from willbuy.moments.state import Session, User


@feature("Usual time between events before", unit="log2 seconds")
def past_gap(session: Session, user: User, shop: Shop) -> float:
    """Mean of log2(1 + seconds) between events of earlier sessions, fading; missing without."""
    return ratio(user.log_gaps, user.gaps)


@feature("Long looks before", unit="events, fading")
def past_long_looks(session: Session, user: User, shop: Shop) -> float:
    """Views in earlier sessions after which nothing happened there for 40 seconds or more."""
    return user.long_looks


@feature("Days between the last visit and the one before", unit="days")
def previous_break(session: Session, user: User, shop: Shop) -> float:
    """Silence of the shopper before the latest earlier session; missing with fewer than two."""
    return user.last_break / DAYS if user.opened > 1 else np.nan


@feature("Usual silence between sessions", unit="log2 hours")
def usual_break(session: Session, user: User, shop: Shop) -> float:
    """Mean of log2(1 + hours) of silence before earlier sessions but the first, fading."""
    return ratio(user.log_breaks, user.breaks)


@feature("Silence before this session against the usual one", unit="log2 ratio")
def break_against_usual(session: Session, user: User, shop: Shop) -> float:
    """log2(1 + hours) of silence before this session less its mean before earlier ones."""
    if user.opened < 1:
        return np.nan
    silence = log2_of(max(user.asof - user.last, 0) / HOUR)
    return silence - ratio(user.log_breaks, user.breaks)
