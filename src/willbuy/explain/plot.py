"""The SHAP summary as a picture, drawn by shap itself."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from willbuy.explain.contributions import Explained, Ints

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 20
"""At most so many features."""


def save_summary_plot(told: Explained, path: Path) -> None:
    """Draw what the strongest features add to each moment (shap's beeswarm) into a PNG file."""
    from matplotlib.figure import Figure  # no pyplot: no window, and no state of others

    top = told.strongest(SHOWN)
    figure = Figure(figsize=(10, 1.5 + 0.4 * len(top)), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel("what it adds to the log-odds of a purchase (SHAP, before calibration)")
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        # Of libraries newer than shap, and of letters that the font does not have.
        warnings.simplefilter("ignore")
        if len(top):
            _draw(told, top, axes)
        figure.savefig(path, dpi=110)


def _draw(told: Explained, top: Ints, axes: Axes) -> None:
    import shap

    label = axes.get_xlabel()
    before = np.random.get_state()  # shap scatters points by numpy's global generator
    np.random.seed(0)
    try:
        shap.plots.beeswarm(
            shap.Explanation(
                values=told.contributions[:, top],
                data=told.X[:, top],
                # A dollar would begin a formula.
                feature_names=[told.features[i].label.replace("$", r"\$") for i in top],
            ),
            max_display=len(top),
            order=np.arange(len(top)),
            ax=axes,
            plot_size=None,
            show=False,
        )
    finally:
        np.random.set_state(before)
    axes.set_xlabel(label)
