"""The goods of a simulated shop, and what they cost and look like from day to day."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from willbuy.simulator.chain import CUT, DEAR, PRICE_CLASSES, USUAL, Floats
from willbuy.simulator.world import Causal, World

Ints = NDArray[np.int32]

_LEAST, _MOST = 60, 200_000
_CATEGORIES, _BRANDS = 1.53, 0.68
"""A shop of 166,794 products has some 624 categories and 3,500 brands."""

_SPREAD_WITHIN = 0.02
"""Within a price class, prices differ by so much (log)."""


class Catalogue(NamedTuple):
    """The goods, by product number (P,).

    Attributes:
        category: int32 number of the category.
        brand: int32 number of the brand.
        popularity: Chance to be looked at, but for taste; sums to 1.
        quality: int32 class of quality.
        prior: (P, Q), chances of the classes for goods of this category and brand.
        price: The usual price.
    """

    category: Ints
    brand: Ints
    popularity: Floats
    quality: Ints
    prior: Floats
    price: Floats


class Shelf(NamedTuple):
    """How a day's goods are found: those of a class of appeal, of a class and category.

    Attributes:
        appeal: int32 (P,), class of each product today: quality * 3 + price class.
        price_class: int32 (P,).
        price: (P,), today's.
        order: int32 (P,), products by class, then category.
        reach: (P + 1,), popularity summed up in that order.
        begin, end: int32 (A, C), where each class and category begins and ends in it.
    """

    appeal: Ints
    price_class: Ints
    price: Floats
    order: Ints
    reach: Floats
    begin: Ints
    end: Ints


def product_count(world: World, events: int) -> int:
    """How many products a log of so many events has."""
    if world.goods.products:
        return world.goods.products
    return int(np.clip(events / world.goods.events_per_product, _LEAST, _MOST))


def make_catalogue(world: World, products: int, rng: np.random.Generator) -> Catalogue:
    """Draw the goods."""
    goods = world.goods
    categories = goods.categories or round(_CATEGORIES * products**0.5)
    brands = goods.brands or round(products**_BRANDS)
    rank = 1.0 + np.arange(products) + goods.zipf_shift
    weight: Floats = np.exp(-goods.zipf * np.log(rank))
    popularity = rng.permutation(weight / weight.sum())
    category = _zipf_numbers(rng, categories, products)
    brand = _zipf_numbers(rng, brands, products)
    better = goods.category_spread * rng.standard_normal(categories)[category]
    better += goods.brand_spread * rng.standard_normal(brands)[brand]
    ranks = np.arange(len(goods.quality_share)) - (len(goods.quality_share) - 1) / 2
    prior = np.array(goods.quality_share) * np.exp(better[:, None] * ranks)
    prior /= prior.sum(1, keepdims=True)
    quality = (rng.random((products, 1)) > np.cumsum(prior, axis=1)[:, :-1]).sum(1)
    level = goods.price_spread * rng.standard_normal(categories)[category]
    own = goods.price_spread / 2 * rng.standard_normal(products)
    own += world.causal.quality_price * np.array(goods.quality)[quality]
    price = np.maximum(np.round(goods.median_price * np.exp(level + own), 2), 0.5)
    return Catalogue(
        category.astype(np.int32), brand.astype(np.int32), popularity,
        quality.astype(np.int32), prior, price.astype(np.float64),
    )  # fmt: skip


def _zipf_numbers(rng: np.random.Generator, size: int, n: int) -> NDArray[np.int64]:
    weight = 1.0 / (5.0 + np.arange(size))
    return rng.choice(size, n, p=weight / weight.sum())


def price_days(
    world: World, catalogue: Catalogue, days: int, rng: np.random.Generator
) -> Iterator[Shelf]:
    """The shelves of the days, one after the other.

    A price keeps its class for `lasts_days` on average and is then drawn anew, independently of
    everything else, unless the world has causal structure: shocks that move whole categories, and
    days on which a product, or every product, is in demand, when its price may be dear.
    """
    prices, causal = world.prices, world.causal
    share = _price_shares(world)
    products, best = len(catalogue.price), len(world.goods.quality) - 1
    price_class = rng.choice(PRICE_CLASSES, products, p=share)
    within = _SPREAD_WITHIN * rng.standard_normal(products)
    hot = asked = np.zeros(products, bool)
    for day in range(days):
        anew = rng.random(products) < 1 / prices.lasts_days
        price_class = np.where(anew, rng.choice(PRICE_CLASSES, products, p=share), price_class)
        within = np.where(anew, _SPREAD_WITHIN * rng.standard_normal(products), within)
        today, quality = price_class, catalogue.quality
        if causal.shock_share:
            today = _shocked(catalogue.category, today, causal.shock_share, rng)
        if causal.in_demand:
            hot, before = _in_demand(hot, day, causal, rng), asked
            asked = hot | (causal.rush_share > 0 and rng.random() < causal.rush_share)
            quality = np.minimum(quality + asked, best)
            noticed = before if causal.hot_late else asked
            today = np.where(noticed & (rng.random(products) < causal.hot_dear), DEAR, today)
        moved = np.where(today == USUAL, 0.0, within)
        price = catalogue.price * np.array(prices.factor)[today] * np.exp(moved)
        yield make_shelf(catalogue, quality, today, np.maximum(np.round(price, 2), 0.01))


def _in_demand(
    before: NDArray[np.bool_], day: int, causal: Causal, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Which products are in demand today; demand lasts for a while, and is then drawn anew."""
    drawn = rng.random(len(before)) < causal.hot_share
    if day == 0 or causal.hot_lasts_days == 1:
        return drawn
    anew = rng.random(len(before)) < 1 / causal.hot_lasts_days
    return np.where(anew, drawn, before)


def _shocked(
    category: Ints, price_class: NDArray[np.int64], share: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    categories = int(category.max()) + 1
    struck = rng.random(categories) < share
    drawn = np.where(rng.random(categories) < 0.5, CUT, DEAR)
    return np.where(struck[category], drawn[category], price_class)


def make_shelf(
    catalogue: Catalogue, quality: Ints, price_class: NDArray[np.integer], price: Floats
) -> Shelf:
    """Sort a day's goods so that the walk and the filter find them."""
    appeal = quality * PRICE_CLASSES + price_class
    categories = int(catalogue.category.max()) + 1
    classes = catalogue.prior.shape[1] * PRICE_CLASSES
    place = appeal * categories + catalogue.category
    order = np.argsort(place, kind="stable")
    reach = np.concatenate([[0.0], np.cumsum(catalogue.popularity[order])])
    border = np.searchsorted(place[order], np.arange(classes * categories + 1))
    begin, end = (one.reshape(classes, -1).astype(np.int32) for one in (border[:-1], border[1:]))
    return Shelf(
        appeal.astype(np.int32), price_class.astype(np.int32), price,
        order.astype(np.int32), reach, begin, end,
    )  # fmt: skip


def masses(shelf: Shelf) -> Floats:
    """Popularity of all goods of each class (A,)."""
    mass: Floats = shelf.reach[shelf.end[:, -1]] - shelf.reach[shelf.begin[:, 0]]
    return mass


def seen_shares(catalogue: Catalogue, looked: Floats, mass: Floats) -> Floats:
    """Each product's share of the log's events (P,), expected.

    Args:
        catalogue: The goods.
        looked: (A,), expected events by class of the product looked at.
        mass: (A,), popularity of the goods of each class.
    """
    looks, of_goods = (one.reshape(-1, PRICE_CLASSES).sum(1) for one in (looked, mass))
    by_quality = looks / np.where(of_goods > 0, of_goods, 1.0)  # a class may have no goods
    seen: Floats = catalogue.popularity * by_quality[catalogue.quality]
    seen /= seen.sum()
    return seen


def usual_masses(world: World, catalogue: Catalogue) -> Floats:
    """Popularity of all goods of each class (A,) on an average day."""
    causal = world.causal
    quality = np.zeros(catalogue.prior.shape[1])
    np.add.at(quality, catalogue.quality, catalogue.popularity)
    shocked = np.array([0.5, 0.0, 0.5])
    price = (1 - causal.shock_share) * _price_shares(world) + causal.shock_share * shocked
    dear = np.arange(PRICE_CLASSES) == DEAR
    hot_price = (1 - causal.hot_dear) * price + causal.hot_dear * dear
    hot = causal.in_demand
    mass: Floats = (1 - hot) * np.outer(quality, price)
    mass += hot * np.outer(a_class_better(quality), hot_price)
    return mass.ravel()


def a_class_better(shares: Floats) -> Floats:
    """Shares of the classes of quality (..., Q) where everything is a class better."""
    better: Floats = np.roll(shares, 1, axis=-1)
    better[..., 0] = 0.0
    better[..., -1] += shares[..., -1]
    return better


def _price_shares(world: World) -> Floats:
    prices = world.prices
    usual = max(1 - prices.cut - prices.dear, 0.0)
    shares: Floats = np.array([prices.cut, usual, prices.dear])
    shares /= shares.sum()
    return shares
