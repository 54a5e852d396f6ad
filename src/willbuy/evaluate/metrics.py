"""Point figures: how far probabilities are from what happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

METRICS = (
    "base_rate",
    "mean_prediction",
    "calibration_in_the_large",
    "roc_auc",
    "average_precision",
    "log_loss",
    "brier",
    "calibration_error",
    "precision",
    "recall",
    "f1",
)
"""Every metric's name, in the order in which they are told."""

BINS = 10

_RANKING = ("roc_auc", "average_precision", "recall", "f1")


def point_figures(
    y: Bools, p: Floats, weight: Floats, *, threshold: float, names: Sequence[str] = METRICS
) -> dict[str, float | None]:
    """Weighted metrics; scikit-learn's wherever it has them.

    ``calibration_in_the_large`` is the mean prediction minus the base rate. Precision, recall
    and F1 count a moment with p ≥ threshold as flagged.

    Args:
        y: Labels (n,).
        p: Probabilities (n,).
        weight: Weights (n,), not all 0.
        threshold: The line.
        names: Of the metrics that are wanted.

    Returns:
        Metric → value; None where it has no meaning (`why_undefined` says why).
    """
    from sklearn import metrics as sk

    if len(y) == 0:
        return dict.fromkeys(names)
    flagged, of = p >= threshold, {"sample_weight": weight}
    rate, mean = np.average(y, weights=weight), np.average(p, weights=weight)
    ways: dict[str, Callable[[], Any]] = {
        "base_rate": lambda: rate,
        "mean_prediction": lambda: mean,
        "calibration_in_the_large": lambda: mean - rate,
        "roc_auc": lambda: sk.roc_auc_score(y, p, **of),
        "average_precision": lambda: sk.average_precision_score(y, p, **of),
        "log_loss": lambda: sk.log_loss(y, p, labels=[False, True], **of),
        "brier": lambda: np.average((p - y) ** 2, weights=weight),
        "calibration_error": lambda: equal_mass_bins(p, weight).error(y, p, weight),
        "precision": lambda: sk.precision_score(y, flagged, **of),
        "recall": lambda: sk.recall_score(y, flagged, **of),
        "f1": lambda: sk.f1_score(y, flagged, **of),
    }
    without: set[str] = set() if y.any() and not y.all() else set(_RANKING)
    without |= set() if flagged.any() else {"precision"}
    return {name: None if name in without else float(ways[name]()) for name in names}


def why_undefined(metric: str, y: Bools) -> str:
    """Say in words why `point_figures` has no value for a metric."""
    if len(y) == 0:
        return "no moments"
    if metric in _RANKING:
        return "no moment is followed by a purchase" if not y.any() else "every moment is"
    return "no moment reaches the threshold"


@dataclass(frozen=True, eq=False)
class Bins:
    """Bins of probability, fixed once.

    Attributes:
        upper: Upper limits, inclusive, increasing (b,); the last holds all above.
    """

    upper: Floats

    def of(self, p: Floats) -> NDArray[np.int64]:
        """Bin of each probability, 0 … b - 1."""
        return np.minimum(np.searchsorted(self.upper, p, side="left"), len(self.upper) - 1)

    def error(self, y: Bools, p: Floats, weight: Floats) -> float:
        """Calibration error: |mean p - rate| averaged over the bins, by weight."""
        gap = np.bincount(self.of(p), weight * (p - y), len(self.upper))
        return float(np.abs(gap).sum() / weight.sum())


def equal_mass_bins(p: Floats, weight: Floats, bins: int = BINS) -> Bins:
    """Cut probabilities into bins of equal weight; equal probabilities stay together.

    Args:
        p: Probabilities (n,).
        weight: Weights (n,).
        bins: How many at most: fewer where many probabilities are equal.
    """
    points, code = np.unique(p, return_inverse=True)
    below = np.cumsum(np.bincount(code, weight))
    share = np.arange(1, bins + 1) / bins * below[-1]
    at = np.minimum(np.searchsorted(below, share * (1 - 1e-12)), len(points) - 1)
    return Bins(points[np.unique(at)])


def error_by_chance(
    p: Floats,
    weight: Floats,
    session: NDArray[np.int64],
    *,
    seed: int,
    redraws: int = 200,
) -> Mapping[str, float]:
    """Return the calibration error that a perfect model would show on these rows.

    Labels are redrawn as if p were the truth, once per session: a session has one uniform
    number, and each of its moments is positive where its p is above it. So a moment is
    positive with probability p, and the moments of a session stay as dependent as they are.

    Args:
        p: Probabilities (n,).
        weight: Weights (n,).
        session: int64 ids (n,).
        seed: Draws the labels.
        redraws: How often.

    Returns:
        ``median`` and ``p95`` over the redraws.
    """
    bins = equal_mass_bins(p, weight)
    code = np.unique(session, return_inverse=True)[1]
    order = np.argsort(bins.of(p), kind="stable")
    p, weight, code = p[order], weight[order], code[order]
    first = np.searchsorted(bins.of(p), np.arange(len(bins.upper)))
    expected = np.add.reduceat(weight * p, first)
    draw = np.random.default_rng(seed)
    errors = np.empty(redraws)
    for at in range(redraws):
        drawn = draw.random(code.max() + 1)[code] < p
        gap = np.add.reduceat(weight * drawn, first) - expected
        errors[at] = np.abs(gap).sum() / weight.sum()
    return {"median": float(np.median(errors)), "p95": float(np.quantile(errors, 0.95))}
