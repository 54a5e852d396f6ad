"""The last visit by itself: the session that began last before this one, as far as it went."""

from __future__ import annotations

import numpy as np

from willbuy.features.loops import SECONDS, ratio, same
from willbuy.features.registry import feature
from willbuy.moments.shop import Shop
from willbuy.moments.state import Session, User


@feature("Events of the last visit", unit="events")
def last_visit_events(session: Session, user: User, shop: Shop) -> float:
    """Events of the last visit before this session began; missing for a new shopper."""
    return user.visit_events if user.opened > 0 else np.nan


@feature("Length of the last visit", unit="seconds")
def last_visit_duration(session: Session, user: User, shop: Shop) -> float:
    """From the last visit's first event to its last before this session began."""
    return (user.visit_last - user.visit_start) / SECONDS if user.opened > 0 else np.nan


@feature("Cart events of the last visit", unit="events")
def last_visit_carts(session: Session, user: User, shop: Shop) -> float:
    """Cart events of the last visit; missing for a new shopper."""
    return user.visit_carts if user.opened > 0 else np.nan


@feature("Changes of product in the last visit", unit="times")
def last_visit_moves(session: Session, user: User, shop: Shop) -> float:
    """Events of the last visit on another product than the event before."""
    return user.visit_moves if user.opened > 0 else np.nan


@feature("Long looks in the last visit", unit="events")
def last_visit_long_looks(session: Session, user: User, shop: Shop) -> float:
    """Views of the last visit after which nothing happened there for 40 seconds or more."""
    return user.visit_long_looks if user.opened > 0 else np.nan


@feature("The last visit ended in a purchase", unit="yes/no")
def last_visit_bought(session: Session, user: User, shop: Shop) -> float:
    """1 where the last visit bought something; missing for a new shopper."""
    return user.visit_orders if user.opened > 0 else np.nan


@feature("Price the last visit ended with", unit="price")
def last_visit_price(session: Session, user: User, shop: Shop) -> float:
    """The last known price of the last visit; missing where there was none."""
    return user.visit_price


@feature("Price against the one the last visit ended with", unit="ratio")
def price_against_last_visit(session: Session, user: User, shop: Shop) -> float:
    """The present price divided by the last known price of the last visit."""
    return ratio(session.price[-1], user.visit_price)


@feature("The session began where the last visit ended", unit="yes/no")
def began_where_left(session: Session, user: User, shop: Shop) -> float:
    """1 where the session's first product is the last one of the last visit."""
    return 1.0 if same(session.product[0], user.visit_product) else 0.0


@feature("This product is the last visit's last one", unit="yes/no")
def on_last_product(session: Session, user: User, shop: Shop) -> float:
    """1 where the present product is the last one of the last visit."""
    return 1.0 if same(session.product[-1], user.visit_product) else 0.0
