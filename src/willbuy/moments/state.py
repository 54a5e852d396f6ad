"""What is known at a moment, as the records that the fold keeps and features read.

Everything is a numpy record of plain numbers: compiled code and plain Python read them alike
(`session.kind`, `user.views`), and live state can be stored as bytes.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from willbuy.moments.calendar import SECOND

Records = np.ndarray[Any, np.dtype[np.void]]
"""An array of records; `np.recarray` where attributes are read in plain Python."""

REMEMBERED = 32
"""How many different products of a shopper's past are remembered, the latest."""

LONG_LOOK = 40 * SECOND
"""A view after which nothing happens for so long, in microseconds, is a long look."""

VIEWED, CARTED, BOUGHT = 1, 2, 3
"""The strongest thing a shopper did with a remembered product."""

SEEN = np.dtype(
    [
        ("time", "i8"),
        ("product", "i8"),
        ("brand", "i8"),
        ("category", "i8"),
        ("section", "i8"),
        ("price", "f8"),
        ("day", "i4"),
        ("kind", "i1"),
        ("hour", "i1"),
        ("weekday", "i1"),
    ],
    align=True,
)
"""One event as features see it: no ids of shopper or session, no place in the log."""

GOODS = np.dtype([("rate", "f8"), ("bargain", "f8")], align=True)
"""What the shop's tables say of an event's product: purchases per view in the last 28 complete
days, smoothed, and the event's price divided by the product's mean one of these days."""

HISTORY = np.dtype(
    [
        ("asof", "i8"),  # frozen at this time: the session's first event
        ("watched", "i8"),  # microseconds of log before `asof`: how much could be seen
        ("updated", "i8"),  # the decayed numbers are worth what they say at this time
        ("first", "i8"),  # time of the shopper's first event; 0 where there was none
        ("last", "i8"),  # of the last event
        ("last_purchase", "i8"),
        ("sessions", "f8"),  # decayed counts from here on
        ("events", "f8"),
        ("views", "f8"),
        ("carts", "f8"),
        ("removes", "f8"),
        ("purchases", "f8"),
        ("orders", "f8"),  # sessions with a purchase
        ("spent", "f8"),  # sum of purchase prices
        ("price_sum", "f8"),  # of looked-at prices
        ("priced", "f8"),  # events that had a price
        ("gaps", "f8"),  # times between two events of one session
        ("log_gaps", "f8"),  # sum of their log2(1 + seconds)
        ("long_looks", "f8"),  # views that lasted LONG_LOOK or more
        ("breaks", "f8"),  # sessions that others went before
        ("log_breaks", "f8"),  # sum of log2(1 + hours) of the silences before them
        ("sessions_since", "f8"),  # since the last purchase, or ever: sessions begun,
        ("events_since", "f8"),
        ("carts_since", "f8"),
        ("opened", "i8"),  # sessions begun so far, the latest one's number
        ("last_break", "i8"),  # silence before the latest session
        ("visit_start", "i8"),  # the latest session by itself, as far as it went: first event,
        ("visit_last", "i8"),  # last event,
        ("visit_events", "i4"),
        ("visit_carts", "i4"),
        ("visit_moves", "i4"),  # events on another product than the event before
        ("visit_long_looks", "i4"),
        ("visit_orders", "i4"),  # 1 where it bought
        ("visit_product", "i8"),  # last known product
        ("visit_price", "f8"),  # last known price
        ("product", "i8", (REMEMBERED,)),
        ("brand", "i8", (REMEMBERED,)),
        ("category", "i8", (REMEMBERED,)),
        ("strength", "i1", (REMEMBERED,)),
        ("remembered", "i4"),  # filled places of the four arrays
        ("next", "i4"),  # the place that is overwritten next
    ],
    align=True,
)
"""A shopper's past. Decayed counts fade with the half-life of the settings."""

VISIT = np.dtype(
    [
        ("key", "i8"),  # of the log's session id; MISSING where it has none
        ("start", "i8"),
        ("last", "i8"),
        ("offset", "i8"),  # where its rows begin in the flat array of seen events
        ("number", "i8"),  # 1 for the first session the shopper began, and so on
        ("events", "i4"),  # exact repeats not counted
        ("purchase", "i4"),  # ordinal of the first purchase; 0 where there was none
        ("told", "i4"),  # of how many events the goods were looked up, see `tell_goods`,
        ("told_day", "i4"),  # as of which day
    ],
    align=True,
)
"""The register entry of one session of a shopper."""


class Session(Protocol):
    """The events of this session up to and including the moment's, as parallel arrays."""

    time: NDArray[np.int64]
    """Microseconds since 1970 UTC; ascending."""
    kind: NDArray[np.int8]
    """A `Kind`. Never PURCHASE: a moment lies before the session's first purchase."""
    product: NDArray[np.int64]
    brand: NDArray[np.int64]
    category: NDArray[np.int64]
    section: NDArray[np.int64]
    """Keys; -1 where missing. Compare them with `same`, or look them up."""
    price: NDArray[np.float64]
    """nan where missing."""
    day: NDArray[np.int32]
    """Local day since 1970."""
    hour: NDArray[np.int8]
    """Local hour, 0 to 23."""
    weekday: NDArray[np.int8]
    """Local day of the week, 0 for Monday."""

    size: int
    """How many events."""


class Goods(Protocol):
    """What the shop's tables say of the events' products, as parallel arrays (see `GOODS`)."""

    rate: NDArray[np.float64]
    bargain: NDArray[np.float64]
    """nan where a price is missing or none is usual."""


class User(Protocol):
    """What the shopper did in other sessions before this one began (see `HISTORY`)."""

    asof: int
    watched: int
    first: int
    last: int
    last_purchase: int
    sessions: float
    events: float
    views: float
    carts: float
    removes: float
    purchases: float
    orders: float
    spent: float
    price_sum: float
    priced: float
    gaps: float
    log_gaps: float
    long_looks: float
    breaks: float
    log_breaks: float
    sessions_since: float
    events_since: float
    carts_since: float
    opened: int
    last_break: int
    visit_start: int
    visit_last: int
    visit_events: int
    visit_carts: int
    visit_moves: int
    visit_long_looks: int
    visit_orders: int
    visit_product: int
    visit_price: float
    product: NDArray[np.int64]
    brand: NDArray[np.int64]
    category: NDArray[np.int64]
    strength: NDArray[np.int8]
    remembered: int


class Rules(NamedTuple):
    """The settings the fold needs. Times are microseconds."""

    silence: int
    id_silence: int
    max_span: int
    max_events: int
    daily_cap: int
    half_life: int
    shop_lag: int
    log_start: int


class Workspace(NamedTuple):
    """The memory in which one shopper's events are folded.

    Shapes: `history` (1,) of HISTORY; `visits` and `frozen` (sessions,) of VISIT and HISTORY;
    `seen` and `goods` (rows,) of SEEN and GOODS; `position` (rows,) int64: each row's place in
    the log.
    """

    history: Records
    visits: Records
    frozen: Records
    seen: Records
    goods: Records
    position: NDArray[np.int64]


def make_workspace(visits: int, rows: int) -> Workspace:
    """Empty memory for so many sessions and events of one shopper."""
    return Workspace(
        np.zeros(1, HISTORY),
        np.zeros(visits, VISIT),
        np.zeros(visits, HISTORY),
        np.zeros(rows, SEEN),
        np.zeros(rows, GOODS),
        np.zeros(rows, np.int64),
    )
