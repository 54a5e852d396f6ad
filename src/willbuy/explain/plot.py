"""SHAP values as pictures, most of them drawn by shap itself."""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from willbuy.explain.contributions import Explained, Ints
from willbuy.explain.words import titled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 20
"""At most so many features."""

DRAWN = 4_000
"""At most so many moments are drawn as dots: more would only cover each other."""

DPI = 110

_ADDS = "what it adds to the log-odds of a purchase (SHAP, before calibration)"


def plain(text: str, width: int = 46) -> str:
    """A text for a picture: broken into lines, and a dollar begins no formula."""
    return "\n".join(textwrap.wrap(text, width)).replace("$", r"\$")


def name_of(told: Explained, i: int, width: int = 46) -> str:
    """The label of a feature with its unit, for a picture."""
    return plain(titled(told.features[i].label, told.features[i].unit), width)


@contextmanager
def quietly() -> Iterator[None]:
    """Keep what shap and matplotlib say and leave, and numpy's generator, from anyone outside."""
    from matplotlib import pyplot

    before = np.random.get_state()  # shap scatters points by numpy's global generator
    open_before = set(pyplot.get_fignums())
    np.random.seed(0)
    try:
        with warnings.catch_warnings():
            # Of libraries newer than shap, and of letters that the font does not have.
            warnings.simplefilter("ignore")
            yield
    finally:
        np.random.set_state(before)
        for number in set(pyplot.get_fignums()) - open_before:  # shap opens some beside ours
            pyplot.close(number)


@contextmanager
def picture(path: Path, width: float, height: float) -> Iterator[Axes]:
    """Axes to draw on, in inches; what was drawn is then written as a PNG file."""
    from matplotlib.figure import Figure  # not pyplot's: it needs no window

    figure = Figure(figsize=(width, height))
    axes = figure.add_subplot()
    with quietly():
        yield axes
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=DPI, bbox_inches="tight")


def save_summary_plot(told: Explained, path: Path) -> None:
    """Draw what the strongest features add to each moment (shap's beeswarm) into a PNG file."""
    top = told.strongest(SHOWN)
    with picture(path, 10, 1.5 + 0.42 * len(top)) as axes:
        if len(top):
            _beeswarm(told.some(DRAWN), top, axes)
        axes.set_xlabel(plain(f"{_ADDS}; grey: missing"))


def _beeswarm(told: Explained, top: Ints, axes: Axes) -> None:
    import shap

    shap.plots.beeswarm(
        shap.Explanation(
            values=told.contributions[:, top].astype(np.float64),
            data=told.X[:, top],
            feature_names=[name_of(told, i, 60) for i in top],
        ),
        max_display=len(top),
        order=np.arange(len(top)),
        ax=axes,
        plot_size=None,
        show=False,
    )
