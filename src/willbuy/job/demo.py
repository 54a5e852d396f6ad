"""The demo: a run on a simulated shop, made where there is none yet."""

from __future__ import annotations

from pathlib import Path

from willbuy.job.about import Run, open_run
from willbuy.job.job import run
from willbuy.progress import Reporter, Silent
from willbuy.report.files import METRICS
from willbuy.simulator.simulate import simulate

NAME = "demo"
LOG, TRUTH = "demo_log.csv", "demo_log.truth.parquet"
"""They stay beside the run: prices and sessions are looked up in its log."""
EVENTS = 200_000
"""Enough for every figure to have an interval, and a minute or two of work."""


def demo(
    runs: Path | str = "runs", *, events: int = EVENTS, reporter: Reporter | None = None
) -> Run:
    """Open the demo's run; where there is none, simulate a shop and run the whole job on it.

    The shop is made up. Its figures say nothing about a real one.

    Args:
        runs: The folder of runs. What `make demo` made there, of a million events, is taken.
        events: About how many to simulate, where there is no demo.
        reporter: Told of progress; silent where not given.

    Returns:
        The run `runs/demo`.

    Raises:
        WillbuyError: What is there is no whole run, or nothing can be written there.
    """
    runs, reporter = Path(runs), reporter or Silent()
    if (runs / NAME / METRICS).is_file():
        return open_run(runs / NAME)
    runs.mkdir(parents=True, exist_ok=True)
    log, truth = runs / LOG, runs / TRUTH
    with reporter.stage("Making up a shop's log"):
        simulate(log, events=events, truth=truth)
    return run(log, truth=truth, out=runs, name=NAME, reporter=reporter)
