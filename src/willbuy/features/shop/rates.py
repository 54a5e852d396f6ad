"""How often looks at the present product, brand and category end in a purchase.

Each rate is purchases (or cart events) divided by views over complete past days, a purchase
counting on its own day. Where views are few it is drawn towards its category's rate, and that
towards the shop's.
"""

from __future__ import annotations

from willbuy.features.registry import feature
from willbuy.moments.shop import (
    ALL,
    BRAND,
    CATEGORY,
    PRODUCT,
    SECTION,
    Shop,
    rate_of,
    share,
    shop_rate,
    smoothed,
    window,
)
from willbuy.moments.state import Session, User


@feature("Purchases per view of this department, last 28 days", unit="share")
def section_rate(session: Session, user: User, shop: Shop) -> float:
    """Smoothed towards the shop's rate."""
    return rate_of(shop, SECTION, session.section[-1], shop_rate(shop, 28), 28)


@feature("Purchases per view of this category, last 28 days", unit="share")
def category_rate(session: Session, user: User, shop: Shop) -> float:
    """Smoothed towards the shop's rate."""
    return rate_of(shop, CATEGORY, session.category[-1], shop_rate(shop, 28), 28)


@feature("Purchases per view of this category, last 7 days", unit="share")
def category_rate_week(session: Session, user: User, shop: Shop) -> float:
    """Smoothed towards the shop's rate of these days."""
    return rate_of(shop, CATEGORY, session.category[-1], shop_rate(shop, 7), 7)


@feature("Purchases per view of this brand, last 28 days", unit="share")
def brand_rate(session: Session, user: User, shop: Shop) -> float:
    """Smoothed towards the category's rate, and that towards the shop's."""
    parent = rate_of(shop, CATEGORY, session.category[-1], shop_rate(shop, 28), 28)
    return rate_of(shop, BRAND, session.brand[-1], parent, 28)


@feature("Purchases per view of this product, last 28 days", unit="share")
def product_rate(session: Session, user: User, shop: Shop) -> float:
    """Smoothed towards the category's rate, and that towards the shop's."""
    return shop.goods.rate[-1]


@feature("Purchases per view of this product, last 7 days", unit="share")
def product_rate_week(session: Session, user: User, shop: Shop) -> float:
    """Smoothed towards the category's rate of these days, and that towards the shop's."""
    parent = rate_of(shop, CATEGORY, session.category[-1], shop_rate(shop, 7), 7)
    return rate_of(shop, PRODUCT, session.product[-1], parent, 7)


@feature("Cart events per view of this product, last 28 days", unit="share")
def product_cart_rate(session: Session, user: User, shop: Shop) -> float:
    """Smoothed towards the category's share, and that towards the shop's."""
    whole = window(shop, ALL, 0, 28)
    category = window(shop, CATEGORY, session.category[-1], 28)
    product = window(shop, PRODUCT, session.product[-1], 28)
    parent = smoothed(category.carts, category.views, share(whole.carts, whole.views))
    return smoothed(product.carts, product.views, parent)


@feature("This product's rate against its category's", unit="ratio")
def product_against_category(session: Session, user: User, shop: Shop) -> float:
    """Purchases per view of the present product divided by its category's, both smoothed."""
    parent = rate_of(shop, CATEGORY, session.category[-1], shop_rate(shop, 28), 28)
    return share(shop.goods.rate[-1], parent)
