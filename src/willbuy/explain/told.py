"""The content of explanations.json that logs and tables share, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.evaluate.figures import How
from willbuy.evaluate.metrics import Bools
from willbuy.explain.by_value import by_value
from willbuy.explain.contributions import Explained, Ints
from willbuy.explain.probability import POINTS_NOTE, calibration, exactness, mean_points
from willbuy.explain.stability import Learned, stability
from willbuy.explain.summary import TOP, summary
from willbuy.models.boosted import Boosted
from willbuy.models.calibrator import Calibrator

BY_VALUE_NOTE = (
    "rate: the plain share that buys among those with such a value; what goes along with the value "
    "is in it. as_rate: what the model adds for this feature alone, as a rate: the share of all, "
    "moved by the mean contribution less that of all. Where the two disagree, other features "
    "explain the plain difference."
)


@dataclass(frozen=True, eq=False)
class Followed:
    """What is known of the explained moments beside their features.

    Attributes:
        y: Whether a purchase follows (n,).
        user: int64 keys (n,).
        k: Events of the session so far (n,).
    """

    y: Bools
    user: Ints
    k: NDArray[np.integer]


def explanations(
    told: Explained,
    followed: Followed,
    model: Boosted,
    calibrator: Calibrator,
    learned: Learned,
    how: How,
) -> dict[str, Any]:
    """Everything that is told of the explained moments; docs/explain.md says how it is found.

    Args:
        told: The n moments.
        followed: Their labels and keys.
        model, calibrator: That answered.
        learned: Rows of train to refit on.
        how: Threads, seed and replicates.
    """
    found = summary(told)
    points = dict(
        zip((one.name for one in told.features), mean_points(told, calibrator, followed.k),
            strict=True)
    )  # fmt: skip
    for one in (*found["features"], *found["top"]):
        one["mean_points"] = float(points[one["name"]])
    for one, i in zip(found["top"], told.strongest(TOP).tolist(), strict=True):
        one["by_value"] = by_value(
            told.X[:, i], told.contributions[:, i], followed.y, told.weight, followed.user, how
        )
    return found | {
        "points_note": POINTS_NOTE,
        "by_value_note": BY_VALUE_NOTE,
        "exact": exactness(told, model),
        "calibration": calibration(told, calibrator, followed.k),
        "stability": stability(told, model, learned, seed=how.seed, threads=how.threads),
    }
