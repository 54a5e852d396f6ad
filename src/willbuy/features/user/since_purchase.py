"""What the shopper did since the last purchase, or ever where there was none. Counts fade."""

from __future__ import annotations

from willbuy.features.registry import feature
from willbuy.moments.shop import Shop
from willbuy.moments.state import Session, User


@feature("Sessions since the last purchase", unit="sessions, fading")
def sessions_since_purchase(session: Session, user: User, shop: Shop) -> float:
    """Sessions of the shopper that began after the last purchase and before this one."""
    return user.sessions_since


@feature("Events since the last purchase", unit="events, fading")
def events_since_purchase(session: Session, user: User, shop: Shop) -> float:
    """Events of the shopper after the last purchase and before this session."""
    return user.events_since


@feature("Cart events since the last purchase", unit="events, fading")
def carts_since_purchase(session: Session, user: User, shop: Shop) -> float:
    """Cart events of the shopper after the last purchase and before this session."""
    return user.carts_since
