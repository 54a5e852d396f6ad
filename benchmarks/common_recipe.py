"""The common recipe, four ways on the same simulated log, each with its audit.

    python benchmarks/common_recipe.py --events runs/demo_shop.csv

One row a session, the same sessions and the same columns each time; what differs is which
events the columns are made of:

1. all of the session, the number of purchases among the columns;
2. all of the session, without that number;
3. the session up to its purchase, or to its end where nothing is bought;
4. the session up to a moment that is drawn without looking ahead.

Models learn from earlier sessions and are judged on later ones: on a table of their own kind,
which is the figure that such projects tell, and at the honest moments of the same sessions,
which is what they would be worth in use. Intervals are those of a bootstrap over shoppers.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

import willbuy
from machine import machine
from willbuy.evaluate.bootstrap import interval, replicates
from willbuy.evaluate.metrics import METRICS, point_figures
from willbuy.events.keys import keys_of
from willbuy.leaks.finding import Level

WAYS = (
    "with the number of purchases",
    "the whole session",
    "cut before the purchase",
    "honest moments",
)
LATER = 0.3


def read(path: Path) -> pl.DataFrame:
    """The events of sessions that do not begin with a purchase, in order; `open` before it."""
    events = (
        pl.read_csv(path, ignore_errors=True) if path.suffix == ".csv" else pl.read_parquet(path)
    )
    time = pl.col("event_time").cast(pl.String).str.strip_suffix(" UTC")
    events = (
        events.with_columns(time.str.to_datetime(time_unit="us", strict=False).alias("t"))
        .drop_nulls(["t", "user_id", "user_session"])
        .with_row_index("position")
        .sort("user_session", "t", "position")
        .with_columns(k=pl.int_range(pl.len()).over("user_session"))
    )
    bought = (pl.col("event_type") == "purchase").cum_sum().over("user_session") > 0
    events = events.with_columns((~bought).alias("open"))
    return events.filter(pl.col("open").first().over("user_session"))


def moments(events: pl.DataFrame) -> pl.DataFrame:
    """One moment of each session: each of its events before the purchase has the same chance."""
    seen = events.filter("open")
    draw = pl.Series("draw", np.random.default_rng(0).random(len(seen)))
    drawn = seen.with_columns(draw).filter(
        pl.col("draw") == pl.col("draw").max().over("user_session")
    )
    return drawn.select("user_session", pl.col("k").alias("until"))


def table(events: pl.DataFrame, way: int) -> pl.DataFrame:
    """One row a session, made of the events that this way lets in."""
    used = events
    if way == 2:
        used = events.filter("open")
    if way == 3:
        used = events.join(moments(events), on="user_session").filter(
            pl.col("k") <= pl.col("until")
        )
    kind, price = pl.col("event_type"), pl.col("price")
    rows = used.group_by("user_session").agg(
        pl.col("user_id").first(),
        views=(kind == "view").sum(),
        carts=(kind == "cart").sum(),
        removals=(kind == "remove_from_cart").sum(),
        events=pl.len(),
        products=pl.col("product_id").n_unique(),
        categories=pl.col("category_id").n_unique(),
        mean_price=price.mean(),
        highest_price=price.max(),
        minutes=(pl.col("t").max() - pl.col("t").min()).dt.total_seconds() / 60,
        hour=pl.col("t").first().dt.hour(),
        weekday=pl.col("t").first().dt.weekday(),
        last=pl.col("t").max(),
    )
    whole = events.group_by("user_session").agg(
        start=pl.col("t").min(),
        purchases=(kind == "purchase").sum(),
        bought=(~pl.col("open")).any().cast(pl.Int8),
    )
    rows = rows.join(whole, on="user_session").sort("start", "user_session")
    # The moment a row claims to be of: whole sessions claim to be known as they begin.
    at = pl.col("start") if way < 2 else pl.col("last")
    later = pl.int_range(pl.len()) >= (1 - LATER) * pl.len()
    rows = rows.with_columns(
        time=at,
        purchases=pl.col("purchases") if way == 0 else pl.lit(0),
        split=pl.when(later).then(pl.lit("test")).otherwise(pl.lit("train")),
    )
    return rows.drop("start", "last")


def columns_of(way: int, frame: pl.DataFrame) -> list[str]:
    """What the model of a way is given."""
    names = [n for n in frame.columns if n not in ("user_session", "user_id", "time", "split",
                                                   "bought", "purchases")]  # fmt: skip
    return [*names, "purchases"] if way == 0 else names


def probability(
    learn: pl.DataFrame, asked: list[pl.DataFrame], names: list[str]
) -> Iterator[np.ndarray]:
    """Boosted trees with settings that nobody tuned."""
    import xgboost as xgb

    X, y = learn.select(names).to_numpy().astype(np.float32), learn["bought"].to_numpy()
    params = {"objective": "binary:logistic", "max_depth": 5, "eta": 0.1, "seed": 0, "nthread": 2}
    booster = xgb.train(params, xgb.DMatrix(X, y), 150)
    for one in asked:
        rows = one.select(names).to_numpy().astype(np.float32)
        yield booster.predict(xgb.DMatrix(rows)).astype(np.float64)


def area(frame: pl.DataFrame, p: np.ndarray) -> str:
    """ROC-AUC with its 95 % interval."""
    y = frame["bought"].to_numpy().astype(bool)
    ones = np.ones(len(y))
    user = keys_of(frame["user_id"].cast(pl.String))
    drawn = replicates(y, p, ones, user, threshold=0.5, seed=0)[:, METRICS.index("roc_auc")]
    value = point_figures(y, p, ones, threshold=0.5, names=["roc_auc"])["roc_auc"]
    low, high = interval(drawn) or (np.nan, np.nan)
    return f"{value:.4f} [{low:.4f}, {high:.4f}]"


def told(frame: pl.DataFrame, way: int, log: Path | None) -> willbuy.Audit:
    """The audit of the table as a user would give it."""
    kept = frame if way == 0 else frame.drop("purchases")
    return willbuy.audit(kept.drop("user_id"), "bought", time="time", events=log)


def main() -> None:
    """Make the four tables, their models and their audits, and print them."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=Path, required=True)
    path = options.parse_args().events
    print(machine("polars", "xgboost-cpu"))
    events = read(path)
    tables = [table(events, way) for way in range(len(WAYS))]
    honest = tables[-1].filter(pl.col("split") == "test")
    print(f"{len(tables[0]):,} sessions, {tables[0]['bought'].mean():.1%} buy; {path.name}\n")
    print("| way | ROC-AUC as told | at honest moments | audit with the log | without it |")
    print("|---|---|---|---|---|")
    found = []
    for way, frame in enumerate(tables):
        learn = frame.filter(pl.col("split") == "train")
        judged = frame.filter(pl.col("split") == "test")
        p, in_use = probability(learn, [judged, honest], columns_of(way, frame))
        audits = told(frame, way, path), told(frame, way, None)
        found.append(audits[0])
        counts = [
            ", ".join(f"{len(one.at(level))} {level.word}" for level in Level) for one in audits
        ]
        print(f"| {WAYS[way]} | {area(judged, p)} | {area(honest, in_use)} | {counts[0]} | "
              f"{counts[1]} |", flush=True)  # fmt: skip
    for name, audit in zip(WAYS, found, strict=True):
        print(f"\n**{name.capitalize()}.**\n")
        for one in audit.findings or []:
            print(f"- *{one.level.word}*: {one.what} {one.evidence}")
        if not audit.findings:
            print("- nothing")


if __name__ == "__main__":
    main()
