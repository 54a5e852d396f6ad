"""Training one model and keeping it, with what it cost; what is there already is not redone."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from willbuy import models
from willbuy.progress import Reporter
from willbuy.research.learner import LEARNERS, Floats, Learner, Moments, learner_class
from willbuy.research.writing import writing

_ABOUT, _MODEL, _KEY, _CHECKPOINTS = "about.json", "model", "key", "checkpoints"
_PACKAGES = ("willbuy", "numpy", "xgboost-cpu", "scikit-learn")
_ONLY_JUDGE = ("attention", "bench", "blend", "compare", "map", "verdict")
_SINGLE, _SINGLE_SECONDS, _WARM = 50, 5.0, 3
"""A latency is the median of so many answers, or of those that took so many seconds in all."""


@dataclass(frozen=True)
class Trained:
    """A model of the bench and its answers.

    Attributes:
        p: By part, its probabilities before calibration (n,).
        cost: ``cpu_s``, ``wall_s`` and ``peak_mb`` of training, ``size_bytes`` of the model,
            ``latency_ms`` of one answer.
        metadata: What the learner tells of its fit.
        made: On which ``machine`` it was trained, and by which ``versions`` of packages.
        reused: Whether it was there already.
    """

    p: Mapping[str, Floats]
    cost: Mapping[str, float]
    metadata: Mapping[str, Any]
    made: Mapping[str, Any]
    reused: bool


@dataclass(frozen=True)
class Job:
    """What one model is trained on and asked.

    Attributes:
        train, held: To learn from, and to stop by.
        asked: By part, the moments whose probabilities are wanted.
        seed: Of the training.
        threads: How many.
        of: What else identifies the moments, such as when their run was made.
        machine: In words; what is there already is taken from another one as well.
    """

    train: Moments
    held: Moments
    asked: Mapping[str, Moments]
    seed: int
    threads: int
    of: str
    machine: str


def train_or_load(name: str, job: Job, folder: Path, reporter: Reporter) -> Trained:
    """Train a model, unless the same one is there; go on with it where it was interrupted.

    Args:
        name: As in `LEARNERS`.
        job: What it is trained on and asked.
        folder: Of this model and job; made, or replaced where it holds another.
        reporter: Told of progress.

    Raises:
        WillbuyError: What the model needs is not installed, or nothing can be written.
    """
    learner = learner_class(name)
    key = _key(name, job)
    if (folder / _ABOUT).is_file() and (found := _load(folder, key, job)) is not None:
        reporter.say(f"{LEARNERS[name].title} was trained already.")
        return found
    partial = folder.with_name(f".{folder.name}")
    with writing(folder):
        if not (partial / _KEY).is_file() or (partial / _KEY).read_text("utf-8") != key:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            (partial / _KEY).write_text(key, "utf-8")
        (partial / _CHECKPOINTS).mkdir(exist_ok=True)
    trained = _train(name, learner, job, partial, reporter)
    with writing(folder):
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    return trained


def _train(
    name: str, learner: type[Learner], job: Job, partial: Path, reporter: Reporter
) -> Trained:
    one = learner(seed=job.seed, threads=job.threads)
    checkpoints, model = partial / _CHECKPOINTS, partial / _MODEL
    with Meter() as meter:
        one.fit(job.train, job.held, reporter, checkpoints)
    with writing(model):
        shutil.rmtree(model, ignore_errors=True)
        model.mkdir()
        one.save(model)
    with reporter.stage(f"{LEARNERS[name].title}: answers"):
        p = {part: one.predict_proba(moments) for part, moments in job.asked.items()}
        latency = _latency(one, next(iter(job.asked.values())))
    metadata = dict(one.metadata)
    cost = {
        "cpu_s": meter.cpu_s + float(metadata.pop("earlier_cpu_s", 0.0)),
        "wall_s": meter.wall_s,
        "peak_mb": meter.peak_mb,
        "size_bytes": float(sum(at.stat().st_size for at in model.rglob("*") if at.is_file())),
        "latency_ms": latency,
    }
    made = {"machine": job.machine, "versions": versions_of(name)}
    with writing(partial):
        for part, values in p.items():
            np.save(partial / f"{part}.npy", values)
        shutil.rmtree(checkpoints)
        about = {"key": (partial / _KEY).read_text("utf-8"), "cost": cost, "metadata": metadata}
        (partial / _ABOUT).write_text(json.dumps(about | made, indent=1), "utf-8")
        (partial / _KEY).unlink()
    return Trained(p, cost, metadata, made, reused=False)


def _load(folder: Path, key: str, job: Job) -> Trained | None:
    """The model that is there; None where it is another one, or not whole."""
    try:
        about = json.loads((folder / _ABOUT).read_text("utf-8"))
        if about["key"] != key:
            return None
        p = {part: np.load(folder / f"{part}.npy") for part in job.asked}
        made = {name: about[name] for name in ("machine", "versions")}
    except (OSError, ValueError, KeyError):
        return None
    return Trained(p, about["cost"], about["metadata"], made, reused=True)


def _key(name: str, job: Job) -> str:
    """A hash of all that the model depends on: moments, seed, packages, the code that learns."""
    versions = {one: at for one, at in versions_of(name).items() if one != "willbuy"}
    told = hashlib.sha256(json.dumps([name, job.seed, job.threads, job.of, versions]).encode())
    for moments in (job.train, job.held, *job.asked.values()):
        told.update(moments.rows["position"].to_numpy().tobytes())
        told.update("\n".join(moments.names).encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        if path.stem not in _ONLY_JUDGE:
            told.update(path.read_bytes())
    for path in sorted(Path(models.__file__).parent.rglob("*.py")):
        told.update(path.read_bytes())
    return told.hexdigest()


def versions_of(name: str) -> dict[str, str]:
    """The versions of the packages that a model of `LEARNERS` is made by."""
    packages = {*_PACKAGES, *(one.replace("_", "-") for one in LEARNERS[name].needs)}
    return {package: version(package) for package in sorted(packages)}


def _latency(learner: Learner, moments: Moments) -> float:
    """Milliseconds that one moment's answer takes, what it goes by being there: the median."""
    took: list[float] = []
    places = np.arange(0, len(moments), max(len(moments) // _SINGLE, 1))
    read = learner.read(moments.take(places))
    for at in range(len(places)):
        one = read.take(np.array([at]))
        before = time.perf_counter()
        learner.answer(one)
        took.append(time.perf_counter() - before)
        if len(took) > _WARM and sum(took) > _SINGLE_SECONDS:
            break
    return float(np.median(took[_WARM:] or took) * 1000)


class Meter:
    """What a block of work costs this process.

    Attributes:
        cpu_s, wall_s: Seconds; of all threads.
        peak_mb: By how much memory rose at most, looked at twenty times a second.
    """

    cpu_s = wall_s = peak_mb = 0.0

    def __enter__(self) -> Self:
        import psutil

        self._process = psutil.Process()
        self._before = self._most = self._process.memory_info().rss
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        self._cpu, self._wall = time.process_time(), time.perf_counter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cpu_s = time.process_time() - self._cpu
        self.wall_s = time.perf_counter() - self._wall
        self._over.set()
        self._watch.join()
        self.peak_mb = (self._most - self._before) / 1e6

    def _look(self) -> None:
        while not self._over.wait(0.05):
            self._most = max(self._most, self._process.memory_info().rss)
