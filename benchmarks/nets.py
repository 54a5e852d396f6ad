"""Which settings of a net are best on the last days of train: what the nets' settings come from.

    python benchmarks/nets.py --run runs/demo --rows 50_000
    python benchmarks/nets.py --run runs/demo --models gru --seed 1

Each setting differs in one thing from those that `willbuy compare` uses. All learn from the same
moments of train's earlier days and are judged by the log loss on its last days, by which they also
stop; calibrate and test are never read. The boosted trees stand beside them, learnt from the same
earlier days. Differences are paired, with 95 % intervals over shoppers.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from torch import Tensor

from machine import machine
from sheets import Sheet
from willbuy.bundle.files import find_bundle, load_settings_of
from willbuy.job.comparing import REFERENCE, TITLES
from willbuy.moments.calendar import local_days, make_calendar
from willbuy.progress import Silent
from willbuy.research.bench import Meter
from willbuy.research.compare import figures
from willbuy.research.learner import Floats, Learner, Moments, learner_class
from willbuy.research.rows import read_moments, split_tail
from willbuy.research.sequence_modules import GRUReader
from willbuy.research.training import CHECKPOINT

Pair = tuple[Moments, Moments]
REPLICATES = 500
COLUMNS = ("settings", "log loss", "minus as it is", "ROC-AUC", "best epoch", "CPU seconds")

JUDGED = 150_000
"""The last days are those of so many moments, whatever is learnt from: whole days, about 15 %."""

AS_IT_IS = "as it is"


class Blind(GRUReader):
    """Reads nothing, so that its features are all that a net has."""

    def read(self, tokens: Tensor, number: Tensor) -> Tensor:
        """See `Reader.read`."""
        return torch.zeros_like(tokens)


SETTINGS: dict[str, list[dict[str, Any]]] = {
    "gru": [
        {"reader": Blind},
        {"make": {"past": 128}},
        {"make": {"past": 0}},
        {"make": {"frozen": False}},
        {"make": {"hidden": 128}},
        {"make": {"dropout": 0.4}},
        {"plan": {"rate": 1e-3}},
        {"plan": {"epochs": 8}},
    ],
    "transformer": [
        {"make": {"past": 128}},
        {"make": {"layers": 1}},
        {"make": {"frozen": False}},
        {"make": {"dropout": 0.4}},
        {"plan": {"rate": 1e-3}},
    ],
    "tabnet": [{"plan": {"rate": 5e-3}}, {"plan": {"batch": 512}}, {"plan": {"epochs": 6}}],
    "tabm": [{"plan": {"rate": 1e-3}}, {"plan": {"epochs": 4}}],
}


def variant(name: str, changed: dict[str, Any]) -> type[Learner]:
    """A learner with some settings changed."""
    made: Any = learner_class(name)
    told = {"reader": changed["reader"]} if "reader" in changed else {}
    if "plan" in changed:
        told["plan"] = replace(made.plan, **changed["plan"])
    if "make" in changed:
        told["make"] = made.make._replace(**changed["make"])
    return type(made.__name__, (made,), told)


def label_of(changed: dict[str, Any]) -> str:
    """Such as "rate 0.003"."""
    if "reader" in changed:
        return "events not read"
    return ", ".join(f"{k} {v:g}" for one in changed.values() for k, v in one.items()) or AS_IT_IS


def drawn(run: Path, rows: int) -> tuple[Moments, Moments, Callable[[Moments], Pair]]:
    """To learn from, to be judged on, and how the former is split for the trees to stop by."""
    settings = load_settings_of(find_bundle(run))
    calendar = make_calendar(settings.timezone)

    def split(moments: Moments) -> Pair:
        return split_tail(moments, local_days(calendar, moments.start))

    earlier, judged = split(read_moments(run, "train", max(rows, JUDGED), settings.seed))
    few = read_moments(run, "train", rows, settings.seed)
    return few.take(np.isin(few.visit, np.unique(earlier.visit))), judged, split


@dataclass
class Bench:
    """Trains and asks; `told` has a row of text for each."""

    train: Moments
    judged: Moments
    seed: int
    threads: int
    folder: Path
    answers: dict[str, Floats] = field(default_factory=dict)
    told: dict[str, list[str]] = field(default_factory=dict)

    def add(self, label: str, kind: type[Learner], train: Moments, held: Moments) -> None:
        """Learn from train, stop by held, ask about the judged."""
        for left in self.folder.glob(CHECKPOINT):
            left.unlink()
        learner = kind(seed=self.seed, threads=self.threads)
        with Meter() as meter:
            learner.fit(train, held, Silent(), self.folder)
        told = dict(learner.metadata)
        epochs = f"{told['best_epoch']} of {told['epochs']}" if "epochs" in told else ""
        self.answers[label] = learner.predict_proba(self.judged)
        self.told[label] = [epochs, f"{meter.cpu_s:.0f}"]
        y, p = self.judged.y, self.answers[label]
        loss = np.average(-np.log(np.where(y, p, 1 - p)), weights=self.judged.weight)
        print(f"{label}: {loss:.5f}, epoch {epochs}, {meter.cpu_s:.0f} CPU s", file=sys.stderr)

    def sheet(self, title: str, beside: str, seed: int) -> Sheet:
        """Everything so far, held against one of them."""
        found = figures(
            self.answers, self.judged, seed=seed, replicates=REPLICATES, threads=self.threads,
            minus={one: [beside] if one != beside else [] for one in self.answers},
        )  # fmt: skip
        rows = []
        for label, one in found.items():
            loss, auc = (one["headline"][metric]["value"] for metric in ("log_loss", "roc_auc"))
            paired = one["paired"].get(beside, {}).get("log_loss")
            text = (
                ""
                if paired is None
                else "{value:+.4f} ({low:+.4f} to {high:+.4f})".format(**paired)
            )
            rows.append([label, f"{loss:.4f}", text, f"{auc:.3f}", *self.told[label]])
        return Sheet(title, COLUMNS, rows)


def main() -> None:
    """Try the settings of each model and print a sheet of each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=50_000, help="about so many are learnt from")
    parser.add_argument("--models", default=",".join(SETTINGS))
    parser.add_argument("--only", default="", help="try only settings that say this, or this")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    told = parser.parse_args()
    train, judged, split = drawn(told.run, told.rows)
    console = Console(width=120)
    console.print(f"{len(train):,} moments learnt from, {len(judged):,} judged; {machine('torch')}")
    with tempfile.TemporaryDirectory() as folder:
        for name in told.models.split(","):
            bench = Bench(train, judged, told.seed, told.threads, Path(folder))
            bench.add(TITLES[REFERENCE], learner_class(REFERENCE), *split(train))
            for changed in ({}, *SETTINGS[name]):
                label = label_of(changed)
                if not changed or any(one in label for one in told.only.split(",")):
                    bench.add(label, variant(name, changed), train, judged)
            console.print(bench.sheet(f"{TITLES[name]}, held days", AS_IT_IS, told.seed).rich())


if __name__ == "__main__":
    main()
