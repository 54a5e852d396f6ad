"""The flaws of real logs, put on a simulated one.

Whether a trap strikes is a hash of the seed, the trap and the shopper, visit or event, and of
nothing else: what a shopper is like or does has no part in it, and a visit that goes on after
midnight meets the same fate on both days.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from willbuy.events.keys import mix_all, unit_all
from willbuy.events.schema import Kind
from willbuy.simulator.state import DAY, LOGGED, NO_SESSION, session_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Records = NDArray[np.void]
    Bools = NDArray[np.bool_]
    Integers = NDArray[np.int64]
    Hashes = NDArray[np.uint64]

SETTLED = 6 * 3600
"""Seconds that a visit is given to come to its end before an outage or the end of the log."""
FIRST_BOT = 2_000_000_000
"""Shoppers from this number on are bots."""

_BOTS_A_DAY = 10_000  # numbers kept for one day's bots
_BOT_VIEWS = (1_500, 4_000)
_SHORTEST_WITH_OUTAGES = 14  # days
_SECOND_ID = 1 << 52  # above every session number

Share = Annotated[float, Field(ge=0, le=1)]


class Traps(BaseModel):
    """How much of each flaw there is. The defaults are about those of a published real log."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    repeated: Share = Field(default=0.0003, description="Share of rows that stand there twice.")
    price_zero: Share = Field(default=0.0011, description="Share of rows whose price is 0.")
    shared_id: Share = Field(
        default=0.0002,
        description="Share of shoppers whose first visit has another shopper's session id.",
    )
    overlapping: Share = Field(
        default=0.001,
        description="Share of visits whose rows are dealt out on two session ids at once.",
    )
    long_id: Share = Field(
        default=0.001, description="Share of shoppers who keep one session id for all their visits."
    )
    null_id: Share = Field(default=0.0005, description="Share of visits without a session id.")
    outage: Share = Field(
        default=1 / 31,
        description="Share of days on which no purchase is recorded, in logs of 14 days or more.",
    )
    bots: Annotated[float, Field(ge=0, le=1e-4)] = Field(
        default=3e-6,
        description="Bots per row of the log. Each views thousands of products on one day.",
    )
    cut_last_line: bool = Field(
        default=True, description="Whether the last line of a CSV is cut off."
    )

    @classmethod
    def none(cls) -> Self:
        """A log without a flaw."""
        return cls.model_validate(dict.fromkeys(cls.model_fields, 0))


class _Draw(IntEnum):
    """Keeps the draws apart."""

    REPEATED = 1
    PRICE_ZERO = 2
    SHARED_ID = 3
    OVERLAPPING = 4
    LONG_ID = 5
    NULL_ID = 6
    OUTAGE = 7
    BOTS = 8
    EVENT = 9
    DEALT = 10


def trapped(
    events: Records,
    day: int,
    days: int,
    traps: Traps,
    seed: int,
    prices: NDArray[np.float64],
) -> Records:
    """A day's events as a real log would have them.

    Args:
        events: LOGGED (n,), all of the day, in time order; not changed.
        day: From 0.
        days: Of the whole log.
        traps: How much of each.
        seed: Of the simulation.
        prices: Of every product on this day (P,); bots draw from them.

    Returns:
        LOGGED (m,), in time order; a repeat stands right after its row.
    """
    if day in outage_days(days, traps, seed):
        events = events[events["kind"] != Kind.PURCHASE]
    events = with_ids(events, traps, seed)
    events = _with_bots(events, day, traps, seed, prices)
    row = _event_hash(events, seed)
    events["price"][_drawn(_hash(row, _Draw.PRICE_ZERO, seed), traps.price_zero)] = 0.0
    twice = _drawn(_hash(row, _Draw.REPEATED, seed), traps.repeated)
    return np.repeat(events, 1 + twice)


def in_ladder(
    shopper: NDArray[np.int32],
    visit: NDArray[np.int32],
    start: NDArray[np.int64],
    days: int,
    traps: Traps,
    seed: int,
) -> Bools:
    """Which visits keep their labels and their moments whatever the traps do.

    It looks at who, which visit and when it began, never at what happened: visits with a
    purchase, and long ones, are hurt more often, so leaving out only those that were hurt would
    make the rest buy too rarely.

    Args:
        shopper, visit: Numbers (m,).
        start: Seconds since the log's first midnight (m,).
        days: Of the whole log.
        traps: How much of each.
        seed: Of the simulation.

    Returns:
        (m,). A shared id or a repeat takes no visit out: a session is known by its shopper and
        id together, and repeats are recognised.
    """
    session = _sessions(shopper, visit)
    hurt = start >= days * DAY - SETTLED
    hurt |= _drawn(_hash(session, _Draw.OVERLAPPING, seed), traps.overlapping)
    hurt |= _drawn(_hash(session, _Draw.NULL_ID, seed), traps.null_id)
    hurt |= _drawn(_hash(shopper, _Draw.LONG_ID, seed), traps.long_id)
    for day in outage_days(days, traps, seed):
        hurt |= (start >= day * DAY - SETTLED) & (start < (day + 1) * DAY)
    return ~hurt


def outage_days(days: int, traps: Traps, seed: int) -> list[int]:
    """The days without purchases, sorted; among the later two thirds, past any warm-up."""
    if days < _SHORTEST_WITH_OUTAGES or not traps.outage:
        return []
    late = np.arange(-(-days // 3), days, dtype=np.int64)
    order = np.argsort(_hash(late, _Draw.OUTAGE, seed))
    return sorted(late[order[: max(round(days * traps.outage), 1)]].tolist())


def with_ids(events: Records, traps: Traps, seed: int) -> Records:
    """A copy with the session ids that the log will have."""
    events = events.copy()
    shopper, session = events["shopper"], events["session"]
    own = session.copy()
    long = _drawn(_hash(shopper, _Draw.LONG_ID, seed), traps.long_id)
    session[long] = _sessions(shopper[long], 0)
    # The neighbour has a first visit, too, and no other visit of this shopper gets its id.
    shared = _drawn(_hash(shopper, _Draw.SHARED_ID, seed), traps.shared_id)
    shared &= events["visit"] == 0
    session[shared] = _sessions(shopper[shared] ^ 1, 0)
    torn = np.flatnonzero(_drawn(_hash(own, _Draw.OVERLAPPING, seed), traps.overlapping))
    second = _hash(_event_hash(events[torn], seed), _Draw.DEALT, seed) >> np.uint64(63)
    session[torn] += second.astype(np.int64) * _SECOND_ID
    session[_drawn(_hash(own, _Draw.NULL_ID, seed), traps.null_id)] = NO_SESSION
    return events


def _with_bots(
    events: Records, day: int, traps: Traps, seed: int, prices: NDArray[np.float64]
) -> Records:
    expected = len(events) * traps.bots
    part = unit_all(_hash(np.array([day]), _Draw.BOTS, seed))[0]
    count = int(expected + part)
    if not count:
        return events
    bots = np.concatenate([_bot(day, i, seed, prices) for i in range(count)])
    bots = bots[np.argsort(bots["time"], kind="stable")]
    return np.insert(events, np.searchsorted(events["time"], bots["time"], side="right"), bots)


def _bot(day: int, number: int, seed: int, prices: NDArray[np.float64]) -> Records:
    """One bot's views: any products, a second or a few apart, beginning at any time it can."""
    rng = np.random.default_rng([seed, _Draw.BOTS, day, number])
    rows = np.zeros(rng.integers(*_BOT_VIEWS, endpoint=True), dtype=LOGGED)
    passed = np.cumsum(rng.integers(1, 4, len(rows)))
    begin = day * DAY + rng.integers(DAY - passed[-1])
    rows["time"] = begin + passed - passed[0]
    rows["start"] = begin
    rows["shopper"] = FIRST_BOT + day * _BOTS_A_DAY + number
    rows["session"] = session_number(int(rows["shopper"][0]), 0)
    rows["ordinal"] = np.arange(1, len(rows) + 1)
    rows["product"] = rng.integers(len(prices), size=len(rows))
    rows["price"] = prices[rows["product"]]
    rows["kind"] = Kind.VIEW
    return rows


def _event_hash(events: Records, seed: int) -> Integers:
    """A number for every event that no other has, well mixed."""
    visit = _sessions(events["shopper"], events["visit"])
    mixed: Integers = _hash(visit, _Draw.EVENT, seed).view(np.int64) ^ events["ordinal"]
    return mixed


def _sessions(shopper: NDArray[np.int32], visit: Any) -> Integers:
    """`session_number` of many visits."""
    wide: Any = shopper.astype(np.int64)
    return np.asarray(session_number(wide, visit))


def _hash(numbers: NDArray[np.int64 | np.int32], draw: _Draw, seed: int) -> Hashes:
    return mix_all(numbers ^ np.int64(draw << 56), seed)


def _drawn(hashes: Hashes, share: float) -> Bools:
    return unit_all(hashes) < share
