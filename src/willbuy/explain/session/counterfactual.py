"""What would have had to be different for the model to answer otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from willbuy.bundle.model import Bundle
from willbuy.errors import WillbuyError
from willbuy.explain.session.edits import Edit, Edited, Words, edits_of
from willbuy.explain.session.parts import Part
from willbuy.explain.session.replayed import Instead
from willbuy.explain.session.shopper import Shopper
from willbuy.moments.shop import PRICE_UNIT, PRODUCT
from willbuy.moments.state import Records
from willbuy.moments.tables import ShopTables

NOTE = (
    "The model's view, not an effect: what it would answer if these events had come in place of "
    "those that came. It does not say what the shopper would have done, nor what a changed price "
    "or a message would bring."
)

DEPTH, BEAM, STATES = 3, 6, 600
"""At most so many edits; after each, the best that are gone on with, and how many are tried."""

WAYS = 3
_SAME_PRICE = 0.005
_BY_DEFAULT = 0.1


@dataclass(frozen=True, eq=False)
class Way:
    """Edits that together change the answer.

    Attributes:
        edits: What is different.
        probability: What the model answers then.
        events: The session's events with them, array of EVENT.
    """

    edits: tuple[Edit, ...]
    probability: float
    events: Records = field(repr=False)


@dataclass(frozen=True, eq=False)
class Counterfactual:
    """The fewest edits that cross a probability.

    Attributes:
        target: The probability to cross; the model's threshold where none was given.
        up: Whether the answer has to rise to it; else it has to fall below.
        reached: Whether at most three edits cross it, among those tried.
        ways: Those that do, each of other kinds, the farthest across first; where none does,
            the one that comes nearest.
        tried: How many edited sessions were replayed.
        prices: The lowest and the highest price that the present product was tried at; None
            where it has none.
        prices_seen: Whether these are prices that it had; else a tenth less and more.
    """

    target: float
    up: bool
    reached: bool
    ways: tuple[Way, ...]
    tried: int
    prices: tuple[float, float] | None
    prices_seen: bool


def counterfactual(
    bundle: Bundle, shopper: Shopper, part: Part, target: float | None = None
) -> Counterfactual:
    """Search edits of a session's events, breadth first within a beam.

    All sessions one edit away are replayed, then those one edit away from the best of them, up
    to three edits. The search stops at the fewest edits that cross; it is bounded, so fewer may
    exist that it did not try (Wachter, Mittelstadt & Russell 2017 name such answers
    counterfactual explanations).

    Args:
        bundle: The model.
        shopper, part: The session and its moment.
        target: The probability to cross; the threshold where not given.

    Raises:
        WillbuyError: The target is no probability.
    """
    goal = bundle.threshold if target is None else target
    if not 0 < goal < 1:
        raise WillbuyError(f"The target {goal} is no probability between 0 and 1.")
    instead = Instead(bundle, shopper, part)
    start = Edited(instead.events)
    now = float(instead.probabilities([start.events])[0])
    up = now < goal
    prices, seen = price_range(
        bundle.tables, int(part.rows["shop_day"][part.at - 1]), shopper.events, start.events[-1]
    )
    words = _words(shopper, instead.events, prices)
    known = {start.events.tobytes()}
    beam: list[Edited] = [start]
    best: Way | None = None
    tried = 0
    for _ in range(DEPTH):
        states = _next(beam, words, known)
        if not states:
            break
        tried += len(states)
        answers = instead.probabilities([one.events for one in states])
        order = np.argsort(-answers if up else answers, kind="stable")
        order = order[~np.isnan(answers[order])]
        ways = [Way(states[i].edits, float(answers[i]), states[i].events) for i in order.tolist()]
        across = [one for one in ways if (one.probability >= goal) == up]
        if across:
            return Counterfactual(goal, up, True, _various(across), tried, prices, seen)
        if ways and (best is None or (ways[0].probability > best.probability) == up):
            best = ways[0]
        beam = [states[i] for i in order[:BEAM].tolist()]
    found = () if best is None else (best,)
    return Counterfactual(goal, up, False, found, tried, prices, seen)


def price_range(
    tables: ShopTables, day: int, own: Records, event: np.void
) -> tuple[tuple[float, float] | None, bool]:
    """What an event's product has cost, so far as known at a day.

    Args:
        tables: The shop's daily counts: their mean prices.
        day: The last day that counts.
        own: The shopper's events: the prices they saw up to this event.
        event: Record of EVENT.

    Returns:
        The lowest and highest price, and whether it was seen; a tenth less and more where it
        only ever had one. None without a price.
    """
    now = float(event["price"])
    if np.isnan(now):
        return None, False
    daily = tables.daily
    here = (daily["table"] == PRODUCT) & (daily["key"] == event["product"])
    here &= (daily["day"] <= day) & (daily["priced"] > 0)
    means = daily["price_sum"][here] / daily["priced"][here] / PRICE_UNIT
    like = (own["product"] == event["product"]) & (own["time"] <= event["time"])
    prices = np.concatenate([means, own["price"][like & ~np.isnan(own["price"])], [now]])
    low, high = float(prices.min()), float(prices.max())
    if high - low < 2 * _SAME_PRICE * now:
        return (now * (1 - _BY_DEFAULT), now * (1 + _BY_DEFAULT)), False
    return (low, high), True


def _next(beam: Sequence[Edited], words: Words, known: set[bytes]) -> list[Edited]:
    """What one more edit makes of these, what was there before left out; no more than STATES."""
    found: list[Edited] = []
    for state in beam:
        for one in islice(edits_of(state, words), STATES // len(beam)):
            key = one.events.tobytes()
            if key not in known:
                known.add(key)
                found.append(one)
    return found


def _various(ways: Sequence[Way]) -> tuple[Way, ...]:
    """The first of each kind of edits."""
    kinds: dict[tuple[str, ...], Way] = {}
    for one in ways:
        kinds.setdefault(tuple(sorted(edit.kind for edit in one.edits)), one)
    return tuple(kinds.values())[:WAYS]


def _words(shopper: Shopper, events: Records, prices: tuple[float, float] | None) -> Words:
    names = {
        int(key): str(raw.get("product"))
        for key, raw in zip(shopper.events["product"], shopper.raw, strict=True)
    }
    numbers = {position: i + 1 for i, position in enumerate(events["position"].tolist())}
    now = float(events["price"][-1])
    wanted: list[float] = []
    if prices is not None:
        low, high = prices
        tried = (low, (low + now) / 2, (now + high) / 2, high)
        wanted = [
            round(one, 2) for one in tried if abs(one - now) > _SAME_PRICE * now and round(one, 2)
        ]
    return Words(lambda key: f"product {names[key]}", lambda at: numbers[at], wanted)
