"""Choosing and fitting the calibrator, never judged on a shopper it has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from willbuy.models.calibrator import KINDS, SURE, Calibrator, Counts, Floats, Kind, blend, terms
from willbuy.models.folds import user_folds

FEW_BUYERS = 25
"""With fewer buying shoppers, only ``none`` and ``sigmoid`` are tried."""

SHARE = 0.5
"""How much of what the calibrate part asks for is done. Its days are one draw of a shop's days:
the next ones lie between them and train's (docs/decisions/0007)."""

_LATEST_K = 500
"""The slopes of `by_k` hold up to this event."""


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
    k: Counts,
    *,
    seed: int,
    folds: int = 5,
    kinds: Sequence[Kind] = KINDS,
    share: float = SHARE,
) -> Calibration:
    """Choose a kind by cross-fitting over shoppers, then fit it on all rows.

    The first kind is taken; each later one takes over only where its weighted log loss is lower by
    more than the standard error of the difference over the folds.

    Args:
        margin: float64 log-odds (n,) of the calibrate part.
        y: Labels (n,).
        weight: Sampling weights (n,).
        user: int64 keys (n,).
        k: Events of the session so far (n,).
        seed: Deals the folds.
        folds: How many.
        kinds: The candidates, in order.
        share: How much of what the chosen map asks for is done.

    Returns:
        The calibrator with the losses of all candidates, and the cross-fitted probabilities.
    """
    from scipy.special import expit, logit

    y = np.asarray(y).astype(np.bool_)
    margin = np.asarray(margin, dtype=np.float64)
    weight = weight / weight.mean() if len(weight) else weight
    kinds, note = _possible(kinds, y, user)
    folds = min(folds, len(np.unique(user[y])), len(np.unique(user[~y])))
    if folds < 2:
        return Calibration(Calibrator("none", note=note), Calibrator("none")(margin, k))

    fold = user_folds(user, y, folds=folds, seed=seed)
    crossed: dict[Kind, Floats] = {}
    losses: dict[Kind, Floats] = {}
    for kind in kinds:
        p = np.empty(len(margin))
        for held in range(folds):
            seen, unseen = fold != held, fold == held
            fitted = _fit(kind, margin[seen], y[seen], weight[seen], k[seen])
            p[unseen] = fitted(margin[unseen], k[unseen])
        loss = -np.log(np.where(y, p, 1 - p)) * weight
        crossed[kind] = p
        losses[kind] = np.bincount(fold, loss, folds) / np.bincount(fold, weight, folds)

    chosen = kinds[0]
    for kind in kinds[1:]:
        gain = losses[chosen] - losses[kind]
        if gain.mean() > gain.std(ddof=1) / np.sqrt(folds):
            chosen = kind
    calibrator = replace(
        _fit(chosen, margin, y, weight, k),
        share=share,
        losses={kind: float(loss.mean()) for kind, loss in losses.items()},
        note=note,
    )
    cross_fitted = np.clip(expit(blend(margin, logit(crossed[chosen]), share)), SURE, 1 - SURE)
    return Calibration(calibrator, cross_fitted)


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


def _fit(kind: Kind, margin: Floats, y: NDArray[np.bool_], weight: Floats, k: Counts) -> Calibrator:
    if kind == "none":
        return Calibrator("none")
    if kind == "isotonic":
        return _isotonic(margin, y, weight)
    if kind == "by_k":
        return _by_k(margin, y, weight, k)
    slopes = terms(kind, margin, k)
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


def _by_k(margin: Floats, y: NDArray[np.bool_], weight: Floats, k: Counts) -> Calibrator:
    """Slopes and offsets by k; one slope for all k where they would fall anywhere."""
    alone, at_first, by_length, *steps = terms("by_k", margin, k)
    fitted = _newton([alone, at_first, by_length, *steps], y, weight, slopes=1)
    slope, more, longer = fitted[:3]
    at_ends = slope + more, slope + longer * np.log(2), slope + longer * np.log(_LATEST_K)
    if min(at_ends) < 0:
        slope, *offsets = _newton([alone, *steps], y, weight, slopes=1)
        if slope < 0:
            slope, offsets = 0.0, _newton(steps, y, weight, slopes=0)
        fitted = [slope, 0.0, 0.0, *offsets]
    return Calibrator("by_k", tuple(fitted))


def _newton(
    columns: Sequence[Floats],
    y: NDArray[np.bool_],
    weight: Floats,
    slopes: int | None = None,
) -> list[float]:
    """Logistic regression on a few terms and an offset, most likely a posteriori.

    The prior is normal with unit variance round "change nothing": 1 for the first `slopes` terms
    (all where not given), 0 for the others and the offset. It weighs about as much as one row, so
    that separable or nearly empty parts have a finite answer.
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    design = np.column_stack([*columns, np.ones(len(y))])
    unchanged = np.zeros(len(columns) + 1)
    unchanged[: len(columns) if slopes is None else slopes] = 1.0
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
