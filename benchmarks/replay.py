"""What a row costs: replayed over a log, and live, event by event; and what compiling costs.

    python benchmarks/replay.py
    python benchmarks/replay.py --events 2019-Oct.csv --live 100000

Without --events the log is that of a small simulated shop. A model is
trained on it first, in a temporary folder. All is measured on one thread. Replay is told in CPU
time, the median of some repeats; live in time by the clock, as a service would feel it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

import willbuy
from machine import machine
from willbuy.bundle.model import Bundle
from willbuy.engines.local import by_user, user_ends
from willbuy.events.one import canonical
from willbuy.events.read import EventLog, open_log
from willbuy.moments.survey import survey_batch
from willbuy.score.live import Scorer
from willbuy.settings import Settings
from willbuy.snapshots.replay import Replay, Wanted

FIELDS = ("time", "kind", "user", "session", "product", "category", "path", "brand", "price")

COMPILE = """
import json, sys, time
import numpy as np
begun = [time.perf_counter()]
def lap(): begun.append(time.perf_counter()); return begun[-1] - begun[-2]
import willbuy
from willbuy.events.schema import EVENT
from willbuy.features.registry import built_in
from willbuy.moments.calendar import make_calendar
from willbuy.moments.rules import make_rules
from willbuy.moments.survey import survey_batch
from willbuy.progress import Silent
from willbuy.settings import Settings
from willbuy.snapshots.from_events import compile_first
features, calendar, rules = built_in(), make_calendar("UTC"), make_rules(Settings(), 0)
told = {"import": lap()}
survey_batch(np.zeros(0, EVENT), np.zeros(0, np.int64), calendar, rules)
told["fold"] = lap()
compile_first(features, Silent())
told["replay"] = lap()
model = willbuy.load(sys.argv[1])
lap()
model.scorer().update({"time": 1_700_000_000_000_000, "kind": "view", "user": 1})
told["live"] = lap()
print(json.dumps(told))
"""


def table(title: str, *heads: str) -> Table:
    """An empty table, its first column text and the others numbers."""
    made = Table(title=title, title_justify="left")
    for at, head in enumerate(heads):
        made.add_column(head, justify="right" if at else "left")
    return made


def median_cpu(repeats: int, work: Callable[[], Any]) -> float:
    """Median CPU seconds of a piece of work."""
    seconds = []
    for _ in range(repeats):
        begun = time.process_time()
        work()
        seconds.append(time.process_time() - begun)
    return float(np.median(seconds))


def replayed(bundle: Bundle, log: EventLog, repeats: int) -> Table:
    """Time both passes, on one thread."""
    events = by_user(np.concatenate([chunk.events for chunk in log.chunks()]))
    ends = user_ends(events)
    rules = bundle.rules(int(events["time"].min()))
    span = np.array([np.iinfo(np.int64).min]), np.array([np.iinfo(np.int64).max])

    def second_pass(c: float) -> int:
        wanted = Wanted(
            *span, np.array([c]), np.ones(1), np.zeros(0, np.int64), seed=0, latest=False
        )
        replay = Replay(bundle.features, bundle.calendar, rules, bundle.tables, wanted)
        return sum(len(rows) for _, rows in replay(events, ends))

    def first_pass() -> None:
        survey_batch(events, ends, bundle.calendar, rules)

    first_pass()  # compiles
    made = table(
        f"Replay: {len(events):,} events, {len(bundle.features)} features, 1 thread, CPU time",
        *("pass", "rows", "s", "µs/event", "µs/row"),
    )
    cpu = median_cpu(repeats, first_pass)
    made.add_row(
        "sessions and daily counts", "", f"{cpu:.2f}", f"{cpu / len(events) * 1e6:.2f}", ""
    )
    for name, c in (("features, moment k drawn at 1/k", 1.0), ("features, every moment", np.inf)):
        rows = second_pass(c)
        cpu = median_cpu(repeats, lambda c=c: second_pass(c))
        each = f"{cpu / len(events) * 1e6:.2f}", f"{cpu / rows * 1e6:.2f}"
        made.add_row(name, f"{rows:,}", f"{cpu:.2f}", *each)
    return made


class Watch:
    """Keeps how long each call of a function took, in nanoseconds."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.taken: list[int] = []

    def __call__(self, *args: Any) -> Any:
        """Call the function and keep how long it took."""
        begun = time.perf_counter_ns()
        answer = self.function(*args)
        self.taken.append(time.perf_counter_ns() - begun)
        return answer

    def row(self, name: str) -> tuple[str, ...]:
        """The median, the mean and the 99th percentile in µs, and how many calls."""
        micros = np.array(self.taken) / 1e3
        told = np.median(micros), micros.mean(), np.quantile(micros, 0.99)
        return name, *(f"{one:.1f}" for one in told), f"{len(micros):,}"


class Watched:
    """A bundle or a compiled program, some of whose functions are watched."""

    def __init__(self, inner: Any, **watches: Watch) -> None:
        self._inner = inner
        vars(self).update(watches)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def live(bundle: Bundle, log: EventLog, count: int) -> Table:
    """Time the first events of the log, one at a time; then the same with its parts watched."""
    events: list[dict[str, Any]] = []
    for chunk in log.chunks():
        raw = chunk.raw.select(FIELDS).head(count - len(events))
        events += raw.with_columns(time=chunk.events["time"][: len(raw)]).to_dicts()
        if len(events) >= count:
            break
    for event in events[:200]:
        Scorer(bundle).update(event)  # compiles, and fills caches
    whole = Watch(Scorer(bundle).update)
    for event in events:
        whole(event)

    reading = Watch(lambda event: canonical(event, bundle.source))
    booster = Watch(bundle.probability)
    percentiles = Watch(bundle.percentiles)
    scorer = Scorer(Watched(bundle, probability=booster, percentiles=percentiles))
    click = Watch(scorer._program.click)
    scorer._program = Watched(scorer._program, click=click)
    for event in events:
        scorer.take(reading(event))
    made = table(
        f"Live: Scorer.update, {len(events):,} events, by the clock",
        *("part", "median µs", "mean µs", "99 % µs", "calls"),
    )
    made.add_row(*whole.row("update, all of it"), end_section=True)
    made.add_row(*reading.row("cleaning and keys"))
    made.add_row(*click.row("compiled: fold and features"))
    made.add_row(*booster.row("booster and calibrator"))
    made.add_row(*percentiles.row("percentile"))
    return made


def compiling(run: Path) -> Table:
    """Time the first use of each compiled program, in new processes with a cache of their own."""
    made = table("Compiling: seconds by the clock", "", "import", "fold", "replay", "live")
    with tempfile.TemporaryDirectory() as cache:
        for name in ("cold (nothing cached)", "warm (a later process)"):
            done = subprocess.run(
                [sys.executable, "-c", COMPILE, str(run)],
                env={**os.environ, "WILLBUY_CACHE": cache},
                check=True,
                capture_output=True,
                text=True,
            )
            told = json.loads(done.stdout)
            seconds = (f"{told[part]:.1f}" for part in ("import", "fold", "replay", "live"))
            made.add_row(name, *seconds)
    return made


def main() -> None:
    """Train on the log, measure, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=Path, help="a log; the small generated shop without")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--live", type=int, default=20_000, help="events to score live")
    given = parser.parse_args()
    console = Console(width=110)
    console.print(machine("numpy", "numba", "xgboost-cpu"))
    with tempfile.TemporaryDirectory() as scratch:
        path = given.events
        if path is None:
            path = Path(scratch) / "shop.csv"
            willbuy.simulate(path, events=150_000, days=35)
        settings = Settings(threads=1)
        folder = willbuy.run(path, settings=settings, out=scratch, name="model").folder
        bundle = willbuy.load(folder).bundle
        log = open_log([path], settings.source)
        console.print(replayed(bundle, log, given.repeats))
        console.print(live(bundle, log, given.live))
        console.print(compiling(folder))


if __name__ == "__main__":
    main()
