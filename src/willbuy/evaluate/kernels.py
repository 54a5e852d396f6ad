"""The compiled loops of the bootstrap: how often a shopper counts, and what follows.

A pass over the rows serves `TOGETHER` replicates at once: reading a row and its shopper costs more
than adding it up.
"""

from __future__ import annotations

from functools import cache
from math import exp, factorial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.uint8]

TOGETHER = 16
"""So many replicates share a pass; a constant, so that the compiler can put them side by side."""

_SUMS = 13
_POSITIVE, _NEGATIVE, _TIED_POSITIVE, _TIED_NEGATIVE, _PAIRS, _PRECISIONS = range(6)
_PREDICTED, _LOSSES, _SQUARES, _GAP, _GAPS, _HITS, _ALARMS = range(6, _SUMS)
"""The rows of one array of running sums: separate arrays would be half as fast, since the
compiler could not know that they do not overlap."""

POISSON = np.cumsum([exp(-1.0) / factorial(count) for count in range(19)])
"""P(Poisson(1) ≤ 0 … 18); what lies beyond (below 1e-17) counts as 19."""


def count_users(start: NDArray[np.uint64], first: int, poisson: Floats, out: Counts) -> None:
    """Write how often each shopper counts in some replicates: Poisson(1).

    The uniform number behind it is the top 53 bits of output ``replicate + 1`` of SplitMix64
    started at the shopper's hash, so it depends on nothing but shopper, seed and replicate.

    Args:
        start: Hashes of the shoppers (u,).
        first: The first of these replicates, counted from 0.
        poisson: `POISSON`.
        out: uint8 (u, replicates), overwritten.
    """
    for user in range(len(start)):
        for at in range(out.shape[1]):
            z = start[user] + np.uint64(first + at + 1) * np.uint64(0x9E3779B97F4A7C15)
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            z = z ^ (z >> np.uint64(31))
            uniform = np.float64(z >> np.uint64(11)) * 2.0**-53
            count = 0
            for low in range(4):  # not a branch, which would be guessed wrong too often
                count += uniform >= poisson[low]
            if count == 4:
                while count < len(poisson) and uniform >= poisson[count]:
                    count += 1
            out[user, at] = count


def weigh_rows(
    count: Counts,
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
        count: How often each shopper counts (u, TOGETHER).
        user: Index of each row's shopper (n,).
        y: Labels (n,).
        p: Probabilities (n,).
        loss: Log loss of each row (n,).
        weight: Weights (n,).
        edges: First row of each bin, and n (b + 1,).
        flagged: How many rows reach the threshold.
        out: float64 (TOGETHER, 11), overwritten.
    """
    sums = np.zeros((_SUMS, TOGETHER))
    rows = len(p)
    for b in range(len(edges) - 1):
        sums[_GAP] = 0.0
        for i in range(edges[b], edges[b + 1]):
            at, tied = user[i], _TIED_POSITIVE if y[i] else _TIED_NEGATIVE
            off = p[i] - y[i]
            square = off * off
            for r in range(TOGETHER):
                w = count[at, r] * weight[i]
                sums[_GAP, r] += w * off
                sums[_PREDICTED, r] += w * p[i]
                sums[_SQUARES, r] += w * square
                sums[_LOSSES, r] += w * loss[i]
                sums[tied, r] += w
            if i + 1 == rows or p[i + 1] != p[i]:
                for r in range(TOGETHER):
                    positive, negative = sums[_TIED_POSITIVE, r], sums[_TIED_NEGATIVE, r]
                    sums[_PAIRS, r] += negative * (sums[_POSITIVE, r] + 0.5 * positive)
                    sums[_POSITIVE, r] += positive
                    sums[_NEGATIVE, r] += negative
                    if positive > 0.0:
                        above = sums[_POSITIVE, r] + sums[_NEGATIVE, r]
                        sums[_PRECISIONS, r] += positive * sums[_POSITIVE, r] / above
                    sums[_TIED_POSITIVE, r] = sums[_TIED_NEGATIVE, r] = 0.0
            if i + 1 == flagged:
                sums[_HITS], sums[_ALARMS] = sums[_POSITIVE], sums[_NEGATIVE]
        for r in range(TOGETHER):
            sums[_GAPS, r] += abs(sums[_GAP, r])
    out[:] = np.nan
    for r in range(TOGETHER):
        positive, negative = sums[_POSITIVE, r], sums[_NEGATIVE, r]
        hits, alarms = sums[_HITS, r], sums[_ALARMS, r]
        total = positive + negative
        if total > 0.0:
            out[r, 0] = positive / total
            out[r, 1] = sums[_PREDICTED, r] / total
            out[r, 2] = (sums[_PREDICTED, r] - positive) / total
            out[r, 5] = sums[_LOSSES, r] / total
            out[r, 6] = sums[_SQUARES, r] / total
            out[r, 7] = sums[_GAPS, r] / total
        if positive > 0.0 and negative > 0.0:
            out[r, 3] = sums[_PAIRS, r] / (positive * negative)
            out[r, 4] = sums[_PRECISIONS, r] / positive
            out[r, 9] = hits / positive
            out[r, 10] = 2.0 * hits / (hits + alarms + positive)
        if hits + alarms > 0.0:
            out[r, 8] = hits / (hits + alarms)


def add_up(
    count: Counts,
    user: NDArray[np.int32],
    values: Floats,
    edges: NDArray[np.int64],
    out: Floats,
) -> None:
    """Add up values by cell, each as often as its shopper counts.

    Args:
        count: How often each shopper counts (u, TOGETHER).
        user: Index of each row's shopper (n,); rows stand by cell.
        values: What is added (n, v).
        edges: First row of each cell, and n (cells + 1,).
        out: float64 (cells, v, TOGETHER), overwritten.
    """
    sums = np.zeros((values.shape[1], TOGETHER))
    for cell in range(len(edges) - 1):
        sums[:] = 0.0
        for i in range(edges[cell], edges[cell + 1]):
            at = user[i]
            for v in range(values.shape[1]):
                value = values[i, v]
                for r in range(TOGETHER):
                    sums[v, r] += count[at, r] * value
        out[cell] = sums


class Loops(NamedTuple):
    """The loops as machine code."""

    count_users: Any
    weigh_rows: Any
    add_up: Any


@cache
def compiled() -> Loops:
    """All loops as machine code, kept on disk between processes."""
    import numba

    compile_ = numba.njit(cache=True, nogil=True)
    return Loops(compile_(count_users), compile_(weigh_rows), compile_(add_up))
