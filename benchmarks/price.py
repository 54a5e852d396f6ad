"""Whether `willbuy price` finds the true elasticity, and knows when it cannot.

Shops are simulated whose truth is known by an experiment in the same world: half of the products,
drawn at random, are cheaper and the others dearer, then the other way round. Each seed is another
shop; its estimate holds where the 95 % interval covers the truth.

    python benchmarks/price.py --seeds 100
    python benchmarks/price.py --seeds 20 --worlds "lasting shocks"
    python benchmarks/price.py --cross --seeds 15 --worlds "random prices" "confounded"
    python benchmarks/price.py --cost 10_000_000
"""

from __future__ import annotations

import argparse
import math
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context

import numpy as np
import polars as pl
from numpy.typing import NDArray

from machine import machine
from willbuy.decide.price.answer import Question, price
from willbuy.decide.price.bound import bounded
from willbuy.decide.price.checks import identify, with_log_price
from willbuy.decide.price.elasticity import PRICE, regress
from willbuy.decide.price.panel import product_days
from willbuy.decide.price.substitution import CROSS, with_others_price
from willbuy.events.schema import EVENT, MISSING
from willbuy.moments.calendar import make_calendar
from willbuy.moments.survey import DailyCounts
from willbuy.simulator.chain import make_chain
from willbuy.simulator.shop import Shop, newcomers, open_shop
from willbuy.simulator.traps import Traps
from willbuy.simulator.world import Causal, Goods, Prices, World

DEAR = 1.25
"""Prices are a fifth lower, usual, or a quarter higher: as far apart on a log scale."""

STEP = 0.3
"""What one such step adds to the appeal of a product."""

QUALITY = (-0.9, 0.7)
"""Two classes; what is in demand is of the better one for the day."""

WORLDS = {
    "random prices": Causal(),
    "confounded": Causal(quality_price=0.4, rush_share=0.3, hot_dear=0.7),
    "no effect": Causal(quality_price=0.4, rush_share=0.3, hot_dear=0.7),
    "lasting shocks": Causal(hot_share=0.25, hot_dear=0.8, hot_lasts_days=4, hot_late=True),
    "shocks of a day": Causal(hot_share=0.25, hot_dear=0.8),
}
"""Confounded: good products are dear, and so are days on which all goods are in demand. Shocks:
products come into demand one by one and are dear then, which no fixed effect takes away; lasting
ones are noticed a day late, as by a shop that follows its sales."""


def world_of(name: str) -> World:
    """A world of `WORLDS`."""
    step = 0.0 if name == "no effect" else STEP
    return World(
        goods=Goods(quality=QUALITY, quality_share=(0.5, 0.5), events_per_product=800),
        prices=Prices(
            cut=0.25, dear=0.25, factor=(1 / DEAR, 1, DEAR), appeal=(step, 0, -step), lasts_days=4
        ),
        causal=WORLDS[name],
        traps=Traps.none(),
    )


def days_of(shop: Shop) -> pl.DataFrame:
    """The product-days of a shop's log, counted as a run counts them."""
    counts = DailyCounts(make_calendar("UTC"))
    for day in shop.open(1, None):
        events = np.zeros(len(day.events), EVENT)
        events["time"] = day.events["time"] * 1_000_000
        events["kind"] = day.events["kind"]
        events["product"] = day.events["product"]
        events["price"] = day.events["price"]
        for entity in ("brand", "category", "section", "session"):
            events[entity] = MISSING
        counts.add(events)
    return product_days(counts.without([]), 0, shop.days)


def true_elasticity(events: int, seed: int = 0) -> tuple[float, float]:
    """By experiment: the elasticity of a product's purchases per view, and its standard error.

    Half of the products, drawn at random, are cheaper by half a step throughout, the others
    dearer; then the other way round. Prices move at random beside: what makes them move in
    another world is no part of what they do.
    """
    shop = open_shop(world_of("random prices"), events, 31, seed)
    dear = np.random.default_rng(seed).random(len(shop.goods.price)) < 0.5
    logs, variance = [], 0.0
    for chosen in (dear, ~dear):
        days = days_of(repriced(shop, chosen))
        is_dear = chosen[days["product"].to_numpy()]
        for arm in (is_dear, ~is_dear):
            views, bought = (int(days[one].to_numpy()[arm].sum()) for one in ("views", "purchases"))
            logs.append(math.log(bought / views))
            variance += 1 / bought
    wide = 2 * math.log(DEAR)
    return (logs[0] - logs[1] + logs[2] - logs[3]) / wide, math.sqrt(variance) / wide


def repriced(shop: Shop, dear: NDArray[np.bool_]) -> Shop:
    """The same shop, some products dearer by half a step, all others cheaper.

    Appeal is quality and price together, so a product that is dear throughout is one of a lower
    class of quality.
    """
    goods = shop.world.goods
    classes = len(goods.quality)
    quality = tuple(one + sign * STEP / 2 for sign in (1, -1) for one in goods.quality)
    share = tuple(one / 2 for one in goods.quality_share * 2)
    world = shop.world.model_copy(
        update={"goods": goods.model_copy(update={"quality": quality, "quality_share": share})}
    )
    catalogue = shop.goods._replace(
        quality=(shop.goods.quality + classes * dear).astype(np.int32),
        prior=np.hstack([shop.goods.prior, shop.goods.prior]) / 2,
        price=shop.goods.price * DEAR ** np.where(dear, 0.5, -0.5),
    )
    chain = make_chain(world)
    shoppers = newcomers(chain, shop.entries, len(shop.shoppers), shop.seed)
    return replace(shop, world=world, chain=chain, goods=catalogue, shoppers=shoppers)


def all_prices(events: int, seed: int = 0, factor: float = 1.05) -> tuple[float, float]:
    """What a rise of every price does to the whole shop: the same world and seed, run twice.

    Not what is estimated: shoppers who do not buy one product may buy another. Both shops have
    the same random numbers; the error counts them as independent, so it is at most this large.

    Returns:
        The elasticity of purchases per view, and its standard error.
    """
    world = world_of("random prices")
    shop = open_shop(world, events, 31, seed)
    slope = STEP / math.log(DEAR)
    rates, variance = [], 0.0
    for sign in (1, -1):
        level = factor**sign
        prices = world.prices.model_copy(
            update={
                "factor": tuple(one * level for one in world.prices.factor),
                "appeal": tuple(one - slope * math.log(level) for one in world.prices.appeal),
            }
        )
        moved = world.model_copy(update={"prices": prices})
        chain = make_chain(moved)
        shoppers = newcomers(chain, shop.entries, len(shop.shoppers), seed)
        days = days_of(replace(shop, world=moved, chain=chain, shoppers=shoppers))
        rates.append(days["purchases"].sum() / days["views"].sum())
        variance += 1 / days["purchases"].sum()
    wide = 2 * math.log(factor)
    return math.log(rates[0] / rates[1]) / wide, math.sqrt(variance) / wide


@dataclass(frozen=True)
class Truth:
    """What a price does by experiment: that of one product alone, its error, and all at once."""

    one: float
    error: float
    all: float


@dataclass(frozen=True)
class Seed:
    """What one seed gave: the estimate, withheld or not, and the pooled regression beside it."""

    value: float
    low: float
    high: float
    passed: bool
    placebo: bool
    pooled: float
    seconds: float


def one_seed(seed: int, name: str, events: int) -> Seed:
    """Simulate a shop and estimate."""
    days = with_log_price(days_of(open_shop(world_of(name), events, 31, 1000 + seed)))
    begun = time.process_time()
    found = identify(days)
    seconds = time.process_time() - begun
    if found.fit is None:
        raise SystemExit("\n".join(one.words for one in found.checks))
    told = found.fit.of()
    ahead = [one.passed for one in found.checks if one.name in ("pre_trends", "placebo")]
    return Seed(
        told["value"], told["low"], told["high"], found.passed, all(ahead), pooled(days), seconds
    )


def goods_of(shop: Shop, days: pl.DataFrame) -> pl.DataFrame:
    """What the shop's products are, as a run tells of them."""
    named = pl.DataFrame(
        {
            "product": np.arange(len(shop.goods.price)),
            "category": [f"s{one % 15}.c{one}" for one in shop.goods.category],
            "section": [f"s{one % 15}" for one in shop.goods.category],
            "brand": [f"b{one}" for one in shop.goods.brand],
        }
    )
    usual = days.group_by("product").agg(pl.col("price").median(), pl.col("views").sum())
    return usual.join(named, on="product").sort("product")


def own_and_cross(seed: int, name: str, events: int) -> tuple[float, float]:
    """Own and cross-price elasticity added up, and the error of the sum.

    What a cut on all products would do if shoppers chose within categories only.
    """
    shop = open_shop(world_of(name), events, 31, 1000 + seed)
    days = with_log_price(days_of(shop))
    rows = with_others_price(days, goods_of(shop, days))
    fit = regress(rows, [PRICE, CROSS], cluster="category")
    assert fit is not None
    return float(fit.value.sum()), math.sqrt(fit.covariance.sum())


def report_sums(name: str, true: float, sums: list[tuple[float, float]]) -> None:
    """How often own and cross together cover what all prices at once do."""
    inside = sum(abs(value - true) <= 1.96 * error for value, error in sums)
    value, error = np.mean(sums, axis=0)
    print(f"{name}: own and cross together {value:+.2f} ± {error:.2f} on average; "
          f"95 % intervals cover {true:+.2f} in {inside} of {len(sums)}", flush=True)  # fmt: skip


def pooled(days: pl.DataFrame) -> float:
    """The naive reading: purchases per view on price, all products and days in one pot."""
    from sklearn.linear_model import PoissonRegressor

    rows = days.filter(pl.col("views") > 0)
    views = rows["views"].to_numpy()
    model = PoissonRegressor(alpha=0, max_iter=1000)
    x = rows[PRICE].to_numpy()
    model.fit((x - x.mean())[:, None], rows["purchases"].to_numpy() / views, sample_weight=views)
    return float(model.coef_[0])


def report(name: str, truth: Truth, seeds: list[Seed]) -> None:
    """One line of the table."""
    value = np.array([one.value for one in seeds])
    covers = np.array([one.low <= truth.one <= one.high for one in seeds])
    bounds = [bounded({**vars(one), "evidence": "", "of": ""}, 1.0) for one in seeds]
    bound_one, bound_all = (
        np.array([one["low"] <= true <= one["high"] for one in bounds])
        for true in (truth.one, truth.all)
    )
    zero = np.array([one.low <= 0 <= one.high for one in seeds])
    passed = np.array([one.passed for one in seeds])
    print(
        f"| {name} | {len(seeds)} | {truth.one:+.2f} ± {truth.error:.2f} | {value.mean():+.2f} "
        f"(sd {value.std(ddof=1):.2f}) | {covers.sum()} | {zero.sum()} | {(~passed).sum()} "
        f"| {(covers & passed).sum()} of {passed.sum()} "
        f"| {(bound_one & passed).sum()} | {(bound_all & passed).sum()} "
        f"| {np.mean([one.pooled for one in seeds]):+.2f} |",
        flush=True,
    )


def cost(events: int) -> None:
    """What the answer costs on the default world's log, once its days are counted."""
    shop = open_shop(World(traps=Traps.none()), events, 31, 0)
    days = days_of(shop)
    goods = goods_of(shop, days)
    begun, wall = time.process_time(), time.perf_counter()
    price(days, goods, (24, 30), Question(0.1, margin=0.3))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{events:,} events, {len(days):,} product-days: {time.process_time() - begun:.0f} CPU s, "
        f"{time.perf_counter() - wall:.0f} s, peak {peak:.1f} GB with the simulated shop"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--events", type=int, default=300_000, help="of a seed's shop")
    parser.add_argument("--truth-events", type=int, default=5_000_000)
    parser.add_argument("--worlds", nargs="+", choices=list(WORLDS), default=list(WORLDS))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cross", action="store_true", help="only: own and cross added up")
    parser.add_argument("--cost", type=int, metavar="EVENTS", help="only what an answer costs")
    told = parser.parse_args()
    print(machine("pyfixest", "polars", "numpy"), "\n")
    if told.cost:
        cost(told.cost)
        return
    if told.cross:
        true = all_prices(told.truth_events)[0]
        for name in told.worlds:
            sums = [own_and_cross(seed, name, told.events) for seed in range(told.seeds)]
            report_sums(name, true, sums)
        return
    one, error = true_elasticity(told.truth_events)
    print(f"one product's price: {one:+.3f} ± {error:.3f}", flush=True)
    together = {factor: all_prices(told.truth_events, factor=factor) for factor in (1.05, 1.01)}
    for factor, (value, spread) in together.items():
        print(f"all prices times {factor:g} and 1/{factor:g}: {value:+.3f} ± {spread:.3f}")
    truth = Truth(one, error, together[1.05][0])
    print("\n| world | seeds | truth | estimates | cover it | cover 0 | withheld | told, cover "
          "| told, bound covers one | bound covers all | pooled |\n|" + "---|" * 11)  # fmt: skip
    with ProcessPoolExecutor(told.workers, get_context("spawn")) as pool:
        for name in told.worlds:
            work = partial(one_seed, name=name, events=told.events)
            seeds = list(pool.map(work, range(told.seeds)))
            report(name, Truth(0.0, 0.0, 0.0) if name == "no effect" else truth, seeds)


if __name__ == "__main__":
    main()
