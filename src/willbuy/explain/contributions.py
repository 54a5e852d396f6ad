"""Exact SHAP values of the booster, and what they come to by feature and by family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from willbuy.features.registry import Feature
from willbuy.models.boosted import Boosted

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Explained:
    """What each feature adds to the log-odds of some moments.

    Attributes:
        features: The F columns.
        X: float32 (n, F), nan where missing.
        weight: Sampling weights (n,).
        contributions: In log-odds, before calibration (n, F).
        base: What is there before any feature is known: the model's mean over its training rows.
    """

    features: Sequence[Feature]
    X: NDArray[np.float32]
    weight: Floats
    contributions: Floats
    base: float

    @property
    def by_feature(self) -> Floats:
        """Mean size of each feature's contribution (F,)."""
        return self._mean_size(self.contributions)

    @property
    def families(self) -> list[str]:
        """The families of the features, each once, in the order of the columns."""
        return list(dict.fromkeys(one.family for one in self.features))

    @property
    def of_families(self) -> Floats:
        """What each family adds to each moment: the sum of its features (n, families)."""
        member = [[one.family == name for one in self.features] for name in self.families]
        return np.asarray(self.contributions @ np.transpose(member).astype(np.float64))

    @property
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

    def _mean_size(self, contributions: Floats) -> Floats:
        if not len(contributions):
            return np.zeros(contributions.shape[1])
        return np.asarray(np.average(np.abs(contributions), axis=0, weights=self.weight))


def explain(
    model: Boosted, X: NDArray[np.float32], weight: Floats, features: Sequence[Feature]
) -> Explained:
    """Take the booster's own exact SHAP values of some moments.

    Args:
        model: The booster.
        X: float32 (n, F), nan where missing.
        weight: Sampling weights (n,).
        features: The F columns.
    """
    told = model.contributions(X).astype(np.float64)
    base = float(told[0, -1]) if len(told) else 0.0
    return Explained(features, X, weight, told[:, :-1], base)
