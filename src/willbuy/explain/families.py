"""Families of features in plain words."""

from __future__ import annotations

_FAMILIES = {
    "session.counts": "How much happened in this session",
    "session.variety": "How wide this session's interest is",
    "session.pace": "This session's pace",
    "session.looks": "How long this session looks",
    "session.price": "Prices looked at in this session",
    "session.cart": "The cart in this session",
    "session.last": "The present event",
    "user.past": "The shopper's earlier visits",
    "user.affinity": "Whether the shopper knew the product",
    "user.rhythm": "How often and how fast the shopper comes",
    "user.since_purchase": "Since the shopper's last purchase",
    "user.last_visit": "The last visit by itself",
    "shop.popularity": "How popular the product is",
    "shop.rates": "How often lookers buy the product",
    "shop.prices": "Today's price against the usual one",
    "shop.temptation": "How tempting the goods seen were",
}

_WHO = {"session": "this session", "user": "the shopper before", "shop": "the shop before"}


def family(name: str) -> str:
    """A family of features in plain words.

    >>> family("session.pace"), family("own")
    ("This session's pace", 'Features of your own')
    """
    scope, _, theme = name.partition(".")
    if scope == "column":
        return theme
    return _FAMILIES.get(name) or (
        f"{theme.capitalize()} ({_WHO[scope]})" if scope in _WHO else "Features of your own"
    )


def family_within(name: str) -> str:
    """A family of features inside a sentence; a table's column is written as it is.

    >>> family_within("session.pace"), family_within("column.Month")
    ("this session's pace", 'Month')
    """
    plain = family(name)
    return plain if name.startswith("column.") else plain[:1].lower() + plain[1:]
