"""How much everybody looks at the present product, brand and category."""

from __future__ import annotations

from willbuy.features.loops import ratio
from willbuy.features.registry import feature
from willbuy.moments.shop import BRAND, CATEGORY, PRODUCT, Shop, days_covered, window
from willbuy.moments.state import Session, User


@feature("Views of this product a day, last 7 days", unit="views a day")
def product_views_week(session: Session, user: User, shop: Shop) -> float:
    """Views of the present product in the last 7 complete days, by the days covered."""
    return _views_a_day(shop, PRODUCT, session.product[-1], 7)


@feature("Views of this product a day, last 28 days", unit="views a day")
def product_views_month(session: Session, user: User, shop: Shop) -> float:
    """Views of the present product in the last 28 complete days, by the days covered."""
    return _views_a_day(shop, PRODUCT, session.product[-1], 28)


@feature("Views of this brand a day, last 7 days", unit="views a day")
def brand_views_week(session: Session, user: User, shop: Shop) -> float:
    """Views of the present brand in the last 7 complete days, by the days covered."""
    return _views_a_day(shop, BRAND, session.brand[-1], 7)


@feature("Views in this category a day, last 7 days", unit="views a day")
def category_views_week(session: Session, user: User, shop: Shop) -> float:
    """Views in the present category in the last 7 complete days, by the days covered."""
    return _views_a_day(shop, CATEGORY, session.category[-1], 7)


@feature("This product's share of its category's views", unit="share")
def product_share_of_category(session: Session, user: User, shop: Shop) -> float:
    """Views of the present product divided by those in its category, last 28 days."""
    product = window(shop, PRODUCT, session.product[-1], 28)
    category = window(shop, CATEGORY, session.category[-1], 28)
    return ratio(product.views, category.views)


@feature("Interest in this product against its usual level", unit="ratio")
def product_trend(session: Session, user: User, shop: Shop) -> float:
    """Views a day in the last 7 complete days divided by those in the last 28."""
    week = _views_a_day(shop, PRODUCT, session.product[-1], 7)
    return ratio(week, _views_a_day(shop, PRODUCT, session.product[-1], 28))


def _views_a_day(shop: Shop, table: int, key: int, days: int) -> float:
    return ratio(window(shop, table, key, days).views, days_covered(shop, days))
