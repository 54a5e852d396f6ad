"""How long, how fast, how lately."""

from __future__ import annotations

import numpy as np

from willbuy.events.schema import MISSING
from willbuy.features.loops import SECONDS, ratio, same
from willbuy.features.registry import feature
from willbuy.moments.shop import Shop
from willbuy.moments.state import Session, User


@feature("Time since the session began", unit="seconds")
def duration(session: Session, user: User, shop: Shop) -> float:
    """From the session's first event to this one."""
    return (session.time[-1] - session.time[0]) / SECONDS


@feature("Time since the event before", unit="seconds")
def last_gap(session: Session, user: User, shop: Shop) -> float:
    """From the event before to this one; missing at the first event."""
    if session.time.size < 2:
        return np.nan
    return (session.time[-1] - session.time[-2]) / SECONDS


@feature("Mean time between events", unit="seconds")
def mean_gap(session: Session, user: User, shop: Shop) -> float:
    """The session's duration divided by its gaps; missing at the first event."""
    return ratio((session.time[-1] - session.time[0]) / SECONDS, session.time.size - 1)


@feature("Longest time between events", unit="seconds")
def longest_gap(session: Session, user: User, shop: Shop) -> float:
    """The longest silence inside the session up to now; missing at the first event."""
    best = np.nan
    for j in range(1, session.time.size):
        gap = (session.time[j] - session.time[j - 1]) / SECONDS
        if not gap <= best:
            best = gap
    return best


@feature("Shortest time between events", unit="seconds")
def shortest_gap(session: Session, user: User, shop: Shop) -> float:
    """The shortest time between two events that follow each other; missing at the first event."""
    best = np.nan
    for j in range(1, session.time.size):
        gap = (session.time[j] - session.time[j - 1]) / SECONDS
        if not gap >= best:
            best = gap
    return best


@feature("Last gap against the usual one", unit="ratio")
def gap_against_mean(session: Session, user: User, shop: Shop) -> float:
    """The last gap divided by the session's mean gap: above 1 the shopper slows down."""
    if session.time.size < 2:
        return np.nan
    usual = (session.time[-1] - session.time[0]) / (session.time.size - 1)
    return ratio(session.time[-1] - session.time[-2], usual)


@feature("Events in the last minute", unit="events")
def events_last_minute(session: Session, user: User, shop: Shop) -> float:
    """Events of the session in the 60 seconds up to now, this one among them."""
    return _since(session, 60)


@feature("Events in the last five minutes", unit="events")
def events_last_five_minutes(session: Session, user: User, shop: Shop) -> float:
    """Events of the session in the 300 seconds up to now, this one among them."""
    return _since(session, 300)


@feature("Time spent on this product", unit="seconds")
def time_on_product(session: Session, user: User, shop: Shop) -> float:
    """Sum of the gaps that follow an event on the present product, up to now."""
    total = 0
    for j in range(session.time.size - 1):
        if same(session.product[j], session.product[-1]):
            total += session.time[j + 1] - session.time[j]
    return total / SECONDS


@feature("Longest look at one product", unit="seconds")
def longest_look(session: Session, user: User, shop: Shop) -> float:
    """The longest unbroken stay on one product up to now."""
    best = 0
    begun = session.time[0]
    for j in range(1, session.time.size):
        if not same(session.product[j], session.product[j - 1]):
            if session.product[j - 1] != MISSING:
                best = max(best, session.time[j] - begun)
            begun = session.time[j]
    if session.product[-1] != MISSING:
        best = max(best, session.time[-1] - begun)
    return best / SECONDS


@feature("Events in the same second as another", unit="events")
def same_second(session: Session, user: User, shop: Shop) -> float:
    """Events that carry the very time of the event before: pages opened together."""
    n = 0
    for j in range(1, session.time.size):
        if session.time[j] == session.time[j - 1]:
            n += 1
    return n


@feature("Local hour", unit="hour")
def hour(session: Session, user: User, shop: Shop) -> float:
    """The shop's local hour of the day, 0 to 23."""
    return session.hour[-1]


@feature("Local hour, as a point on a circle (sine)", unit="sine")
def hour_sine(session: Session, user: User, shop: Shop) -> float:
    """The sine of the local hour on a day's circle, so that 23 and 0 are neighbours."""
    return float(np.sin(session.hour[-1] * (2 * np.pi / 24)))


@feature("Local hour, as a point on a circle (cosine)", unit="cosine")
def hour_cosine(session: Session, user: User, shop: Shop) -> float:
    """The cosine of the local hour on a day's circle."""
    return float(np.cos(session.hour[-1] * (2 * np.pi / 24)))


@feature("Day of the week", unit="weekday")
def weekday(session: Session, user: User, shop: Shop) -> float:
    """The shop's local weekday, 0 for Monday."""
    return session.weekday[-1]


def _since(session: Session, seconds: int) -> int:
    n = 0
    for time in session.time:
        if session.time[-1] - time < seconds * SECONDS:
            n += 1
    return n
