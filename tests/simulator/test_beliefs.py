"""What `--beliefs` tells: the filter's belief by part, of what happened and nothing later."""

from collections import Counter

import numpy as np
import polars as pl
import pytest

from simulator import forward
from simulator.test_filter import visits_of
from simulator.tiny import SEED, follow_all, goods_of, opened, tiny_world
from willbuy.errors import WillbuyError
from willbuy.events.schema import Kind
from willbuy.simulator.beliefs import KEYS, PARTS
from willbuy.simulator.shop import open_shop
from willbuy.simulator.simulate import simulate
from willbuy.simulator.state import coupon_of
from willbuy.simulator.truth import SCHEMA, Ladder, belief_columns
from willbuy.simulator.world import World

SHOPPERS = 1_500
CUT_ON = 3


def walked():
    """A tiny shop, whose products may all be of either quality, but one."""
    rng = np.random.default_rng(7)
    goods = goods_of([0, 1, 0, 1, 0, 0], [0, 0, 1, 1, 1, 0], [3, 1, 4, 1, 5, 9])
    world = tiny_world()
    chain, _, days = opened(world, goods, rng.integers(0, 3, (5, 6)), SHOPPERS)
    learned = []
    for day in days:
        chances = rng.dirichlet((1, 1), 6)
        chances[2] = 0, 1
        learned.append(day._replace(today=day.today._replace(chances=chances)))
    return world, goods, chain, learned


@pytest.fixture(scope="module")
def shop():
    return walked()


def by_part(belief, sizes):
    told = [np.zeros(size) for size in sizes]
    for one, chance in belief.items():
        values = one.type, one.need, int(one.cart is not None), one.intent, one.quality
        for part, value in zip(told, values, strict=True):
            part[value] += chance
    return np.concatenate(told)


def test_it_is_that_of_a_plain_forward_filter(shop):
    """Also where qualities are believed, not known, and over several visits."""
    world, goods, chain, days = shop
    believed = follow_all(chain, goods, days, SHOPPERS)[2]
    sizes = len(chain.taste), 3, 2, len(chain.focus), 2
    compared, kinds = 0, Counter()
    logs = visits_of(days)
    for who in sorted(logs, key=lambda who: -len(logs[who]))[::9]:
        visits = [events for _, events in logs[who]]
        if sum(map(len, visits)) > 40:
            continue
        seen = [
            forward.Seen(days[number].known, days[number].shelf.price_class.tolist(),
                         days[number].today.chances.tolist())
            for number, _ in logs[who]
        ]  # fmt: skip
        coupons = [coupon_of(SEED, who, k, world.causal.coupon_share) for k in range(len(visits))]
        told = forward.after_each_event(visits, seen, coupons)
        for (number, events), steps in zip(logs[who], told, strict=True):
            for event, belief in zip(events, steps, strict=True):
                if belief is None:
                    continue
                wanted = by_part(belief, sizes)
                np.testing.assert_allclose(
                    believed[number][event.row], wanted, rtol=0, atol=1e-12
                )  # fmt: skip
                compared += 1
                kinds[event.kind, event.visit > 0] += 1
    assert compared > 500
    for kind in (Kind.VIEW, Kind.CART, Kind.REMOVE, Kind.PURCHASE):
        assert kinds[kind, True] > 5, kind


def test_events_that_come_later_change_nothing(shop):
    """With every visit of a day cut short and no later day: not a bit of the rest is another."""
    _, goods, chain, days = shop
    whole = follow_all(chain, goods, days, SHOPPERS)[2]
    events = days[CUT_ON].events
    visit = np.cumsum(events["ordinal"] == 1)
    kept = events["ordinal"] <= (np.bincount(visit)[visit] + 1) // 2
    # Of shoppers who come again on this day the later visits follow upon one that was cut.
    first = np.unique(events["shopper"], return_index=True)[1]
    kept &= np.isin(visit, visit[first])
    short = days[CUT_ON]._replace(events=events[kept])
    cut = follow_all(chain, goods, [*days[:CUT_ON], short], SHOPPERS)[2]
    for number in range(CUT_ON):
        assert np.array_equal(whole[number], cut[number])
    assert np.array_equal(whole[CUT_ON][kept], cut[CUT_ON])
    assert 300 < kept.sum() < 0.8 * len(kept)
    moved = np.abs(np.diff(whole[CUT_ON], axis=0))[events["ordinal"][1:] > 1]
    assert (moved.max(axis=1) > 0.01).mean() > 0.9  # every event tells something


class Meddler:
    """A ladder that is told other events than those that were, at the end of a day and after it."""

    def __init__(self, ladder, since):
        self.ladder, self.since, self.day = ladder, since, -1
        self.rows = ladder.rows

    def begin(self, day, looks, shelf):
        self.day = day
        self.ladder.begin(day, looks, shelf)

    def end(self, events, shelf):
        if self.day >= self.since:
            events = events.copy()
            events["kind"] = Kind.PURCHASE
        self.ladder.end(events, shelf)


def test_what_products_are_like_is_learned_from_days_that_are_over():
    told = []
    for since in (5, 100):
        shop = open_shop(World(), 8_000, 8, 0)
        meddler = Meddler(Ladder(shop, believed=True), since)
        told.append([
            pl.concat([one.truth for one in day.visits]) for day in shop.open(1, meddler)
        ])  # fmt: skip
    same = [one.equals(other) for one, other in zip(*told, strict=True)]
    assert same == [True] * 6 + [False] * 2


@pytest.fixture(scope="module", params=["default", "tiny"])
def files(request, tmp_path_factory):
    world = {"default": World(), "tiny": tiny_world()}[request.param]
    folder = tmp_path_factory.mktemp("shop")
    out, truth, beliefs = (folder / f"{name}.parquet" for name in ("log", "truth", "beliefs"))
    done = simulate(out, events=20_000, days=16, world=world, truth=truth, beliefs=beliefs)
    assert done.beliefs_path == beliefs
    return open_shop(world, 20_000, 16, 0), pl.read_parquet(truth), pl.read_parquet(beliefs)


def test_there_is_a_row_for_each_moment_of_the_truth(files):
    shop, truth, beliefs = files
    assert beliefs.schema == belief_columns(shop)
    assert beliefs.select(*KEYS).equals(truth.select(*KEYS))
    assert set(beliefs.columns) & set(SCHEMA) == set(KEYS)


def test_the_chances_of_each_part_add_up_to_1(files):
    _, _, beliefs = files
    parts = [[name for name in beliefs.columns if name.startswith(f"{one}_")] for one in PARTS]
    assert [*KEYS, *(name for names in parts for name in names)] == beliefs.columns
    for names in parts:
        assert len(names) > 1
        told = beliefs.select(names).to_numpy()
        assert told.dtype == np.float32
        assert (told >= 0).all()
        np.testing.assert_allclose(told.sum(axis=1, dtype=float), 1, atol=1e-6)


def test_it_tells_something_of_the_shopper(files):
    """Of types, which the truth knows: more than their shares do, and no more than is so."""
    shop, truth, beliefs = files
    types = np.arange(len(shop.chain.taste))
    told = beliefs.select(f"type_{z}" for z in types).to_numpy().astype(float)
    truly = truth["shopper_type"].to_numpy()
    share = np.bincount(truly, minlength=len(types)) / len(truly)
    right = told[np.arange(len(truly)), truly]
    assert np.log(right).mean() > np.log(share[truly]).mean() + 0.05
    by_user = truth.select("user_key").with_columns(
        pl.Series(f"off_{z}", told[:, z] - (truly == z)) for z in types
    )
    sums = by_user.group_by("user_key").sum().select(f"off_{z}" for z in types).to_numpy()
    z_scores = sums.sum(axis=0) / np.sqrt((sums**2).sum(axis=0))
    assert np.abs(z_scores).max() < 4


def test_it_can_be_had_without_the_truth_and_changes_no_log(tmp_path):
    logs = []
    for name, beside in (("plain", {}), ("told", {"beliefs": tmp_path / "b.parquet"})):
        path = tmp_path / f"{name}.csv"
        done = simulate(path, events=3_000, days=4, **beside)
        assert done.truth_path is None
        assert done.beliefs_path == beside.get("beliefs")
        logs.append(path.read_bytes())
    assert logs[0] == logs[1]
    assert len(pl.read_parquet(tmp_path / "b.parquet")) > 1_000


def test_no_other_file_is_written_over(tmp_path):
    log, beside = tmp_path / "log.parquet", tmp_path / "beside.parquet"
    with pytest.raises(WillbuyError, match="--truth and --beliefs are the same file"):
        simulate(log, events=3_000, days=4, truth=beside, beliefs=beside)
    with pytest.raises(WillbuyError, match="--beliefs and --out are the same file"):
        simulate(log, events=3_000, days=4, beliefs=log)
    with pytest.raises(WillbuyError, match=r"the beliefs are written as Parquet; end in \.parquet"):
        simulate(log, events=3_000, days=4, beliefs=tmp_path / "b.csv")
    assert list(tmp_path.iterdir()) == []
