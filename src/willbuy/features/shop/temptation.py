"""How tempting the goods were that this session has looked at so far, and did not buy.

A product's temptation is its purchases per view in the last 28 complete days, smoothed as in
`rates`. Who has seen many tempting products and bought none is not like who has seen dull ones.
"""

from __future__ import annotations

import numpy as np

from willbuy.events.schema import Kind
from willbuy.features.loops import ratio
from willbuy.features.registry import feature
from willbuy.features.shop.rates import rate_at, shop_rate
from willbuy.moments.shop import PRODUCT, Shop, mean_price, window
from willbuy.moments.state import Session, User


@feature("Purchases to be expected of so many looks", unit="purchases")
def temptation(session: Session, user: User, shop: Shop) -> float:
    """Sum over the session's views of their product's purchases per view."""
    whole = shop_rate(shop, 28)
    total = 0.0
    for j in range(session.kind.size):
        if session.kind[j] == Kind.VIEW:
            total += rate_at(session, shop, j, whole)
    return total


@feature("Most tempting product so far", unit="share")
def most_tempting(session: Session, user: User, shop: Shop) -> float:
    """The highest purchases per view among the products of the session's events."""
    whole = shop_rate(shop, 28)
    best = np.nan
    for j in range(session.kind.size):
        rate = rate_at(session, shop, j, whole)
        if not rate <= best:
            best = rate
    return best


@feature("Temptation against the session's mean", unit="ratio")
def temptation_against_mean(session: Session, user: User, shop: Shop) -> float:
    """Purchases per view of the present product divided by the mean over the session's events."""
    whole = shop_rate(shop, 28)
    total = 0.0
    for j in range(session.kind.size):
        total += rate_at(session, shop, j, whole)
    return ratio(rate_at(session, shop, -1, whole), total / session.kind.size)


@feature("Best bargain so far", unit="ratio")
def best_bargain(session: Session, user: User, shop: Shop) -> float:
    """The lowest price against the product's mean one of 28 days, among the session's events."""
    best = np.nan
    for j in range(session.kind.size):
        bargain = _bargain(session, shop, j)
        if not np.isnan(bargain) and not bargain >= best:
            best = bargain
    return best


@feature("Prices against the usual ones", unit="ratio")
def usual_bargain(session: Session, user: User, shop: Shop) -> float:
    """The mean of price against the product's mean one of 28 days, over the session's events."""
    total = 0.0
    n = 0
    for j in range(session.kind.size):
        bargain = _bargain(session, shop, j)
        if not np.isnan(bargain):
            total += bargain
            n += 1
    return ratio(total, n)


def _bargain(session: Session, shop: Shop, j: int) -> float:
    return ratio(session.price[j], mean_price(window(shop, PRODUCT, session.product[j], 28)))
