"""The present event itself."""

from __future__ import annotations

from willbuy.events.schema import MISSING, Kind
from willbuy.features.registry import feature
from willbuy.moments.shop import Shop
from willbuy.moments.state import Session, User


@feature("This event is a cart event", unit="yes/no")
def is_cart(session: Session, user: User, shop: Shop) -> float:
    """1 where the present event puts a product in the cart."""
    return 1.0 if session.kind[-1] == Kind.CART else 0.0


@feature("This event is a removal", unit="yes/no")
def is_remove(session: Session, user: User, shop: Shop) -> float:
    """1 where the present event takes a product out of the cart."""
    return 1.0 if session.kind[-1] == Kind.REMOVE else 0.0


@feature("The session began with a cart event", unit="yes/no")
def began_with_cart(session: Session, user: User, shop: Shop) -> float:
    """1 where the session's first event is a cart event: a shopper who comes back for it."""
    return 1.0 if session.kind[0] == Kind.CART else 0.0


@feature("This product has a brand", unit="yes/no")
def has_brand(session: Session, user: User, shop: Shop) -> float:
    """0 where the log names no brand for the present product."""
    return 0.0 if session.brand[-1] == MISSING else 1.0


@feature("This product has a category path", unit="yes/no")
def has_section(session: Session, user: User, shop: Shop) -> float:
    """0 where the log names no category path for the present product."""
    return 0.0 if session.section[-1] == MISSING else 1.0
