"""A blend of models: one weighted mean of their log-odds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.models.folds import user_folds
from willbuy.research.learner import Floats

FOLDS = 5


@dataclass(frozen=True)
class Blend:
    """Weights that are never negative and add up to 1.

    Attributes:
        weights: By the name of the model.
    """

    weights: Mapping[str, float]

    def margin(self, margins: Mapping[str, Floats]) -> Floats:
        """Log-odds of the blend (n,).

        Args:
            margins: Log-odds (n,) by the name of the model; each of the weights' names.
        """
        return np.asarray(sum(weight * margins[name] for name, weight in self.weights.items()))

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers."""
        return {"weights": dict(self.weights)}


def fit_blend(margins: Mapping[str, Floats], y: NDArray[np.bool_], weight: Floats) -> Blend:
    """Find the weights by logistic regression on log-odds, none of them negative.

    Stacking as in Breiman (1996), whose constraint keeps the weights of models that are much
    alike from running against each other. A slope and an offset are fitted beside the weights
    and left out: they are the calibrator's matter, as for every other model.

    Args:
        margins: Log-odds (n,) by the name of the model, of the calibrate part.
        y: Labels (n,).
        weight: Sampling weights (n,).

    Returns:
        The blend; equal weights where no model's log-odds rise with the label.
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    names, M = list(margins), np.column_stack(list(margins.values()))
    w = weight / weight.sum()
    sign = np.where(y, 1.0, -1.0)

    def loss(at: Floats) -> tuple[float, Floats]:
        odds = sign * (M @ at[:-1] + at[-1])
        slope = -w * sign * expit(-odds)
        return float(w @ np.logaddexp(0.0, -odds)), np.append(M.T @ slope, slope.sum())

    found = minimize(
        loss, np.zeros(len(names) + 1), jac=True, method="L-BFGS-B",
        bounds=[*[(0.0, None)] * len(names), (None, None)],
        options={"maxiter": 500, "ftol": 1e-12, "gtol": 1e-9},
    ).x[:-1]  # fmt: skip
    total = found.sum()
    shares = found / total if total > 0 else np.full(len(names), 1 / len(names))
    return Blend(dict(zip(names, shares.tolist(), strict=True)))


def crossed_margin(
    margins: Mapping[str, Floats],
    y: NDArray[np.bool_],
    weight: Floats,
    user: NDArray[np.int64],
    *,
    seed: int,
) -> Floats:
    """Log-odds of the blend (n,), each row's by weights found without its shopper.

    They are what the blend's calibrator is fitted on.
    """
    fold = user_folds(user, y, folds=FOLDS, seed=seed)
    margin = np.empty(len(y))
    for held in range(FOLDS):
        seen, unseen = fold != held, fold == held
        if not unseen.any():
            continue
        blend = fit_blend(_at(margins, seen), y[seen], weight[seen])
        margin[unseen] = blend.margin(_at(margins, unseen))
    return margin


def _at(margins: Mapping[str, Floats], rows: NDArray[np.bool_]) -> dict[str, Floats]:
    return {name: one[rows] for name, one in margins.items()}
