"""Small changes of a session's events that leave it a session that could have been."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from willbuy.events.schema import MISSING, Kind
from willbuy.explain.words import quantity
from willbuy.moments.calendar import SECOND
from willbuy.moments.state import Records

DROP, VIEW, CART, PRICE, GAP = "drop", "view", "cart", "price", "gap"

ADDED = 1 << 60
"""Places in the log of events that are made up begin here: after all real ones."""

_PRODUCTS = 3
"""So many of the latest products are viewed or put in the cart once more."""
_PAUSE = 30 * SECOND
"""Before an added event, in a session that has no gap to go by."""
_GAPS = (0.5, 2.0)


@dataclass(frozen=True)
class Edit:
    """One change.

    Attributes:
        kind: drop, view, cart, price or gap.
        words: What is different, for people.
        target: What it changes; nothing is changed twice, but views may be added again.
    """

    kind: str
    words: str
    target: tuple[str, int]


@dataclass(frozen=True, eq=False)
class Edited:
    """A session's events up to a moment, after some changes.

    Attributes:
        events: Array of EVENT (n,), ascending in time.
        edits: What was changed.
    """

    events: Records
    edits: tuple[Edit, ...] = ()

    def but(self, edit: Edit, events: Records) -> Edited:
        """These events, after one more change."""
        return Edited(events, (*self.edits, edit))


@dataclass(frozen=True)
class Words:
    """How things are called.

    Attributes:
        product: A product's key → its name.
        number: An event's place in the log → its number in the session.
        prices: What the present product could have cost, instead.
    """

    product: Callable[[int], str]
    number: Callable[[int], int]
    prices: Sequence[float]


def edits_of(state: Edited, words: Words) -> Iterator[Edited]:
    """All that one more change makes of a session, impossible ones left out.

    Those at its end come first, so that a bounded search of a long session looks there.
    """
    before = _taken_from_nowhere(state.events)
    changed = {edit.target for edit in state.edits if edit.kind != VIEW}
    for edit, events in _changes(state.events, words):
        if edit.target not in changed and _taken_from_nowhere(events) <= before:
            yield state.but(edit, events)


def _changes(events: Records, words: Words) -> Iterator[tuple[Edit, Records]]:
    yield from _added(events, words)
    yield from _priced(events, words)
    for i in range(len(events) - 1, -1, -1):
        if events["position"][i] < ADDED:
            yield from _dropped(events, i, words)
            if i:
                yield from _shifted(events, i, words)


def _added(events: Records, words: Words) -> Iterator[tuple[Edit, Records]]:
    named = events[events["product"] != MISSING]
    latest = list(dict.fromkeys(named["product"][::-1].tolist()))[:_PRODUCTS]
    cart, gaps = _cart(events), np.diff(events["time"])
    pause = max(int(np.median(gaps)), SECOND) if len(gaps) else _PAUSE  # the session's usual one
    later = f"{quantity(pause / SECOND, 'seconds')} later"
    for product in latest:
        like = named[named["product"] == product][-1]
        called = words.product(product)
        edit = Edit(VIEW, f"one more view of {called} {later}", (VIEW, product))
        yield edit, _then(events, like, Kind.VIEW, pause)
        if product not in cart:
            edit = Edit(CART, f"{called} put in the cart {later}", (CART, product))
            yield edit, _then(events, like, Kind.CART, pause)


def _then(events: Records, like: np.void, kind: Kind, pause: int) -> Records:
    """One more event at the end."""
    one = np.array([like])
    one["kind"] = kind
    one["time"] = events["time"][-1] + pause
    one["position"] = max(ADDED, int(events["position"].max()) + 1)
    return np.concatenate([events, one])


def _priced(events: Records, words: Words) -> Iterator[tuple[Edit, Records]]:
    """The present product at another price, at all of its events so far."""
    product, now = int(events["product"][-1]), float(events["price"][-1])
    if product == MISSING or np.isnan(now):
        return
    for price in words.prices:
        new = events.copy()
        new["price"][new["product"] == product] *= price / now
        told = f"{words.product(product)} at {price:,.2f} in place of {now:,.2f}"
        yield Edit(PRICE, told, (PRICE, product)), new


def _dropped(events: Records, i: int, words: Words) -> Iterator[tuple[Edit, Records]]:
    if len(events) > 1:
        position = int(events["position"][i])
        kind, product = Kind(int(events["kind"][i])), int(events["product"][i])
        what = kind.name.lower() + ("" if product == MISSING else f" of {words.product(product)}")
        told = f"without event {words.number(position)} ({what})"
        yield Edit(DROP, told, (DROP, position)), np.delete(events, i)


def _shifted(events: Records, i: int, words: Words) -> Iterator[tuple[Edit, Records]]:
    """Another gap before an event; what follows moves with it."""
    gap, position = int(events["time"][i] - events["time"][i - 1]), int(events["position"][i])
    for factor in _GAPS:
        other = round(factor * gap / SECOND) * SECOND
        if other > 0 and other != gap:
            new = events.copy()
            new["time"][i:] += other - gap
            told = (
                f"{quantity(other / SECOND, 'seconds')} in place of "
                f"{quantity(gap / SECOND, 'seconds')} before event {words.number(position)}"
            )
            yield Edit(GAP, told, (GAP, position)), new


def _cart(events: Records) -> set[int]:
    inside: set[int] = set()
    for kind, product in zip(events["kind"].tolist(), events["product"].tolist(), strict=True):
        if kind == Kind.CART:
            inside.add(product)
        elif kind == Kind.REMOVE:
            inside.discard(product)
    return inside


def _taken_from_nowhere(events: Records) -> int:
    """Removals of what was not in the cart; real sessions have some, changes add none."""
    inside: set[int] = set()
    found = 0
    for kind, product in zip(events["kind"].tolist(), events["product"].tolist(), strict=True):
        if kind == Kind.CART:
            inside.add(product)
        elif kind == Kind.REMOVE:
            found += product not in inside
            inside.discard(product)
    return found
