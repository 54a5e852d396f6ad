"""Logistic regression: the plain model that every other one has to beat."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from willbuy.models.columns import Floats, bent, learn, quantiles, transform
from willbuy.models.labels import both_kinds
from willbuy.snapshots.blocks import Blocks, as_blocks, gather, whole

MAX_ROWS = 100_000
"""The most rows it is fitted on: three times as many gain 0.0003 of ROC-AUC on a million events."""

Shape = Literal["lines", "splines", "bins"]
"""What a column's log-odds look like: a line; one that bends at `KNOTS` of its quantiles; or one
that jumps there."""

KNOTS = 4

_CHUNK = 16_384


@dataclass(frozen=True, eq=False)
class Logistic:
    """A fitted logistic regression with all that its columns need before it.

    A column's way: missing → ``fill``; signed log1p where ``logged``; clipped to the range seen
    in fitting, so that no unseen extreme drives the odds; minus ``mean``, over ``scale``; times
    ``weight``. A column that was sometimes missing also adds ``missing_weight`` where it is. With
    another shape than lines, a column also adds ``turn`` times what lies above each ``knot``
    (splines) or 1 above it (bins). Arrays are (F,), or (K, F) of knots, of which a column with
    fewer turn by 0; a dropped column has weight 0.

    Attributes:
        names: The F columns, in order.
        fill: The median of the values present.
        logged: Whether signed log1p is taken.
        low: The smallest transformed value seen.
        high: The largest.
        mean: The mean of the transformed column.
        scale: Its standard deviation (1 for a constant column).
        weight: Log-odds per standard deviation.
        missing_weight: Log-odds of being missing.
        shape: Of the columns' log-odds.
        knot: Where they bend or jump (K, F), of standardised columns.
        turn: By how much (K, F).
        intercept: Log-odds of a row at every mean with nothing missing.
        metadata: Rows fitted on, rows given, iterations, whether it converged, dropped columns.
    """

    names: tuple[str, ...]
    fill: Floats
    logged: NDArray[np.bool_]
    low: Floats
    high: Floats
    mean: Floats
    scale: Floats
    weight: Floats
    missing_weight: Floats
    shape: Shape
    knot: Floats
    turn: Floats
    intercept: float
    metadata: Mapping[str, Any]

    def margin(self, X: NDArray[np.float32]) -> Floats:
        """Log-odds of each row; a row's bits do not depend on the rows beside it.

        Args:
            X: float32 (n, F), nan where missing.

        Returns:
            float64 (n,).
        """
        parts = [self._margin(X[at : at + _CHUNK]) for at in range(0, len(X), _CHUNK)]
        return np.concatenate(parts) if parts else np.empty(0)

    def _margin(self, X: NDArray[np.float32]) -> Floats:
        missing = np.isnan(X)
        Z = transform(X, missing, self.fill, self.logged)
        Z = (np.clip(Z, self.low, self.high) - self.mean) / self.scale
        terms = Z * self.weight + missing * self.missing_weight
        for knot, turn in zip(self.knot, self.turn, strict=True):
            terms += bent(Z, knot, jump=self.shape == "bins") * turn
        # A running sum adds left to right; a matrix product's order depends on the shape.
        total: Floats = np.add.accumulate(terms, axis=1)[:, -1] + self.intercept
        return total

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and numbers; JSON keeps every bit of them."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in plain.items()
        } | {"names": list(self.names), "metadata": dict(self.metadata)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Logistic:
        """Rebuild what `to_dict` gave, with identical answers."""
        arrays: dict[str, Any] = {
            name: np.array(value, dtype=np.bool_ if name == "logged" else np.float64)
            for name, value in plain.items()
            if name not in {"names", "shape", "intercept", "metadata"}
        }
        return cls(
            names=tuple(plain["names"]),
            shape=plain["shape"],
            intercept=float(plain["intercept"]),
            metadata=dict(plain["metadata"]),
            **arrays,
        )


def fit_logistic(
    X: NDArray[np.float32] | Blocks,
    y: NDArray[np.bool_],
    weight: Floats,
    names: Sequence[str],
    *,
    seed: int,
    C: float = 1.0,
    shape: Shape = "lines",
) -> Logistic:
    """Fit the baseline: impute, tame heavy tails, standardise, L2-penalised maximum likelihood.

    Signed log1p is taken of columns with an absolute skewness above 1 that it lowers. On more
    than `MAX_ROWS` rows, that many are drawn uniformly by ``seed``. scikit-learn's
    LogisticRegression (lbfgs) fits; weights are scaled to mean 1, so that C means the same at
    any sampling rate.

    Args:
        X: float32 (n, F), nan where missing, or blocks of it.
        y: Labels (n,).
        weight: Sampling weights (n,).
        names: The F column names.
        seed: Draws the rows.
        C: Inverse strength of the penalty.
        shape: Of the columns' log-odds.

    Returns:
        The fitted model.

    Raises:
        WillbuyError: if all labels are alike.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    rows = len(y)
    if rows > MAX_ROWS:
        drawn = np.sort(np.random.default_rng(seed).choice(rows, MAX_ROWS, replace=False))
        X, y, weight = gather(as_blocks(X), drawn), y[drawn], weight[drawn]
    else:
        X = whole(as_blocks(X))
    y = both_kinds(y)

    missing = np.isnan(X)
    fill, logged = learn(X, missing)
    Z = transform(X, missing, fill, logged)
    low, high = Z.min(axis=0), Z.max(axis=0)
    mean, spread = Z.mean(axis=0), Z.std(axis=0)
    # The mean of equal numbers is off by rounding, so their spread need not be exactly 0.
    varies = high > low
    scale = np.where(varies & (spread > 0), spread, 1.0)
    Z -= mean
    Z /= scale
    sometimes = missing.any(axis=0) & ~missing.all(axis=0)
    knot = quantiles(Z, KNOTS if shape != "lines" else 0)
    turns = [bent(Z[:, has], one[has], jump=shape == "bins")
             for one in knot for has in [~np.isnan(one)]]  # fmt: skip
    design = np.hstack([Z[:, varies], missing[:, sometimes], *turns])

    columns = X.shape[1]
    coefficient, missing_weight = np.zeros(columns), np.zeros(columns)
    turn = np.zeros(knot.shape)
    model = LogisticRegression(C=C, max_iter=1000)
    if design.shape[1] == 0:  # nothing varies: only the base rate is left to learn
        design = np.zeros((len(y), 1))
    # BLAS threads cost more than they bring here: on a busy machine ten times as much.
    with warnings.catch_warnings(record=True) as caught, threadpool_limits(1, "blas"):
        warnings.simplefilter("always", ConvergenceWarning)
        model.fit(design, y, sample_weight=weight / weight.mean())
    kept = int(varies.sum())
    coefficient[varies] = model.coef_[0, :kept]
    missing_weight[sometimes] = model.coef_[0, kept : kept + int(sometimes.sum())]
    turn[~np.isnan(knot)] = model.coef_[0, kept + int(sometimes.sum()) :][: (~np.isnan(knot)).sum()]

    return Logistic(
        names=tuple(names),
        fill=fill,
        logged=logged,
        low=low,
        high=high,
        mean=mean,
        scale=scale,
        weight=coefficient,
        missing_weight=missing_weight,
        shape=shape,
        knot=np.nan_to_num(knot),
        turn=turn,
        intercept=float(model.intercept_[0]),
        metadata={
            "rows": len(y),
            "rows_given": rows,
            "C": C,
            "shape": shape,
            "seed": seed,
            "iterations": int(model.n_iter_[0]),
            "converged": not any(issubclass(w.category, ConvergenceWarning) for w in caught),
            "dropped": [name for name, kept in zip(names, varies, strict=True) if not kept],
        },
    )
