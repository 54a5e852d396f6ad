"""The goods, their prices, and the causal structure that can be put into these."""

import numpy as np
import pytest

import willbuy
from willbuy.events.schema import Kind
from willbuy.simulator.chain import CUT, DEAR, PRICE_CLASSES, USUAL
from willbuy.simulator.effects import true_conversion
from willbuy.simulator.goods import (
    make_catalogue,
    masses,
    price_days,
    product_count,
    usual_masses,
)
from willbuy.simulator.shop import open_shop
from willbuy.simulator.traps import Traps
from willbuy.simulator.world import Causal, Goods, Prices, World

PRODUCTS = 2_000


def catalogue(world=World(), products=PRODUCTS, seed=0):  # noqa: B008
    return make_catalogue(world, products, np.random.default_rng(seed))


def shelves(world, goods, days=40):
    return list(price_days(world, goods, days, np.random.default_rng(1)))


def assert_share(flags, share):
    """Within four standard errors, for draws that hold for some days each."""
    assert abs(flags.mean() - share) < 4 * (share * (1 - share) / flags.size * 4) ** 0.5


def test_goods_are_what_the_world_wants():
    goods = catalogue()
    assert goods.popularity.sum() == pytest.approx(1)
    assert (goods.popularity > 0).all()
    np.testing.assert_allclose(goods.prior.sum(1), 1)
    shares = np.bincount(goods.quality) / PRODUCTS
    np.testing.assert_allclose(shares, goods.prior.mean(0), atol=0.04)
    np.testing.assert_allclose(shares, World().goods.quality_share, atol=0.15)
    assert goods.price.min() >= 0.5
    assert 80 < np.median(goods.price) < 320
    ranked = np.sort(goods.popularity)[::-1]
    assert ranked[0] / ranked[89] == pytest.approx(110 / 21)  # (rank + 20) ** -1


def test_how_many_products_there_are():
    assert product_count(World(), 42_448_764) == pytest.approx(166_794, abs=5)
    assert product_count(World(), 1) == 60
    assert product_count(World(goods=Goods(products=7)), 10**9) == 7


def test_every_product_is_found_where_the_shelf_says():
    goods = catalogue()
    for shelf in shelves(World(), goods, 3):
        classes, categories = shelf.begin.shape
        assert classes == len(World().goods.quality) * PRICE_CLASSES
        assert (np.sort(shelf.order) == np.arange(PRODUCTS)).all()
        found = 0
        for a in range(classes):
            for of in range(categories):
                there = shelf.order[shelf.begin[a, of] : shelf.end[a, of]]
                assert (shelf.appeal[there] == a).all()
                assert (goods.category[there] == of).all()
                found += len(there)
            alike = goods.popularity[shelf.appeal == a].sum()
            assert masses(shelf)[a] == pytest.approx(alike)
        assert found == PRODUCTS
        np.testing.assert_allclose(np.diff(shelf.reach), goods.popularity[shelf.order], atol=1e-12)
        assert (shelf.appeal == goods.quality * PRICE_CLASSES + shelf.price_class).all()


def test_prices_last_some_days_and_are_then_drawn_anew():
    world, goods = World(), catalogue()
    days = shelves(world, goods)
    classes = np.array([day.price_class for day in days])
    prices = world.prices
    for which, share in ((CUT, prices.cut), (DEAR, prices.dear)):
        assert_share(classes == which, share)
    stay = (classes[1:] == classes[:-1])[classes[:-1] == CUT]
    assert_share(stay, 1 - (1 - prices.cut) / prices.lasts_days)
    price = np.array([day.price for day in days]) / goods.price
    dear = goods.price > 20  # so that cents don't matter
    assert price[:, dear][classes[:, dear] == USUAL] == pytest.approx(1, abs=1e-3)
    for which in (CUT, DEAR):
        assert price[classes == which].mean() == pytest.approx(prices.factor[which], abs=0.01)
    average = np.mean([masses(day) for day in days], axis=0)
    np.testing.assert_allclose(average, usual_masses(world, goods), atol=0.02)


def test_shocks_move_whole_categories():
    share = 0.25
    goods = catalogue()
    world = World(causal=Causal(shock_share=share))
    calm, moved = (
        shelves(World(prices=Prices(cut=0, dear=0)), goods),
        shelves(world.model_copy(update={"prices": Prices(cut=0, dear=0)}), goods),
    )
    assert all((day.price_class == USUAL).all() for day in calm)
    states = []
    for day in moved:
        for category in np.unique(goods.category):
            (state,) = np.unique(day.price_class[goods.category == category])
            states.append(state)
    states = np.array(states)
    assert_share(states != USUAL, share)
    assert_share(states[states != USUAL] == CUT, 0.5)
    assert all((day.appeal // PRICE_CLASSES == goods.quality).all() for day in moved)


def test_goods_in_demand_are_better_and_may_be_dear():
    goods = catalogue()
    world = World(causal=Causal(hot_share=0.2, hot_dear=0.7))
    days = shelves(world, goods)
    better = np.array([day.appeal // PRICE_CLASSES for day in days]) - goods.quality
    can = goods.quality < len(world.goods.quality) - 1
    assert set(np.unique(better)) == {0, 1}
    assert not better[:, ~can].any()
    better, classes = better[:, can] == 1, np.array([day.price_class for day in days])[:, can]
    assert_share(better, 0.2)
    dear = World().prices.dear
    assert_share(classes[better] == DEAR, 0.7 + 0.3 * dear)
    assert_share(classes[~better] == DEAR, dear)


def rates(world, seed=0):
    """Purchases per look by product and price class, (2, P, 3): purchases, looks."""
    shop = open_shop(world, 300_000, 20, seed)
    counts = np.zeros((2, len(shop.goods.price), PRICE_CLASSES))
    for day in shop.open(2, None):
        for some in day.visits:
            for row, kind in enumerate((Kind.PURCHASE, Kind.VIEW)):
                product = some.events["product"][some.events["kind"] == kind]
                np.add.at(counts[row], (product, day.shelf.price_class[product]), 1)
    return counts


def cut_against_dear(counts):
    """The difference of rates within products, in standard errors."""
    bought, looked = counts[..., [CUT, DEAR]]
    use = (looked > 0).all(1)
    bought, looked = bought[use], looked[use]
    weight = looked.prod(1) / looked.sum(1)
    pooled = np.minimum(bought.sum(1) / looked.sum(1), 1)
    difference = (weight * (bought[:, 0] / looked[:, 0] - bought[:, 1] / looked[:, 1])).sum()
    return difference / (weight * pooled).sum() ** 0.5


def priced(sensitivity, **causal):
    types = [one.model_copy(update={"price_sensitivity": sensitivity}) for one in World().types]
    prices = Prices(cut=0.25, dear=0.25)
    return World(types=tuple(types), prices=prices, causal=Causal(**causal), traps=Traps.none())


def test_a_product_sells_better_on_days_when_it_is_cheap():
    assert cut_against_dear(rates(priced(1.0))) > 8
    assert abs(cut_against_dear(rates(priced(0.0)))) < 4


def test_demand_that_makes_goods_dear_hides_the_effect_of_the_price():
    """Nobody minds the price, and yet the dear days sell more: that is confounding."""
    assert cut_against_dear(rates(priced(0.0, hot_share=0.3, hot_dear=0.9))) < -4


@pytest.mark.slow
@pytest.mark.parametrize(
    "causal",
    [{}, {"shock_share": 0.6}, {"hot_share": 0.3}, {"hot_share": 0.3, "hot_dear": 0.8}],
)
def test_the_true_conversion_is_what_happens(causal, tmp_path):
    world = World(causal=Causal(**causal))
    seen, told = [], []
    for seed in range(4):
        out = tmp_path / f"{seed}.parquet"
        done = willbuy.simulate(out, events=200_000, seed=seed, world=world, clean=True)
        seen.append(done.buying_sessions / done.sessions)
        told.append(true_conversion(world, open_shop(world, 200_000, 31, seed).goods, 31))
    # A few popular goods decide much, so a seed is off by some percent; and visits that begin
    # where the last one ended are left out of what is told.
    assert np.mean(seen) == pytest.approx(np.mean([one["as_it_is"] for one in told]), rel=0.06)


def test_coupons_are_in_the_true_conversion():
    lifted = tuple(one.model_copy(update={"coupon_lift": 0.7}) for one in World().types)
    world = World(types=lifted, causal=Causal(coupon_share=0.5))
    told = true_conversion(world, open_shop(world, 50_000, 10, 0).goods, 10)
    assert told["no_coupons"] < told["as_it_is"] < told["coupons_for_all"]
    assert told["all_dear"] < told["all_usual"] < told["all_cut"]
    halfway = (told["no_coupons"] + told["coupons_for_all"]) / 2
    assert told["as_it_is"] == pytest.approx(halfway, rel=0.02)


def shelves_of(days=40, seed=0, **causal):
    world = World(causal=Causal(**causal))
    rng = np.random.default_rng(seed)
    goods = make_catalogue(world, 400, rng)
    shelves = list(price_days(world, goods, days, rng))
    better = np.array([shelf.appeal // PRICE_CLASSES - goods.quality for shelf in shelves])
    dear = np.array([shelf.price_class == DEAR for shelf in shelves])
    return goods, better[:, goods.quality < 3], dear[:, goods.quality < 3]


def test_a_rush_is_of_all_goods_and_makes_them_dear():
    _, better, dear = shelves_of(rush_share=0.3, hot_dear=1.0)
    rush = better.any(1)
    assert 3 < rush.sum() < 25
    assert better[rush].all()
    assert dear[rush].all()


def test_demand_lasts_as_long_as_it_should():
    _, better, _ = shelves_of(hot_share=0.3, hot_lasts_days=5)
    assert_share(better.astype(bool), 0.3)
    stay = better[1:][better[:-1] == 1].mean()
    assert_share(better[1:][better[:-1] == 1], 1 - 0.7 / 5)
    assert stay > 0.8


def test_a_price_may_follow_demand_a_day_late():
    _, better, dear = shelves_of(hot_share=0.3, hot_dear=1.0, hot_late=True)
    assert dear[1:][better[:-1] == 1].all()
    assert dear[better == 1].mean() < 0.6


def test_good_products_are_dear_where_the_world_says_so():
    plain, *_ = shelves_of()
    priced, *_ = shelves_of(quality_price=0.5)
    quality = np.array(World().goods.quality)[plain.quality]
    np.testing.assert_allclose(np.log(priced.price / plain.price), 0.5 * quality, atol=0.01)
