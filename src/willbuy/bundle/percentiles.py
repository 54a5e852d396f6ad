"""Where a probability stands among those of the calibrate part, at the same length of session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

BANDS = (1, 2, 3, 5, 10, 20)
"""Where bands of k begin: 1, 2, 3-4, 5-9, 10-19, 20 and more."""

FEWEST = 100
"""A band with fewer moments is read against all moments."""

_POINTS = 1000


@dataclass(frozen=True)
class Percentiles:
    """For each band, probabilities (ascending) and the share of moments at or below each."""

    values: tuple[NDArray[np.float64], ...]
    shares: tuple[NDArray[np.float64], ...]

    @classmethod
    def fit(cls, p: NDArray[np.float64], k: NDArray[np.int32], weight: NDArray[np.float64]) -> Self:
        """Learn from the calibrate part.

        Args:
            p: Probabilities (n,).
            k: Ordinals of the moments (n,).
            weight: Sampling weights (n,).
        """
        values, shares = [], []
        for band in range(len(BANDS)):
            inside = band_of(k) == band
            if inside.sum() < FEWEST:
                inside = np.ones(len(p), bool)
            value, share = _distribution(p[inside], weight[inside])
            values.append(value)
            shares.append(share)
        return cls(tuple(values), tuple(shares))

    def __call__(self, p: NDArray[np.float64], k: NDArray[np.int32]) -> NDArray[np.float64]:
        """The percentile, 0 to 100: the share of calibrate moments of the band at or below `p`."""
        found = np.zeros(len(p))
        bands = band_of(k)
        for band in np.unique(bands):
            inside = bands == band
            place = np.searchsorted(self.values[band], p[inside], side="right")
            found[inside] = 100 * np.append(0.0, self.shares[band])[place]
        return np.round(found, 6)  # 28.5, not 28.499999999999996

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers."""
        return {
            "bands": list(BANDS),
            "values": [value.tolist() for value in self.values],
            "shares": [share.tolist() for share in self.shares],
        }

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Self:
        """The inverse of `to_dict`; a ValueError where it is not what that gave."""
        sizes = [tuple(map(len, plain[name])) for name in ("values", "shares")]
        if sizes[0] != sizes[1] or len(sizes[0]) != len(BANDS) or 0 in sizes[0]:
            raise ValueError("the percentiles are not whole")
        return cls(tuple(map(np.array, plain["values"])), tuple(map(np.array, plain["shares"])))


def band_of(k: NDArray[np.int32]) -> NDArray[np.int64]:
    """The band of each ordinal, from 0."""
    band: NDArray[np.int64] = np.searchsorted(np.array(BANDS), k, side="right") - 1
    return band


def deciles(percentile: NDArray[np.float64]) -> NDArray[np.int64]:
    """1 for the best tenth, 10 for the last."""
    return np.asarray(np.clip(11 - np.ceil(percentile / 10), 1, 10), np.int64)


def _distribution(
    p: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    value, place = np.unique(p, return_inverse=True)
    heap = np.cumsum(np.bincount(place, weights=weight, minlength=len(value)))
    share = np.asarray(heap / heap[-1], np.float64)
    if len(value) > _POINTS:  # thinned evenly by share; the highest value stays
        keep = np.unique(
            np.searchsorted(share, np.linspace(0, 1, _POINTS)).clip(max=len(value) - 1)
        )
        value, share = value[keep], share[keep]
    return value, share
