"""Searching for the logistic model's settings on a window of time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.models.boosted import FEW, fewest
from willbuy.models.columns import Floats
from willbuy.models.logistic import Shape, fit_logistic
from willbuy.models.tuning import View
from willbuy.snapshots.blocks import as_blocks, whole

GRID: Sequence[tuple[Shape, float]] = (
    *(("lines", C) for C in (1.0, 0.1)),
    *(("splines", C) for C in (0.1, 0.01, 0.001)),
    *(("bins", C) for C in (0.1, 0.01, 0.001)),
)
"""Shapes, and inverse strengths of the penalty; what bends needs a stronger one. The first is what
`fit_logistic` does if it is told nothing."""

ROWS = 50_000
"""At most so many rows, drawn, are learnt from."""


@dataclass(frozen=True)
class TunedLogistic:
    """The settings found.

    Attributes:
        settings: ``C`` and ``shape``, for `fit_logistic`.
        loss: Their weighted log loss on the rows held out; None where nothing was searched for.
        history: One entry a trial, in order: ``settings`` and ``loss``; the first are those given.
    """

    settings: Mapping[str, Any]
    loss: float | None
    history: Sequence[Mapping[str, Any]]


def tune_logistic(
    view: View,
    y: NDArray[np.bool_],
    weight: Floats,
    *,
    seed: int,
    progress: Callable[[], None] = lambda: None,
) -> TunedLogistic:
    """Try all of `GRID`, and keep the best: so few settings need no sampler.

    Args:
        view: The latest window of a log.
        y: Labels (n,).
        weight: Sampling weights (n,).
        seed: Draws the rows.
        progress: Told after each trial.

    Returns:
        The best settings; those given where a side of the view has fewer than `FEW` positives.
    """
    if fewest(y, view.held, view.learnt) < FEW:
        return TunedLogistic({"C": GRID[0][1], "shape": GRID[0][0]}, None, [])
    X = whole(as_blocks(view.X))
    history: list[dict[str, Any]] = []
    held, learn = view.held, np.flatnonzero(view.learnt)
    if len(learn) > ROWS:
        learn = np.sort(np.random.default_rng(seed).choice(learn, ROWS, replace=False))
    for shape, C in GRID:
        model = fit_logistic(
            X[learn], y[learn], weight[learn], view.names, seed=seed, C=C, shape=shape
        )
        margin = model.margin(X[held])
        missed = np.logaddexp(0.0, np.where(y[held], -margin, margin))
        loss = float(np.average(missed, weights=weight[held]))
        history.append({"settings": {"C": C, "shape": shape}, "loss": loss})
        progress()
    best = min(history, key=lambda told: float(told["loss"]))
    return TunedLogistic(best["settings"], best["loss"], history)
