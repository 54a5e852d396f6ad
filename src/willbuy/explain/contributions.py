"""Exact SHAP values of the booster, and what they come to by feature and by family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from willbuy.features.registry import Feature
from willbuy.models.boosted import Boosted

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Ints = NDArray[np.int64]

BLOCK = 2_000
"""So many moments are explained at a time: XGBoost's own room stays the same, however many come."""


@dataclass(frozen=True, eq=False)
class Explained:
    """What each feature adds to the log-odds of some moments.

    Attributes:
        features: The F columns.
        X: float32 (n, F), nan where missing.
        weight: Sampling weights (n,).
        contributions: In log-odds, before calibration (n, F); float32 as the booster tells them.
        base: What is there before any feature is known: the model's mean over its training rows.
    """

    features: Sequence[Feature]
    X: Floats32
    weight: Floats
    contributions: Floats | Floats32
    base: float

    @cached_property
    def by_feature(self) -> Floats:
        """Mean size of each feature's contribution (F,)."""
        return self._mean_size(self.contributions)

    @cached_property
    def margin(self) -> Floats:
        """The model's log-odds of each moment, as the base and the contributions add up (n,)."""
        return np.asarray(self.base + self.contributions.sum(axis=1, dtype=np.float64))

    @property
    def families(self) -> list[str]:
        """The families of the features, each once, in the order of the columns."""
        return list(dict.fromkeys(one.family for one in self.features))

    @cached_property
    def of_families(self) -> Floats:
        """What each family adds to each moment: the sum of its features (n, families)."""
        columns = [
            self.contributions[:, [one.family == name for one in self.features]]
            for name in self.families
        ]
        return np.stack([some.sum(axis=1, dtype=np.float64) for some in columns], axis=1)

    @cached_property
    def by_family(self) -> Floats:
        """Mean size of each family's contribution (families,).

        Features of a family may work against each other in a moment, so this is at most the sum
        over its features.
        """
        return self._mean_size(self.of_families)

    def strongest(self, most: int) -> Ints:
        """Places of the features with the largest mean size, those without any left out."""
        size = self.by_feature
        order = np.argsort(-size, kind="stable")[:most]
        return np.asarray(order[size[order] > 0], np.int64)

    def some(self, most: int) -> Explained:
        """Up to so many of the moments, spread evenly over all."""
        n = len(self.X)
        at = np.unique(np.linspace(0, n - 1, min(most, n)).astype(np.int64))
        return Explained(
            self.features, self.X[at], self.weight[at], self.contributions[at], self.base
        )

    def _mean_size(self, contributions: Floats | Floats32) -> Floats:
        # Block by block: no second table of this size.
        starts = range(0, len(contributions), BLOCK)
        blocks = [slice(first, first + BLOCK) for first in starts]
        sums = [self.weight[rows] @ np.abs(contributions[rows]) for rows in blocks]
        if not sums:
            return np.zeros(contributions.shape[1])
        return np.asarray(np.sum(sums, axis=0) / self.weight.sum())


def explain(model: Boosted, X: Floats32, weight: Floats, features: Sequence[Feature]) -> Explained:
    """Take the booster's own exact SHAP values of some moments, block by block.

    Args:
        model: The booster.
        X: float32 (n, F), nan where missing.
        weight: Sampling weights (n,).
        features: The F columns.
    """
    contributions = np.empty(X.shape, np.float32)
    base = 0.0
    for first in range(0, len(X), BLOCK):
        told = model.contributions(X[first : first + BLOCK])
        contributions[first : first + BLOCK] = told[:, :-1]
        base = float(told[0, -1])
    return Explained(features, X, weight, contributions, base)
