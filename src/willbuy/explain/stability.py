"""Would another training have put the features in another order?

The trees are fitted again on Poisson bootstrap samples of shoppers (as in
`willbuy.evaluate.bootstrap`), and each time the mean sizes of contributions are ranked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from willbuy.evaluate.bootstrap import replicate_counts
from willbuy.evaluate.metrics import Bools
from willbuy.explain.contributions import Explained, Floats, Floats32, Ints, explain
from willbuy.models.boosted import Boosted, fit_rounds

REFITS = 5
"""Each costs a training and 2,000 explained moments."""

LEARN = 100_000
"""At most so many rows of train are learned from in a refit."""

EXPLAINED = 2_000
"""So many moments are enough for a rank."""

_NOTE = (
    "Ranks by mean size of contribution: of the model, and the lowest and highest over the model "
    "and its refits. Each refit learns as many trees, with the same settings, from other "
    "shoppers: each of train's counts as often as a Poisson draw says."
)
_FEWER = " Refits learn from {rows:,} of train's rows, so ranks of the model itself vary less."


@dataclass(frozen=True, eq=False)
class Learned:
    """Rows of train that refits learn from.

    Attributes:
        X: float32 (n, F), nan where missing.
        y: Labels (n,).
        weight: Sampling weights (n,).
        user: int64 keys (n,), or of whatever belongs together.
        of: How many rows train has.
    """

    X: Floats32
    y: Bools
    weight: Floats
    user: Ints
    of: int


def stability(
    told: Explained, model: Boosted, learned: Learned, *, seed: int, threads: int
) -> dict[str, Any]:
    """Rank features and families again after each refit.

    Args:
        told: The explained moments; up to `EXPLAINED` of them are ranked by.
        model: The booster; its settings and its number of rounds are kept.
        learned: Rows to refit on.
        seed: Draws shoppers, rows and columns.
        threads: To train with.

    Returns:
        ``refits``, ``rows``, ``moments``, ``note``; ``features`` and ``families``: ``name``,
        ``rank``, ``low``, ``high``, from the strongest. Or a ``reason`` why there is none.
    """
    counts = replicate_counts(learned.user, seed=seed, count=REFITS)
    weights = [np.where(drawn > 0, learned.weight * drawn, 0.0) for drawn in counts]
    kinds = [np.unique(learned.y[weight > 0]) for weight in weights]
    if any(len(kind) < 2 for kind in kinds):
        return {"reason": "train has too few buyers to draw shoppers anew"}
    some = told.some(EXPLAINED)
    by_feature, by_family = [told.by_feature], [told.by_family]
    for again, weight in enumerate(weights, 1):
        refit = _refit(model, learned, weight, seed + again, threads)
        anew = explain(refit, some.X, some.weight, told.features)
        by_feature.append(anew.by_feature)
        by_family.append(anew.by_family)
    rows = len(learned.y)
    return {
        "refits": REFITS,
        "rows": rows,
        "moments": len(some.X),
        "note": _NOTE + (_FEWER.format(rows=rows) if rows < learned.of else ""),
        "features": ranges([one.name for one in told.features], np.array(by_feature)),
        "families": ranges(told.families, np.array(by_family)),
    }


def ranges(names: Sequence[str], sizes: Floats) -> list[dict[str, Any]]:
    """Rank things by size, 1 being the largest.

    Args:
        names: The m things.
        sizes: Of the model in the first row, of its refits in the others (1 + refits, m).

    Returns:
        From the strongest: ``name``, ``rank`` in the model, ``low`` and ``high`` over all rows.
    """
    ranks = np.array([rankdata(-row, method="ordinal") for row in sizes], np.int64)
    return [
        {
            "name": names[i],
            "rank": int(ranks[0, i]),
            "low": int(ranks[:, i].min()),
            "high": int(ranks[:, i].max()),
        }
        for i in np.argsort(ranks[0], kind="stable").tolist()
    ]


def _refit(model: Boosted, learned: Learned, weight: Floats, seed: int, threads: int) -> Boosted:
    inside = weight > 0
    return fit_rounds(
        learned.X[inside], learned.y[inside], weight[inside], model.names, seed=seed,
        threads=threads, params=model.metadata["settings"],
    )  # fmt: skip


def whole_shoppers(user: Ints, draw: NDArray[np.uint64], most: int) -> Ints:
    """Places of up to so many rows, ascending, all of a shopper's or none.

    Args:
        user: int64 keys (n,).
        draw: A hash of each row's key (n,): the lowest are taken.
        most: Rows.
    """
    if len(user) <= most:
        return np.arange(len(user))
    order = np.argsort(draw, kind="stable")
    past = draw[order[most]]  # the first shopper that does not fit whole is left out
    return np.flatnonzero(draw < past)
