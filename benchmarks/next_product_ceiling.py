"""The next product of a simulated shop, by somebody who knows the shop and each shopper's mind."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl

from willbuy.events.schema import Kind
from willbuy.research.session2vec.next_product import AT, Asked
from willbuy.simulator.chain import Chain
from willbuy.simulator.goods import Catalogue, Shelf, masses
from willbuy.simulator.shop import Shop, open_shop
from willbuy.simulator.state import DAY, REMEMBERED
from willbuy.simulator.texts import FIRST_USER, goods_texts
from willbuy.simulator.world import World

SECOND = 1_000_000


def reopened(truth: Path, events: int) -> Shop:
    """The shop that a truth tells of.

    Args:
        truth: What `willbuy simulate --truth` wrote.
        events: What `--events` was then.
    """
    told = json.loads(pl.read_parquet_metadata(truth)["willbuy"])
    return open_shop(World.model_validate(told["world"]), events, told["days"], told["seed"])


def ceiling(shop: Shop, asked: Asked) -> tuple[np.ndarray, np.ndarray]:
    """Whether the answer is among the likeliest, intent and type known.

    Args:
        shop: Not opened yet.
        asked: Questions of a run on its log.

    Returns:
        Which questions the shop knows, and whether the answer was among the first `AT` (q,).
    """
    goods, world = shop.goods, shop.world
    ids = goods_texts(
        goods.category, goods.brand, shop.seen, world.goods.brand_missing,
        world.goods.code_missing, shop.seed,
    ).product_id  # fmt: skip
    start = int(np.datetime64(world.start, "s").astype(np.int64))
    wanted = {
        (user - FIRST_USER, time // SECOND - start, product): at
        for at, (user, time, product) in enumerate(
            zip(
                asked.users.tolist(), asked.times[asked.last + 1].tolist(),
                asked.answer.tolist(), strict=True,
            )
        )
    }  # fmt: skip
    first = min(time for _, time, _ in wanted) // DAY - 1
    known, hit = np.zeros(len(asked.answer), bool), np.zeros(len(asked.answer), bool)
    for day in shop.open(1, None):
        if day.number < first:
            continue
        best = _Best(shop.chain, goods, day.shelf)
        for visits in day.visits:
            events = visits.events
            seen: list[int] = []
            for k in range(1, len(events)):
                before, event = events[k - 1], events[k]
                if event["ordinal"] == 1:
                    seen = []
                    continue
                moved = event["kind"] == Kind.VIEW and event["product"] != before["product"]
                if not moved:
                    continue
                product = int(before["product"])
                key = int(event["shopper"]), int(event["time"]), int(ids[event["product"]])
                at = wanted.get(key)
                if at is not None and before["kind"] in (Kind.VIEW, Kind.CART):
                    z = int(shop.shoppers["type"][event["shopper"]])
                    intent = int(visits.states[k - 1]) // (6 * len(shop.chain.wake[0]))
                    known[at] = True
                    hit[at] = int(event["product"]) in best.named(z, intent, product, seen)
                if product not in seen:  # as `walk.remember` does
                    seen = [*seen, product][-REMEMBERED:]
    return known, hit


class _Best:
    """The likeliest next products on a day; `walk.onward` backwards."""

    def __init__(self, chain: Chain, goods: Catalogue, shelf: Shelf) -> None:
        self.chain, self.goods, self.shelf = chain, goods, shelf
        mass = masses(shelf)
        mix = mass * chain.taste
        self.mix = mix / mix.sum(1, keepdims=True)
        appeal, category = shelf.appeal, goods.category
        in_block = np.zeros((len(mass), int(category.max()) + 1))
        np.add.at(in_block, (appeal, category), goods.popularity)
        self.block = in_block
        self.any = goods.popularity / mass[appeal]
        self.near = goods.popularity / in_block[appeal, category]

    def named(self, z: int, intent: int, product: int, seen: list[int]) -> set[int]:
        """The first `AT`."""
        chain, appeal, category = self.chain, self.shelf.appeal, self.goods.category
        mine = category[product]
        focus = np.where(self.block[:, mine] > 0, chain.focus[intent], 0.0)[appeal]
        chance = (1 - focus) * self.any + focus * self.near * (category == mine)
        like = np.zeros(len(self.block))
        others = [one for one in seen if one != product]
        np.add.at(like, appeal[others], 1)
        back = np.where(like > 0, chain.revisit[intent], 0.0)
        chance *= 1 - back[appeal]
        for one in others:
            chance[one] += back[appeal[one]] / like[appeal[one]]
        chance *= self.mix[z][appeal]
        chance[product] = -1.0
        return set(np.argpartition(-chance, AT)[:AT].tolist())
