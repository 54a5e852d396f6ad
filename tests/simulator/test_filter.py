"""The compiled filter says what a list of every hidden path says."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from simulator.paths import after_each_event, chances_to_buy
from simulator.tiny import SEED, follow_all, goods_of, opened, tiny_world
from willbuy.events.schema import Kind
from willbuy.simulator.chain import PRICE_CLASSES
from willbuy.simulator.goods import masses
from willbuy.simulator.state import DAY, REMEMBERED, coupon_of

SHOPPERS = 4_000
SHOPS = {
    "three products": ([0, 0, 1], [0, 1, 1], [3, 2, 4]),
    "of one quality": ([0, 1, 1], [1, 1, 1], [1, 5, 2]),
    "six products": ([0, 1, 0, 1, 0, 0], [0, 0, 1, 1, 1, 0], [3, 1, 4, 1, 5, 9]),
}


def near(got, wanted):
    np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-12)


def visits_of(days):
    """Shopper → their visits: (day, events)."""
    found = {}
    for number, day in enumerate(days):
        for row, event in enumerate(day.events):
            one = SimpleNamespace(**{name: event[name].item() for name in event.dtype.names})
            one.row = row
            visits = found.setdefault(one.shopper, [])
            if one.ordinal == 1:
                visits.append((number, []))
            visits[-1][1].append(one)
    return found


def short(visits):
    sizes = [len(events) for _, events in visits]
    return max(sizes) <= 6 and sum(sizes) <= 8


def chosen(shoppers, count):
    """Logs of one, of two and of more visits: the most varied ones, and some as they come."""

    def plain(who):
        events = [event for _, events in shoppers[who] for event in events]
        kinds = {(event.kind, event.ordinal == 1) for event in events}
        return -len(kinds), -len({event.product for event in events}), who

    of_interest = sorted(shoppers, key=plain)
    for visits in (1, 2, 3):
        some = [who for who in of_interest if min(len(shoppers[who]), 3) == visits]
        yield from some[:count]
        yield from some[count :: len(some) // 10 + 1]


def stories_of(world, days, visits):
    shops = [days[number].known for number, _ in visits]
    share = world.causal.coupon_share
    who = visits[0][1][0].shopper
    coupons = [coupon_of(SEED, who, number, share) for number in range(len(visits))]
    return after_each_event([events for _, events in visits], shops, coupons)


@pytest.fixture(scope="module", params=SHOPS)
def shop(request):
    """A walked shop; of some shoppers' visits, the stories after each event and at the end."""
    world, goods = tiny_world(), goods_of(*SHOPS[request.param])
    price_classes = np.random.default_rng(1).integers(0, 3, (6, len(goods.price)))
    chain, _, days = opened(world, goods, price_classes, SHOPPERS)
    logs = {who: visits for who, visits in visits_of(days).items() if short(visits)}
    visits = [
        (number, events, steps, left)
        for who in chosen(logs, 30)
        for (number, events), (steps, left) in zip(
            logs[who], stories_of(world, days, logs[who]), strict=True
        )
    ]
    return SimpleNamespace(goods=goods, chain=chain, days=days, visits=visits)


def moments(shop):
    """Day, row, class looked at and stories, before the purchase."""
    for number, events, steps, _ in shop.visits:
        for event, stories in zip(events, steps, strict=True):
            if event.kind == Kind.PURCHASE:
                break
            if event.kind == Kind.VIEW or event.ordinal == 1:
                product = event.product
            yield number, event.row, shop.days[number].known.looks[product], stories


def mean(stories, value):
    """The mean of a value (Z, I, 2, N) over stories."""
    total = sum(one.chance for one in stories)
    return sum(
        one.chance * value[one.type][one.intent, int(one.cart is not None), one.need]
        for one in stories
    ) / total  # fmt: skip


def test_the_logs_hold_whatever_can_happen(shop):
    seen = Counter()
    for _, events, *_ in shop.visits:
        for last, event in zip([None, *events], events, strict=False):
            again = last is not None and event.product == last.product
            seen[event.kind, event.ordinal == 1, again] += 1
            seen["soon"] += event.visit > 0 and last is None
            seen["line"] += last is not None and event.time == last.time
            seen["coupon"] += coupon_of(SEED, event.shopper, event.visit, 0.4)
    for kind in (Kind.VIEW, Kind.CART, Kind.PURCHASE):
        assert seen[kind, True, False] > 3
        assert seen[kind, False, True] > 3
    assert seen[Kind.VIEW, False, False] > 50
    assert seen[Kind.REMOVE, False, True] > 3
    assert seen[Kind.REMOVE, False, False] > 0  # what was in the cart from the last visit
    assert min(seen[one] for one in ("soon", "line", "coupon")) > 2
    gaps = {
        (one[1][0].start // DAY - other[1][-1].time // DAY) > 0
        for other, one in zip(shop.visits, shop.visits[1:], strict=False)
        if one[1][0].visit > 0
    }
    assert gaps == {True, False}


def test_the_filter_equals_the_sum_over_all_paths(shop):
    types = len(shop.chain.taste)
    values = [
        [[chances_to_buy(z, k, day.known) for z in range(types)] for k in range(2)]
        for day in shop.days
    ]
    told, *_ = follow_all(shop.chain, shop.goods, shop.days, SHOPPERS)
    compared = 0
    for number, row, a, stories in moments(shop):
        for k in range(2):
            near(told[number][row, k], mean(stories, [one[:, a] for one in values[number][k]]))
        compared += 1
    assert compared > 150


def test_the_whole_belief_does(shop):
    """The mean of any value of the state is right, not only that of the chance to buy."""
    types, _, intents, classes, _, needs, _ = shop.chain.action.shape
    value = np.random.default_rng(2).random((types, 2, intents, classes, 2, needs))
    values = [value] * len(shop.days)
    told, *_ = follow_all(shop.chain, shop.goods, shop.days, SHOPPERS, values)
    for number, row, a, stories in moments(shop):
        for k in range(2):
            near(told[number][row, k], mean(stories, value[:, k, :, a]))


def test_the_belief_by_part_does(shop):
    """Each of these goods has one quality, which is known."""
    believed = follow_all(shop.chain, shop.goods, shop.days, SHOPPERS)[2]
    for number, row, a, stories in moments(shop):
        wanted = Counter()
        for one in stories:
            filled = one.cart is not None
            values = one.type, one.need, filled, one.intent, a // PRICE_CLASSES
            for part in enumerate(values):
                wanted[part] += one.chance
        total = sum(one.chance for one in stories)
        sizes = len(shop.chain.taste), 3, 2, len(shop.chain.focus), 2
        every = [(part, value) for part, size in enumerate(sizes) for value in range(size)]
        near(believed[number][row], [wanted[one] / total for one in every])


def test_what_a_visit_leaves_behind_is_known_as_well(shop):
    """Also after purchases: of a product at hand, in the cart, or in the cart of days ago."""
    _, ends, _ = follow_all(shop.chain, shop.goods, shop.days, SHOPPERS)
    for number, events, _, left in shop.visits:
        wanted = np.zeros(ends[number].shape[1:])
        for one in left:
            wanted[one.type, one.need, int(one.cart is not None)] += one.chance
        near(ends[number][events[-1].row], wanted / wanted.sum())


def test_no_chance_is_told_from_the_purchase_on(shop):
    told, *_ = follow_all(shop.chain, shop.goods, shop.days, SHOPPERS)
    for day, out in zip(shop.days, told, strict=True):
        visit = np.cumsum(day.events["ordinal"] == 1)
        bought = np.cumsum(day.events["kind"] == Kind.PURCHASE)
        before = np.concatenate([[0], bought])[:-1][day.events["ordinal"] == 1]
        assert (np.isnan(out).all(1) == (bought > before[visit - 1])).all()
        inside = out[~np.isnan(out)]
        assert ((inside > 0) & (inside < 1)).all()


def test_the_chance_of_a_later_purchase_is_that_of_value_iteration(shop):
    for day in shop.days[:2]:
        for z in range(len(shop.chain.taste)):
            for k in range(2):
                near(day.today.value[z, k], chances_to_buy(z, k, day.known))
        alike = np.bincount(day.shelf.appeal, shop.goods.popularity, len(day.today.mix[0]))
        near(masses(day.shelf), alike)


def test_more_products_than_can_be_returned_to():
    """Long visits of a single intent, whose stories are few: only the need may change."""
    one = {
        "start": ((1.0,),) * 3, "leave_sated": 0.0,
        "leave": (-3.0,), "stay": (-1.0,), "cart": (-3.5,), "buy": (-6.0,),
        "revisit": (0.4,), "focus": (0.5,), "dwell": ((1 / 6,) * 6,), "wake": 0.2,
    }  # fmt: skip
    rng = np.random.default_rng(3)
    count = 30
    goods = goods_of(np.arange(count) % 2, np.arange(count) // 2 % 2, rng.random(count) + 0.5)
    world = tiny_world(**one)
    chain, _, days = opened(world, goods, [np.ones(count)], 300)
    told, *_ = follow_all(chain, goods, days, 300)
    value = days[0].today.value
    compared = 0
    for visits in visits_of(days).values():
        events = visits[0][1]
        products = len({event.product for event in events})
        if products < REMEMBERED + 3 or len(events) > 40:
            continue
        ((steps, _),) = stories_of(world, days, visits[:1])
        coupon = coupon_of(SEED, events[0].shopper, 0, world.causal.coupon_share)
        for event, stories in zip(events, steps, strict=True):
            if event.kind == Kind.PURCHASE:
                break
            if event.kind == Kind.VIEW or event.ordinal == 1:
                a = days[0].known.looks[event.product]
            near(told[0][event.row, coupon], mean(stories, value[:, coupon, :, a]))
            compared += 1
    assert compared > 300
