"""The two compiled loops of the bootstrap: how often a shopper counts, and what follows."""

from __future__ import annotations

from functools import cache
from math import exp, factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

POISSON = np.cumsum([exp(-1.0) / factorial(count) for count in range(19)])
"""P(Poisson(1) ≤ 0 … 18); what lies beyond (below 1e-17) counts as 19."""


def count_users(
    start: NDArray[np.uint64], replicate: int, poisson: Floats, out: NDArray[np.int64]
) -> None:
    """Write how often each shopper counts in a replicate: Poisson(1).

    The uniform number behind it is the top 53 bits of output ``replicate + 1`` of SplitMix64
    started at the shopper's hash, so it depends on nothing but shopper, seed and replicate.

    Args:
        start: Hashes of the shoppers (u,).
        replicate: Which, from 0.
        poisson: `POISSON`.
        out: int64 (u,), overwritten.
    """
    step = np.uint64(replicate + 1) * np.uint64(0x9E3779B97F4A7C15)
    for user in range(len(start)):
        z = start[user] + step
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
        uniform = np.float64(z >> np.uint64(11)) * 2.0**-53
        count = 0
        while count < len(poisson) and uniform >= poisson[count]:
            count += 1
        out[user] = count


def weigh_rows(
    count: NDArray[np.int64],
    user: NDArray[np.int32],
    y: NDArray[np.bool_],
    p: Floats,
    loss: Floats,
    weight: Floats,
    edges: NDArray[np.int64],
    flagged: int,
    out: Floats,
) -> None:
    """Write every metric, in the order of `metrics.METRICS`, from one pass over the rows.

    Rows are in falling order of p; n of them, b bins. Rows of equal p enter the ranking
    metrics together, as in scikit-learn. What is undefined is nan.

    Args:
        count: How often each shopper counts (u,).
        user: Index of each row's shopper (n,).
        y: Labels (n,).
        p: Probabilities (n,).
        loss: Log loss of each row (n,).
        weight: Weights (n,).
        edges: First row of each bin, and n (b + 1,).
        flagged: How many rows reach the threshold.
        out: float64 (11,), overwritten.
    """
    positive = negative = tied_positive = tied_negative = 0.0
    pairs = precision_sum = predicted = losses = squares = gaps = 0.0
    hits = alarms = 0.0
    rows = len(p)
    for b in range(len(edges) - 1):
        gap = 0.0
        for i in range(edges[b], edges[b + 1]):
            w = count[user[i]] * weight[i]
            off = p[i] - y[i]
            gap += w * off
            predicted += w * p[i]
            squares += w * off * off
            losses += w * loss[i]
            if y[i]:
                tied_positive += w
            else:
                tied_negative += w
            if i + 1 == rows or p[i + 1] != p[i]:
                pairs += tied_negative * (positive + 0.5 * tied_positive)
                positive += tied_positive
                negative += tied_negative
                if tied_positive > 0.0:
                    precision_sum += tied_positive * positive / (positive + negative)
                tied_positive = tied_negative = 0.0
            if i + 1 == flagged:
                hits, alarms = positive, negative
        gaps += abs(gap)
    total = positive + negative
    out[:] = np.nan
    if total > 0.0:
        out[0] = positive / total
        out[1] = predicted / total
        out[2] = (predicted - positive) / total
        out[5] = losses / total
        out[6] = squares / total
        out[7] = gaps / total
    if positive > 0.0 and negative > 0.0:
        out[3] = pairs / (positive * negative)
        out[4] = precision_sum / positive
        out[9] = hits / positive
        out[10] = 2.0 * hits / (hits + alarms + positive)
    if hits + alarms > 0.0:
        out[8] = hits / (hits + alarms)


@cache
def compiled() -> tuple[Any, Any]:
    """Both loops as machine code, kept on disk between processes."""
    import numba

    compile_ = numba.njit(cache=True, nogil=True)
    return compile_(count_users), compile_(weigh_rows)
