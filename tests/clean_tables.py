"""Tables without a leak: made up, and from honest moments of simulated shops."""

from pathlib import Path

import numpy as np
import polars as pl

import willbuy
from willbuy.engines.local import LocalEngine
from willbuy.events.read import open_log
from willbuy.features.registry import built_in
from willbuy.moments.calendar import make_calendar
from willbuy.moments.survey import DailyCounts
from willbuy.progress import Silent
from willbuy.settings import Settings
from willbuy.snapshots.from_events import from_events

MADE_UP = [
    # rows, prevalence, strength, columns: noise
    (200, 0.5, 0.5, 5),
    (400, 0.2, 1.0, 5),
    (1_000, 0.1, 1.0, 20),
    (2_000, 0.05, 1.5, 5),
    (5_000, 0.3, 1.5, 40),
    (10_000, 0.02, 1.5, 10),
    (10_000, 0.5, 2.0, 10),
    (20_000, 0.1, 1.5, 20),
    (50_000, 0.05, 1.0, 10),
    (100_000, 0.15, 1.5, 10),
]


def made_up(rows, prevalence, strength, noise, seed):
    """A table of honest columns of many shapes; the strongest has an AUC near 0.85.

    Odd seeds have a trend in time, of the rate and of the columns; those divisible by 3 a split
    by time; those divisible by 4 groups.
    """
    rng = np.random.default_rng(seed)
    trend = np.linspace(-1, 1, rows) if seed % 2 else np.zeros(rows)
    z = rng.normal(size=rows) + 0.3 * trend
    if seed % 4 == 0:
        users = rng.integers(0, max(rows // 3, 2), rows)
        z += 0.7 * rng.normal(size=users.max() + 1)[users]
    else:
        users = np.arange(rows)
    score = strength * z + 0.5 * rng.normal(size=rows) + rng.logistic(size=rows)
    y = score > np.quantile(score, 1 - prevalence)
    columns = {
        "duration": np.exp(1 + 0.8 * z + rng.normal(size=rows)),
        "views": rng.poisson(np.exp(1 + 0.4 * z)),
        "carts": rng.poisson(np.exp(-1.5 + 0.8 * z)),
        "bounce_rate": np.where(rng.random(rows) < 0.4, 0, rng.beta(1, 8, rows)),
        "mean_price": np.where(rng.random(rows) < 0.2, np.nan, np.exp(4 + rng.normal(size=rows))),
        "past_purchases": rng.poisson(np.exp(-1 + 0.5 * z)),
        "seen_before": rng.random(rows) < 1 / (1 + np.exp(-z)),
        "days_since_last": np.where(rng.random(rows) < 0.5, np.nan, rng.exponential(9, rows)),
        "channel": rng.choice(["mail", "search", "direct", "ads"], rows),
        "region": np.char.add("region ", rng.integers(0, 50, rows).astype(str)),
        "device": np.where(rng.random(rows) < 0.1 + 0.3 * (z > 0), "desktop", "phone"),
        "hour": rng.integers(0, 24, rows),
        "sum_of_prices": None,
        "session_id": np.char.add("s", rng.permutation(rows).astype(str)),
        "score_of_old_model": z + 0.4 * rng.normal(size=rows),
    }
    columns["sum_of_prices"] = columns["views"] * np.nan_to_num(columns["mean_price"])
    columns |= {f"noise_{i}": rng.normal(size=rows) for i in range(noise)}
    begin = np.datetime64("2024-03-01T00:00:00", "us")
    columns["time"] = begin + (np.arange(rows) * 30_000_000).astype("timedelta64[us]")
    columns["user"] = users
    columns["bought"] = y.astype(int)
    if seed % 3 == 0:
        columns["split"] = np.where(np.arange(rows) < 0.7 * rows, "train", "test")
    frame = pl.DataFrame(columns).fill_nan(None)
    roles = {"time": "time", "group": "user"} if seed % 4 == 0 else {"time": "time"}
    return frame if seed % 2 else frame.sample(fraction=1, shuffle=True, seed=seed), roles


SHOPS = [(40_000, 35, 3), (40_000, 14, 4), (150_000, 31, 5)]


def honest_moments(folder, events, days, seed):
    """Tables of the snapshots of a simulated shop: every moment, one a session, a sample."""
    folder = Path(folder)
    path = folder / f"shop-{seed}.csv"
    if not path.exists():
        willbuy.simulate(path, events=events, days=days, seed=seed)
    settings = Settings()
    log = open_log([path], settings.source)
    counts = DailyCounts(make_calendar("UTC"))
    scratch = folder / f"scratch-{seed}"
    scratch.mkdir(parents=True, exist_ok=True)
    with LocalEngine(log, scratch, 1) as engine:
        engine.load(Silent(), [lambda chunk: counts.add(chunk.events)])
        from_events(
            engine, counts, tuple(built_in()), settings, Silent(), folder / f"snaps-{seed}", scratch
        )
    frame = pl.read_parquet(folder / f"snaps-{seed}" / "*.parquet", glob=True)
    frame = frame.drop("weight", "position", "start", "shop_day", "user_key", "session_key")
    frame = frame.fill_nan(None).drop("ordinal").sort("time")
    yield frame.drop("split"), {"time": "time", "group": "visit"}
    one = frame.sample(fraction=1, shuffle=True, seed=1).unique("visit", keep="first")
    yield one.sort("time").drop("visit"), {"time": "time"}
    yield one.drop("visit", "split", "time").sample(min(1000, len(one)), seed=2), {}


def clean_tables(folder, shops=SHOPS):
    """(name, frame, label, roles) of twenty tables."""
    for seed, shape in enumerate(MADE_UP):
        frame, roles = made_up(*shape, seed)
        yield f"made up {seed}: {shape}", frame, "bought", roles
    for shop in shops:
        for i, (frame, roles) in enumerate(honest_moments(folder, *shop)):
            yield f"shop {shop}: {i}", frame, "label", roles
    frame, roles = next(iter(honest_moments(folder, *shops[0])))
    yield "shop, a thousand", frame.sample(1000, seed=3).drop("visit"), "label", {"time": "time"}
