"""The truth fits the log it was written with, and what it says of coupons and prices holds."""

import numpy as np
import polars as pl
import pytest

from simulator.tiny import tiny_world
from willbuy.events.read import open_log
from willbuy.events.schema import Kind
from willbuy.settings import SourceSettings
from willbuy.simulator.shop import open_shop
from willbuy.simulator.simulate import simulate
from willbuy.simulator.traps import Traps
from willbuy.simulator.truth import SCHEMA, Learner
from willbuy.simulator.world import Causal, World

CHANCES = ["hidden_state", "exact_filter", "learned_products", "if_no_coupon", "if_coupon"]
KEYS = ["user", "session", "ordinal"]
MANY = Traps(
    repeated=0.1, price_zero=0.05, shared_id=0.05, overlapping=0.05, long_id=0.05, null_id=0.05,
    bots=2e-5,
)  # fmt: skip


def simulated(folder, world, events=40_000, days=16, seed=0):
    path, truth = folder / "shop.parquet", folder / "truth.parquet"
    simulate(path, events=events, days=days, seed=seed, world=world, truth=truth)
    return path, pl.read_parquet(truth)


def moments_of(path):
    """Every event of the log before a purchase of its session, counted through, and its label."""
    log = open_log([path], SourceSettings())
    events = np.concatenate([chunk.events for chunk in log.chunks()])
    # As the job does it: by time and place, without repeats.
    rows = pl.DataFrame({name: events[name] for name in events.dtype.names}).sort(
        "time", "position"
    )
    same = [name for name in rows.columns if name != "position"]
    rows = rows.unique(same, keep="first", maintain_order=True)
    bought = (pl.col("kind") == Kind.PURCHASE).cast(pl.Int32)
    return rows.with_columns(
        ordinal=pl.int_range(1, pl.len() + 1).over("user", "session").cast(pl.Int32),
        before=bought.cum_sum().over("user", "session"),
        label=bought.max().over("user", "session") == 1,
    ).filter(pl.col("before") == 0)


def told(truth):
    return truth.rename({"user_key": "user", "session_key": "session"}).with_columns(
        time=pl.col("time").dt.timestamp("us")
    )


@pytest.fixture(scope="module", params=["default", "clean", "tiny", "many flaws"])
def both(request, tmp_path_factory):
    world = {
        "default": World(),
        "clean": World(traps=Traps.none()),
        "tiny": tiny_world(),
        "many flaws": tiny_world().model_copy(update={"traps": MANY}),
    }[request.param]
    path, truth = simulated(tmp_path_factory.mktemp("shop"), world)
    return request.param, moments_of(path), truth


def test_every_moment_of_the_ladder_stands_in_the_log(both):
    name, moments, truth = both
    assert truth.schema == SCHEMA
    inside = told(truth.filter("in_ladder"))
    assert not inside.select(KEYS).is_duplicated().any()
    joined = inside.join(moments, on=KEYS, how="left", suffix="_log")
    assert len(joined) == len(inside)
    assert (joined["time"] == joined["time_log"]).all()
    assert (joined["label"] == joined["label_log"]).all()
    assert joined["label_log"].null_count() == 0
    share = len(inside) / len(truth)
    assert share > (0.5 if name == "many flaws" else 0.85)


def test_a_clean_log_has_no_other_moments(both):
    name, moments, truth = both
    joined = moments.join(told(truth), on=KEYS, how="full", suffix="_truth")
    strange = joined["user"].null_count(), joined["user_truth"].null_count()
    if name in ("clean", "tiny"):
        assert strange == (0, 0)
        assert len(joined) == len(truth)
    else:
        assert min(strange) > 0


def test_all_chances_are_chances(both):
    name, _, truth = both
    for chance in CHANCES:
        assert ((truth[chance] > 0) & (truth[chance] < 1)).all()
    if name in ("default", "clean"):
        assert not truth["coupon"].any()
        assert (truth["if_coupon"] == truth["if_no_coupon"]).all()
    given = pl.when("coupon").then("if_coupon").otherwise("if_no_coupon")
    assert (truth["exact_filter"] == truth.select(given).to_series()).all()
    assert truth["shopper_type"].n_unique() == (2 if name in ("tiny", "many flaws") else 5)


def test_more_is_known_on_each_step(both):
    _, _, truth = both
    inside = truth.filter("in_ladder")
    y = inside["label"].to_numpy()
    losses = []
    for chance in CHANCES[:3]:
        p = inside[chance].to_numpy().astype(float)
        losses.append(-np.log(np.where(y, p, 1 - p)).mean())
    assert losses == sorted(losses)
    assert losses[0] < losses[1]


def given_coupons(share, lift):
    types = [one.model_copy(update={"coupon_lift": lift}) for one in World().types]
    return World(types=tuple(types), causal=Causal(coupon_share=share), traps=Traps.none())


def test_coupons_bring_what_the_truth_says(tmp_path):
    _, truth = simulated(tmp_path, given_coupons(0.5, 1.0), events=200_000, days=10)
    first = truth.filter("in_ladder", pl.col("ordinal") == 1)
    rates = dict(first.group_by("coupon").agg(pl.col("label").mean()).iter_rows())
    error = first["label"].std() * (4 / len(first)) ** 0.5
    lift = (first["if_coupon"].cast(pl.Float64) - first["if_no_coupon"]).mean()
    assert abs(rates[True] - rates[False] - lift) < 4 * error
    assert lift > 6 * error
    assert (first["if_coupon"] > first["if_no_coupon"]).all()
    assert abs(first["coupon"].mean() - 0.5) < 4 * (0.25 / len(first)) ** 0.5
    # At random: it tells nothing of the shopper.
    means = dict(first.group_by("coupon").agg(pl.col("if_no_coupon").mean()).iter_rows())
    assert means[True] == pytest.approx(means[False], rel=0.05)


def test_without_coupons_nothing_depends_on_their_effect(tmp_path):
    logs = []
    for lift in (0.0, 1.0):
        (tmp_path / str(lift)).mkdir()
        _, truth = simulated(tmp_path / str(lift), given_coupons(0.0, lift), events=10_000, days=4)
        assert (truth["if_coupon"] == truth["if_no_coupon"]).all()
        logs.append(truth)
    assert logs[0].equals(logs[1])


def test_the_learner_starts_from_the_prior_and_comes_to_know_the_quality():
    shop = open_shop(World(), 200_000, 16, 0)
    learner, quality = Learner(shop.goods, 0.0), shop.goods.quality
    np.testing.assert_allclose(learner.chances(), shop.goods.prior, atol=1e-12)
    known = []
    for day in shop.open(2, None):
        chances = learner.chances()
        np.testing.assert_allclose(chances.sum(1), 1)
        right = chances[np.arange(len(quality)), quality]
        known.append(np.average(right, weights=shop.seen))
        learner.learn(day.events, day.shelf)
    assert known[-1] > known[5] > known[0]
    assert known[-1] > known[0] + 0.25
