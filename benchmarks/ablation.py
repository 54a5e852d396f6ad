"""What each family of features is worth: boosted trees without it, on a simulated shop.

    python benchmarks/ablation.py
    python benchmarks/ablation.py --events 3_000_000 --seed 1

Simulates a shop, runs the job on it, and fits the trees again without the shopper's history,
without the shop's tables, without the order and pace of the session's events, and without prices.
All are judged at every test moment, beside the logistic regression and the base rate; differences
are paired, with 95 % intervals over shoppers.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table
from scipy.special import expit

import willbuy
from machine import machine
from willbuy.evaluate.compare import compare
from willbuy.features.registry import SESSION, Feature, built_in
from willbuy.models.boosted import fit_boosted
from willbuy.models.logistic import fit_logistic

CLOCK = ("hour", "hour_sine", "hour_cosine", "weekday")
MONEY = ("cart_value", "cart_against_mean", "past_spent", "unpriced")
EVERYTHING, LOGISTIC, BASE = "all features", "logistic", "base rate"


def without() -> dict[str, set[str]]:
    """The names of each family that is left out in its turn; a price may stand in two."""
    prices = {one.name for one in built_in() if is_price(one)}
    return {
        "history": {one.name for one in built_in() if one.family.startswith("user.")},
        "shop tables": {one.name for one in built_in() if one.family.startswith("shop.")},
        "sequence": {
            one.name for one in built_in() if one.scope == SESSION and one.name not in CLOCK
        }
        - prices,
        "price": prices,
    }


def is_price(one: Feature) -> bool:
    """Whether a feature tells of prices or money."""
    return "price" in one.name or one.name in MONEY


def table_of(folder: Path, part: str, names: list[str]) -> tuple[np.ndarray, pl.DataFrame]:
    """The features (n, F) and the other columns of one part of a run."""
    frame = pl.read_parquet(folder / "snapshots" / f"{part}-*.parquet")
    return frame.select(names).to_numpy().astype(np.float32), frame.select(
        pl.col("user_key").alias("user"), "visit", "ordinal", "label", "weight",
        pl.col("start").cast(pl.Int64),
    )  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    console = Console(width=100)
    console.print(machine("willbuy", "xgboost-cpu", "scikit-learn"))
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch) / "shop.csv"
        willbuy.simulate(log, events=given.events, seed=given.seed)
        folder = willbuy.run(log, out=scratch, name="run").folder
        names = [one.name for one in built_in()]
        X, train = table_of(folder, "train", names)
        X_test, test = table_of(folder, "test", names)
    y, weight, start = (train[name].to_numpy() for name in ("label", "weight", "start"))
    y = y.astype(bool)

    def trees(left_out: set[str]) -> np.ndarray:
        kept = [name for name in names if name not in left_out]
        at = [names.index(name) for name in kept]
        fitted = fit_boosted(
            X[:, at], y, weight, start, kept, seed=given.seed, threads=given.threads
        )
        return expit(fitted.margin(X_test[:, at]))

    families = without()
    p = {BASE: np.full(len(test), np.average(y, weights=weight))}
    p[LOGISTIC] = expit(fit_logistic(X, y, weight, names, seed=given.seed).margin(X_test))
    p[EVERYTHING] = trees(set())
    p |= {f"without {name}": trees(left_out) for name, left_out in families.items()}
    told = compare(
        test["label"].to_numpy().astype(bool), p, test["weight"].to_numpy(),
        test["user"].to_numpy(), test["visit"].to_numpy(), test["ordinal"].to_numpy(),
        minus={name: [] if name == EVERYTHING else [EVERYTHING] for name in p},
        seed=given.seed, replicates=500, threads=given.threads,
    )  # fmt: skip
    shown = Table(
        title=f"{given.events:,} simulated events, seed {given.seed}; {len(y):,} train rows"
    )
    for column in ("", "features", "ROC-AUC", "minus all features", "95 % interval"):
        shown.add_column(column, justify="left" if not column else "right")
    for name, one in told.items():
        count = len(names) - len(families.get(name.removeprefix("without "), ()))
        auc = one["headline"]["roc_auc"]["value"]
        row = [name, "0" if name == BASE else str(count), f"{auc:.4f}"]
        for gain in (other["roc_auc"] for other in one["paired"].values()):
            row += [f"{gain['value']:+.4f}", f"[{gain['low']:+.4f}, {gain['high']:+.4f}]"]
        shown.add_row(*row)
    console.print(shown)


if __name__ == "__main__":
    main()
