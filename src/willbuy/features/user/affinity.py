"""How the present product relates to what the shopper did before (the last 32 products)."""

from __future__ import annotations

from willbuy.events.schema import MISSING
from willbuy.features.loops import ratio, same
from willbuy.features.registry import feature
from willbuy.moments.shop import Shop
from willbuy.moments.state import BOUGHT, CARTED, Session, User


@feature("This product was looked at before", unit="yes/no")
def product_known(session: Session, user: User, shop: Shop) -> float:
    """1 where an earlier session of the shopper had an event on the present product."""
    return 1.0 if _strength(session, user) > 0 else 0.0


@feature("This product was left in a cart before", unit="yes/no")
def product_left_in_cart(session: Session, user: User, shop: Shop) -> float:
    """1 where an earlier session put the present product in the cart and none bought it."""
    return 1.0 if _strength(session, user) == CARTED else 0.0


@feature("This product was bought before", unit="yes/no")
def product_bought(session: Session, user: User, shop: Shop) -> float:
    """1 where an earlier session of the shopper bought the present product."""
    return 1.0 if _strength(session, user) == BOUGHT else 0.0


@feature("Products of this brand looked at before", unit="share")
def brand_affinity(session: Session, user: User, shop: Shop) -> float:
    """Of the shopper's remembered products, the share of the present brand; missing if new."""
    n = 0
    for j in range(user.remembered):
        if same(user.brand[j], session.brand[-1]):
            n += 1
    return ratio(n, user.remembered)


@feature("Products of this category looked at before", unit="share")
def category_affinity(session: Session, user: User, shop: Shop) -> float:
    """Of the shopper's remembered products, the share in the present category; missing if new."""
    n = 0
    for j in range(user.remembered):
        if same(user.category[j], session.category[-1]):
            n += 1
    return ratio(n, user.remembered)


@feature("Products of this category bought before", unit="products")
def category_bought(session: Session, user: User, shop: Shop) -> float:
    """Remembered products in the present category that the shopper bought."""
    n = 0
    for j in range(user.remembered):
        if user.strength[j] == BOUGHT and same(user.category[j], session.category[-1]):
            n += 1
    return n


@feature("Share of this session's products known from before", unit="share")
def known_products_share(session: Session, user: User, shop: Shop) -> float:
    """Of the session's events with a product, the share on products of earlier sessions."""
    known = 0
    named = 0
    for j in range(session.product.size):
        if session.product[j] == MISSING:
            continue
        named += 1
        for i in range(user.remembered):
            if user.product[i] == session.product[j]:
                known += 1
                break
    return ratio(known, named)


@feature("Price against the shopper's usual one", unit="ratio")
def price_against_usual(session: Session, user: User, shop: Shop) -> float:
    """The present price divided by the mean price of the shopper's earlier events."""
    return ratio(session.price[-1], ratio(user.price_sum, user.priced))


def _strength(session: Session, user: User) -> int:
    """The strongest thing the shopper did with the present product; 0 where nothing."""
    for j in range(user.remembered):
        if same(user.product[j], session.product[-1]):
            return user.strength[j]
    return 0
