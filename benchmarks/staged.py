"""The process that `stages.py` measures: it notes what each of its stages takes.

python -m staged snapshots every FILE TOLD.json --memory 8GB
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from willbuy.engines.local import LocalEngine
from willbuy.engines.memory import parse_memory
from willbuy.events.read import open_log
from willbuy.features.registry import all_features
from willbuy.job.job import run
from willbuy.moments.calendar import make_calendar
from willbuy.moments.survey import DailyCounts
from willbuy.progress import Silent, Stage
from willbuy.settings import Settings
from willbuy.snapshots.from_events import from_events
from willbuy.snapshots.splits import PARTS

SAMPLING: dict[str, dict[str, float]] = {
    "default": {},
    "every": {"c": 500.0, "max_train_rows": 10**9, "max_judge_rows": 10**9},
}
BETWEEN = "(around the stages)"


class Laps(Silent):
    """Keeps what each stage takes, and what lies between them."""

    def __init__(self) -> None:
        self.stages: list[dict[str, Any]] = []
        self._open = 0
        self._begin()

    @contextmanager
    def stage(self, title: str, total: float | None = None) -> Iterator[Stage]:
        """A stage; one within another counts as the outer one's."""
        if not self._open:
            self.lap(BETWEEN)
        self._open += 1
        with super().stage(title, total) as stage:
            yield stage
        self._open -= 1
        if not self._open:
            self.lap(title)

    def lap(self, title: str) -> None:
        """End of what is called so."""
        cpu, wall = time.process_time() - self._cpu, time.perf_counter() - self._wall
        self.stages.append({"stage": title, "cpu": cpu, "wall": wall, "peak": _peak()})
        self._begin()

    def _begin(self) -> None:
        _forget_peak()
        self._cpu, self._wall = time.process_time(), time.perf_counter()


def _peak() -> int:
    status = Path("/proc/self/status").read_text("ascii")
    (line,) = (one for one in status.splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", "ascii")


def work(name: str, log: Path, folder: Path, settings: Settings, memory: int) -> dict[str, Any]:
    """Do all of a run, or only what comes before the models; what its stages took."""
    laps = Laps()
    if name == "run":
        done = run(log, settings=settings, out=folder, name="run", memory=memory, reporter=laps)
        size = _size(done.folder / "snapshots")
        laps.lap(BETWEEN)
        return {"stages": laps.stages, "size": size}
    opened = open_log([log], settings.source)
    counts = DailyCounts(make_calendar(settings.timezone))
    with LocalEngine(opened, folder, settings.workers, memory) as engine:
        engine.load(laps, [lambda chunk: counts.add(chunk.events)])
        snapshots = from_events(
            engine, counts, tuple(all_features(None)), settings, laps, folder / "rows", folder
        )
        laps.lap(BETWEEN)
    rows_of = {part: len(snapshots.rows_of(i)) for i, part in enumerate(PARTS)}
    return {"stages": laps.stages, "rows": rows_of, "size": _size(folder / "rows")}


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def main() -> None:
    """Work, and write what it took beside the answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=("snapshots", "run"))
    parser.add_argument("moments", choices=SAMPLING)
    parser.add_argument("log", type=Path)
    parser.add_argument("told", type=Path)
    parser.add_argument("--memory", default="8GB")
    given = parser.parse_args()
    settings = Settings.model_validate({"sampling": SAMPLING[given.moments]})
    memory = parse_memory(given.memory)
    told = work(given.work, given.log, given.told.parent, settings, memory)
    told["peak"] = max(one["peak"] for one in told["stages"])  # the kernel's total was set anew
    given.told.write_text(json.dumps(told))


if __name__ == "__main__":
    main()
