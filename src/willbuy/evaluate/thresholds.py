"""What would be flagged at which line, and how many of it rightly."""

from __future__ import annotations

from typing import Any

import numpy as np

from willbuy.evaluate.figures import How, Part, divided, rate
from willbuy.evaluate.metrics import Floats

LINES = 49
"""Lines beside the chosen one."""

LEAST_FLAGGED = 0.001
"""The highest line flags this share. From one line to the next the share grows by one factor,
so that the few moments with a high probability, which matter most, get most lines."""

_NO_BUYER = "no moment is followed by a purchase"
_WHY_NONE = {
    "precision": "no moment reaches the threshold",
    "recall": _NO_BUYER,
    "f1": _NO_BUYER,
    "false_positive_rate": "every moment is followed by a purchase",
}


def thresholds(part: Part, how: How) -> dict[str, Any]:
    """Figures by line: those of the chosen one with intervals.

    Args:
        part: Rows to judge, n > 0.
        how: The chosen line, and the bootstrap.

    Returns:
        ``reading``. ``chosen``: ``threshold``; ``flagged_share``, ``precision``, ``recall``,
        ``f1`` and ``false_positive_rate`` as figures; ``confusion``, once in ``moments`` (rows)
        and once ``weighted``. ``table``: lines in rising order, each with ``threshold``,
        ``flagged_share``, ``precision``, ``recall`` and ``f1`` (None where there is none), the
        chosen line among them.
    """
    order = np.argsort(-part.p, kind="stable")
    p, y, weight = part.p[order], part.y[order], part.weight[order]
    mass, hits = np.cumsum(weight), np.cumsum(weight * y)
    share = np.geomspace(LEAST_FLAGGED, 1, LINES)
    places = np.searchsorted(mass, share * mass[-1] * (1 - 1e-12))
    lines = np.unique(np.concatenate([p[places], [how.threshold]]))
    flagged = np.searchsorted(-p, -lines, side="right")  # rows at or above each line
    caught = np.where(flagged > 0, hits[flagged - 1], 0.0)
    raised = np.where(flagged > 0, mass[flagged - 1], 0.0)
    columns = {
        "threshold": lines,
        "flagged_share": raised / mass[-1],
        "precision": divided(caught, raised),
        "recall": divided(caught, hits[-1]),
        "f1": divided(2 * caught, (raised + hits[-1]) * (hits[-1] > 0)),
    }
    table = [
        {name: None if np.isnan(value) else value for name, value in zip(columns, row, strict=True)}
        for row in np.transpose(list(columns.values())).tolist()
    ]
    return {"reading": "every_moment", "chosen": _chosen(part, how), "table": table}


def _chosen(part: Part, how: How) -> dict[str, Any]:
    cell = 2 * part.y + (part.p >= how.threshold)
    rows, mass = (
        np.bincount(cell, minlength=4),
        np.bincount(cell, part.weight, 4).astype(np.float64),
    )
    drawn = how.sums(part.user, cell, part.weight[:, None], 4)[:, :, 0]
    points, spread = _shares(mass[None]), _shares(drawn)
    told = {
        name: rate(
            float(points[name][0][0]), float(points[name][1][0]),
            divided(*spread[name]), _WHY_NONE.get(name, "no moments"),
        )
        for name in points
    }  # fmt: skip
    return {
        "threshold": how.threshold,
        **told,
        "confusion": {"moments": _named(rows.tolist()), "weighted": _named(mass.tolist())},
    }


def _shares(cells: Floats) -> dict[str, tuple[Floats, Floats]]:
    """Top and bottom of each share, from weights by (label, flagged) (r, 4)."""
    passed, alarms, missed, hits = cells.T
    return {
        "flagged_share": (hits + alarms, cells.sum(axis=1)),
        "precision": (hits, hits + alarms),
        "recall": (hits, hits + missed),
        "f1": (2 * hits, (2 * hits + alarms + missed) * (hits + missed > 0)),
        "false_positive_rate": (alarms, alarms + passed),
    }


def _named(cells: list[Any]) -> dict[str, Any]:
    names = ("true_negatives", "false_positives", "false_negatives", "true_positives")
    return dict(zip(names, cells, strict=True))
