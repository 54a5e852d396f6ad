"""The present price against what the product and its category usually cost."""

from __future__ import annotations

from willbuy.features.loops import ratio
from willbuy.features.registry import feature
from willbuy.moments.shop import CATEGORY, PRODUCT, Shop, mean_price, window
from willbuy.moments.state import Session, User


@feature("Price against this product's usual one", unit="ratio")
def price_against_product(session: Session, user: User, shop: Shop) -> float:
    """The present price divided by the product's mean price in the last 28 complete days."""
    return shop.goods.bargain[-1]


@feature("Price against this product's of last week", unit="ratio")
def price_against_product_week(session: Session, user: User, shop: Shop) -> float:
    """The present price divided by the product's mean price in the last 7 complete days."""
    return ratio(session.price[-1], mean_price(window(shop, PRODUCT, session.product[-1], 7)))


@feature("Price against its category's", unit="ratio")
def price_against_category(session: Session, user: User, shop: Shop) -> float:
    """The present price divided by the category's mean price in the last 28 complete days."""
    return ratio(session.price[-1], mean_price(window(shop, CATEGORY, session.category[-1], 28)))
