"""How much of what has happened in the session so far."""

from __future__ import annotations

from willbuy.events.schema import Kind
from willbuy.features.loops import count, ratio
from willbuy.features.registry import feature
from willbuy.moments.shop import Shop
from willbuy.moments.state import Session, User


@feature("Events so far", unit="events")
def events(session: Session, user: User, shop: Shop) -> float:
    """All events of the session up to now: the moment's own ordinal."""
    return session.kind.size


@feature("Product views so far", unit="events")
def views(session: Session, user: User, shop: Shop) -> float:
    """Views in the session up to now."""
    return count(session.kind, Kind.VIEW)


@feature("Products put in the cart so far", unit="events")
def carts(session: Session, user: User, shop: Shop) -> float:
    """Cart events in the session up to now."""
    return count(session.kind, Kind.CART)


@feature("Products taken out of the cart so far", unit="events")
def removes(session: Session, user: User, shop: Shop) -> float:
    """Remove-from-cart events in the session up to now."""
    return count(session.kind, Kind.REMOVE)


@feature("Products put on the wish list so far", unit="events")
def wishes(session: Session, user: User, shop: Shop) -> float:
    """Wish-list events in the session up to now."""
    return count(session.kind, Kind.WISHLIST)


@feature("Checkout steps so far", unit="events")
def checkouts(session: Session, user: User, shop: Shop) -> float:
    """Checkout events in the session up to now."""
    return count(session.kind, Kind.CHECKOUT)


@feature("Share of events that are views", unit="share")
def view_share(session: Session, user: User, shop: Shop) -> float:
    """Views divided by all events up to now."""
    return ratio(count(session.kind, Kind.VIEW), session.kind.size)


@feature("Share of events that are carts", unit="share")
def cart_share(session: Session, user: User, shop: Shop) -> float:
    """Cart events divided by all events up to now."""
    return ratio(count(session.kind, Kind.CART), session.kind.size)
