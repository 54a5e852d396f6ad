"""Searching for the settings of both models, within train."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.job.evaluation import Evaluation
from willbuy.job.train import BOOSTED, LOGISTIC
from willbuy.models.boosted import checked
from willbuy.models.logistic_search import GRID, TunedLogistic, tune_logistic
from willbuy.models.study import ENOUGH, Budget
from willbuy.models.tuning import SPACE, Tuned, View, tune
from willbuy.models.windows import draw_sessions, time_views
from willbuy.progress import Reporter
from willbuy.settings import Settings
from willbuy.snapshots.from_events import Snapshots
from willbuy.snapshots.splits import TRAIN, iso

ROWS = 300_000
"""About so many rows of train are searched on, sessions whole; the models learn from all."""

_NOTE = (
    "Every trial is judged by log loss on windows of train that come after what it learns from; "
    "calibrate and test take no part. Trials whose loss is within one standard error of the best "
    "one's, over the windows, cannot be told from it: of these the settings given are kept, or "
    "else the smallest model is taken. The best of many trials is flattered by its own windows: "
    "what tuning bought is told on test, once, at the end."
)


@dataclass(frozen=True)
class Searched:
    """What the search found.

    Attributes:
        trees, logistic: Of the two models.
        rows: How many rows were searched on.
        of: How many train has.
        windows: What each window learns from and is judged by.
    """

    trees: Tuned
    logistic: TunedLogistic
    rows: int
    of: int
    windows: Sequence[Mapping[str, Any]]

    @property
    def better(self) -> dict[str, Mapping[str, Any]]:
        """By model, settings taken instead of those given; nothing where none were."""
        found: dict[str, Mapping[str, Any]] = {}
        if self.trees.choice is not None and self.trees.choice.taken:
            found[BOOSTED] = {name: self.trees.settings[name] for name in SPACE}
        if self.logistic.history and self.logistic.loss != self.logistic.history[0]["loss"]:
            found[LOGISTIC] = self.logistic.settings
        return found

    def record(self) -> dict[str, Any]:
        """What run.json tells: how many trials there are, which repeats them, and their time."""
        return {
            "trials": max(len(self.trees.history), 1),
            "seconds": round(self.trees.seconds, 1),
        }


def search(
    snapshots: Snapshots, settings: Settings, budget: Budget, study: Path, reporter: Reporter
) -> Searched:
    """Search on windows of train for the settings of the trees and of the logistic model.

    Args:
        snapshots: Of the run; only train is looked at.
        settings: The trees' own are where the search begins.
        budget: For the trees.
        study: Where their trials are kept; those that are there are gone on with.
        reporter: Told of progress.

    Raises:
        WillbuyError: The study is damaged or of other rows, or all labels are alike.
    """
    every = snapshots.rows_of(TRAIN)
    places = draw_sessions(every["visit"], ROWS, settings.seed)
    rows, X = every[places], snapshots.features_at(TRAIN, places)
    y, weight = rows["label"].astype(bool), rows["weight"]
    views = time_views(X, snapshots.names, rows["start"], gap=snapshots.splits.gap)
    with reporter.stage("Searching settings of the logistic regression", len(GRID)) as stage:
        logistic = tune_logistic(
            views[-1], y, weight, seed=settings.seed, progress=lambda: stage.advance(1)
        )
    title = f"Searching settings of the trees ({_told(budget)})"
    with reporter.stage(title, budget.trials or budget.seconds) as stage:
        last = time.monotonic()

        def tell(made: int, of: int | None, best: float) -> None:
            nonlocal last
            now = time.monotonic()
            stage.advance(1 if of is not None else now - last)
            stage.note(f"trial {made}, log loss {best:.4f}")
            last = now

        trees = tune(
            views, y, weight, **budget._asdict(), seed=settings.seed, threads=settings.workers,
            params=settings.model.params, path=study, progress=tell,
        )  # fmt: skip
    windows = [_window(view, rows["start"]) for view in views]
    return Searched(trees, logistic, len(rows), len(every), windows)


def _told(budget: Budget) -> str:
    if budget.trials is not None:
        return f"{budget.trials} trials" if budget.trials > 1 else "1 trial"
    return f"{(budget.seconds or 0) / 60:.3g} minutes"


def _window(view: View, start: NDArray[np.int64]) -> dict[str, Any]:
    def span(rows: NDArray[np.bool_]) -> dict[str, Any]:
        inside = start[rows]
        ends = [iso(int(one)) for one in (inside.min(), inside.max())] if len(inside) else None
        return {"rows": len(inside), "sessions_began": ends}

    return {"learnt": span(view.learnt), "judged": span(view.held)}


def told_tuning(searched: Searched, found: Evaluation, settings: Settings) -> dict[str, Any]:
    """The entry `tuning` of metrics.json, described in docs/metrics.md."""
    trees, logistic = searched.trees, searched.logistic
    given = checked(settings.model.params)
    history = [
        {
            "number": number,
            "loss": told["loss"],
            "pruned": told["loss"] is None,
            "leaves": round(float(np.mean(told["leaves"]))),
            "settings": {name: told["settings"][name] for name in SPACE},
        }
        for number, told in enumerate(trees.history)
    ]
    choice = trees.choice
    few = f"fewer than {ENOUGH} trials were carried to their end, or all came to the same"
    return {
        "note": _NOTE,
        "rows": {"searched": searched.rows, "train": searched.of},
        "windows": list(searched.windows),
        "models": {
            BOOSTED: {
                "trials": len(history),
                "pruned": sum(one["pruned"] for one in history),
                "given": {name: given[name] for name in SPACE},
                "chosen": {name: trees.settings[name] for name in SPACE} if history else None,
                "loss": trees.loss,
                "loss_given": history[0]["loss"] if history else None,
                "choice": choice._asdict() if choice is not None else None,
                "history": history,
                "importance": dict(trees.importance) or {"reason": few},
                "bought": found.bought[BOOSTED],
                "note": trees.note,
            },
            LOGISTIC: {
                "trials": len(logistic.history),
                "given": logistic.history[0]["settings"] if logistic.history else None,
                "chosen": dict(logistic.settings) if logistic.history else None,
                "loss": logistic.loss,
                "loss_given": logistic.history[0]["loss"] if logistic.history else None,
                "history": [
                    {"number": number, **told} for number, told in enumerate(logistic.history)
                ],
                "bought": found.bought[LOGISTIC],
            },
        },
    }
