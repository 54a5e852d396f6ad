"""How well one column alone tells the label, and how sure that is."""

from __future__ import annotations

from math import lgamma, log

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

LOG10 = log(10)
MOST_BINS = 64
"""Into so many bins of equal mass a column is cut to see shapes that are not monotone."""

_SHRINK = 2.0


def auc(x: Floats, y: Bools) -> float:
    """ROC-AUC of the values as they are; ties count half.

    Args:
        x: Values (n,), no nan.
        y: Labels (n,), both kinds.
    """
    order = np.argsort(x)
    ordered = x[order]
    ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]) + 1, len(x))
    positives = np.add.reduceat(y[order].astype(np.int64), np.append(0, ends[:-1]))
    totals = np.diff(ends, prepend=0)
    return auc_of_counts(positives, totals - positives)


def auc_of_counts(positives: Ints, negatives: Ints) -> float:
    """ROC-AUC where the rows lie in bins, from the lowest to the highest score."""
    below = np.cumsum(negatives) - negatives
    won = float((positives * (below + negatives / 2)).sum())
    return won / (float(positives.sum()) * float(negatives.sum()))


def either_way(x: Floats, y: Bools) -> float:
    """The AUC of a monotone reading, up or down, 0.5 to 1; missing goes below or above all."""
    missing = np.isnan(x)
    if not missing.any():
        found = auc(x, y)
        return max(found, 1 - found)
    best = 0.5
    for end in (-np.inf, np.inf):
        found = auc(np.where(missing, end, x), y)
        best = max(best, found, 1 - found)
    return best


def bins_of(x: Floats) -> tuple[Ints, int]:
    """The bin of each value, of at most `MOST_BINS` of equal mass and one for missing."""
    missing = np.isnan(x)
    sample = x[~missing]
    if not len(sample):
        return np.zeros(len(x), np.int64), 1
    edges = np.unique(np.quantile(sample[:: max(len(sample) // 100_000, 1)], _SHARES))
    code = np.searchsorted(edges, x, side="left").astype(np.int64)
    code[missing] = len(edges) + 1
    return code, len(edges) + 2


_SHARES = np.linspace(0, 1, MOST_BINS + 1)[:-1]


def crossed_auc(code: Ints, size: int, y: Bools, half: NDArray[np.int8]) -> float:
    """ROC-AUC of rates by bin or category, each half scored by the rates of the other.

    Rates are drawn a little to the mean, so that a category seen once tells nothing.

    Args:
        code: Bin or category of each row, 0 ... size - 1 (n,).
        size: How many.
        y: Labels (n,).
        half: 0 or 1 for each row.
    """
    place = code + size * half.astype(np.int64)
    totals = np.bincount(place, minlength=2 * size).reshape(2, size)
    positives = np.bincount(place[y], minlength=2 * size).reshape(2, size)
    prior = float(y.mean())
    found = []
    for mine, other in ((0, 1), (1, 0)):
        rate = (positives[other] + _SHRINK * prior) / (totals[other] + _SHRINK)
        levels, level = np.unique(rate, return_inverse=True)
        up = np.bincount(level, positives[mine], len(levels))
        all_ = np.bincount(level, totals[mine], len(levels))
        if 0 < up.sum() < all_.sum():
            found.append(auc_of_counts(up.astype(np.int64), (all_ - up).astype(np.int64)))
    return float(np.mean(found)) if found else 0.5


def lower_bound(area: float, positives: float, negatives: float, tests: int) -> float:
    """The lower end of an AUC's 95 % interval, widened for so many columns (Bonferroni).

    The standard error is that of Hanley and McNeil (1982).
    """
    from scipy.stats import norm

    return area - float(norm.isf(0.025 / max(tests, 1))) * error_of(area, positives, negatives)


def error_of(area: float, positives: float, negatives: float) -> float:
    """The standard error of an AUC, after Hanley and McNeil (1982)."""
    area = min(area, 1 - 0.5 / max(positives * negatives, 1))
    q1, q2 = area / (2 - area), 2 * area * area / (1 + area)
    variance = area * (1 - area) + (positives - 1) * (q1 - area**2)
    variance += (negatives - 1) * (q2 - area**2)
    return float(np.sqrt(max(variance, 0) / (positives * negatives)))


def log10_chance(rows: int, positives: int, tests: int) -> float:
    """How likely it is, as log10, that any of `tests` columns parts the labels by chance."""
    ways = lgamma(rows + 1) - lgamma(positives + 1) - lgamma(rows - positives + 1)
    return (log(2 * max(tests, 1)) - ways) / LOG10
