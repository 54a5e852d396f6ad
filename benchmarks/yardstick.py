"""ROC-AUC 0.87 with F1 0.72, as often published: under three protocols, beside ours.

What a table claims depends on what its rows know. The recipe's columns are learnt and judged in
each of `PROTOCOLS` (`common_recipe.py` makes the rows); ours is judged at the last moment before
the purchase or the end, and at every moment. ROC-AUC does not depend on the rate of buyers, F1
does: `RATE` is the one at which the pair fits, and F1 is told there, too, with positives
weighted up to it. All F1 are the best of all lines, in hindsight.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from common_recipe import columns_of, probability, read, table
from willbuy.evaluate.figures import How, Part, figure
from willbuy.evaluate.metrics import METRICS
from willbuy.evaluate.two_bells import fitting_rate
from willbuy.events.keys import keys_of
from willbuy.models.threshold import choose_threshold

AUC, F1 = 0.87, 0.72
RATE = fitting_rate(AUC, F1)
PROTOCOLS = (
    (0, "whole session, purchases counted", "the answer itself"),
    (1, "whole session", "all that the session will be, views after the purchase among it"),
    (2, "cut before the purchase", "that the session stopped here"),
    (3, "honest moments", "the events so far"),
)
"""The way of `common_recipe`, its name, and what its rows know."""


def f1_at(part: Part, rate: float | None = None) -> float | None:
    """The best F1 of these rows, with positives weighted up or down to a rate."""
    weight = part.weight
    if rate is not None:
        odds = rate / (1 - rate) / (weight[part.y].sum() / weight[~part.y].sum())
        weight = np.where(part.y, odds * weight, weight)
    return choose_threshold(part.p, part.y, weight).expected_f1


def told(part: Part, replicates: int, threads: int) -> dict[str, Any]:
    """ROC-AUC with its interval, the rate, and the best F1 there and at the fitting rate."""
    how = How(0.5, 0, replicates, threads)
    drawn = how.draw(part)[:, METRICS.index("roc_auc")]
    return {
        **part.counts(),
        "rate": float(np.average(part.y, weights=part.weight)),
        "roc_auc": figure(how.points(part, ["roc_auc"])["roc_auc"], drawn, "labels are alike"),
        "f1": f1_at(part),
        "f1_at_fitting_rate": f1_at(part, RATE),
    }


def recipes(log: Path, replicates: int, threads: int) -> list[dict[str, Any]]:
    """The recipe's figures under each protocol, on rows of its own kind."""
    events, found = read(log), []
    for way, name, knows in PROTOCOLS:
        rows = table(events, way)
        learn, asked = (rows.filter(pl.col("split") == one) for one in ("train", "test"))
        (p,) = probability(learn, [asked], columns_of(way, rows))
        user = keys_of(asked["user_id"].cast(pl.String))
        part = Part(
            asked["bought"].to_numpy().astype(bool), p, np.ones(len(p)), user, np.arange(len(p))
        )
        one = told(part, replicates, threads)
        found.append({"model": "recipe", "protocol": name, "knows": knows, **one})
    return found


def ours(moments: pl.DataFrame, p: np.ndarray, replicates: int, threads: int) -> list[Any]:
    """Ours where its rows are cut before the purchase, and at honest moments."""
    y, user, visit, weight, of = (
        moments[name].to_numpy() for name in ("label", "user", "visit", "weight", "moments")
    )
    last = moments.select(pl.col("ordinal") == pl.col("ordinal").max().over("visit"))
    last = last["ordinal"].to_numpy()
    every = np.ones(len(y), dtype=bool)
    kinds = (
        (2, "cut before the purchase", last, weight),
        (3, "honest moments, each session once", every, weight / of),
        (3, "honest moments, every one", every, weight),
    )
    return [
        {
            "model": "willbuy", "protocol": name, "knows": PROTOCOLS[way][2],
            **told(Part(y[at], p[at], w[at], user[at], visit[at]), replicates, threads),
        }
        for way, name, at, w in kinds
    ]  # fmt: skip
