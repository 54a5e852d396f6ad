"""One moment from the base to its answer, step by step (shap's waterfall)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from willbuy.evaluate.metrics import Bools
from willbuy.explain.contributions import Explained, Floats
from willbuy.explain.plot import DPI, plain, quietly
from willbuy.explain.words import quantity

_STEPS = 12

_AXIS = "log-odds before calibration, from the base, E[f(X)], to the answer here, f(x)"


def typical(p: Floats, among: Bools) -> int | None:
    """The place of the moment whose probability is the median of some; None where there are none.

    Args:
        p: Probabilities (n,).
        among: Which moments count (n,).
    """
    at = np.flatnonzero(among)
    order = at[np.argsort(p[at], kind="stable")]
    return int(order[(len(order) - 1) // 2]) if len(order) else None


def save_moment_plot(told: Explained, row: int, title: str, path: Path) -> None:
    """Draw how the features lead from the base to the log-odds of one moment into a PNG file."""
    import shap
    from matplotlib import pyplot  # shap's waterfall draws on pyplot's figure and no other

    names = [
        plain(f"{one.label}: {_said(float(value), one.unit)}", 56)
        for one, value in zip(told.features, told.X[row], strict=True)
    ]
    with quietly():
        figure = pyplot.figure()
        shap.plots.waterfall(
            shap.Explanation(
                values=told.contributions[row].astype(np.float64), base_values=told.base,
                feature_names=names,
            ),
            max_display=_STEPS, show=False,
        )  # fmt: skip
        figure.set_size_inches(11, 7)
        figure.axes[0].set_title(plain(title, 90), loc="left", pad=28)
        figure.axes[0].set_xlabel(_AXIS, labelpad=28)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=DPI, bbox_inches="tight")


def _said(value: float, unit: str) -> str:
    return "missing" if np.isnan(value) else quantity(value, unit)
