"""What the simulated shop costs, how like a real one it is, and how well it could be predicted.

    python benchmarks/simulator.py
    python benchmarks/simulator.py --only speed --month       (needs 6 GB of disk and some minutes)
    python benchmarks/simulator.py --only ceilings --events 3000000

Speed: simulating a log in processes of their own, at first with nothing compiled; and the exact
filter alone, on one thread. Marginals: those of simulated logs beside the published ones of a
real month (REES46, October 2019), and beside those of its first three hours where WILLBUY_DATA or
../shared/data has the file. Ceilings: the best that could be known at the k-th event of a
session, whatever the model.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

import willbuy
from machine import machine
from willbuy.events.read import open_log
from willbuy.events.schema import MISSING, Kind
from willbuy.settings import SourceSettings
from willbuy.simulator.follow import FOLLOWED, Today
from willbuy.simulator.program import program
from willbuy.simulator.shop import Shop, open_shop
from willbuy.simulator.world import World

MONTH = 42_448_764
LADDER = {"hidden_state": "hidden", "exact_filter": "exact", "learned_products": "learned"}
MOMENTS = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30)

PUBLISHED = {
    "events_per_session": 4.6,
    "sessions_of_one_event": 0.41,
    "views": 0.961,
    "carts": 0.022,
    "purchases": 0.017,
    "buying_sessions": "6-7 %",
    "sessions_per_shopper": 3.06,
    "purchases_without_cart": 0.67,
    "buying_sessions_that_go_on": None,
    "sessions_that_begin_with_cart_or_purchase": None,
    "no_brand": 0.14,
    "no_category_code": 0.33,
    "views_of_the_top_1_%_of_products": None,
}
TELLS = ("no_brand", "no_category_code")
"""What three hours can tell of a month: the rest depends on the hour, or on how long a log is."""

SIMULATE = """
import json, resource, sys, time
from pathlib import Path
begun = time.perf_counter()
import willbuy
out, events, threads, truth = sys.argv[1:5]
done = willbuy.simulate(out, events=int(events), threads=int(threads), truth=truth or None)
wall = time.perf_counter() - begun
used = resource.getrusage(resource.RUSAGE_SELF)
status = Path("/proc/self/status")
if status.exists():  # what this process alone held; getrusage knows of its parent, too
    (line,) = [one for one in status.read_text().splitlines() if one.startswith("VmHWM")]
    peak = int(line.split()[1]) * 1024
else:
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
size = Path(out).stat().st_size
cpu = used.ru_utime + used.ru_stime
print(json.dumps(dict(wall=wall, cpu=cpu, peak=peak, rows=done.events, size=size)))
"""


def table(title: str, *heads: str) -> Table:
    """An empty table, its first column text and the others numbers."""
    made = Table(title=title, title_justify="left")
    for at, head in enumerate(heads):
        made.add_column(head, justify="right" if at else "left")
    return made


def speed(events: int, threads: int, months: list[bool], scratch: Path) -> Table:
    """Simulate logs, each in a new process.

    Args:
        events: Of the usual logs.
        threads: To simulate with.
        months: For each log of a month's size, whether with its truth.
        scratch: Where logs are written, one at a time, and the cache of compiled code.
    """
    made = table(
        f"Simulating to CSV, {threads} threads, a process each",
        *("", "rows", "wall s", "CPU s", "CPU µs/row", "peak GB", "file GB"),
    )
    size = f"{events:,}"
    works = [
        (f"{size}, nothing compiled yet", events, False),
        (size, events, False),
        (f"{size} and truth, filter not compiled yet", events, True),
        (f"{size} and truth", events, True),
        *((f"a month{' and truth' if truth else ''}", MONTH, truth) for truth in months),
    ]
    for name, count, truth in works:
        out, known = scratch / "shop.csv", scratch / "truth.parquet"
        done = subprocess.run(
            [sys.executable, "-c", SIMULATE, str(out), str(count), str(threads),
             str(known) if truth else ""],
            env={**os.environ, "WILLBUY_CACHE": str(scratch / "cache")},
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        told = json.loads(done.stdout)
        made.add_row(
            name, f"{told['rows']:,}", f"{told['wall']:.1f}", f"{told['cpu']:.1f}",
            f"{told['cpu'] / told['rows'] * 1e6:.2f}", f"{told['peak'] / 1e9:.2f}",
            f"{told['size'] / 1e9:.2f}",
        )  # fmt: skip
        out.unlink()
        known.unlink(missing_ok=True)
    return made


class Timed:
    """Follows every visit of a shop, and keeps what that alone takes."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.seconds, self.events = 0.0, 0
        shape = (len(shop.shoppers), *shop.chain.first.shape, 2)
        self.beliefs, self.followed = np.zeros(shape), np.zeros(shape[0], FOLLOWED)

    def begin(self, day: int, looks: Any, shelf: Any) -> None:
        """A day begins; every quality is known."""
        certain = np.eye(self.shop.goods.prior.shape[1])[self.shop.goods.quality]
        world = self.shop.world
        rest = (
            self.shop.entries[day], world.start.weekday(), world.causal.coupon_share,
            self.shop.seed,
        )  # fmt: skip
        self.shelf, self.today = shelf, Today(looks.mix, looks.value, certain, *rest)

    def rows(self, events: Any, states: Any, types: Any) -> pl.DataFrame:
        """Follow some visits."""
        out = np.empty((len(events), 2))
        begun = time.thread_time()
        program().follow(
            events, self.shop.chain, self.today, self.shelf, self.shop.goods.category,
            self.shop.goods.popularity, self.followed, self.beliefs, out, out[:0],
        )  # fmt: skip
        self.seconds += time.thread_time() - begun
        self.events += len(events)
        return pl.DataFrame()

    def end(self, events: Any, shelf: Any) -> None:
        """A day is over."""


def filtering(events: int) -> Table:
    """Time the exact filter on one thread."""
    for count in (1_000, events):  # the first compiles
        timed = Timed(open_shop(World(), count, 31, 0))
        for _ in timed.shop.open(1, timed):
            pass
    made = table("The exact filter, 1 thread", "events", "CPU s", "events/s/core", "µs/event")
    made.add_row(
        f"{timed.events:,}", f"{timed.seconds:.2f}", f"{timed.events / timed.seconds:,.0f}",
        f"{timed.seconds / timed.events * 1e6:.2f}",
    )  # fmt: skip
    return made


def head_file() -> Path | None:
    """The first rows of the real month, where they are."""
    folders = [os.environ.get("WILLBUY_DATA"), Path(__file__).parents[2] / "shared" / "data"]
    paths = [Path(folder) / "rees46_oct2019_head.csv" for folder in folders if folder]
    return next((path for path in paths if path.is_file()), None)


def marginals_of(path: Path) -> dict[str, float]:
    """The marginals of any log that the package reads."""
    log = open_log([path], SourceSettings())
    events = np.concatenate([chunk.events for chunk in log.chunks()])
    rows = pl.DataFrame({name: events[name] for name in events.dtype.names}).sort("time")
    kind, session = pl.col("kind"), ("user", "session")
    bought = kind == Kind.PURCHASE
    each = rows.group_by(session, maintain_order=True).agg(
        pl.len(),
        bought.sum().alias("purchases"),
        (kind == Kind.CART).any().alias("carted"),
        (~bought & (bought.cum_sum() > 0)).any().alias("went_on"),
        (kind.first() != Kind.VIEW).alias("otherwise"),
    )
    buying = each.filter(pl.col("purchases") > 0)
    return {
        "events_per_session": each["len"].mean(),
        "sessions_of_one_event": (each["len"] == 1).mean(),
        "views": (rows["kind"] == Kind.VIEW).mean(),
        "carts": (rows["kind"] == Kind.CART).mean(),
        "removals": (rows["kind"] == Kind.REMOVE).mean(),
        "purchases": (rows["kind"] == Kind.PURCHASE).mean(),
        "buying_sessions": len(buying) / len(each),
        "sessions_per_shopper": len(each) / rows["user"].n_unique(),
        "purchases_without_cart": buying.filter(~pl.col("carted"))["purchases"].sum()
        / buying["purchases"].sum(),
        "buying_sessions_that_go_on": buying["went_on"].mean(),
        "sessions_that_begin_with_cart_or_purchase": each["otherwise"].mean(),
        "no_brand": (rows["brand"] == MISSING).mean(),
        "no_category_code": (rows["section"] == MISSING).mean(),
        "views_of_the_top_1_%_of_products": top_share(
            rows.filter(kind == Kind.VIEW)["product"].value_counts()["count"]
        ),
    }  # type: ignore[return-value]


def top_share(counts: pl.Series) -> float:
    """How much of all views the most viewed hundredth of the products has."""
    return float(counts.top_k(max(round(len(counts) / 100), 1)).sum() / counts.sum())


def marginals(logs: dict[int, tuple[willbuy.Simulated, Path]]) -> Table:
    """Simulated logs beside the published month and its first hours."""
    told: dict[str, dict[str, Any]] = {"published": PUBLISHED}
    for seed, (done, path) in logs.items():
        views = pl.scan_parquet(path).filter(pl.col("event_type") == "view")
        counts = views.group_by("product_id").len().collect()["len"]
        top = {"views_of_the_top_1_%_of_products": top_share(counts)}
        told[f"seed {seed}"] = {**done.marginals, **top}
    head = head_file()
    if head is not None:
        told["real, 3 hours"] = marginals_of(head)
    (rows,) = {done.events // 100_000 for done, _ in list(logs.values())[:1]}
    made = table(f"Marginals, {rows / 10:.1f} million events", "", *told)
    for name in PUBLISHED:
        cells = [_cell(name, one.get(name)) for one in told.values()]
        if head is not None and name not in TELLS:
            cells[-1] += " *"
        made.add_row(name.replace("_", " "), *cells)
    if head is not None:
        made.caption = (
            "* depends on the hour, or on how long a log is: three hours of a night cannot tell"
        )
        made.caption_justify = "left"
    return made


def _cell(name: str, value: float | str | None) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return f"{value:.2f}" if "_per_" in name else f"{value:.1%}"


def ceilings(seed: int, truth: Path) -> Table:
    """How well the ladder predicts, at all moments and by the number of events seen."""
    rows = pl.read_parquet(truth).filter("in_ladder")
    figures = {"AUC": roc_auc_score, "AP": average_precision_score, "loss": log_loss}
    heads = [f"{figure} {short}" for figure in figures for short in LADDER.values()]
    made = table(f"Ceilings, seed {seed}; loss is log loss", "k", "moments", "buy", *heads)
    for k in ("all", *MOMENTS):
        some = rows if k == "all" else rows.filter(pl.col("ordinal") == k)
        y = some["label"].to_numpy()
        if not y.any() or y.all():
            continue
        cells = [
            f"{figure(y, some[name].to_numpy().astype(float)):.3f}"
            for figure in figures.values()
            for name in LADDER
        ]
        made.add_row(str(k), f"{len(some):,}", f"{y.mean():.1%}", *cells, end_section=k == "all")
    return made


def main() -> None:
    """Run the parts and print them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=("speed", "marginals", "ceilings"))
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--month", action="store_true", help=f"simulate {MONTH:,} events, too")
    parser.add_argument("--month-truth", action="store_true", help="... and again with the truth")
    given = parser.parse_args()
    console = Console(width=130)
    console.print(machine("willbuy", "numpy", "numba", "polars"))
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        if given.only in (None, "speed"):
            months = [False] * given.month + [True] * given.month_truth
            console.print(speed(given.events, given.threads, months, scratch))
            console.print(filtering(given.events))
        if given.only == "speed":
            return
        logs = {}
        for seed in given.seeds:
            path, truth = scratch / f"{seed}.parquet", scratch / f"{seed}.truth.parquet"
            done = willbuy.simulate(
                path, events=given.events, seed=seed, truth=truth, threads=given.threads
            )
            logs[seed] = done, path
        if given.only in (None, "marginals"):
            console.print(marginals(logs))
        if given.only in (None, "ceilings"):
            for seed in given.seeds:
                console.print(ceilings(seed, scratch / f"{seed}.truth.parquet"))


if __name__ == "__main__":
    main()
