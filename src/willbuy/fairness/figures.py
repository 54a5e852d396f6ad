"""What a slice is like: its figures with their intervals. Described, not judged."""

from __future__ import annotations

from typing import Any

import numpy as np

from willbuy.evaluate.figures import How, Part, divided, rate, told_slice
from willbuy.fairness.search import LEAST_BUYERS, LEAST_SESSIONS, Slice

TOLD = (
    "base_rate",
    "mean_prediction",
    "calibration_in_the_large",
    "calibration_error",
    "roc_auc",
    "average_precision",
)
"""Of `METRICS`; beside them stand `RATES`."""

RATES = ("selection_rate", "true_positive_rate", "false_positive_rate")

_WHY_NONE = {
    "selection_rate": "no moments",
    "true_positive_rate": "no moment is followed by a purchase",
    "false_positive_rate": "every moment is followed by a purchase",
}


def described(part: Part, slice_: Slice, how: How) -> dict[str, Any]:
    """The size of a slice and its figures; of one that is too small the size and a reason.

    Args:
        part: All rows that are judged.
        slice_: Some of them.
        how: The line, and the bootstrap.

    Returns:
        ``level``, ``moments``, ``sessions``, ``shoppers``, ``buyers``, and the figures of `TOLD`
        and of `RATES`; or a ``reason``.
    """
    size = slice_.size
    told = {
        "level": " and ".join(slice_.levels),
        "moments": size.moments,
        "sessions": size.sessions,
        "shoppers": size.shoppers,
        "buyers": size.buyers,
    }
    if not size.enough:
        return {**told, "reason": too_small(slice_)}
    here = part.at(slice_.rows)
    figures = told_slice(here, how, TOLD)
    return {**told, **{name: figures[name] for name in TOLD}, **rates(here, how)}


def too_small(slice_: Slice) -> str:
    """Why nothing is told of a slice."""
    size = slice_.size
    return (
        f"too small to tell: {size.sessions:,} sessions, of which the model expects "
        f"{size.expected:.0f} to buy; {LEAST_SESSIONS} and {LEAST_BUYERS} are needed"
    )


def rates(part: Part, how: How) -> dict[str, Any]:
    """The shares that are flagged: of all moments, of those before a purchase, of the others."""
    flagged = part.p >= how.threshold
    cell = 2 * part.y + flagged
    drawn = how.sums(part.user, cell, part.weight[:, None], 4)[:, :, 0]
    points, spread = (
        _shares(cells) for cells in (np.bincount(cell, part.weight, 4).astype(float)[None], drawn)
    )
    return {
        name: rate(float(points[name][0][0]), float(points[name][1][0]),
                   divided(*spread[name]), _WHY_NONE[name])
        for name in RATES
    }  # fmt: skip


def _shares(cells: Any) -> dict[str, tuple[Any, Any]]:
    """Top and bottom of each share, from weights by (label, flagged) (r, 4)."""
    passed, alarms, missed, hits = cells.T
    tops = (alarms + hits, hits, alarms)
    bottoms = (cells.sum(axis=1), hits + missed, alarms + passed)
    return dict(zip(RATES, zip(tops, bottoms, strict=True), strict=True))
