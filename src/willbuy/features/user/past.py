"""What the shopper did before this session. Counts fade with a half-life of 14 days."""

from __future__ import annotations

import numpy as np

from willbuy.features.loops import DAYS, ratio
from willbuy.features.registry import feature
from willbuy.moments.shop import Shop
from willbuy.moments.state import Session, User

MOST_DAYS = 28.0
"""More history than this is not told apart, so that a longer log looks like the one learnt on."""


@feature("Earlier sessions", unit="sessions, fading")
def past_sessions(session: Session, user: User, shop: Shop) -> float:
    """Sessions of the shopper that began before this one."""
    return user.sessions


@feature("Earlier events", unit="events, fading")
def past_events(session: Session, user: User, shop: Shop) -> float:
    """Events of the shopper before this session."""
    return user.events


@feature("Earlier views", unit="events, fading")
def past_views(session: Session, user: User, shop: Shop) -> float:
    """Product views of the shopper before this session."""
    return user.views


@feature("Earlier cart events", unit="events, fading")
def past_carts(session: Session, user: User, shop: Shop) -> float:
    """Cart events of the shopper before this session."""
    return user.carts


@feature("Earlier removals", unit="events, fading")
def past_removes(session: Session, user: User, shop: Shop) -> float:
    """Remove-from-cart events of the shopper before this session."""
    return user.removes


@feature("Earlier purchases", unit="purchases, fading")
def past_purchases(session: Session, user: User, shop: Shop) -> float:
    """Purchase rows of the shopper before this session."""
    return user.purchases


@feature("Earlier sessions with a purchase", unit="sessions, fading")
def past_orders(session: Session, user: User, shop: Shop) -> float:
    """Earlier sessions in which the shopper bought something."""
    return user.orders


@feature("Money spent before", unit="price, fading")
def past_spent(session: Session, user: User, shop: Shop) -> float:
    """Sum of the prices of earlier purchases."""
    return user.spent


@feature("Share of earlier sessions with a purchase", unit="share")
def past_conversion(session: Session, user: User, shop: Shop) -> float:
    """Earlier sessions with a purchase divided by earlier sessions; missing for a new shopper."""
    return ratio(user.orders, user.sessions)


@feature("Earlier cart events per purchase wanted", unit="share")
def past_cart_success(session: Session, user: User, shop: Shop) -> float:
    """Earlier purchases divided by earlier purchases and cart events; missing without either."""
    return ratio(user.purchases, user.purchases + user.carts)


@feature("Events per earlier session", unit="events")
def past_session_size(session: Session, user: User, shop: Shop) -> float:
    """Earlier events divided by earlier sessions; missing for a new shopper."""
    return ratio(user.events, user.sessions)


@feature("Session so far against the shopper's usual size", unit="ratio")
def size_against_usual(session: Session, user: User, shop: Shop) -> float:
    """Events of this session up to now divided by events per earlier session."""
    return ratio(session.kind.size, ratio(user.events, user.sessions))


@feature("Days since the last visit", unit="days")
def since_last_visit(session: Session, user: User, shop: Shop) -> float:
    """From the shopper's latest earlier event to the start of this session; missing if new."""
    return max(user.asof - user.last, 0) / DAYS if user.last > 0 else np.nan


@feature("Days since the last purchase", unit="days")
def since_last_purchase(session: Session, user: User, shop: Shop) -> float:
    """From the shopper's latest purchase to the start of this session; missing without one."""
    return max(user.asof - user.last_purchase, 0) / DAYS if user.last_purchase > 0 else np.nan


@feature("Days since the first visit", unit="days")
def known_for(session: Session, user: User, shop: Shop) -> float:
    """From the shopper's first event to the start of this session, at most 28 days."""
    return min(max(user.asof - user.first, 0) / DAYS, MOST_DAYS) if user.first > 0 else np.nan


@feature("Usual price", unit="price")
def past_price(session: Session, user: User, shop: Shop) -> float:
    """The mean price of the shopper's earlier events; missing where none had one."""
    return ratio(user.price_sum, user.priced)
