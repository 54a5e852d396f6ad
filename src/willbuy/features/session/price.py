"""What the looked-at products cost, in the shop's own currency."""

from __future__ import annotations

import numpy as np

from willbuy.events.schema import MISSING
from willbuy.features.loops import (
    largest,
    last_known,
    mean,
    ratio,
    same,
    smallest,
    spread,
)
from willbuy.features.registry import feature
from willbuy.moments.shop import Shop
from willbuy.moments.state import Session, User


@feature("Price of this product", unit="price")
def price(session: Session, user: User, shop: Shop) -> float:
    """The price of the present event; missing where it has none."""
    return session.price[-1]


@feature("Latest known price", unit="price")
def latest_price(session: Session, user: User, shop: Shop) -> float:
    """The latest price that was there in the session; missing where none was."""
    return last_known(session.price)


@feature("Mean price", unit="price")
def mean_price(session: Session, user: User, shop: Shop) -> float:
    """The mean price over the session's events that have one."""
    return mean(session.price)


@feature("Lowest price", unit="price")
def lowest_price(session: Session, user: User, shop: Shop) -> float:
    """The lowest price in the session up to now."""
    return smallest(session.price)


@feature("Highest price", unit="price")
def highest_price(session: Session, user: User, shop: Shop) -> float:
    """The highest price in the session up to now."""
    return largest(session.price)


@feature("Highest price against the lowest", unit="ratio")
def price_range(session: Session, user: User, shop: Shop) -> float:
    """The highest price divided by the lowest: 1 where all cost the same."""
    return ratio(largest(session.price), smallest(session.price))


@feature("Spread of prices", unit="ratio")
def price_spread(session: Session, user: User, shop: Shop) -> float:
    """The standard deviation of the session's prices divided by their mean."""
    return ratio(spread(session.price), mean(session.price))


@feature("Price against the session's mean", unit="ratio")
def price_against_mean(session: Session, user: User, shop: Shop) -> float:
    """The present price divided by the mean price of the session up to now."""
    return ratio(session.price[-1], mean(session.price))


@feature("Price against the first one", unit="ratio")
def price_against_first(session: Session, user: User, shop: Shop) -> float:
    """The present price divided by that of the session's first event."""
    return ratio(session.price[-1], session.price[0])


@feature("Price against the event before", unit="ratio")
def price_against_previous(session: Session, user: User, shop: Shop) -> float:
    """The present price divided by that of the event before; missing at the first event."""
    if session.price.size < 2:
        return np.nan
    return ratio(session.price[-1], session.price[-2])


@feature("Price against the others in its category", unit="ratio")
def price_in_category(session: Session, user: User, shop: Shop) -> float:
    """The present price divided by the mean price of the session's events in its category."""
    total = 0.0
    n = 0
    for j in range(session.price.size):
        if same(session.category[j], session.category[-1]) and not np.isnan(session.price[j]):
            total += session.price[j]
            n += 1
    return ratio(session.price[-1], total / n) if n > 0 else np.nan


@feature("Share of prices below this one", unit="share")
def price_rank(session: Session, user: User, shop: Shop) -> float:
    """Of the session's prices, the share that is lower than the present one."""
    if np.isnan(session.price[-1]):
        return np.nan
    lower = 0
    known = 0
    for value in session.price:
        if not np.isnan(value):
            known += 1
            if value < session.price[-1]:
                lower += 1
    return ratio(lower, known)


@feature("Money looked at", unit="price")
def price_sum(session: Session, user: User, shop: Shop) -> float:
    """Sum of the first known prices of the session's different products."""
    total = 0.0
    for j in range(session.price.size):
        if not np.isnan(session.price[j]) and session.product[j] != MISSING:
            earlier = False
            for i in range(j):
                if session.product[i] == session.product[j] and not np.isnan(session.price[i]):
                    earlier = True
                    break
            if not earlier:
                total += session.price[j]
    return total


@feature("Events without a price", unit="events")
def unpriced(session: Session, user: User, shop: Shop) -> float:
    """Events of the session whose price is missing."""
    n = 0
    for value in session.price:
        if np.isnan(value):
            n += 1
    return n


@feature("Cheapest look at this product's category", unit="yes/no")
def cheapest_in_category(session: Session, user: User, shop: Shop) -> float:
    """1 where no other event in this category was cheaper and there was one to compare with."""
    compared = 0
    for j in range(session.price.size - 1):
        if same(session.category[j], session.category[-1]):
            if session.price[j] < session.price[-1]:
                return 0.0
            if session.price[j] >= session.price[-1]:  # neither holds without a price
                compared += 1
    return 1.0 if compared > 0 else 0.0
