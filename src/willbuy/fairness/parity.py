"""The widest differences between the groups of a column, as fairlearn defines them."""

from __future__ import annotations

from typing import Any

import numpy as np

from willbuy.evaluate.figures import Part
from willbuy.fairness.groups import Grouping
from willbuy.fairness.search import Slice

NOTE = (
    "Demographic parity: the largest share flagged minus the smallest, between groups. Equalised "
    "odds: the larger of the same differences in the true and in the false positive rate. Both "
    "describe; groups that buy at different rates differ in them under a perfect model, too."
)
MISSING = "fairlearn is not installed; pip install 'willbuy[fair]'"


def parity(part: Part, threshold: float, grouping: Grouping, slices: list[Slice]) -> dict[str, Any]:
    """Demographic parity and equalised odds differences (Hardt, Price & Srebro 2016).

    Args:
        part: Rows to judge (n,).
        threshold: At or above it a moment is flagged.
        grouping: A column, cut, of the same rows.
        slices: Its slices; those too small to tell are left out, and those in which all labels
            are alike.

    Returns:
        ``demographic_parity_difference`` and ``equalized_odds_difference``, and ``groups``, how
        many were compared; or a ``reason``.
    """
    try:
        from fairlearn import metrics
    except ImportError:
        return {"reason": MISSING}
    places = [one.place for one in slices if one.size.enough and _both(part.y[one.rows])]
    if len(places) < 2:
        return {"reason": "fewer than two groups are large enough"}
    rows = np.isin(grouping.code, places)
    of = {"sensitive_features": grouping.code[rows], "sample_weight": part.weight[rows]}
    y, flagged = part.y[rows], part.p[rows] >= threshold
    return {
        "groups": len(places),
        "demographic_parity_difference": float(
            metrics.demographic_parity_difference(y, flagged, **of)
        ),
        "equalized_odds_difference": float(metrics.equalized_odds_difference(y, flagged, **of)),
    }


def _both(y: Any) -> bool:
    return bool(y.any() and not y.all())
