"""Elasticities, against a dense Poisson regression and a known truth."""

import sys
import warnings

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import PoissonRegressor

from decide.panels import panel
from willbuy.decide.price.checks import identify, with_log_price
from willbuy.decide.price.elasticity import PRICE, regress
from willbuy.errors import WillbuyError


def checks(found):
    return {one.name: one.passed for one in found.checks}


def test_it_is_the_regression_with_a_dummy_for_each_product_and_day():
    days = with_log_price(panel(products=8, days=8))
    seen = days.filter((pl.col("views") > 0) & (pl.col("purchases").sum().over("product") > 0))
    X = np.column_stack([
        seen[PRICE].to_numpy(),
        *(seen.select("product", "day").to_dummies(["product", "day"]).to_numpy().T),
    ])  # fmt: skip
    views = seen["views"].to_numpy()
    dense = PoissonRegressor(alpha=0, solver="newton-cholesky", tol=1e-10, max_iter=500)
    with warnings.catch_warnings():  # the dummies are collinear; the price's coefficient is not
        warnings.simplefilter("ignore")
        dense.fit(X, seen["purchases"].to_numpy() / views, sample_weight=views)
    assert regress(days).value[0] == pytest.approx(dense.coef_[0], abs=1e-4)


def test_errors_are_clustered_by_product():
    """Twice the same days are no more evidence: copies of a product are of its cluster."""
    days = with_log_price(panel(products=40))
    twice = pl.concat([days, days.with_columns(pl.col("day") + 28)])
    assert regress(twice).error() == pytest.approx(regress(days).error(), rel=0.02)


def test_its_interval_covers_the_truth_and_a_pooled_reading_is_far_off():
    covered = 0
    for seed in range(20):
        days = with_log_price(panel(seed))
        told = regress(days).of()
        covered += told["low"] <= -1.5 <= told["high"]
    assert covered >= 16  # 19 expected; fewer than 16 comes once in 400 times
    pooled = np.polyfit(
        days[PRICE].to_numpy(), np.log((days["purchases"] + 0.5) / (days["views"] + 1)), 1
    )
    assert pooled[0] > 0


def test_a_price_without_effect_has_none():
    none = 0
    for seed in range(20):
        told = regress(with_log_price(panel(seed, elasticity=0.0))).of()
        none += told["low"] <= 0 <= told["high"]
    assert none >= 16


def test_demand_that_lasts_is_found_by_the_prices_that_follow_it():
    for seed in range(3):
        found = identify(with_log_price(panel(seed, lasting=0.8)))
        assert not checks(found)["placebo"] or not checks(found)["pre_trends"]
        assert not found.passed
        assert found.enough


def test_demand_of_a_day_is_not_found():
    """What no check on coming prices can see; the docs say so, and this holds them to it."""
    found = identify(with_log_price(panel(2, sudden=0.8)))
    assert found.passed
    assert found.fit.of()["low"] > -1.5


@pytest.mark.parametrize(
    ("days", "failed"),
    [
        (panel(moves=False), "variation"),
        (panel(products=1), "variation"),
        (panel().with_columns(purchases=pl.lit(0)), "purchases"),
        (panel().head(0), "variation"),
    ],
    ids=["prices that never move", "one product", "no purchases", "no days"],
)
def test_too_little_is_said_to_be(days, failed):
    found = identify(with_log_price(days))
    assert not found.enough
    assert not checks(found)[failed]


def test_days_without_price_or_view_do_not_matter():
    days = panel()
    more = pl.concat([
        days,
        days.with_columns(pl.col("day") + 100, pl.col("views") * 0, pl.col("purchases") + 3),
        days.with_columns(pl.col("day") + 200, price=pl.lit(None, pl.Float64)),
    ])  # fmt: skip
    assert regress(with_log_price(more)).value == pytest.approx(regress(with_log_price(days)).value)


def test_a_missing_pyfixest_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyfixest", None)
    with pytest.raises(WillbuyError, match=r"pip install 'willbuy\[causal\]'"):
        regress(with_log_price(panel()))
