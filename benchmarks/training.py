"""What searching for the number of rounds at longer steps saves, and what it loses.

    python benchmarks/training.py --run runs/month
    python benchmarks/training.py --run runs/month --rows 3_000_000

Takes the snapshots of a run on a long log, and fits the trees on its train rows in turn: the search
at the steps of the fit, and at steps three times as long, as is done on more than a million rows.
Both are judged at the run's test moments; the difference is paired, over shoppers. With --rows only
the time is told of training as it is done, on so many rows: those of all parts, again and again.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np
import polars as pl
from scipy.special import expit

from machine import machine
from willbuy.evaluate.compare import compare
from willbuy.features.registry import built_in
from willbuy.models import boosted
from willbuy.snapshots.store import PartFiles

PLAIN, QUICK = "steps as in the fit", "three times as long"


def blocks(folder: Path, part: str, names: list[str]) -> tuple[list[np.ndarray], pl.DataFrame]:
    """The features of a part in blocks of float32, and its other columns."""
    files = sorted((folder / "snapshots").glob(f"{part}-*.parquet"))
    columns = ["label", "weight", "user_key", "visit", "ordinal", "start"]
    found, rows = (
        list(PartFiles(tuple(files), tuple(names))),
        pl.read_parquet(files, columns=columns),
    )
    return found, rows.with_columns(pl.col("label").cast(pl.Boolean), pl.col("start").cast(int))


def timed(
    name: str, X: list[np.ndarray], rows: pl.DataFrame, names: list[str], threads: int
) -> boosted.Boosted:
    """Fit the trees, and tell what it took."""
    cpu, wall = time.process_time(), time.perf_counter()
    model = boosted.fit_boosted(
        X, rows["label"].to_numpy(), rows["weight"].to_numpy(), rows["start"].to_numpy(),
        names, seed=0, threads=threads,
    )  # fmt: skip
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(f"{name}: {model.metadata['rounds']} rounds, {cpu:.0f} CPU s, {wall:.0f} s")
    return model


def time_only(folder: Path, names: list[str], wanted: int, threads: int) -> None:
    """Train on so many rows of whatever part."""
    parts = [blocks(folder, part, names) for part in ("train", "calibrate", "test")]
    X = [block for found, _ in parts for block in found]
    rows = pl.concat(frame for _, frame in parts)
    times = -(-wanted // len(rows))
    X, rows = X * times, pl.concat([rows] * times)
    while sum(map(len, X[:-1])) >= wanted:
        X.pop()
    X[-1] = X[-1][: wanted - sum(map(len, X[:-1]))]
    timed(f"{wanted:,} rows of {len(names)} features", X, rows.head(wanted), names, threads)


def main() -> None:
    """Print both fits and their difference."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path, required=True, help="of more than a million train rows")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    print(machine("willbuy", "xgboost-cpu"))
    names = [one.name for one in built_in()]
    if given.rows:
        time_only(given.run, names, given.rows, given.threads)
        return
    X, train = blocks(given.run, "train", names)
    asked, test = blocks(given.run, "test", names)
    print(f"{len(train):,} train rows of {len(names)} features; {len(test):,} test moments")
    p = {}
    for name, many in ((PLAIN, len(train)), (QUICK, len(train) - 1)):
        boosted.MANY = many
        model = timed(name, X, train, names, given.threads)
        p[name] = np.concatenate([expit(model.margin(block)) for block in asked])
    told = compare(
        test["label"].to_numpy(), p, test["weight"].to_numpy(), test["user_key"].to_numpy(),
        test["visit"].to_numpy(), test["ordinal"].to_numpy(), minus={PLAIN: [], QUICK: [PLAIN]},
        seed=0, replicates=300, threads=given.threads,
    )  # fmt: skip
    for name, one in told.items():
        head = one["headline"]
        print(f"{name}: ROC-AUC {head['roc_auc']['value']:.5f}, log loss "
              f"{head['log_loss']['value']:.5f}")  # fmt: skip
    for figure in ("roc_auc", "log_loss"):
        gain = told[QUICK]["paired"][PLAIN][figure]
        print(f"{QUICK} minus {PLAIN}, {figure}: {gain['value']:+.5f} "
              f"[{gain['low']:+.5f}, {gain['high']:+.5f}]")  # fmt: skip


if __name__ == "__main__":
    main()
