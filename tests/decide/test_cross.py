"""Substitution within a category, where it is there to be found."""

import numpy as np
import polars as pl
import pytest

from decide.panels import goods, panel
from willbuy.decide.price.checks import with_log_price
from willbuy.decide.price.substitution import CROSS, substitution, with_others_price


@pytest.mark.parametrize("cross", [0.0, 1.0])
def test_a_cross_price_elasticity_is_found_where_prices_of_categories_move(cross):
    rng = np.random.default_rng(4)
    days = panel(products=240, views=120)
    told = goods(days, categories=24)
    shifts = pl.DataFrame(
        {"category": np.repeat(sorted(told["category"].unique()), 28), "day": list(range(28)) * 24,
         "shift": rng.choice([-0.25, 0.0, 0.25], 24 * 28)}
    ).with_columns(pl.col("day").cast(pl.Int32))  # fmt: skip
    moved = days.join(told.select("product", "category"), on="product").join(
        shifts, on=["category", "day"]
    )
    moved = moved.with_columns(pl.col("price") * pl.col("shift").exp()).drop("category")
    rows = with_others_price(with_log_price(moved), told)
    # The panel's purchases answer to its own first price; the rest of the answer is added here.
    extra = (cross * rows[CROSS] - 1.5 * rows["shift"]).exp().to_numpy()
    rows = rows.with_columns(pl.Series("purchases", rng.poisson(rows["purchases"] * extra)))
    found = substitution(rows.drop("category", "weight", CROSS), told)
    assert found.fit is not None, found.words
    estimate = found.fit.of(CROSS)
    assert abs(estimate["value"] - cross) < 4 * estimate["standard_error"]
    assert (estimate["low"] > 0) == (cross > 0)
