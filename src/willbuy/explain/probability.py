"""From log-odds to the probability that is shown: what calibration adds, and points of probability.

SHAP values add up in log-odds, before calibration. The calibrator closes the gap to the
probability; it is told as a term of its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from willbuy.explain.contributions import Explained, Floats
from willbuy.models.boosted import Boosted
from willbuy.models.calibrator import Calibrator

_CALIBRATION = (
    "What calibration changes: the log-odds of the probability that is shown, minus the log-odds "
    "of the trees, which base and contributions add up to."
)
_EXACT = (
    "The largest difference, over the explained moments, between base plus contributions and "
    "the log-odds that the trees answer with: no more than rounding."
)
POINTS_NOTE = (
    "mean_points is an approximation: how far the probability moves, in points of percent, where "
    "the contribution of the feature alone is taken away from the log-odds. Probabilities do not "
    "add up as log-odds do, so these need not sum to anything."
)


def exactness(told: Explained, model: Boosted) -> dict[str, Any]:
    """How far base plus contributions are from the model's answers, at most."""
    gap = np.abs(told.margin - model.margin(told.X))
    return {"largest_gap": float(gap.max(initial=0.0)), "note": _EXACT}


def calibration(told: Explained, calibrator: Calibrator, k: NDArray[np.integer]) -> dict[str, Any]:
    """Mean effect of the calibrator on the explained moments, in log-odds.

    Args:
        told: The n moments.
        calibrator: Of the model that is explained.
        k: Events of the session so far (n,).

    Returns:
        ``kind`` of the map, ``mean`` and ``mean_abs`` of logit(p) - margin, and a ``note``.
    """
    margin = told.margin
    added = logit(calibrator(margin, k)) - margin
    return {
        "kind": calibrator.kind,
        "mean": float(np.average(added, weights=told.weight)),
        "mean_abs": float(np.average(np.abs(added), weights=told.weight)),
        "note": _CALIBRATION,
    }


def mean_points(told: Explained, calibrator: Calibrator, k: NDArray[np.integer]) -> Floats:
    """How far the probability moves on average without each feature's contribution.

    Args:
        told, calibrator, k: As for `calibration`.

    Returns:
        Points of percent (F,).
    """
    margin = told.margin
    p = calibrator(margin, k)
    moved = [np.abs(p - calibrator(margin - one, k)) for one in told.contributions.T]
    return 100 * np.array([float(np.average(one, weights=told.weight)) for one in moved])
