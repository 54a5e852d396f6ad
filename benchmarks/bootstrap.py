"""How fast the bootstrap over shoppers is, and whether its intervals hold what they promise.

    python benchmarks/bootstrap.py
    python benchmarks/bootstrap.py --rows 200000 --repetitions 0

Speed: every metric of some rows in each replicate, with sorting; compiling is told apart.
Coverage: small logs are drawn again and again from a known shop in which a shopper's moments
depend on each other; how many of the 95 % intervals hold the figure of the whole shop?
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from rich.console import Console
from rich.table import Table

from machine import machine
from willbuy.evaluate.bootstrap import interval, replicates
from willbuy.evaluate.metrics import METRICS, point_figures

THRESHOLD = 0.15
SHOWN = ("base_rate", "roc_auc", "average_precision", "log_loss", "brier", "recall", "f1")


def draw(rng: np.random.Generator, users: int) -> tuple[np.ndarray, ...]:
    """Rows of a shop: labels, a somewhat miscalibrated model's probabilities, weights, users.

    A shopper has a taste of their own, known to nobody, and 1 to about 15 moments.
    """
    moments = rng.geometric(0.3, users)
    user = np.repeat(np.arange(users), moments)
    seen = (rng.normal(size=users)[user] + rng.normal(size=len(user))) * 0.7
    hidden = rng.normal(size=users)[user] * 0.7
    y = rng.random(len(user)) < 1 / (1 + np.exp(3 - seen - hidden))
    p = 1 / (1 + np.exp(2.9 - 1.1 * seen))
    return y, p, rng.choice([1.0, 2.0, 3.0], len(user)), user


def speed(rows: int, count: int, threads: int) -> Table:
    """Time the replicates of one part."""
    y, p, weight, user = (a[:rows] for a in draw(np.random.default_rng(1), int(rows / 3.2)))
    start = time.perf_counter()
    replicates(y[:100], p[:100], weight[:100], user[:100], threshold=0.1, seed=1, count=2)
    compiling = time.perf_counter() - start
    wall, cpu = time.perf_counter(), time.process_time()
    replicates(y, p, weight, user, threshold=THRESHOLD, seed=1, count=count, threads=threads)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    table = Table(title="Speed", title_justify="left")
    for head in ("rows", "users", "replicates", "threads", "wall s", "CPU s", "ns/row", "load s"):
        table.add_column(head, justify="right")
    table.add_row(
        f"{len(y):,}",
        f"{len(np.unique(user)):,}",
        str(count),
        str(threads),
        f"{wall:.1f}",
        f"{cpu:.1f}",
        f"{cpu / len(y) / count * 1e9:.1f}",
        f"{compiling:.1f}",
    )
    return table


def coverage(repetitions: int, users: int, count: int) -> Table:
    """Count the intervals that hold the figure of the whole shop."""
    y, p, weight, _ = draw(np.random.default_rng(2), 1_000_000)
    truth = point_figures(y, p, weight, threshold=THRESHOLD)
    held = dict.fromkeys(SHOWN, 0)
    width = dict.fromkeys(SHOWN, 0.0)
    for repetition in range(repetitions):
        y, p, weight, user = draw(np.random.default_rng(1000 + repetition), users)
        drawn = replicates(y, p, weight, user, threshold=THRESHOLD, seed=repetition, count=count)
        for name in SHOWN:
            limits = interval(drawn[:, METRICS.index(name)])
            assert limits is not None
            held[name] += limits[0] <= truth[name] <= limits[1]
            width[name] += (limits[1] - limits[0]) / repetitions
    table = Table(
        title=f"Coverage of 95 % intervals: {repetitions} logs of {users:,} shoppers, "
        f"{count} replicates",
        title_justify="left",
    )
    for head in ("metric", "whole shop", "mean width", "held", "90-99 %?"):
        table.add_column(head, justify="left" if head == "metric" else "right")
    for name in SHOWN:
        share = held[name] / repetitions
        table.add_row(
            name,
            f"{truth[name]:.4f}",
            f"{width[name]:.4f}",
            f"{share:.1%}",
            "yes" if 0.90 <= share <= 0.99 else "NO",
        )
    return table


def main() -> None:
    """Run both and print them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--replicates", type=int, default=500)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=200, help="0 leaves coverage out")
    parser.add_argument("--users", type=int, default=1500, help="shoppers of a small log")
    given = parser.parse_args()
    console = Console(width=110)
    console.print(machine("numpy", "numba", "scikit-learn"))
    console.print(speed(given.rows, given.replicates, given.threads))
    if given.repetitions:
        console.print(coverage(given.repetitions, given.users, given.replicates))


if __name__ == "__main__":
    main()
