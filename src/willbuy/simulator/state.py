"""What passes between the parts of the simulator."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.events.keys import mix, mix_all, unit, unit_all

LOGGED = np.dtype(
    [
        ("time", "i8"),  # seconds since the log's first midnight
        ("session", "i8"),  # see `session_number`; NO_SESSION where the log has none
        ("price", "f8"),
        ("shopper", "i4"),
        ("visit", "i4"),  # of the shopper, from 0
        ("ordinal", "i4"),  # of the event in its visit, from 1
        ("product", "i4"),
        ("start", "i4"),  # when the visit began, as `time`
        ("kind", "i1"),  # of events.schema.Kind
    ],
    align=True,
)
"""One event as it will stand in the log."""

NO_SESSION = -1

_VISITS = 1 << 20


def session_number(shopper: int, visit: int) -> int:
    """What a session's id is made from."""
    return shopper * _VISITS + visit


SHOPPER = np.dtype(
    [
        ("next", "i8"),  # start of the next visit, seconds; NEVER where there is none
        ("visits", "i4"),  # so far
        ("product", "i4"),  # looked at last; NOTHING at first
        ("carted", "i4"),  # put in the cart last
        ("type", "i1"),
        ("need", "i1"),
        ("cart", "i1"),
    ],
    align=True,
)
"""A shopper between two visits."""

NEVER = -1
NOTHING = -1

REMEMBERED = 8
"""So many products of a visit can be returned to."""

DAY = 86_400

_COUPONS = 0x5EED


def coupon_of(seed: int, shopper: int, visit: int, share: float) -> int:
    """Whether a visit is given a coupon: at random, by a hash."""
    drawn = mix(int(mix(seed + _COUPONS)) ^ session_number(shopper, visit))
    return int(unit(int(drawn)) < share)


def coupons_of(seed: int, events: Any, share: float) -> NDArray[np.bool_]:
    """`coupon_of` for the visits of an array of LOGGED."""
    wide: Any = events["shopper"].astype(np.int64)
    visits: Any = session_number(wide, events["visit"])
    return unit_all(mix_all(visits, seed + _COUPONS)) < share
