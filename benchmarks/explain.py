"""What explanations cost, and whether they add up: CPU time and peak memory, one process each.

    python benchmarks/explain.py --run runs/demo
    python benchmarks/explain.py --run runs/demo --rows 20000 --trees 300 --depth 6

A booster of so many trees is fitted on the run's train rows. Then test moments are explained and
summed up as a run does it (the same ones again where there are too few), and the trees are fitted
again on shoppers drawn anew, for the ranks. A process that only loads its rows stands beside each.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from machine import machine
from measure import Cost, measured

LIMIT = 8_000_000_000
HERE = Path(__file__).resolve().parent
REFIT_ROWS = 2_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path, required=True, help="the folder of a run on a log")
    parser.add_argument("--rows", type=int, nargs="+", default=[20_000, 100_000])
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--depth", type=int, default=6)
    given = parser.parse_args()
    run = str(given.run.resolve())
    console = Console(width=110)
    console.print(machine("xgboost-cpu", "numpy"))
    table = Table(title=f"{given.trees} trees of depth {given.depth}, one thread",
                  title_justify="left")  # fmt: skip
    for head in ("what", "CPU s", "of them loading", "peak MB", "loading MB", "largest gap"):
        table.add_column(head, justify="left" if head == "what" else "right")
    with tempfile.TemporaryDirectory() as folder:

        def cost(what: str, *numbers: int) -> Cost:
            command = [sys.executable, "-m", "explained", what, run, folder, *map(str, numbers)]
            found = measured(command, LIMIT, HERE, threads=1)
            if found.failed:
                sys.exit(f"{what}: {found.failed}")
            return found

        cost("prepare", given.trees, given.depth)
        for n in given.rows:
            loading, whole = cost("load", n), cost("moments", n)
            gap = json.loads((Path(folder) / f"gap-{n}.json").read_text())
            table.add_row(f"{n:,} moments explained", *_told(whole, loading), f"{gap:.1e}")
        loading, whole = cost("load", REFIT_ROWS), cost("refits", REFIT_ROWS)
        table.add_row("ranks over refits", *_told(whole, loading), "")
    console.print(table)


def _told(whole: Cost, loading: Cost) -> tuple[str, ...]:
    seconds = (f"{one.cpu:.1f}" for one in (whole, loading))
    return (*seconds, *(f"{one.peak / 1e6:,.0f}" for one in (whole, loading)))


if __name__ == "__main__":
    main()
