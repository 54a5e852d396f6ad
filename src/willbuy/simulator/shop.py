"""A shop that is open: day by day, who comes and what they do."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from willbuy.simulator.chain import Chain, Floats, Looks, looks_of, make_chain
from willbuy.simulator.forecast import forecast
from willbuy.simulator.goods import (
    Catalogue,
    Shelf,
    make_catalogue,
    masses,
    price_days,
    product_count,
    seen_shares,
    usual_masses,
)
from willbuy.simulator.program import program
from willbuy.simulator.state import DAY, LOGGED, NOTHING, SHOPPER
from willbuy.simulator.world import World

_AT_A_TIME = 20_000
"""Shoppers walked by one thread at a time."""

_BUFFER = 1 << 17
"""Events that a thread writes before it hands them on."""

_GOODS, _PRICES, _SHOPPERS = 1, 2, 3


class Visits(NamedTuple):
    """Whole visits, in the shoppers' own order.

    Attributes:
        events: Array of LOGGED (n,).
        states: int16 (n,), the hidden state after each event: its place in (I, A, 2, N).
        truth: What an `Observer` said of them.
    """

    events: Any
    states: NDArray[np.int16]
    truth: pl.DataFrame | None


class Day(NamedTuple):
    """A day of the log.

    Attributes:
        number: From 0.
        shelf: Its goods.
        visits: Those that began on it.
        events: Array of LOGGED: all that happened on it, in the order of time.
    """

    number: int
    shelf: Shelf
    visits: list[Visits]
    events: Any


class Observer(Protocol):
    """Watches the shop, as `truth.Ladder` does."""

    def begin(self, day: int, looks: Looks, shelf: Shelf) -> None:
        """A day begins."""

    def rows(self, events: Any, states: NDArray[np.int16], types: Any) -> pl.DataFrame:
        """Say something about visits of the day; called from several threads."""
        ...

    def end(self, events: Any, shelf: Shelf) -> None:
        """The day is over."""


@dataclass(frozen=True)
class Shop:
    """A shop, its goods, and its shoppers, who change from day to day.

    Attributes:
        world: Its settings.
        chain: Their probabilities.
        goods: What it sells.
        seen: (P,), each product's expected share of events.
        entries: (days, Z, N), chances of the day, type and need of a first visit in the log.
        shoppers: Array of SHOPPER.
        days: How long it is open.
        seed: Decides everything.
    """

    world: World
    chain: Chain
    goods: Catalogue
    seen: Floats
    entries: Floats
    shoppers: Any
    days: int
    seed: int

    def open(self, threads: int, observer: Observer | None) -> Iterator[Day]:
        """Open it, once; the days do not depend on the number of threads."""
        later = np.zeros(0, LOGGED)  # of visits that go on after midnight
        coupons = self.world.causal.coupon_share > 0
        shelves = price_days(
            self.world, self.goods, self.days, np.random.default_rng([self.seed, _PRICES])
        )
        with ThreadPoolExecutor(threads) as pool:
            for number, shelf in enumerate(shelves):
                looks = looks_of(self.chain, masses(shelf), coupons=coupons)
                if observer is not None:
                    observer.begin(number, looks, shelf)
                due = np.flatnonzero(self.shoppers["next"] // DAY == number)
                pieces = [due[at : at + _AT_A_TIME] for at in range(0, len(due), _AT_A_TIME)]
                walk = partial(
                    self._walk, number=number, looks=looks, shelf=shelf, observer=observer
                )
                found = pool.map(walk, pieces)
                visits = [one for some in found for one in some]
                events = np.concatenate([later, *(one.events for one in visits)])
                events = events[np.argsort(events["time"], kind="stable")]
                midnight = int(np.searchsorted(events["time"], (number + 1) * DAY))
                events, later = events[:midnight], events[midnight:].copy()
                if observer is not None:
                    observer.end(events, shelf)
                yield Day(number, shelf, visits, events)

    def _walk(
        self,
        due: NDArray[np.int64],
        number: int,
        looks: Looks,
        shelf: Shelf,
        observer: Observer | None,
    ) -> list[Visits]:
        events, states = np.zeros(_BUFFER, LOGGED), np.zeros(_BUFFER, np.int16)
        begin, found = 0, []
        while begin < len(due):
            filled, begin = program().walk(
                number, due, begin, self.shoppers, self.chain, looks.mix, shelf,
                self.goods.category, self.world.start.weekday(), self.world.causal.coupon_share,
                self.seed, events, states,
            )  # fmt: skip
            some, their = events[:filled].copy(), states[:filled].copy()
            truth = None
            if observer is not None and filled:
                truth = observer.rows(some, their, self.shoppers["type"][some["shopper"]])
            found.append(Visits(some, their, truth))
        return found


def open_shop(world: World, events: int, days: int, seed: int) -> Shop:
    """Make a shop whose log will have about so many events."""
    chain = make_chain(world)
    goods = make_catalogue(
        world, product_count(world, events), np.random.default_rng([seed, _GOODS])
    )
    mass = usual_masses(world, goods)
    expected = forecast(world, chain, mass, days)
    seen = seen_shares(goods, expected.looked, mass)
    count = max(round(events / expected.events), 1)
    shoppers = newcomers(chain, expected.entries, count, seed)
    return Shop(world, chain, goods, seen, expected.entries, shoppers, days, seed)


def newcomers(chain: Chain, entries: Floats, count: int, seed: int) -> Any:
    """Shoppers before their first visit: array of SHOPPER (count,).

    Args:
        chain: The world.
        entries: (days, Z, N), chances of the day, type and need of the first visit.
        count: How many.
        seed: Decides them.
    """
    rng = np.random.default_rng([seed, _SHOPPERS])
    shoppers = np.zeros(count, SHOPPER)
    drawn = np.searchsorted(np.cumsum(entries.ravel())[:-1], rng.random(count), "right")
    day, shoppers["type"], shoppers["need"] = np.unravel_index(drawn, entries.shape)
    hours = np.cumsum(chain.hour, axis=1)[:, :-1]
    hour, when = np.zeros(count, np.int64), rng.random(count)
    for z in range(len(hours)):
        of_type = shoppers["type"] == z
        hour[of_type] = np.searchsorted(hours[z], when[of_type], "right")
    shoppers["next"] = day * DAY + hour * 3600 + rng.integers(0, 3600, count)
    shoppers["product"] = shoppers["carted"] = NOTHING
    return shoppers
