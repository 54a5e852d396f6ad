"""Is the model as good on each day?"""

from __future__ import annotations

from typing import Any

import numpy as np

from willbuy.evaluate.figures import How, Ints, Part, told_slice

BY_DAY = ("base_rate", "mean_prediction", "roc_auc", "log_loss")

_NOTE = "A moment belongs to the local day on which its session began."


def days(part: Part, day: Ints, how: How) -> dict[str, Any]:
    """Figures of each day by itself; withheld where too few moments are of a kind.

    Args:
        part: Rows to judge.
        day: Local day of each row's session, counted from 1970-01-01 (n,).
        how: The bootstrap.

    Returns:
        ``reading``, ``note`` and ``days``, in order: ``day`` as a date, the counts, and the
        figures of `BY_DAY`.
    """
    told = [
        {
            "day": str(np.datetime64(int(one), "D")),
            **told_slice(part.at(day == one), how, BY_DAY),
        }
        for one in np.unique(day)
    ]
    return {"reading": "every_moment", "note": _NOTE, "days": told}
