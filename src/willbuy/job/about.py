"""What every run is: a folder, and what run.json says of how it was made."""

from __future__ import annotations

import platform
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from willbuy.bundle.files import LIBRARIES, file_sha256
from willbuy.errors import WillbuyError
from willbuy.events.files import fingerprint
from willbuy.models.boosted import DEFAULTS
from willbuy.progress import Reporter, Stage
from willbuy.report.files import read, read_one
from willbuy.settings import Settings


@dataclass
class Run:
    """A finished run.

    Attributes:
        folder: Where everything is.
        metrics: The content of metrics.json.
        health: The content of data_health.json.
        about: The content of run.json.
        audit, bias: The content of audit.json and bias.json; of a log's run only.
    """

    folder: Path
    metrics: dict[str, Any] = field(repr=False)
    health: dict[str, Any] = field(repr=False)
    about: dict[str, Any] = field(repr=False)
    audit: dict[str, Any] | None = field(default=None, repr=False)
    bias: dict[str, Any] | None = field(default=None, repr=False)

    def read(self, name: str) -> dict[str, Any]:
        """The content of another JSON file of the run, such as churn_strategy.json.

        Raises:
            WillbuyError: The run has none, it is broken, or of another version.
        """
        return read_one(self.folder / name)


def open_run(folder: Path | str) -> Run:
    """Open a finished run.

    Args:
        folder: `runs/<name>`.

    Raises:
        WillbuyError: It is no run, or not a whole one, or of another version.
    """
    folder = Path(folder)
    told = read(folder)
    return Run(folder, told.metrics, told.health, told.about, told.audit, told.bias)


@dataclass
class Timed:
    """Passes a reporter on and keeps how long each stage took."""

    reporter: Reporter
    seconds: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def stage(self, title: str, total: float | None = None) -> Iterator[Stage]:
        """As the reporter's, timed."""
        wall, cpu = time.perf_counter(), time.process_time()
        with self.reporter.stage(title, total) as stage:
            yield stage
        self.seconds.append(
            {
                "stage": title,
                "wall_s": round(time.perf_counter() - wall, 2),
                "cpu_s": round(time.process_time() - cpu, 2),
            }
        )

    def say(self, text: str) -> None:
        """As the reporter's."""
        self.reporter.say(text)


def check_params(settings: Settings) -> None:
    """Refuse `model.params` that the boosted trees do not have."""
    unknown = sorted(set(settings.model.params) - set(DEFAULTS))
    if unknown:
        raise WillbuyError(f"model.params has no {unknown[0]}; it has {', '.join(DEFAULTS)}.")


def default_name(paths: Sequence[Path]) -> str:
    """The name of a run: that of its first file or folder, endings left off."""
    return paths[0].resolve().name.split(".")[0] or "run"


def about_run(
    name: str,
    paths: Sequence[Path],
    printed: str,
    settings: Settings,
    timed: Timed,
    *,
    own: Path | None = None,
    truth: Path | None = None,
    table: dict[str, Any] | None = None,
    tune: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The content of run.json: enough to repeat the run.

    Args:
        name: Of the run.
        paths: The inputs, as they were named.
        printed: Fingerprint of the data.
        settings: All of them.
        timed: How long each stage took.
        own: The file with features of one's own.
        truth: Of a simulated shop.
        table: Of a table of sessions: which columns are label, time and group, and how many
            settings were tried.
        tune: Of a log: how many settings were tried, and how long that took.
    """
    return {
        "schema": 1,
        "name": name,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "inputs": [str(path.resolve()) for path in paths],
        "data_fingerprint": printed,
        "features": None
        if own is None
        else {"file": str(own.resolve()), "sha256": file_sha256(own)},
        "truth": None
        if truth is None
        else {"file": str(truth.resolve()), "fingerprint": fingerprint([truth])},
        **({} if table is None else {"table": table}),
        **({} if tune is None else {"tune": tune}),
        "settings": settings.model_dump(),
        "versions": {library: version(library) for library in (*LIBRARIES, "optuna")},
        "python": platform.python_version(),
        "machine": machine(settings),
        "stages": timed.seconds,
        "peak_memory_mb": peak_memory_mb(),
    }


def machine(settings: Settings) -> str:
    """What kind of processor, and how many threads of it are used."""
    return f"{platform.machine()}, {settings.workers} threads"


def peak_memory_mb() -> float:
    """Peak resident memory of this process."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1024), 1)
