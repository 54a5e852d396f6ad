"""The walk: the same whatever the threads, always possible, and what the forecast says."""

import numpy as np
import pytest

from simulator.tiny import tiny_world
from willbuy.errors import WillbuyError
from willbuy.events.schema import Kind
from willbuy.simulator import shop as module
from willbuy.simulator.chain import make_chain
from willbuy.simulator.forecast import forecast
from willbuy.simulator.goods import usual_masses
from willbuy.simulator.marginals import Marginals
from willbuy.simulator.shop import open_shop
from willbuy.simulator.state import DAY, session_number
from willbuy.simulator.truth import Ladder
from willbuy.simulator.world import Causal, Goods, Prices, World


def walked(world=World(), events=40_000, days=9, seed=0, threads=2, truth=False):  # noqa: B008
    shop = open_shop(world, events, days, seed)
    return shop, list(shop.open(threads, Ladder(shop) if truth else None))


def all_visits(days):
    """Events and states of whole visits, by shopper and visit."""
    events = np.concatenate([some.events for day in days for some in day.visits])
    states = np.concatenate([some.states for day in days for some in day.visits])
    order = np.lexsort([events["ordinal"], events["visit"], events["shopper"]])
    return events[order], states[order]


@pytest.fixture(scope="module")
def busy():
    """A shop in which everything happens often."""
    return walked(tiny_world(), events=60_000)


@pytest.mark.parametrize("world", [World(), tiny_world()], ids=["default", "tiny"])
def test_the_log_does_not_depend_on_the_threads(world, monkeypatch):
    _, usual = walked(world, threads=1, truth=True)
    monkeypatch.setattr(module, "_AT_A_TIME", 97)
    monkeypatch.setattr(module, "_BUFFER", 4_000)  # less than what some pieces need
    _, other = walked(world, threads=5, truth=True)
    for one, two in zip(usual, other, strict=True):
        assert len(two.visits) > len(one.visits)
        assert (one.events == two.events).all()
        for name in ("events", "states"):
            parts = [np.concatenate([getattr(v, name) for v in day.visits]) for day in (one, two)]
            assert (parts[0] == parts[1]).all()
        truths = [
            [v.truth for v in day.visits if v.truth is not None and len(v.truth)]
            for day in (one, two)
        ]
        rows = [[row for frame in truth for row in frame.rows()] for truth in truths]
        assert rows[0] == rows[1]


def test_another_seed_is_another_log():
    logs = [walked(seed=seed, days=2, events=5_000)[1] for seed in (0, 0, 1)]
    firsts = [[day.events[:100] for day in log] for log in logs]
    assert all((one == two).all() for one, two in zip(firsts[0], firsts[1], strict=True))
    for name in ("time", "product", "price", "shopper"):
        assert (firsts[0][0][name] != firsts[2][0][name]).mean() > 0.5


def test_the_log_is_all_visits_in_the_order_of_time(busy):
    shop, days = busy
    for day in days:
        assert (np.diff(day.events["time"]) >= 0).all()
        assert (day.events["time"] // DAY == day.number).all()
        for some in day.visits:
            assert (some.events["start"] // DAY == day.number).all()
            assert len(some.events) == len(some.states)
    visits, _ = all_visits(days)
    inside = visits[visits["time"] < shop.days * DAY]
    log = np.concatenate([day.events for day in days])
    assert len(log) == len(inside)
    order = np.lexsort([log["ordinal"], log["visit"], log["shopper"]])
    assert (log[order] == inside).all()
    late = visits["start"] // DAY < visits["time"] // DAY
    assert late.any()  # some go on after midnight


def test_every_visit_is_possible(busy):
    """Followed event by event: what each needs was there."""
    shop, days = busy
    shelves = {day.number: day.shelf for day in days}
    events, states = all_visits(days)
    intents, needs = len(shop.chain.focus), 3
    last = None
    seen = set()
    carted = None  # by the shopper last, and neither bought nor removed since
    for event, state in zip(events.tolist(), states.tolist(), strict=True):
        time, session, price, shopper, visit, ordinal, product, start, kind = event
        fresh = ordinal == 1
        if last is None or shopper != last[3]:
            assert visit == 0
            carted = None
        elif fresh:
            assert visit == last[4] + 1
            assert start - last[0] >= 1800
        else:
            assert ordinal == last[5] + 1
            assert start == last[7]
            assert 1 <= time - last[0] <= 1500 or (
                kind == last[8] == Kind.PURCHASE and time == last[0] and product != last[6]
            )
        assert session == session_number(shopper, visit)
        line = not fresh and time == last[0]
        if fresh:
            assert time == start
            # With what is in the cart a visit can only begin by buying it.
            looked = product
            if kind == Kind.PURCHASE:
                assert product == carted
        seen.add((Kind(kind), fresh, line, kind == Kind.PURCHASE and product != looked))
        shelf = shelves[start // DAY]
        assert price == shelf.price[product]
        rest, need = divmod(state, needs)
        rest, cart = divmod(rest, 2)
        intent, a = divmod(rest, len(shop.chain.wake[0]))
        assert intent < intents
        if kind == Kind.VIEW:
            looked = product
        elif kind == Kind.CART:
            assert product == looked
            carted = product
        elif kind == Kind.REMOVE:
            assert product == carted
            carted = None
        elif not line:
            assert product in (carted, looked)
            carted = None
        assert a == shelf.appeal[looked]
        assert kind != Kind.CART or cart == 1
        assert not cart or carted is not None
        assert kind not in (Kind.REMOVE, Kind.PURCHASE) or cart == 0
        assert kind != Kind.PURCHASE or (intent, need) == (0, 0)
        last = event
    bought = {one[1:] for one in seen if one[0] == Kind.PURCHASE}
    assert {(True, False, False), (False, False, True), (False, True, True)} <= bought
    assert {one[:2] for one in seen} == {(kind, fresh) for kind, fresh, *_ in seen}
    assert {one[0] for one in seen} == {Kind.VIEW, Kind.CART, Kind.REMOVE, Kind.PURCHASE}
    assert (Kind.REMOVE, True, False, False) not in seen


def told_of(seed, world, events=100_000, days=10):
    marginals = Marginals()
    for day in walked(world, events, days, seed)[1]:
        for some in day.visits:
            marginals.count_visits(some.events)
    marginals.rows = 1
    told = marginals.told()
    by_visit = told["events_per_session"]
    return {
        "visits": told["sessions_per_shopper"],
        "events": told["sessions_per_shopper"] * by_visit,
        "buying": told["buying_sessions"],
        "single": told["sessions_of_one_event"],
        "carts": told["carts"] * by_visit,
        "removals": told["removals"] * by_visit,
        "purchases": told["purchases"] * by_visit,
    }


@pytest.mark.parametrize(
    "world",
    [World(), tiny_world(back=(0.0, 0.0, 0.0)).model_copy(update={"causal": Causal()})],
    ids=["default", "tiny"],
)
def test_the_log_is_what_the_forecast_says(world):
    seeds = range(4)
    told = [told_of(seed, world) for seed in seeds]
    goods = [open_shop(world, 100_000, 10, seed).goods for seed in seeds]
    chain = make_chain(world)
    wanted = [forecast(world, chain, usual_masses(world, one), 10) for one in goods]
    for name in told[0]:
        each = [
            getattr(one, name) / (one.visits if name not in ("visits", "events") else 1)
            for one in wanted
        ]
        ratios = [got[name] / one for got, one in zip(told, each, strict=True)]
        # Popular goods and their prices differ from seed to seed; they are not forecast.
        error = np.std(ratios, ddof=1) / len(ratios) ** 0.5
        assert abs(np.mean(ratios) - 1) < 0.02 + 4 * error, name
        assert error < 0.15, name


def test_every_shopper_comes_within_the_log():
    shop, days = walked(events=20_000, days=4)
    events, _ = all_visits(days)
    assert (np.unique(events["shopper"]) == np.arange(len(shop.shoppers))).all()


def test_visits_follow_the_weekdays():
    """As many as the world wants, new shoppers making up for what those known do not bring."""
    _, days = walked(tiny_world(), events=300_000, days=21)
    visits = np.array([sum((v.events["ordinal"] == 1).sum() for v in day.visits) for day in days])
    weekday = np.array(World().behaviour.weekday)[(4 + np.arange(21)) % 7]  # from a Friday
    share = visits / visits.sum() / (weekday / weekday.sum())
    assert abs(share - 1).max() < 0.1


def one_type(**changes):
    return World().types[3].model_copy(update={"share": 1.0, **changes})


def intents(count, **changes):
    """Behaviour of a world with so few intents."""
    usual = World().behaviour
    first = {
        name: getattr(usual, name)[-count:]
        for name in ("leave", "stay", "cart", "buy", "revisit", "focus", "dwell")
    }
    return usual.model_copy(update={**first, "start": ((1 / count,) * count,) * 3, **changes})


SMALL = {
    "one type": World(types=(one_type(),)),
    "one intent": World(types=(one_type(),), behaviour=intents(1)),
    "two intents": World(behaviour=intents(2)),
    "one product": World(goods=Goods(products=1, categories=1, brands=1)),
    "one quality": World(goods=Goods(quality=(0.3,), quality_share=(1.0,))),
    "a quality nobody has": World(goods=Goods(quality_share=(0.5, 0.5, 0.0, 0.0))),
    "prices that never change": World(prices=Prices(cut=0.0, dear=0.0, lasts_days=1e6)),
    "all prices cut": World(prices=Prices(cut=1.0, dear=0.0)),
    "shoppers who come once": World(types=(one_type(stop=1.0),)),
    "shoppers who always come back": World(types=(one_type(stop=0.0, soon=0.6, gap_days=1),)),
    "shoppers who rush in and out": World(types=(one_type(hasty=20.0),)),
    "shoppers who buy whatever they see": World(types=(one_type(keen=6.0),)),
    "orders of many rows": World(behaviour=intents(3, order_lines=0.9)),
    "visits that begin with carts": World(behaviour=intents(3, first_cart=0.3, first_buy=0.7)),
    "demand and shocks every day": World(causal=Causal(hot_share=1.0, hot_dear=1.0, shock_share=1)),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", SMALL)
def test_worlds_at_the_edge_of_what_can_be(name):
    shop, days = walked(SMALL[name], events=4_000, days=5, truth=True)
    assert 2_000 < sum(len(day.events) for day in days) < 8_000
    for day in days:
        for some in day.visits:
            for chance in ("hidden_state", "exact_filter", "learned_products", "if_coupon"):
                assert some.truth[chance].is_between(0, 1).all()
    assert 1 <= len(shop.shoppers) <= 4_000


@pytest.mark.parametrize("leave", [-20.0, -7.0])
def test_a_world_whose_visits_hardly_end_is_refused(leave):
    world = World(behaviour=intents(3, leave=(leave,) * 3, buy=(-20.0,) * 3))
    with pytest.raises(WillbuyError, match=r"more than 100 events.*behaviour\.leave"):
        open_shop(world, 1_000, 3, 0)


def test_one_event_is_enough():
    _, days = walked(events=1, days=1)
    assert sum(len(day.events) for day in days) >= 1
