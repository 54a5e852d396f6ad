"""What a feature adds, by its value, coloured by the feature it works together with most."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from willbuy.explain.contributions import Explained, Floats32
from willbuy.explain.plot import DRAWN, SHOWN, name_of, picture, quietly
from willbuy.explain.words import YES_NO

SAMPLE = 2_000
"""So many moments are enough to find an interaction."""


def dependence_file(name: str) -> str:
    """The file of a feature's plot; the name of a table's column may hold anything.

    >>> dependence_file("cart_size"), dependence_file("Exit rate: a/b")
    ('dependence_cart_size.png', 'dependence_Exit_rate_a_b.png')
    """
    return f"dependence_{re.sub(r'[^A-Za-z0-9]+', '_', name).strip('_') or 'column'}.png"


def save_dependence_plot(told: Explained, i: int, path: Path) -> str | None:
    """Draw the contributions of a feature against its values (shap's scatter) into a PNG file.

    Args:
        told: The moments.
        i: The feature's place.
        path: The file.

    Returns:
        The name of the feature whose values are the colours; None where no other varies.
    """
    import shap

    other = strongest_interaction(told, i)
    some = told.some(DRAWN)

    def column(j: int, width: int) -> shap.Explanation:
        return shap.Explanation(
            values=some.contributions[:, j].astype(np.float64), data=some.X[:, j].astype(float),
            feature_names=name_of(told, j, width),
        )  # fmt: skip

    with picture(path, 8, 5.2) as axes:
        known = some.X[~np.isnan(some.X[:, i]), i]
        if len(known):
            colour = "#0072b2" if other is None else column(other, 38)
            shap.plots.scatter(
                column(i, 80), color=colour, ax=axes, show=False, alpha=0.7, **_limits(known)
            )
        if told.features[i].unit == YES_NO:
            axes.set_xticks([0, 1], ["no", "yes"])
        axes.set_xlabel(name_of(told, i, 80))
        axes.set_ylabel("added log-odds of a purchase (SHAP)")
    return None if other is None else told.features[other].name


def strongest_interaction(told: Explained, i: int) -> int | None:
    """The feature with whose values the contributions of another change most.

    Of the strongest features, by shap's approximation: among moments with about one value of the
    feature, how closely its contribution follows the other's value.
    """
    import shap

    some = told.some(SAMPLE)
    varies = [j for j in told.strongest(SHOWN).tolist() if len(np.unique(some.X[:, j])) > 1]
    varies = [i, *(j for j in varies if j != i)]
    if len(varies) < 2:
        return None
    with quietly():  # a value that never changes within a slice of moments follows nothing
        order = shap.utils.approximate_interactions(
            0, some.contributions[:, varies], some.X[:, varies]
        )
    return int(next(varies[j] for j in order if j > 0))


def _limits(known: Floats32) -> dict[str, float]:
    """Where a few huge values would squeeze all others, the axis ends at the highest 1 %."""
    low, high = np.quantile(known, [0.0, 0.99])
    if known.max() <= low + 3 * (high - low) or high == low:
        return {}
    room = 0.03 * (high - low)
    return {"xmin": float(low - room), "xmax": float(high + room)}
