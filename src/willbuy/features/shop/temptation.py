"""How tempting the goods were that this session has looked at so far, and did not buy.

A product's temptation is its purchases per view in the last 28 complete days, smoothed as in
`rates`. Who has seen many tempting products and bought none is not like who has seen dull ones.
"""

from __future__ import annotations

from willbuy.events.schema import Kind
from willbuy.features.loops import largest, mean, ratio, smallest
from willbuy.features.registry import feature
from willbuy.moments.shop import Shop
from willbuy.moments.state import Session, User


@feature("Purchases to be expected of so many looks", unit="purchases")
def temptation(session: Session, user: User, shop: Shop) -> float:
    """Sum over the session's views of their product's purchases per view."""
    total = 0.0
    for j in range(session.kind.size):
        if session.kind[j] == Kind.VIEW:
            total += shop.goods.rate[j]
    return total


@feature("Most tempting product so far", unit="share")
def most_tempting(session: Session, user: User, shop: Shop) -> float:
    """The highest purchases per view among the products of the session's events."""
    return largest(shop.goods.rate)


@feature("Temptation against the session's mean", unit="ratio")
def temptation_against_mean(session: Session, user: User, shop: Shop) -> float:
    """Purchases per view of the present product divided by the mean over the session's events."""
    return ratio(shop.goods.rate[-1], mean(shop.goods.rate))


@feature("Best bargain so far", unit="ratio")
def best_bargain(session: Session, user: User, shop: Shop) -> float:
    """The lowest price against the product's mean one of 28 days, among the session's events."""
    return smallest(shop.goods.bargain)


@feature("Prices against the usual ones", unit="ratio")
def usual_bargain(session: Session, user: User, shop: Shop) -> float:
    """The mean of price against the product's mean one of 28 days, over the session's events."""
    return mean(shop.goods.bargain)
