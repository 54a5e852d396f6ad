"""What is in the cart, and how the shopper behaves around it."""

from __future__ import annotations

import numpy as np

from willbuy.events.schema import MISSING, Kind
from willbuy.features.loops import SECONDS, last_place, ratio, same
from willbuy.features.registry import feature
from willbuy.moments.shop import Shop
from willbuy.moments.state import Session, User


@feature("Products in the cart", unit="products")
def cart_size(session: Session, user: User, shop: Shop) -> float:
    """Different products put in the cart in this session and not taken out since."""
    n = 0
    for j in range(session.kind.size):
        if _stays(session, j):
            n += 1
    return n


@feature("Value of the cart", unit="price")
def cart_value(session: Session, user: User, shop: Shop) -> float:
    """Sum of the prices at which the products now in the cart were last put there."""
    total = 0.0
    for j in range(session.kind.size):
        if _stays(session, j) and not np.isnan(session.price[j]):
            total += session.price[j]
    return total


@feature("Cart value against the mean price", unit="ratio")
def cart_against_mean(session: Session, user: User, shop: Shop) -> float:
    """The cart's value divided by the mean price of the session's events."""
    total = 0.0
    n = 0
    for value in session.price:
        if not np.isnan(value):
            total += value
            n += 1
    value_now = cart_value(session, user, shop)
    return ratio(value_now, total / n) if n > 0 else np.nan


@feature("This product is in the cart", unit="yes/no")
def product_in_cart(session: Session, user: User, shop: Shop) -> float:
    """1 where the present product was put in the cart in this session and not taken out."""
    for j in range(session.kind.size):
        if same(session.product[j], session.product[-1]) and _stays(session, j):
            return 1.0
    return 0.0


@feature("Time since the last cart event", unit="seconds")
def since_cart(session: Session, user: User, shop: Shop) -> float:
    """From the latest cart event of the session to now; missing where there was none."""
    place = last_place(session.kind, Kind.CART)
    return (session.time[-1] - session.time[place]) / SECONDS if place >= 0 else np.nan


@feature("Events since the last cart event", unit="events")
def events_since_cart(session: Session, user: User, shop: Shop) -> float:
    """Events after the latest cart event of the session; missing where there was none."""
    place = last_place(session.kind, Kind.CART)
    return session.kind.size - 1 - place if place >= 0 else np.nan


@feature("Events before the first cart event", unit="events")
def events_before_cart(session: Session, user: User, shop: Shop) -> float:
    """Events of the session before its first cart event; missing where there was none."""
    for j in range(session.kind.size):
        if session.kind[j] == Kind.CART:
            return j
    return np.nan


@feature("Time since the last removal", unit="seconds")
def since_remove(session: Session, user: User, shop: Shop) -> float:
    """From the latest removal from the cart to now; missing where there was none."""
    place = last_place(session.kind, Kind.REMOVE)
    return (session.time[-1] - session.time[place]) / SECONDS if place >= 0 else np.nan


@feature("Views of other products since the last cart event", unit="events")
def strays_since_cart(session: Session, user: User, shop: Shop) -> float:
    """Views, after the latest cart event, of products other than the carted one."""
    place = last_place(session.kind, Kind.CART)
    if place < 0:
        return np.nan
    n = 0
    for j in range(place + 1, session.kind.size):
        other = not same(session.product[j], session.product[place])
        if session.kind[j] == Kind.VIEW and other:
            n += 1
    return n


def _stays(session: Session, j: int) -> bool:
    """Whether event j is the last cart event of its product, with no removal after it."""
    if session.kind[j] != Kind.CART or session.product[j] == MISSING:
        return False
    for i in range(j + 1, session.kind.size):
        touches = session.kind[i] == Kind.CART or session.kind[i] == Kind.REMOVE
        if touches and session.product[i] == session.product[j]:
            return False
    return True
