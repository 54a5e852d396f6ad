"""The ROC and the precision-recall curve, thinned for drawing."""

from __future__ import annotations

from typing import Any

import numpy as np

from willbuy.evaluate.figures import Ints, Part
from willbuy.evaluate.metrics import Floats, why_undefined

POINTS = 100
"""At most so many points a curve."""


def curves(part: Part) -> dict[str, Any]:
    """Points of both curves, each one that scikit-learn's curve has, too.

    Args:
        part: Rows to judge.

    Returns:
        ``reading``; ``roc``: ``false_positive_rate``, ``true_positive_rate`` and ``threshold``,
        rising from (0, 0), which has no threshold, to (1, 1); and ``precision_recall``:
        ``recall``, ``precision`` and ``threshold``, by rising recall. Where there are no curves,
        ``reason`` alone.
    """
    from sklearn.metrics import precision_recall_curve, roc_curve

    y, p, weight = part.y, part.p, part.weight
    if not y.any() or y.all():
        return {"reason": why_undefined("roc_auc", y)}
    alarms, hits, lines = roc_curve(y, p, sample_weight=weight, drop_intermediate=True)
    chosen = _spread(np.cumsum(np.diff(alarms, prepend=0.0) + np.diff(hits, prepend=0.0)))
    roc = {
        "false_positive_rate": alarms[chosen].tolist(),
        "true_positive_rate": hits[chosen].tolist(),
        "threshold": [None, *lines[chosen][1:].tolist()],
    }
    precision, recall, lines = precision_recall_curve(y, p, sample_weight=weight)
    # The last of scikit-learn's points is none of the data: it only closes its curve.
    precision, recall, lines = precision[-2::-1], recall[-2::-1], lines[::-1]
    chosen = _spread(recall)
    told = {
        "recall": recall[chosen].tolist(),
        "precision": precision[chosen].tolist(),
        "threshold": lines[chosen].tolist(),
    }
    return {"reading": "every_moment", "roc": roc, "precision_recall": told}


def _spread(along: Floats) -> Ints:
    """Places of at most `POINTS` points, evenly along a rising number, both ends among them."""
    wanted = np.linspace(along[0], along[-1], POINTS)
    places = np.searchsorted(along, wanted)
    return np.unique(np.concatenate([[0], places[1:-1], [len(along) - 1]]))
