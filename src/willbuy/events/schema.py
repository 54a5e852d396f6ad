"""The one shape every shop's log is brought into."""

from enum import IntEnum

import numpy as np


class Kind(IntEnum):
    """What happened in an event."""

    OTHER = 0
    VIEW = 1
    CART = 2
    REMOVE = 3
    WISHLIST = 4
    CHECKOUT = 5
    PURCHASE = 6


MISSING = -1
"""The key of an entity that a row does not name. It equals nothing, not even itself."""

EVENT = np.dtype(
    [
        ("time", "i8"),  # microseconds since 1970-01-01 UTC
        ("user", "i8"),  # key
        ("session", "i8"),  # key of the log's own session id; MISSING where it has none
        ("product", "i8"),  # key
        ("brand", "i8"),  # key
        ("category", "i8"),  # key of the finest category known
        ("section", "i8"),  # key of the first level of the category path
        ("price", "f8"),  # nan where missing; never zero or negative
        ("position", "i8"),  # the row's place in the log, from 0, rejected rows counted in
        ("kind", "i1"),  # Kind
    ],
    align=True,
)
"""One canonical event. Arrays of it are what engines hand to the fold."""
