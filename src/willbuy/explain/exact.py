"""Exact explanations of the shipped probability: the trees' reasons, and calibration's own term."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from willbuy.models.boosted import Boosted
from willbuy.models.calibrator import Calibrator

Floats = NDArray[np.float64]

_LEVEL = 1e-6
"""Log-odds nearer than this have the curve's own slope between them."""


class Calibrated(Protocol):
    """A booster with its calibrator, as every bundle has them."""

    @property
    def booster(self) -> Boosted:
        """Features → log-odds."""

    @property
    def calibrator(self) -> Calibrator:
        """Log-odds → probability."""


@dataclass(frozen=True, eq=False)
class Exact:
    """What the probabilities of some moments are made of.

    ``base + contributions.sum(axis=1) + calibration`` is the log-odds of the probability.

    Attributes:
        base: Log-odds before any feature is known: the booster's mean over its training rows.
        contributions: What each feature adds to the log-odds, the booster's exact SHAP values
            (n, F).
        calibration: The closing term: what calibration does to the booster's log-odds (n,).
        probability: As shipped (n,).
    """

    base: float
    contributions: Floats
    calibration: Floats
    probability: Floats

    @property
    def terms(self) -> Floats:
        """All that is added to the base, calibration last (n, F + 1)."""
        return np.column_stack([self.contributions, self.calibration])

    @property
    def log_odds(self) -> Floats:
        """Of the probability (n,)."""
        from scipy.special import logit

        return np.asarray(logit(self.probability))

    @property
    def base_probability(self) -> float:
        """Of the base."""
        from scipy.special import expit

        return float(expit(self.base))

    @property
    def points(self) -> Floats:
        """What each term changes of the probability (n, F + 1).

        A row's sum is exactly ``probability - base_probability``. See `share_out`.
        """
        return share_out(self.terms, np.full(len(self.probability), self.base), self.log_odds)


def exact(model: Calibrated, X: NDArray[np.float32], k: NDArray[np.integer]) -> Exact:
    """Explain some moments.

    The booster's terms are its exact SHAP values (TreeSHAP, Lundberg et al. 2020). They come in
    float32, some 1e-6 off the margin; calibration closes the sum, so that nothing is left over.

    Args:
        model: The booster and its calibrator.
        X: float32 (n, F), nan where missing; at least one row.
        k: How many events each session had then (n,).
    """
    from scipy.special import logit

    told = model.booster.contributions(X).astype(np.float64)
    p = model.calibrator(model.booster.margin(X), k)
    return Exact(float(told[0, -1]), told[:, :-1], logit(p) - told.sum(axis=1), p)


def share_out(terms: Floats, begin: Floats, end: Floats) -> Floats:
    """Share a change of probability out among the terms of a change of log-odds.

    Each term gets the same slope, that of the straight line between the two ends: its
    Aumann-Shapley value (Aumann & Shapley 1974; integrated gradients, Sundararajan et al. 2017)
    for terms that grow together. It needs no order of terms, keeps every sign, and adds up.

    Args:
        terms: In log-odds (n, m); a row adds up to ``end - begin``.
        begin, end: Log-odds (n,).

    Returns:
        Changes of the probability (n, m); a row adds up to ``expit(end) - expit(begin)``.
    """
    from scipy.special import expit

    way, middle = end - begin, expit((begin + end) / 2)
    level = np.abs(way) < _LEVEL
    chord = (expit(end) - expit(begin)) / np.where(level, 1.0, way)
    slope = np.where(level, middle * (1 - middle), chord)
    return np.asarray(terms * slope[:, None])
