"""What it costs to explain one session, once its shopper's events are at hand.

    python benchmarks/explain_one.py --run runs/demo
    python benchmarks/explain_one.py --run runs/demo --sessions 50

Moments are drawn from the run's test part, so long sessions come more often. Told is the time of
the explanation alone (no picture, no reading of the log), of the search for counterfactuals, and of
finding one session in the run's own log. CPU time is the same whatever else the machine does.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

from machine import machine
from willbuy.events.read import open_log
from willbuy.explain.own_inputs import own_log
from willbuy.explain.session.counterfactual import counterfactual
from willbuy.explain.session.parts import find_part
from willbuy.explain.session.shopper import Shopper, find_in_log
from willbuy.explain.session.timeline import explain_part
from willbuy.progress import Silent
from willbuy.score.model import Model, load

TARGET = 0.050
"""Seconds that an explanation may take."""


def shoppers(model: Model, run: Path, sessions: int) -> list[tuple[Shopper, int]]:
    """Some moments of the test part, each with all events of its shopper, and its ordinal."""
    settings = model.bundle.settings
    log = open_log(own_log(run), settings.source)
    rows = pl.read_parquet(run / "predictions.parquet").sample(sessions, seed=0)
    events, raw = [], []
    wanted = rows["user_key"].unique().to_numpy()
    start = np.iinfo(np.int64).max
    for chunk in log.chunks():
        start = min(start, int(chunk.events["time"].min()))
        kept = np.isin(chunk.events["user"], wanted)
        events.append(chunk.events[kept])
        raw += chunk.raw.filter(pl.Series(kept)).to_dicts()
    whole = np.concatenate(events)
    found = []
    for row in rows.iter_rows(named=True):
        mine = np.flatnonzero(whole["user"] == row["user_key"])
        mine = mine[np.lexsort((whole["position"][mine], whole["time"][mine]))]
        fields = tuple(raw[i] for i in mine.tolist())
        shopper = Shopper(whole[mine], fields, row["session_key"], "session", start)
        of_id = shopper.events["session"] == row["session_key"]
        earlier = of_id & (shopper.events["time"] < np.int64(row["start"].timestamp() * 1e6))
        if not earlier.any():  # not cut: event k of the id is event k of the session
            found.append((shopper, int(row["ordinal"])))
    return found


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of one call: by the clock, and of CPU."""
    begun, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begun, time.process_time() - cpu


def told(name: str, spent: list[tuple[float, float]]) -> list[tuple[str, ...]]:
    """Two rows of the table, in milliseconds."""
    return [
        (
            f"{name}, {kind}",
            *(f"{1000 * np.quantile(seconds, q):.1f}" for q in (0.5, 0.95, 1)),
            f"{np.mean(np.array(seconds) <= TARGET):.0%}",
        )
        for kind, seconds in zip(("clock", "CPU"), np.transpose(spent), strict=True)
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--sessions", type=int, default=200)
    asked = parser.parse_args()
    model = load(asked.run)
    assert isinstance(model, Model)
    bundle = model.bundle
    some = shoppers(model, asked.run, asked.sessions)

    def explained(shopper: Shopper, at: int) -> None:
        explain_part(bundle, shopper, find_part(bundle, shopper, at))

    explained(*some[0])  # compiled and imported before the clock runs
    alone = [timed(lambda one=one: explained(*one)) for one in some]
    searched = [
        timed(lambda s=s, at=at: counterfactual(bundle, s, find_part(bundle, s, at)))
        for s, at in some[: max(len(some) // 4, 1)]
    ]
    log = open_log(own_log(asked.run), bundle.settings.source)
    first = str(some[0][0].raw[0]["session"])
    reading, _ = timed(lambda: find_in_log(log, first, None, Silent()))

    table = Table("ms", "median", "95 %", "slowest", f"within {1000 * TARGET:.0f} ms")
    for row in told("explanation", alone) + told("counterfactuals", searched):
        table.add_row(*row)
    console = Console()
    console.print(table)
    rounds = bundle.booster.metadata["rounds"]
    console.print(
        f"{len(some)} moments, events so far: median {np.median([at for _, at in some]):.0f}, at "
        f"most {max(at for _, at in some)}; {len(bundle.features)} features, {rounds} rounds of "
        "trees."
    )
    console.print(
        f"Finding a session in the log ({log.bytes_total / 1e6:.0f} MB, read twice): "
        f"{reading:.1f} s."
    )
    console.print(machine("xgboost-cpu", "shap", "numba"))


if __name__ == "__main__":
    main()
