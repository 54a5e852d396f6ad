"""How well probabilities hold in the weeks to come, on simulated shops of several seeds.

    python benchmarks/calibration.py
    python benchmarks/calibration.py --seeds 10 --events 1_000_000

For each shop the job is run, and its trees are calibrated again with the whole, half and nothing
of what the calibrate part asks for. Told are the calibration error on test beside what chance
would show, and the mean probability minus the rate after events 1, 2, 3, 5 and 10, marked where it
is beyond max(4 standard errors, 0.003).
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

import willbuy
from machine import machine
from willbuy.bundle.model import load_bundle
from willbuy.evaluate.metrics import equal_mass_bins, error_by_chance
from willbuy.models.calibration import fit_calibrator

SHARES = {"none of it": 0.0, "half": 0.5, "all of it": 1.0}
KS = (1, 2, 3, 5, 10)


def part_of(folder: Path, part: str, names: list[str]) -> tuple[np.ndarray, pl.DataFrame]:
    """Features (n, F) and the other columns of one part of a run."""
    frame = pl.read_parquet(folder / "snapshots" / f"{part}-*.parquet")
    return frame.select(names).to_numpy().astype(np.float32), frame.select(
        "user_key", "visit", "ordinal", "label", "weight"
    )


def level(p: np.ndarray, rows: pl.DataFrame, k: int) -> tuple[float, bool]:
    """Mean probability minus rate after event k, and whether that is too far."""
    here = (rows["ordinal"] == k).to_numpy()
    y = rows["label"].to_numpy()[here]
    gap = float(p[here].mean() - y.mean())
    return gap, abs(gap) > max(4 * (y.mean() * (1 - y.mean()) / len(y)) ** 0.5, 0.003)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--seeds", type=int, default=4)
    given = parser.parse_args()
    console = Console(width=120)
    console.print(machine("willbuy", "xgboost-cpu", "scikit-learn"))
    table = Table("seed", "done", "map", "error", "by chance", *(f"k = {k}" for k in KS))
    for seed in range(given.seeds):
        with tempfile.TemporaryDirectory() as scratch:
            log = Path(scratch) / "shop.csv"
            willbuy.simulate(log, events=given.events, seed=seed)
            folder = willbuy.run(log, out=scratch, name="run").folder
            bundle = load_bundle(folder / "model")
            (X, calibrate), (X_test, test) = (
                part_of(folder, part, bundle.names) for part in ("calibrate", "test")
            )
        learnt, margin = bundle.booster.margin(X), bundle.booster.margin(X_test)
        weight, y = test["weight"].to_numpy(), test["label"].to_numpy()
        for name, share in SHARES.items():
            found = fit_calibrator(
                learnt, calibrate["label"].to_numpy() > 0, calibrate["weight"].to_numpy(),
                calibrate["user_key"].to_numpy(), calibrate["ordinal"].to_numpy(),
                seed=0, share=share,
            ).calibrator  # fmt: skip
            p = found(margin, test["ordinal"].to_numpy())
            chance = error_by_chance(p, weight, test["visit"].to_numpy(), seed=0)["p95"]
            error = equal_mass_bins(p, weight).error(y, p, weight)
            gaps = [level(p, test, k) for k in KS]
            told = [f"{gap:+.4f}{' !' if far else ''}" for gap, far in gaps]
            table.add_row(str(seed), name, found.kind, f"{error:.4f}", f"{chance:.4f}", *told)
        table.add_section()
    console.print(table)
    console.print("! beyond max(4 standard errors, 0.003)")


if __name__ == "__main__":
    main()
