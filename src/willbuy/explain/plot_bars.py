"""Mean sizes of contributions as bars, by feature and by family."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from willbuy.explain.contributions import Explained
from willbuy.explain.families import family
from willbuy.explain.plot import SHOWN, name_of, picture, plain

_SIZE = "mean size of what it adds to the log-odds of a purchase (mean |SHAP|)"
_COLOUR = "#0072b2"


def save_feature_bars(told: Explained, path: Path) -> None:
    """Draw the mean size of the strongest features' contributions into a PNG file."""
    top = told.strongest(SHOWN)
    _save([name_of(told, i, 60) for i in top], told.by_feature[top].tolist(), path)


def save_family_bars(told: Explained, path: Path) -> None:
    """Draw the mean size of what the features of each family add together into a PNG file.

    Features that go together share what they add, so that each looks weaker than what it stands
    for; their sum does not.
    """
    size = told.by_family
    top = [i for i in np.argsort(-size, kind="stable").tolist() if size[i] > 0][:SHOWN]
    _save([plain(family(told.families[i]), 60) for i in top], [float(size[i]) for i in top], path)


def _save(names: Sequence[str], sizes: Sequence[float], path: Path) -> None:
    with picture(path, 10, 1.5 + 0.42 * len(names)) as axes:
        bars = axes.barh(np.arange(len(names)), sizes, color=_COLOUR, height=0.7)
        axes.bar_label(bars, fmt="%.3f", padding=4)
        axes.set_yticks(np.arange(len(names)), names)
        axes.invert_yaxis()
        axes.margins(x=0.1)
        axes.set_xlabel(_SIZE)
        axes.spines[["top", "right"]].set_visible(False)
