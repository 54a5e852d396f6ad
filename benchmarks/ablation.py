"""What each family of features is worth: boosted trees without it, on the same rows.

    python benchmarks/ablation.py
    python benchmarks/ablation.py --events 3_000_000 --seed 1
    python benchmarks/ablation.py --run RUN --rows 250_000
    python benchmarks/ablation.py --run RUN --families user.past shop.rates+shop.prices

Simulates a shop and runs the job on it, or takes the snapshots of a kept run. The trees are then
fitted again without one family at a time: those of the registry, and themes that cut across them.
All are judged at every test moment, at the first event of shoppers who have been there before, and
late in long sessions, beside the logistic regression and the base rate. Differences are paired,
with 95 % intervals over shoppers. These do not cover what another seed of the fit would change, so
each contender is the mean of `--fits` fits.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
from scipy.special import expit

import willbuy
from machine import machine
from themes import without
from willbuy.evaluate.figures import How, Part
from willbuy.evaluate.metrics import METRICS
from willbuy.events.keys import mix_all
from willbuy.features.registry import built_in
from willbuy.models.boosted import fit_boosted
from willbuy.models.logistic import fit_logistic

EVERYTHING, LOGISTIC, BASE = "all features", "logistic", "base rate"
LONG = 10
REPLICATES = 500
AUC = METRICS.index("roc_auc")


@dataclass(frozen=True)
class Rows:
    """One part of a run: the features (n, F) by `names`, and what stands beside them."""

    names: list[str]
    X: np.ndarray
    about: pl.DataFrame

    def column(self, name: str) -> np.ndarray:
        """One of `about`."""
        return self.about[name].to_numpy()

    @property
    def y(self) -> np.ndarray:
        """The labels (n,)."""
        return self.column("label").astype(bool)


def rows_of(folder: Path, part: str, most: int | None = None, since: int | None = None) -> Rows:
    """A part of a run: sessions that began at `since` (microseconds UTC) or later.

    No more than so many rows, drawn as whole sessions by a hash.
    """
    names = [one.name for one in built_in()]
    files = pl.scan_parquet(folder / "snapshots" / f"{part}-*.parquet")
    lacking = set(names) - set(files.collect_schema().names())
    if lacking:
        raise SystemExit(
            f"{folder} was made with other features, without {min(lacking)}: run again."
        )
    about = files.select(
        pl.col("user_key").alias("user"), "visit", "ordinal", "label", "weight",
        pl.col("start").cast(pl.Int64),
    ).collect()  # fmt: skip
    kept = about["start"].to_numpy() >= (since or 0)
    if most is not None and most < (count := int(kept.sum())):
        kept &= mix_all(about["visit"].to_numpy(), 0) < most / count * 2.0**64
    X = np.empty((int(kept.sum()), len(names)), np.float32)
    for at, name in enumerate(names):  # a column at a time: the whole is large
        X[:, at] = files.select(name).collect()[name].to_numpy()[kept]
    return Rows(names, X, about.filter(pl.Series(kept)))


def slices(test: Rows) -> dict[str, np.ndarray]:
    """Which moments are judged."""
    k, past = test.column("ordinal"), test.X[:, test.names.index("past_sessions")]
    return {
        "every moment": np.ones(len(k), dtype=bool),
        "returning, k = 1": (k == 1) & (past > 0),
        f"k ≥ {LONG}": k >= LONG,
    }


def trees(
    train: Rows, test: Rows, left_out: Iterable[str], seeds: range, threads: int
) -> np.ndarray:
    """The mean probability (n,) of some fits without these features."""
    at = [i for i, name in enumerate(train.names) if name not in set(left_out)]
    kept = [train.names[i] for i in at]
    X, X_test = train.X[:, at], test.X[:, at]
    weight, start = train.column("weight"), train.column("start")
    p = np.zeros(len(X_test))
    for seed in seeds:
        fitted = fit_boosted(X, train.y, weight, start, kept, seed=seed, threads=threads)
        p += expit(fitted.margin(X_test)) / len(seeds)
    return p


class Judge:
    """ROC-AUC of probabilities at the test moments, slice by slice, beside all features'."""

    def __init__(self, test: Rows, how: How) -> None:
        self.test, self.how, self.slices = test, how, slices(test)
        self.first: dict[str, tuple[float, np.ndarray]] = {}

    def row(self, p: np.ndarray) -> list[str]:
        """The cells of one contender; the first one that is judged is the yardstick."""
        cells: list[str] = []
        for name, at in self.slices.items():
            columns = (self.test.column(one)[at] for one in ("weight", "user", "visit"))
            part = Part(self.test.y[at], p[at], *columns)
            value = float(self.how.points(part, ["roc_auc"])["roc_auc"] or np.nan)
            drawn = self.how.draw(part)[:, AUC]
            if name not in self.first:
                self.first[name] = value, drawn
                cells.append(f"{value:.4f} ({len(part.y):,})")
                continue
            yardstick, its = self.first[name]
            low, high = np.quantile(drawn - its, [0.025, 0.975])
            cells.append(f"{value - yardstick:+.4f} [{low:+.4f}, {high:+.4f}]")
        return cells


def ablate(folder: Path, given: argparse.Namespace) -> None:
    """Fit, judge, and print the table."""
    train, test = rows_of(folder, "train", given.rows), rows_of(folder, "test")
    weight = train.column("weight")
    seeds = range(given.seed, given.seed + given.fits)
    fit = partial(trees, train, test, seeds=seeds, threads=given.threads)
    judge = Judge(test, How(0.5, given.seed, REPLICATES, given.threads))
    count = len(train.names)

    def tell(name: str, features: int, p: np.ndarray) -> None:
        """A line as soon as it is known: the fits take long."""
        cells = "".join(f"{cell:>28}" for cell in judge.row(p))
        print(f"{name:<44}{features:>4}{cells}", flush=True)

    print(f"{folder.name}: {len(train.X):,} train rows, {given.fits} fits each. ROC-AUC (moments),")
    print("then differences to it, each with its 95 % interval.\n")
    print(f"{'':<44}{'':>4}" + "".join(f"{name:>28}" for name in judge.slices))
    tell(EVERYTHING, count, fit([]))
    for name, left_out in without(given.families).items():
        tell(f"without {name}", count - len(left_out), fit(left_out))
    logistic = fit_logistic(train.X, train.y, weight, train.names, seed=given.seed)
    tell(LOGISTIC, count, expit(logistic.margin(test.X)))
    tell(BASE, 0, np.full(len(test.X), np.average(train.y, weights=weight)))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--run", type=Path, help="a kept run, instead of simulating one")
    parser.add_argument("--rows", type=int, help="train rows at most; all without")
    parser.add_argument("--families", nargs="+", help="only these; several joined by +")
    parser.add_argument("--fits", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    print(machine("willbuy", "xgboost-cpu", "scikit-learn"))
    if given.run is not None:
        ablate(given.run, given)
        return
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch) / "shop.csv"
        willbuy.simulate(log, events=given.events, seed=given.seed)
        ablate(willbuy.run(log, out=scratch, name="run").folder, given)


if __name__ == "__main__":
    main()
