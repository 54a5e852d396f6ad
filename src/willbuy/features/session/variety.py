"""How wide or how narrow the session's interest is."""

from __future__ import annotations

from typing import Any

import numpy as np

from willbuy.events.schema import MISSING
from willbuy.features.loops import (
    count_same,
    distinct,
    ratio,
    run_length,
    same,
    seen_before,
    switches,
)
from willbuy.features.registry import feature
from willbuy.moments.shop import Shop
from willbuy.moments.state import Session, User


@feature("Different products", unit="products")
def distinct_products(session: Session, user: User, shop: Shop) -> float:
    """Different products among the events up to now."""
    return distinct(session.product)


@feature("Different brands", unit="brands")
def distinct_brands(session: Session, user: User, shop: Shop) -> float:
    """Different brands among the events up to now; events without a brand count for none."""
    return distinct(session.brand)


@feature("Different categories", unit="categories")
def distinct_categories(session: Session, user: User, shop: Shop) -> float:
    """Different categories, at the finest level, among the events up to now."""
    return distinct(session.category)


@feature("Different departments", unit="departments")
def distinct_sections(session: Session, user: User, shop: Shop) -> float:
    """Different first levels of the category path among the events up to now."""
    return distinct(session.section)


@feature("Events per product", unit="events")
def events_per_product(session: Session, user: User, shop: Shop) -> float:
    """All events divided by the different products."""
    return ratio(session.kind.size, distinct(session.product))


@feature("Returns to a product", unit="times")
def returns(session: Session, user: User, shop: Shop) -> float:
    """How often the shopper came back to a product after looking at another one."""
    n = 0
    for j in range(2, session.product.size):
        changed = not same(session.product[j], session.product[j - 1])
        if changed and seen_before(session.product, j):
            n += 1
    return n


@feature("Events on this product", unit="events")
def product_events(session: Session, user: User, shop: Shop) -> float:
    """Events of the session that concern the present product, this one among them."""
    return count_same(session.product, session.product[-1])


@feature("Most events on one product", unit="events")
def busiest_product(session: Session, user: User, shop: Shop) -> float:
    """Events on the product that has most of them."""
    best = 0
    for j in range(session.product.size):
        if session.product.size - j <= best:
            break
        best = max(best, count_same(session.product[j:], session.product[j]))
    return best


@feature("Events in a row on this product", unit="events")
def product_run(session: Session, user: User, shop: Shop) -> float:
    """How many of the latest events, without a break, concern the present product."""
    return run_length(session.product)


@feature("Events in a row in this category", unit="events")
def category_run(session: Session, user: User, shop: Shop) -> float:
    """How many of the latest events, without a break, stand in the present category."""
    return run_length(session.category)


@feature("Share of events in this category", unit="share")
def category_share(session: Session, user: User, shop: Shop) -> float:
    """Events in the present category divided by all events up to now."""
    return ratio(count_same(session.category, session.category[-1]), session.kind.size)


@feature("Share of events of this brand", unit="share")
def brand_share(session: Session, user: User, shop: Shop) -> float:
    """Events of the present brand divided by all events up to now; 0 without a brand."""
    return ratio(count_same(session.brand, session.brand[-1]), session.kind.size)


@feature("Changes of category", unit="times")
def category_switches(session: Session, user: User, shop: Shop) -> float:
    """How often an event stands in another category than the one before."""
    return switches(session.category)


@feature("Changes of brand", unit="times")
def brand_switches(session: Session, user: User, shop: Shop) -> float:
    """How often an event has another brand than the one before, missing brands passed over."""
    return switches(session.brand)


@feature("Back on the first product", unit="yes/no")
def on_first_product(session: Session, user: User, shop: Shop) -> float:
    """1 where the present product is the one the session began with, and not its first event."""
    if session.product.size < 2:
        return 0.0
    return 1.0 if same(session.product[-1], session.product[0]) else 0.0


@feature("Share of products seen once", unit="share")
def seen_once_share(session: Session, user: User, shop: Shop) -> float:
    """Of the different products, the share with a single event; missing without products."""
    once = 0
    for j in range(session.product.size):
        if session.product[j] != MISSING and not _elsewhere(session.product, j):
            once += 1
    different = distinct(session.product)
    return once / different if different > 0 else np.nan


def _elsewhere(keys: Any, j: int) -> bool:
    """Whether the key at `j` stands at another place, too."""
    for i in range(keys.size):  # noqa: SIM110 (a generator cannot be compiled)
        if i != j and keys[i] == keys[j]:
            return True
    return False
