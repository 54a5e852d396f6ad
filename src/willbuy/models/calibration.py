"""Choosing and fitting the calibrator, never judged on a shopper it has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from willbuy.models.calibrator import KINDS, SURE, Calibrator, Floats, Kind, terms
from willbuy.models.folds import user_folds

FEW_BUYERS = 25
"""With fewer buying shoppers, only ``none`` and ``sigmoid`` are tried."""


class Calibration(NamedTuple):
    """A calibrator and what is needed to choose a threshold with it.

    Attributes:
        calibrator: Fitted on the whole calibrate part.
        cross_fitted: float64 (n,), each row's probability from the same kind of calibrator
            fitted without the row's shopper.
    """

    calibrator: Calibrator
    cross_fitted: Floats


def fit_calibrator(
    margin: Floats,
    y: NDArray[np.bool_],
    weight: Floats,
    user: NDArray[np.int64],
    *,
    seed: int,
    folds: int = 5,
    kinds: Sequence[Kind] = KINDS,
) -> Calibration:
    """Choose a kind by cross-fitting over shoppers, then fit it on all rows.

    From the simplest on, a more flexible kind takes over only where its weighted log loss is
    lower by more than the standard error of the difference over the folds.

    Args:
        margin: float64 log-odds (n,) of the calibrate part.
        y: Labels (n,).
        weight: Sampling weights (n,).
        user: int64 keys (n,).
        seed: Deals the folds.
        folds: How many.
        kinds: The candidates.

    Returns:
        The calibrator with the losses of all candidates, and the cross-fitted probabilities.
    """
    y = np.asarray(y).astype(np.bool_)
    margin = np.asarray(margin, dtype=np.float64)
    weight = weight / weight.mean() if len(weight) else weight
    kinds, note = _possible(kinds, y, user)
    folds = min(folds, len(np.unique(user[y])), len(np.unique(user[~y])))
    if folds < 2:
        return Calibration(Calibrator("none", note=note), Calibrator("none")(margin))

    fold = user_folds(user, y, folds=folds, seed=seed)
    crossed: dict[Kind, Floats] = {}
    losses: dict[Kind, Floats] = {}
    for kind in kinds:
        p = np.empty(len(margin))
        for held in range(folds):
            seen, unseen = fold != held, fold == held
            p[unseen] = _fit(kind, margin[seen], y[seen], weight[seen])(margin[unseen])
        loss = -np.log(np.where(y, p, 1 - p)) * weight
        crossed[kind] = p
        losses[kind] = np.bincount(fold, loss, folds) / np.bincount(fold, weight, folds)

    chosen = kinds[0]
    for kind in kinds[1:]:
        gain = losses[chosen] - losses[kind]
        if gain.mean() > gain.std(ddof=1) / np.sqrt(folds):
            chosen = kind
    calibrator = replace(
        _fit(chosen, margin, y, weight),
        losses={kind: float(loss.mean()) for kind, loss in losses.items()},
        note=note,
    )
    return Calibration(calibrator, crossed[chosen])


def _possible(
    kinds: Sequence[Kind], y: NDArray[np.bool_], user: NDArray[np.int64]
) -> tuple[Sequence[Kind], str]:
    buyers, others = len(np.unique(user[y])), len(np.unique(user[~y]))
    if min(buyers, others) < 2:
        return kinds, (
            f"The calibrate part has {buyers} shoppers with and {others} without a moment "
            "followed by a purchase: the model's own probabilities are kept."
        )
    if buyers < FEW_BUYERS:
        few: list[Kind] = [kind for kind in kinds if kind in ("none", "sigmoid")]
        return few or ["none"], (
            f"The calibrate part has {buyers} buying shoppers, fewer than {FEW_BUYERS}: only the "
            "simplest calibrators were tried."
        )
    return kinds, ""


def _fit(kind: Kind, margin: Floats, y: NDArray[np.bool_], weight: Floats) -> Calibrator:
    if kind == "none":
        return Calibrator("none")
    if kind == "isotonic":
        return _isotonic(margin, y, weight)
    slopes = terms(kind, margin)
    kept = list(range(len(slopes)))
    while kept:
        fitted = _newton([slopes[at] for at in kept], y, weight)
        if min(fitted[:-1]) >= 0:
            break
        # As in Kull et al.: a slope that would fall is left out, and the rest fitted again.
        kept.pop(int(np.argmin(fitted[:-1])))
    else:
        fitted = _newton([], y, weight)
    parameters = dict.fromkeys(range(len(slopes)), 0.0) | dict(zip(kept, fitted, strict=False))
    return Calibrator(kind, (*parameters.values(), fitted[-1]))


def _newton(slopes: Sequence[Floats], y: NDArray[np.bool_], weight: Floats) -> list[float]:
    """Logistic regression on one or two terms and an offset, most likely a posteriori.

    The prior is normal with unit variance round "change nothing" (slopes 1, offset 0). It weighs
    about as much as one row, so that separable or nearly empty parts have a finite answer.
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    design = np.column_stack([*slopes, np.ones(len(y))])
    unchanged = np.array([1.0] * len(slopes) + [0.0])
    rows = len(y)

    def loss(at: Floats) -> tuple[float, Floats]:
        margin = design @ at
        pull = at - unchanged
        missed = np.logaddexp(0.0, np.where(y, -margin, margin))
        slope = design.T @ (weight * (expit(margin) - y))
        return float(weight @ missed + pull @ pull / 2) / rows, (slope + pull) / rows

    def curvature(at: Floats) -> Floats:
        p = expit(design @ at)
        bent = design.T @ (design * (weight * p * (1 - p))[:, None])
        return np.asarray((bent + np.eye(len(at))) / rows)

    found = minimize(loss, unchanged, jac=True, hess=curvature, method="trust-exact", tol=1e-9)
    return [float(value) for value in found.x]


def _isotonic(margin: Floats, y: NDArray[np.bool_], weight: Floats) -> Calibrator:
    """Straight lines between the centres of isotonic blocks (Oron & Flournoy 2017).

    A block without, or of nothing but, positives gets the rate of half a positive, or half a
    negative, more: no number of rows proves a probability of 0 or 1.
    """
    from sklearn.isotonic import isotonic_regression

    points, code, rows = np.unique(margin, return_inverse=True, return_counts=True)
    mass = np.bincount(code, weight)
    level = isotonic_regression(np.bincount(code, weight * y) / mass, sample_weight=mass)
    first = np.flatnonzero(np.diff(level, prepend=-1.0))
    knots = np.add.reduceat(points * mass, first) / np.add.reduceat(mass, first)
    half = 0.5 / (np.add.reduceat(rows, first) + 1)
    values = level[first].astype(np.float64)
    if values[0] <= 0:
        values[0] = min(half[0], values[1]) if len(values) > 1 else half[0]
    if values[-1] >= 1:
        values[-1] = max(1 - half[-1], values[-2]) if len(values) > 1 else 1 - half[-1]
    return Calibrator("isotonic", knots=knots, values=np.clip(values, SURE, 1 - SURE))
