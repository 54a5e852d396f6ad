"""How many more buyers stand among the moments that the model ranks highest?"""

from __future__ import annotations

from typing import Any

import numpy as np

from willbuy.evaluate.figures import How, Ints, Part, divided, figure, rate
from willbuy.evaluate.metrics import Floats, why_undefined

DECILES = 10

_NOTE = (
    "Decile 1 holds the tenth of the weight with the highest probabilities. Moments of one "
    "probability that lie across a border are shared between its deciles, as if their order were "
    "drawn: so no figure depends on the order of rows. Deciles are those of the sample in every "
    "replicate."
)


def lift(part: Part, how: How) -> dict[str, Any]:
    """Rate, lift and cumulative gain by decile.

    Args:
        part: Rows to judge, n > 0.
        how: The bootstrap.

    Returns:
        ``reading``, ``note`` and ``deciles``, from the best: ``decile``; ``moments``, with a
        fraction where some are shared; ``rate``; ``lift``, the rate divided by the rate of all;
        and ``gain``, the share of all positive moments in this decile or a better one.
    """
    cell, share = deciles(part.p, part.weight)
    cells = share.shape[1]
    values = np.column_stack([part.weight, part.weight * part.y])
    sums = np.transpose([np.bincount(cell, column, cells) for column in values.T])
    mass, hits = (share @ sums).T
    drawn = np.einsum("dc,rcv->vrd", share, how.sums(part.user, cell, values, cells))
    rates, all_hits = divided(drawn[1], drawn[0]), drawn[1].sum(axis=1, keepdims=True)
    lifts = divided(rates, divided(all_hits, drawn[0].sum(axis=1, keepdims=True)))
    gains = divided(np.cumsum(drawn[1], axis=1), all_hits)
    moments = share @ np.bincount(cell, minlength=cells)
    base, gained = hits.sum() / mass.sum(), np.cumsum(hits)
    none = why_undefined("recall", part.y)
    found = []
    for d in range(DECILES):
        told = rate(hits[d], mass[d], rates[:, d], "no moments")
        found.append(
            {
                "decile": d + 1,
                "moments": round(float(moments[d]), 6),
                "rate": told,
                "lift": _lifted(told, base, lifts[:, d], none),
                "gain": rate(gained[d], gained[-1], gains[:, d], none),
            }
        )
    return {"reading": "every_moment", "note": _NOTE, "deciles": found}


def _lifted(told: dict[str, Any], base: float, drawn: Floats, none: str) -> dict[str, Any]:
    value = told["value"] / base if base > 0 else None
    if value == 0:
        return {**told, "value": 0.0}
    return figure(value, drawn, none)


def deciles(p: Floats, weight: Floats) -> tuple[Ints, Floats]:
    """Cut probabilities into tenths of the weight, from the highest.

    Rows of one probability are a group. Groups that lie within decile d are cell 2 d; one that
    begins in it and reaches beyond is cell 2 d + 1.

    Args:
        p: Probabilities (n,).
        weight: Weights (n,).

    Returns:
        The cell of each row (n,), and the share of each cell that lies in each decile
        (DECILES, 2 DECILES).
    """
    _, group = np.unique(-p, return_inverse=True)
    below = np.cumsum(np.bincount(group, weight))
    below = np.round(below * (DECILES / below[-1]), 12)  # a border is no matter of rounding
    above = np.concatenate([[0.0], below[:-1]])
    first = np.minimum(above.astype(np.int64), DECILES - 1)
    across = below > first + 1
    share = np.zeros((DECILES, 2 * DECILES))
    share[np.arange(DECILES), 2 * np.arange(DECILES)] = 1.0
    for one in np.flatnonzero(across):
        borders = np.clip(np.arange(DECILES + 1), above[one], below[one])
        share[:, 2 * first[one] + 1] = np.diff(borders) / (below[one] - above[one])
    return (2 * first + across)[group], share
