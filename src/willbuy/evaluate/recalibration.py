"""Slope and intercept of the logistic recalibration: are probabilities too bold, or too high?"""

from __future__ import annotations

from typing import Any

import numpy as np

from willbuy.evaluate.figures import How, Part, figure, withheld
from willbuy.evaluate.metrics import Floats

_NOTE = (
    "The straight line from the log-odds of the probabilities to the log-odds of a purchase that "
    "fits these moments best. Slope 1 and intercept 0 need no correction; a slope below 1 means "
    "that high probabilities are too high and low ones too low."
)
_SMALLEST = float(np.finfo(np.float64).eps)


def recalibration(part: Part, how: How) -> dict[str, Any]:
    """Slope and intercept (Cox 1958, "Two further applications of a model for binary regression").

    The point is the weighted maximum likelihood, fitted by scikit-learn. A replicate is one
    Newton step from it (Davidson & MacKinnon 1999, "Bootstrap testing in nonlinear models"): its
    gradient and curvature are sums over shoppers, so that nothing has to be fitted again.

    Args:
        part: Rows to judge.
        how: The bootstrap.

    Returns:
        ``reading``, ``note``, and ``slope`` and ``intercept`` as figures.
    """
    slope, intercept = _figures(part, how)
    return {"reading": "every_moment", "note": _NOTE, "slope": slope, "intercept": intercept}


def _figures(part: Part, how: How) -> tuple[dict[str, Any], dict[str, Any]]:
    sure = np.clip(part.p, _SMALLEST, 1 - _SMALLEST)
    margin = np.log(sure) - np.log1p(-sure)
    if reason := why_no_line(part, margin):
        return withheld(reason), withheld(reason)
    intercept, slope = fit_line(part, margin)
    found = 1 / (1 + np.exp(-(intercept + slope * margin)))
    missed, bent = part.weight * (part.y - found), part.weight * found * (1 - found)
    values = np.column_stack([missed, missed * margin, bent, bent * margin, bent * margin**2])
    everywhere = np.zeros(len(margin), np.int64)
    g0, g1, h00, h01, h11 = how.sums(part.user, everywhere, values, 1)[:, 0].T
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = 1 / (h00 * h11 - h01 * h01)  # infinite where nobody was drawn
        intercepts = intercept + (h11 * g0 - h01 * g1) * scale
        slopes = slope + (h00 * g1 - h01 * g0) * scale
    return figure(slope, slopes, ""), figure(intercept, intercepts, "")


def why_no_line(part: Part, margin: Floats) -> str:
    """Why there is no finite answer; empty where there is one."""
    y = part.y
    if not y.any() or y.all():
        return "all moments have the same label"
    if margin.min() == margin.max():
        return "all probabilities are equal"
    if margin[y].min() >= margin[~y].max() or margin[y].max() <= margin[~y].min():
        return "the probabilities separate the labels completely"
    return ""


def fit_line(part: Part, margin: Floats) -> tuple[float, float]:
    """Intercept and slope of the line that fits a part's labels best, given their log-odds (n,)."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-9)
    model.fit(margin[:, None], part.y, sample_weight=part.weight / part.weight.mean())
    return float(model.intercept_[0]), float(model.coef_[0, 0])
