"""What could be known at every moment: the ladder of ceilings, day by day."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from willbuy.events.keys import keys_of
from willbuy.events.schema import Kind
from willbuy.simulator import beliefs
from willbuy.simulator.chain import PRICE_CLASSES, Floats, Looks
from willbuy.simulator.follow import FOLLOWED, Today
from willbuy.simulator.goods import Catalogue, Shelf, a_class_better
from willbuy.simulator.program import program
from willbuy.simulator.shop import Shop
from willbuy.simulator.state import DAY, coupons_of
from willbuy.simulator.texts import FIRST_USER, session_texts
from willbuy.simulator.traps import in_ladder, with_ids

SCHEMA = pl.Schema(
    {
        "user_key": pl.Int64(),
        "session_key": pl.Int64(),
        "ordinal": pl.Int32(),
        "time": pl.Datetime("us", "UTC"),
        "label": pl.Boolean(),
        "in_ladder": pl.Boolean(),
        "hidden_state": pl.Float32(),
        "exact_filter": pl.Float32(),
        "learned_products": pl.Float32(),
        "shopper_type": pl.UInt8(),
        "coupon": pl.Boolean(),
        "if_no_coupon": pl.Float32(),
        "if_coupon": pl.Float32(),
    }
)
"""One row for each moment before the purchase.

`label`: whether a purchase follows in the visit, flaws of the log or not. The chances: knowing the
hidden state; by the exact filter; by the filter with learned product effects; and by the exact
filter with and without a coupon from this moment on.
"""

_VIEW, _CART, _BUY = range(3)
_KINDS = (Kind.VIEW, Kind.CART, Kind.PURCHASE)
_MOST_DONE = 0.9  # of a class's views, as few of them may make it look


class Learner:
    """Product effects as a shop could learn them: from counts of past days.

    A product's class of quality gets the posterior of a multinomial likelihood: purchases, cart
    events and neither per view, at each class's mean rates over past days, all by the price class
    of the day, with the prior of its category and brand. On a day in demand it may be a class
    better; that this happens is known, but not when.
    """

    def __init__(self, catalogue: Catalogue, hot_share: float) -> None:
        self._hot = hot_share
        self._prior = np.log(np.maximum(catalogue.prior, 1e-300))
        products, qualities = catalogue.prior.shape
        self._counts = np.zeros((products, PRICE_CLASSES, len(_KINDS)))
        self._by_class = np.zeros((qualities, PRICE_CLASSES, len(_KINDS)))

    def chances(self) -> Floats:
        """The posterior of each product's quality (P, Q), from the days seen."""
        views = self._by_class[..., [_VIEW]]
        rates = (self._by_class[..., [_CART, _BUY]] + 1e-3) / (views + 1.0)
        rates /= np.maximum(1, rates.sum(-1, keepdims=True) / _MOST_DONE)
        neither = 1 - rates.sum(-1)
        seen = np.maximum(self._counts[..., _VIEW] - self._counts[..., _CART:].sum(-1), 0)
        odds = self._prior + seen @ np.log(neither).T
        odds += np.tensordot(self._counts[..., _CART:], np.log(rates), ((1, 2), (1, 2)))
        if not views.any():
            odds = self._prior
        chances = np.exp(odds - odds.max(1, keepdims=True))
        posterior: Floats = chances / chances.sum(1, keepdims=True)
        return (1 - self._hot) * posterior + self._hot * a_class_better(posterior)

    def learn(self, events: Any, shelf: Shelf) -> None:
        """Count a day's events, array of LOGGED."""
        for column, kind in enumerate(_KINDS):
            product = events["product"][events["kind"] == kind].astype(np.int64)
            at = product * PRICE_CLASSES + shelf.price_class[product]
            for counts, where in ((self._counts, at), (self._by_class, shelf.appeal[product])):
                of_kind = counts[..., column]
                of_kind += np.bincount(where, minlength=of_kind.size).reshape(of_kind.shape)


class Ladder:
    """Watches a shop and tells, at every moment, what could be known.

    Args:
        shop: To be watched.
        believed: Whether to tell, too, what the filter with learned product effects believes.
    """

    def __init__(self, shop: Shop, *, believed: bool = False) -> None:
        self._shop = shop
        self._learner = Learner(shop.goods, shop.world.causal.in_demand)
        self._believed = believed
        shape = (len(shop.shoppers), *shop.chain.first.shape, 2)
        self._beliefs = np.zeros(shape), np.zeros(shape)
        self._followed = np.zeros(shape[0], FOLLOWED), np.zeros(shape[0], FOLLOWED)

    def begin(self, day: int, looks: Looks, shelf: Shelf) -> None:
        """Make ready for the visits that begin on a day."""
        self._shelf = shelf
        quality = shelf.appeal // PRICE_CLASSES
        certain = np.zeros((len(quality), self._shop.goods.prior.shape[1]))
        certain[np.arange(len(quality)), quality] = 1.0
        world = self._shop.world
        rest = (
            self._shop.entries[day], world.start.weekday(), world.causal.coupon_share,
            self._shop.seed,
        )  # fmt: skip
        self._known = Today(looks.mix, looks.value, certain, *rest)
        self._learned = Today(looks.mix, looks.value, self._learner.chances(), *rest)

    def end(self, events: Any, shelf: Shelf) -> None:
        """Let the learner count a day that is over."""
        self._learner.learn(events, shelf)

    def rows(self, events: Any, states: NDArray[np.int16], types: Any) -> pl.DataFrame:
        """The truth about whole visits, one row a moment.

        Args:
            events: Array of LOGGED (n,), as the walk leaves them.
            states: (n,), as the walk leaves them.
            types: (n,), of their shoppers.

        Returns:
            The columns of `SCHEMA`; where beliefs are told, too, those of `belief_columns` as well.
        """
        shop, goods = self._shop, self._shop.goods
        known, learned = np.empty((len(events), 2)), np.empty((len(events), 2))
        columns = beliefs.columns(_sizes(shop))
        parts = np.empty((len(events) * self._believed, len(columns)))
        for today, followed, left, out, believed in (
            (self._known, self._followed[0], self._beliefs[0], known, parts[:0]),
            (self._learned, self._followed[1], self._beliefs[1], learned, parts),
        ):
            program().follow(
                events, shop.chain, today, self._shelf, goods.category, goods.popularity,
                followed, left, out, believed,
            )  # fmt: skip
        # What happens after the log's end is not in it.
        moments = ~np.isnan(known[:, 0]) & (events["time"] < shop.days * DAY)
        label = buys(events)[moments]
        events, states, types = events[moments], states[moments], types[moments]
        known, learned = known[moments], learned[moments]
        coupon = coupons_of(shop.seed, events, shop.world.causal.coupon_share).astype(np.int64)
        value = self._known.value
        at = np.arange(len(events))
        traps = shop.world.traps
        truth = pl.DataFrame(
            {
                "user_key": events["shopper"].astype(np.int64) + FIRST_USER,
                "session_key": self._session_keys(events),
                "ordinal": events["ordinal"],
                "time": _times(events["time"], shop.world.start),
                "label": label,
                "in_ladder": in_ladder(
                    events["shopper"], events["visit"], events["start"],
                    shop.days, traps, shop.seed,
                ),
                "hidden_state": value.reshape(*value.shape[:2], -1)[types, coupon, states],
                "exact_filter": known[at, coupon],
                "learned_products": learned[at, coupon],
                "shopper_type": types,
                "coupon": coupon.astype(bool),
                "if_no_coupon": known[:, 0],
                "if_coupon": known[:, 1],
            },
            schema=SCHEMA,
            strict=False,
        )  # fmt: skip
        if not self._believed:
            return truth
        return truth.hstack(pl.DataFrame(parts[moments].astype(np.float32), schema=columns))

    def _session_keys(self, events: Any) -> NDArray[np.int64]:
        shop = self._shop
        sessions = with_ids(events, shop.world.traps, shop.seed)["session"]
        distinct, at = np.unique(sessions, return_inverse=True)
        keys: NDArray[np.int64] = keys_of(session_texts(distinct, shop.seed))[at]
        return keys


def belief_columns(shop: Shop) -> pl.Schema:
    """Which moment it is, and the chance of each type, need, cart, intent and quality there.

    They are those of the filter with learned product effects; those of a part add up to 1.
    """
    return beliefs.schema(_sizes(shop))


def _sizes(shop: Shop) -> tuple[int, ...]:
    """Of a belief's parts."""
    types, _, intents, _, carts, needs, _ = shop.chain.action.shape
    return types, needs, carts, intents, shop.goods.prior.shape[1]


def buys(events: Any) -> NDArray[np.bool_]:
    """Whether the visit of each event has a purchase; events are visits in a row, each whole."""
    begins = np.flatnonzero(events["ordinal"] == 1)
    visit = np.cumsum(events["ordinal"] == 1) - 1
    bought = np.logical_or.reduceat(events["kind"] == Kind.PURCHASE, begins)
    later: NDArray[np.bool_] = bought[visit]
    return later


def _times(time: NDArray[np.int64], start: datetime.date) -> pl.Series:
    midnight = int(np.datetime64(start, "us").astype(np.int64))
    return pl.Series(time * 1_000_000 + midnight).cast(pl.Datetime("us", "UTC"))
