"""Elasticities from price changes within products: Poisson regression with fixed effects.

Purchases of product i on day t are taken to be views times exp(product + day + elasticity *
log price). What is always so of a product, and what is so of a day for all products, drops out
(Correia, Guimarães & Zylkin 2020, "Fast Poisson estimation with high-dimensional fixed effects").
The counts need not be Poisson: only the mean must be right, and errors are clustered
(Wooldridge 1999, "Distribution-free estimation of some nonlinear panel data models").
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import chi2, norm

from willbuy.decide.evidence import Evidence
from willbuy.errors import WillbuyError

Floats = NDArray[np.float64]

PRICE = "log_price"
_Z = float(norm.ppf(0.975))


@dataclass(frozen=True)
class Fit:
    """A regression.

    Attributes:
        terms: Names of the k coefficients.
        value: (k,).
        covariance: (k, k), clustered.
        rows: Product-days that bear on it.
        clusters: What the errors are clustered by: how many there are.
        events: The outcome's sum over these rows.
    """

    terms: tuple[str, ...]
    value: Floats
    covariance: Floats
    rows: int
    clusters: int
    events: int

    def error(self, term: str = PRICE) -> float:
        """The standard error of a coefficient."""
        at = self.terms.index(term)
        return float(np.sqrt(self.covariance[at, at]))

    def of(self, term: str = PRICE) -> dict[str, Any]:
        """A coefficient with its 95 % interval, as plain data."""
        at, error = self.terms.index(term), self.error(term)
        value = float(self.value[at])
        return {
            "value": value,
            "low": value - _Z * error,
            "high": value + _Z * error,
            "standard_error": error,
            "p": float(2 * norm.sf(abs(value) / error)),
            "rows": self.rows,
            "clusters": self.clusters,
            "events": self.events,
        }

    def wald(self, terms: Sequence[str]) -> float:
        """The p-value of these coefficients all being zero."""
        at = [self.terms.index(one) for one in terms]
        value, covariance = self.value[at], self.covariance[np.ix_(at, at)]
        return float(chi2.sf(value @ np.linalg.pinv(covariance) @ value, len(at)))


def regress(
    days: pl.DataFrame,
    terms: Sequence[str] = (PRICE,),
    *,
    outcome: str = "purchases",
    per_view: bool = True,
    cluster: str = "product",
) -> Fit | None:
    """A Poisson regression on `terms`, with an effect of each product and of each day.

    Args:
        days: One row a product-day, with `product`, `day`, `views`, the terms and the cluster.
        terms: Columns; rows in which one is null are left out.
        outcome: A column of counts.
        per_view: Take log views as offset; days without a view are left out.
        cluster: The column whose rows hang together.

    Returns:
        None where nothing can be told: no purchases, or no variation left.

    Raises:
        WillbuyError: pyfixest is not installed.
    """
    pyfixest, pandas = _libraries()
    rows = days.drop_nulls([*terms, cluster])
    if per_view:
        rows = rows.filter(pl.col("views") > 0)
    for effect in ("product", "day"):  # one without any is fitted perfectly and tells nothing
        rows = rows.filter(pl.col(outcome).sum().over(effect) > 0)
    if len(rows) <= len(terms) or rows[cluster].n_unique() < 2:
        return None
    frame = pandas.DataFrame(
        {
            **{name: rows[name].to_numpy() for name in (outcome, *terms, "day")},
            **{name: rows[name].rank("dense").to_numpy() for name in {"product", cluster}},
            "log_views": np.log(np.maximum(rows["views"].to_numpy(), 1)),
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # pandas' deprecations, and of collinear columns: seen below
        try:
            made = pyfixest.fepois(
                f"{outcome} ~ {' + '.join(terms)} | product + day",
                frame,
                vcov={"CRV1": cluster},
                offset="log_views" if per_view else None,
                copy_data=False,
                store_data=False,
            )
        except (ValueError, RuntimeError, IndexError, np.linalg.LinAlgError):
            return None
    found = made.coef()
    if list(found.index) != list(terms):
        return None
    covariance = np.asarray(made._vcov, np.float64)
    if not (np.isfinite(found.to_numpy()).all() and (np.diag(covariance) > 0).all()):
        return None
    return Fit(
        tuple(terms), found.to_numpy(np.float64), covariance, int(made._N),
        rows[cluster].n_unique(), int(rows[outcome].sum()),
    )  # fmt: skip


def _libraries() -> tuple[Any, Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            import pandas
            import pyfixest
    except ImportError as problem:
        raise WillbuyError(
            f"Elasticities need {problem.name or 'pyfixest'}, which is not installed: "
            "pip install 'willbuy[causal]'"
        ) from problem
    return pyfixest, pandas


def elasticity_of(fit: Fit, evidence: Evidence, of: str) -> dict[str, Any]:
    """An elasticity as price.json has it."""
    return {**fit.of(), "evidence": evidence.value, "of": of}
