"""Sessions that were likely to buy and left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from willbuy.decide.sessions import first_at
from willbuy.evaluate.figures import How, share_of

if TYPE_CHECKING:
    import polars as pl

STEPS = ("with a cart", "after taking something out", "before any cart")
"""Where a session stood when it ended."""


def dropped_off(moments: pl.DataFrame, last: pl.DataFrame, line: float, how: How) -> dict[str, Any]:
    """Of the sessions that reached high intent, those that left without buying.

    A session counts from its first moment at or above the line on, whatever comes after: that it
    was high is known then, and not by hindsight.

    Args:
        moments: Every moment, with `probability`.
        last: The last of each session.
        line: Where high intent begins.
        how: The bootstrap over shoppers.

    Returns:
        ``reached``: how many sessions; ``expected_to_leave``: by the model, at that moment;
        ``left``: the share that left, as a figure; ``at_stake``: the value that they left;
        ``steps``: of those that left, at which of `STEPS`: sessions, share, mean value;
        ``at_event``: the median k at which they reached it.
    """
    import polars as pl

    high = first_at(moments, line)
    if not len(high):
        return {"reached": 0, "reason": "no session reached the line", "line": line}
    ended = high.select("visit").join(last, on="visit", how="left", maintain_order="left")
    weight = high["weight"].to_numpy()
    left = ~high["label"].to_numpy()
    total, gone = float(weight.sum()), float(weight[left].sum())
    holds, removed = (
        pl.col(name).fill_nan(None).fill_null(0) > 0 for name in ("cart_size", "removes")
    )
    step = pl.when(holds).then(pl.lit(STEPS[0])).when(removed).then(pl.lit(STEPS[1]))
    by_step = (
        ended.with_columns(step=step.otherwise(pl.lit(STEPS[2])))
        .filter(~pl.col("label"))
        .group_by("step")
        .agg(
            sessions=pl.col("weight").sum(),
            value=(pl.col("weight") * pl.col("value")).sum(),
        )
        .sort("sessions", descending=True)
    )
    return {
        "line": line,
        "reached": round(total),
        "expected_to_leave": float(np.average(1 - high["probability"].to_numpy(), weights=weight)),
        "left": share_of(
            left, weight, high["user_key"].to_numpy(), how, "no session reached the line"
        ),
        "at_stake": float(by_step["value"].sum()),
        "at_event": float(np.median(high["ordinal"].to_numpy())),
        "steps": [
            {
                "step": row["step"],
                "sessions": round(row["sessions"]),
                "share": row["sessions"] / gone,
                "mean_value": row["value"] / row["sessions"],
            }
            for row in by_step.iter_rows(named=True)
        ],
    }
