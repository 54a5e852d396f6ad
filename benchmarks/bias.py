"""Does `willbuy bias` keep quiet where nothing is wrong, and does it find what is?

    python benchmarks/bias.py --seeds 100
    python benchmarks/bias.py --seeds 10 --planted --events 150_000

Each seed is a simulated shop of its own, read, replayed, split, fitted (the trees), calibrated and
searched, as in a run; what a run does beside that is left out to save time. Nothing is wrong with a
shop on purpose; the model is as wrong as models are. Told is how many shops raise a finding at the
level that is shipped, and how many would at 5 %: at most 10 of 100 should. Beside each gap of the
level stands the same gap by the truth, which needs no labels: a finding may be right.

With --planted no session of the last week buys in which the brand that is seen most was seen: its
buyers look like others, and stay away. Told is whether the brand is found, and which other slices
are named.

With --right the probabilities are those of the exact filter instead of a model's: what is raised
then is raised by chance alone.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from rich.console import Console
from scipy.stats import binomtest

import willbuy
from machine import machine
from willbuy.engines.local import LocalEngine
from willbuy.evaluate.figures import Part
from willbuy.events.read import open_log
from willbuy.fairness.search import Search, search
from willbuy.features.registry import all_features
from willbuy.job.bias_rows import read_rows
from willbuy.job.train import calibrated, margin_of
from willbuy.models.boosted import fit_boosted
from willbuy.moments.calendar import make_calendar
from willbuy.moments.survey import DailyCounts
from willbuy.progress import Silent
from willbuy.snapshots.from_events import Snapshots, from_events
from willbuy.snapshots.splits import CALIBRATE, TEST, TRAIN

ROUNDS = 150


def searched(log: Path, folder: Path, seed: int, right: Path | None) -> Search:
    """The slices of a log's test part, judged by trees that learned from its train part.

    Args:
        log: The file.
        folder: For what is made of it.
        seed: Of the run.
        right: A truth that takes the place of what the trees say.
    """
    settings = willbuy.Settings(seed=seed)
    opened = open_log([log], settings.source)
    counts, scratch = DailyCounts(make_calendar(settings.timezone)), folder / "scratch"
    scratch.mkdir()
    with LocalEngine(opened, scratch, 1, None) as engine:
        engine.load(Silent(), [lambda chunk: counts.add(chunk.events)])
        snapshots = from_events(
            engine, counts, tuple(all_features()), settings, Silent(), folder / "snapshots", scratch
        )
    return _searched(snapshots, folder, seed, right)


def _searched(snapshots: Snapshots, folder: Path, seed: int, right: Path | None) -> Search:
    train, calibrate, test = (snapshots.rows_of(part) for part in (TRAIN, CALIBRATE, TEST))
    trees = fit_boosted(
        snapshots.blocks(TRAIN), train["label"] > 0, train["weight"], train["start"],
        snapshots.names, seed=seed, threads=1, params={"rounds": ROUNDS},
    )  # fmt: skip
    model = calibrated(
        trees, margin_of(trees, snapshots.blocks(CALIBRATE)), calibrate["label"] > 0,
        calibrate["weight"], calibrate["user"], calibrate["ordinal"], seed=seed,
    )  # fmt: skip
    rows = read_rows(folder, [])
    p = model.on(snapshots, TEST)
    if right is not None:
        true = true_on_test(folder, right)
        p = np.where(np.isnan(true), p, true)
    part = Part(test["label"] > 0, p, test["weight"], test["user"], test["visit"])
    groupings = [one.at(rows.test) for one in rows.groupings]
    return search(part, test["ordinal"], model.threshold.value, groupings)


def true_on_test(folder: Path, truth: Path) -> np.ndarray:
    """What the exact filter says of each test row (n,); nan where a session was cut."""
    keys = ["user_key", "session_key", "ordinal"]
    files = sorted((folder / "snapshots").glob("test-[0-9]*.parquet"))
    rows = pl.concat([pl.read_parquet(one, columns=keys) for one in files])
    known = pl.read_parquet(truth, columns=[*keys, "exact_filter"])
    known = known.unique(keys, keep="none")  # of a session that was cut the keys are not one
    joined = rows.join(known, on=keys, how="left", maintain_order="left")
    return joined["exact_filter"].to_numpy()


def by_truth(found: Search, folder: Path, truth: Path) -> dict[int, float]:
    """Of each finding on the level, by its place: what the model promises minus the truth."""
    p = true_on_test(folder, truth)
    return {
        i: one.expected - float(np.nanmean(p[one.of.rows]))
        for i, one in enumerate(found.findings)
        if one.kind == "calibration"
    }


def lose_purchases(log: Path) -> str:
    """Take the purchases of all who saw the most seen brand in the last week; its name."""
    frame = pl.read_csv(log, infer_schema=False)
    known = frame["brand"].drop_nulls()
    brand = str(known.filter(known != "").value_counts(sort=True)["brand"][0])
    day = frame["event_time"].str.slice(0, 10)
    last = day.unique().sort().tail(8)[0]
    saw = frame.filter((frame["brand"] == brand) & (day >= last))["user_session"].drop_nulls()
    lost = (frame["event_type"] == "purchase") & (day >= last)
    lost &= frame["user_session"].is_in(saw.unique().implode())
    frame.filter(~lost.fill_null(False)).write_csv(log)
    return brand


def main() -> None:
    """Print a line for each shop, and how many raise a finding."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--planted", action="store_true")
    parser.add_argument("--right", action="store_true")
    given = parser.parse_args()
    console = Console(width=120)
    console.print(machine("willbuy", "xgboost-cpu", "scipy"))
    raised = loosely = hits = 0
    for seed in range(given.first, given.first + given.seeds):
        with tempfile.TemporaryDirectory() as scratch:
            log, truth = Path(scratch) / "shop.csv", Path(scratch) / "truth.parquet"
            willbuy.simulate(log, events=given.events, seed=seed, threads=1, truth=truth)
            brand = lose_purchases(log) if given.planted else None
            found = searched(log, Path(scratch), seed, truth if given.right else None)
            true = by_truth(found, Path(scratch), truth)
        findings = found.findings
        raised += bool(findings)
        hits += brand is not None and any(brand in one.of.levels for one in findings)
        smallest = min((one.adjusted for one in found.looks), default=1.0)
        loosely += smallest < 0.05
        named = "; ".join(
            f"{'/'.join(one.of.levels)} {one.kind} {one.gap:+.3f}"
            + (f" (by the truth {true[i]:+.3f})" if i in true else "")
            for i, one in enumerate(findings)
        )
        planted = f", planted {brand}" if brand else ""
        console.print(
            f"seed {seed}{planted}: {len(found.looks)} looks, smallest adjusted p "
            f"{smallest:.3f}. {named or 'No finding'}"
        )
    for level, count in (("the shipped level", raised), ("5 %", loosely)):
        low, high = binomtest(count, given.seeds).proportion_ci()
        console.print(
            f"{count} of {given.seeds} shops raise a finding at {level} "
            f"(95 % interval of the share: {low:.1%} to {high:.1%})"
        )
    if given.planted:
        console.print(f"The planted brand is found in {hits} of {given.seeds}")


if __name__ == "__main__":
    main()
