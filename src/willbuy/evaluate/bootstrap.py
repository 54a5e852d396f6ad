"""How far the figures could lie with other shoppers: a Poisson bootstrap over users.

A shopper's moments depend on each other, so whole shoppers are drawn, not rows. Each replicate
counts each shopper Poisson(1) times (Hanley & MacGibbon 2006; Chamandy et al. 2012, "Estimating
uncertainty for massive data streams"), by a hash of the shopper's key. The same shoppers are
therefore drawn for every model, part and metric, which makes differences paired.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from willbuy.evaluate.kernels import POISSON, TOGETHER, Counts, compiled
from willbuy.evaluate.metrics import METRICS, Bools, Floats, equal_mass_bins
from willbuy.events.keys import mix_all

LEVEL = 0.95

INTERVAL_NOTE = (
    "Intervals are 95 % percentile intervals of a Poisson bootstrap over shoppers: they cover "
    "the chance of which shoppers came, not what fitting the model again, or other days, "
    "would change."
)

_SMALLEST = float(np.finfo(np.float64).eps)


def replicates(
    y: Bools,
    p: Floats,
    weight: Floats,
    user: NDArray[np.int64],
    *,
    threshold: float,
    seed: int,
    count: int = 500,
    threads: int = 2,
) -> Floats:
    """Every metric in every replicate.

    Bins of the calibration error are those of the full sample.

    Args:
        y: Labels (n,).
        p: Probabilities (n,).
        weight: Weights (n,).
        user: int64 keys (n,).
        threshold: At or above it a moment is flagged.
        seed: Another seed draws other shoppers.
        count: How many replicates.
        threads: How many work on them; the figures do not depend on it.

    Returns:
        float64 (count, metrics), columns as in `METRICS`; nan where undefined.
    """
    out = np.full((count, len(METRICS)), np.nan)
    if len(y) == 0:
        return out
    keys, code = np.unique(user, return_inverse=True)
    rows = _Rows(y, p, weight, code, threshold)

    def work(first: int, drawn: Counts) -> None:
        block = np.empty((TOGETHER, len(METRICS)))
        compiled().weigh_rows(drawn, *rows.arguments, block)
        out[first : first + TOGETHER] = block[: count - first]

    _in_blocks(work, keys, seed, count, threads)
    return out


def replicate_sums(
    user: NDArray[np.int64],
    cell: NDArray[np.int64],
    values: Floats,
    cells: int,
    *,
    seed: int,
    count: int = 500,
    threads: int = 2,
) -> Floats:
    """Sums of values by cell in every replicate, of which many figures are made.

    Args:
        user: int64 keys (n,).
        cell: The cell of each row, 0 … cells - 1 (n,).
        values: What is added up (n, v).
        cells: How many.
        seed: Draws the same shoppers as in `replicates`.
        count: How many replicates.
        threads: How many work on them; the sums do not depend on it.

    Returns:
        float64 (count, cells, v).
    """
    keys, code = np.unique(user, return_inverse=True)
    places, of_row = np.unique(cell * max(len(keys), 1) + code, return_inverse=True)
    by_shopper = [np.bincount(of_row, column, len(places)) for column in values.T]
    summed = np.ascontiguousarray(np.transpose(by_shopper))
    shopper = (places % max(len(keys), 1)).astype(np.int32)
    edges = np.searchsorted(places // max(len(keys), 1), np.arange(cells + 1))
    out = np.empty((count, cells, values.shape[1]))

    def work(first: int, drawn: Counts) -> None:
        block = np.empty((cells, values.shape[1], TOGETHER))
        compiled().add_up(drawn, shopper, summed, edges, block)
        out[first : first + TOGETHER] = np.moveaxis(block, -1, 0)[: count - first]

    _in_blocks(work, keys, seed, count, threads)
    return out


def replicate_counts(user: NDArray[np.int64], *, seed: int, count: int = 500) -> Counts:
    """How often each row counts in every replicate: uint8 (count, n), for a few thousand rows."""
    keys, code = np.unique(user, return_inverse=True)
    out = np.empty((count, len(user)), np.uint8)

    def work(first: int, drawn: Counts) -> None:
        out[first : first + TOGETHER] = drawn[code].T[: count - first]

    _in_blocks(work, keys, seed, count, 1)
    return out


def _in_blocks(
    work: Callable[[int, Counts], None],
    keys: NDArray[np.int64],
    seed: int,
    count: int,
    threads: int,
) -> None:
    """Draw the shoppers of `TOGETHER` replicates at a time, and have them worked on."""
    start = mix_all(keys, seed)

    def share(thread: int) -> None:
        drawn = np.empty((len(keys), TOGETHER), np.uint8)
        for first in range(thread * TOGETHER, count, threads * TOGETHER):
            compiled().count_users(start, first, POISSON, drawn)
            work(first, drawn)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(share, range(threads)))


def figures_once(y: Bools, p: Floats, weight: Floats, *, threshold: float) -> dict[str, float]:
    """Every metric with each row counted once, by the bootstrap's own loop.

    Args:
        y: Labels (n,), n > 0.
        p: Probabilities (n,).
        weight: Weights (n,).
        threshold: At or above it a moment is flagged.

    Returns:
        Metric → value, equal to scikit-learn's up to rounding; nan where undefined.
    """
    out = np.empty((TOGETHER, len(METRICS)))
    rows = _Rows(y, p, weight, np.zeros(len(y), dtype=np.int64), threshold)
    compiled().weigh_rows(np.ones((1, TOGETHER), np.uint8), *rows.arguments, out)
    return dict(zip(METRICS, out[0].tolist(), strict=True))


def interval(values: Floats) -> tuple[float, float] | None:
    """Percentile interval of replicates (r,); None if a fifth of them are undefined."""
    defined = values[~np.isnan(values)]
    if len(defined) == 0 or len(defined) < 0.8 * len(values):
        return None
    low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


class _Rows:
    """The arguments of `kernels.weigh_rows` that all replicates share."""

    def __init__(
        self,
        y: Bools,
        p: Floats,
        weight: Floats,
        code: NDArray[np.int64],
        threshold: float,
    ) -> None:
        order = np.argsort(-p, kind="stable")
        y, p = np.ascontiguousarray(y[order]), np.ascontiguousarray(p[order], dtype=np.float64)
        sure = np.clip(p, _SMALLEST, 1 - _SMALLEST)
        bins = equal_mass_bins(p, weight[order])
        place = len(bins.upper) - 1 - bins.of(p)
        self.arguments = (
            code[order].astype(np.int32),
            y,
            p,
            -np.log(np.where(y, sure, 1 - sure)),
            np.ascontiguousarray(weight[order], dtype=np.float64),
            np.searchsorted(place, np.arange(len(bins.upper) + 1)),
            int(np.count_nonzero(p >= threshold)),
        )
