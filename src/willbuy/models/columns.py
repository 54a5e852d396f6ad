"""Columns as a linear model can use them: nothing missing, no heavy tail."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SKEWED = 1.0


def learn(X: NDArray[np.float32], missing: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.bool_]]:
    """What each column needs before it.

    Args:
        X: float32 (n, F).
        missing: Where it is nan (n, F).

    Returns:
        The median of the values present (F,), 0 if there are none; and whether signed log1p is
        taken (F,): of columns with an absolute skewness above 1 that it lowers.
    """
    fill, logged = np.zeros(X.shape[1]), np.zeros(X.shape[1], dtype=np.bool_)
    for column in range(X.shape[1]):
        present = X[~missing[:, column], column].astype(np.float64)
        if present.size:
            fill[column] = np.median(present)
            skew = abs(_skewness(present))
            logged[column] = skew > max(_SKEWED, abs(_skewness(_signed_log(present))))
    return fill, logged


def transform(
    X: NDArray[np.float32], missing: NDArray[np.bool_], fill: Floats, logged: NDArray[np.bool_]
) -> Floats:
    """Fill what is missing and take the logs: float64 (n, F)."""
    Z: Floats = np.where(missing, fill, X)
    Z[:, logged] = _signed_log(Z[:, logged])
    return Z


def quantiles(Z: Floats, knots: int) -> Floats:
    """Where each column may bend: its quantiles at so many even steps, each once (knots, F).

    Returns:
        Ascending; nan where a column has fewer different ones, or no value above one.
    """
    found = np.quantile(Z, np.arange(1, knots + 1) / (knots + 1), axis=0)
    before = np.vstack([Z.min(axis=0), found[:-1]]) if knots else found
    return np.asarray(np.where((found > before) & (found < Z.max(axis=0)), found, np.nan))


def bent(Z: Floats, knot: Floats, *, jump: bool) -> Floats:
    """What of each column lies above its knot (F,), or with `jump` whether it does: (n, F).

    0 where there is no knot.
    """
    above = Z - knot
    return np.asarray((above > 0).astype(np.float64) if jump else np.fmax(above, 0.0))


def _signed_log(values: Floats) -> Floats:
    return np.copysign(np.log1p(np.abs(values)), values)


def _skewness(values: Floats) -> float:
    centred = values - values.mean()
    spread = float(np.sqrt(np.mean(centred**2)))
    return float(np.mean((centred / spread) ** 3)) if spread > 0 else 0.0
