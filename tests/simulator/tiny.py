"""A shop so small that everything in it can be listed."""

from typing import NamedTuple

import numpy as np

from simulator.paths import Known
from willbuy.simulator.chain import looks_of, make_chain
from willbuy.simulator.follow import FOLLOWED, Today
from willbuy.simulator.goods import Catalogue, make_shelf, masses
from willbuy.simulator.program import program
from willbuy.simulator.shop import newcomers
from willbuy.simulator.state import DAY, LOGGED
from willbuy.simulator.traps import Traps
from willbuy.simulator.world import Behaviour, Causal, Goods, Prices, ShopperType, World

SEED = 5
COUPONS = 0.4


def tiny_world(**changes):
    """Two types, two intents, two qualities; every kind of event and of wait is common."""
    behaviour = {
        "start": ((0.8, 0.2), (0.6, 0.4), (0.25, 0.75)), "evening_eager": 0.5,
        "leave": (0.5, 0.2), "leave_sated": 0.3, "leave_appeal": -0.2,
        "stay": (-0.2, 0.3), "stay_appeal": 0.3,
        "cart": (-0.7, 0.2), "cart_appeal": 0.4, "cart_again": -0.5, "remove": -0.1,
        "buy": (-1.5, -0.3), "buy_need": (-0.8, 0.0, 0.7), "buy_cart": 0.5, "buy_appeal": 0.6,
        "rise": -0.6, "rise_appeal": 0.5, "rise_open": 0.7, "fall": 0.3, "wake": 0.7, "taste": 0.5,
        "back": (0.2, 0.4, 0.7), "first_cart": 0.15, "first_buy": 0.35,
        "revisit": (0.3, 0.7), "focus": (0.35, 0.8),
        "dwell": ((0.3, 0.3, 0.2, 0.1, 0.05, 0.05), (0.05, 0.1, 0.2, 0.3, 0.2, 0.15)),
        "order_lines": 0.3,
        "keep_open": 0.7, "keep_sated": 0.6, "open_daily": 0.3, "keep_cart": 0.6,
        "stop_open": -0.8, "gap_open": 0.5,
    } | changes  # fmt: skip
    types = (
        ShopperType(name="calm", share=0.6, stop=0.3, soon=0.5, gap_days=2, open=0.3, eager=-0.4,
                    keen=-0.4, hasty=0.2, evening=-0.3, price_sensitivity=0.6, coupon_lift=0.3),
        ShopperType(name="keen", share=0.4, stop=0.2, soon=0.3, gap_days=3, open=0.6, eager=0.5,
                    keen=0.5, hasty=-0.3, evening=0.4, price_sensitivity=1.3, coupon_lift=0.9),
    )  # fmt: skip
    return World(
        types=types,
        behaviour=Behaviour(**behaviour),
        goods=Goods(quality=(-0.5, 0.7), quality_share=(0.6, 0.4)),
        prices=Prices(appeal=(0.6, 0.0, -0.5)),
        causal=Causal(coupon_share=COUPONS),
        traps=Traps.none(),
    )


def goods_of(category, quality, popularity):
    """A catalogue made by hand."""
    return Catalogue(
        category=np.array(category, np.int32),
        brand=np.zeros(len(category), np.int32),
        popularity=np.array(popularity) / np.sum(popularity),
        quality=np.array(quality, np.int32),
        prior=np.full((len(category), 2), 0.5),
        price=np.full(len(category), 10.0),
    )


class Opened(NamedTuple):
    """A day of a tiny shop."""

    today: Today
    shelf: object
    known: Known
    events: object


def opened(world, goods, price_classes, shoppers, seed=SEED):
    """Walk some shoppers through days with these price classes by product."""
    chain = make_chain(world)
    days = len(price_classes)
    # Who enters later is more often of the last type.
    tilt = np.exp(np.arange(days)[:, None] * np.arange(len(chain.first)))
    entries = chain.first * tilt[..., None]
    entries /= entries.sum()
    people = newcomers(chain, entries, shoppers, seed)
    weekday, share = world.start.weekday(), world.causal.coupon_share
    certain = np.eye(2)[goods.quality]
    found = []
    for day, price_class in enumerate(price_classes):
        price_class = np.array(price_class, np.int32)
        shelf = make_shelf(goods, goods.quality, price_class, goods.price + price_class)
        looks = looks_of(chain, masses(shelf), coupons=True)
        due = np.flatnonzero(people["next"] // DAY == day)
        events, states = np.zeros(shoppers * 200, LOGGED), np.zeros(shoppers * 200, np.int16)
        filled, end = program().walk(
            day, due, 0, people, chain, looks.mix, shelf, goods.category, weekday, share, seed,
            events, states,
        )  # fmt: skip
        assert end == len(due)
        today = Today(looks.mix, looks.value, certain, entries[day], weekday, share, seed)
        known = Known(
            chain,
            goods.popularity.tolist(),
            goods.category.tolist(),
            shelf.appeal.tolist(),
            weekday,
            entries[day],
        )
        found.append(Opened(today, shelf, known, events[:filled].copy()))
    return chain, people["type"], found


def follow_all(chain, goods, days, shoppers, values=None):
    """The filter over all days.

    Args:
        chain, goods: Of the shop.
        days: `Opened`.
        shoppers: How many.
        values: Used in place of the values by day; see `Today`.

    Returns:
        For each day, what it gave out (n, 2); what it knows of each shopper who has left,
        after every visit: (n, Z, N, 2), at each visit's last event, nan elsewhere; and its belief
        by part after each event (n, M).
    """
    beliefs = np.zeros((shoppers, *chain.first.shape, 2))
    followed = np.zeros(shoppers, FOLLOWED)
    told, ends, believed = [], [], []
    parts = len(chain.taste) + 3 + 2 + len(chain.focus) + days[0].today.chances.shape[1]
    for number, day in enumerate(days):
        today = day.today if values is None else day.today._replace(value=values[number])
        out, belief = np.empty((len(day.events), 2)), np.empty((len(day.events), parts))
        end = np.full((len(day.events), *beliefs.shape[1:]), np.nan)
        begins = np.flatnonzero(day.events["ordinal"] == 1)
        for begin, after in zip(begins, [*begins[1:], len(day.events)], strict=True):
            program().follow(
                day.events[begin:after], chain, today, day.shelf, goods.category,
                goods.popularity, followed, beliefs, out[begin:after], belief[begin:after],
            )  # fmt: skip
            end[after - 1] = beliefs[day.events["shopper"][begin]]
        told.append(out)
        ends.append(end)
        believed.append(belief)
    return told, ends, believed
