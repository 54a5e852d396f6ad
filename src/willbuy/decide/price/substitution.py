"""Whether a cheaper product takes purchases from others of its category: a cross-price term."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from willbuy.decide.evidence import Evidence
from willbuy.decide.price.elasticity import PRICE, Fit, regress

CROSS = "others_log_price"
_LEAST_CATEGORIES = 10


@dataclass(frozen=True)
class Substitution:
    """What is known of it.

    Attributes:
        fit: Own and cross term together; None where the log cannot tell.
        words: Why, or what was found.
    """

    fit: Fit | None
    words: str

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        evidence = Evidence.IDENTIFIED if self.fit is not None else Evidence.ASSUMPTION
        return {
            "identified": self.fit is not None,
            "evidence": evidence.value,
            "words": self.words,
            **({} if self.fit is None else {"own": self.fit.of(), "cross": self.fit.of(CROSS)}),
        }


def substitution(days: pl.DataFrame, goods: pl.DataFrame) -> Substitution:
    """Estimate own and cross-price elasticity together, errors clustered by category.

    The price of the others is the mean log price of the category's other products, each counted
    by its share of the category's views over all days, against its own mean.

    Args:
        days: As `checks.with_log_price` gives them.
        goods: As `panel.goods_of` gives them.
    """
    rows = with_others_price(days, goods)
    categories = rows["category"].n_unique()
    if categories < _LEAST_CATEGORIES:
        return Substitution(
            None,
            f"Substitution is not identified: {categories} categories with several products, and "
            f"{_LEAST_CATEGORIES} are needed.",
        )
    fit = regress(rows, [PRICE, CROSS], cluster="category")
    if fit is None:
        return Substitution(None, "Substitution is not identified: others' prices hardly move.")
    cross = fit.of(CROSS)
    told = f"{cross['value']:+.2f} [{cross['low']:+.2f}, {cross['high']:+.2f}]"
    if cross["high"] - cross["low"] > abs(fit.value[0]) / 2:
        return Substitution(
            None,
            f"Substitution is not identified: the cross-price elasticity is {told}, an interval "
            "wider than half of the own elasticity.",
        )
    return Substitution(
        fit, f"The price of the category's other products moves purchases per view by {told}."
    )


def with_others_price(days: pl.DataFrame, goods: pl.DataFrame) -> pl.DataFrame:
    """Product-days of categories with several products, with `category` and `others_log_price`."""
    named = goods.drop_nulls("category").select(
        "product",
        "category",
        (pl.col("views") / pl.col("views").sum().over("category")).alias("weight"),
    )
    rows = days.join(named, on="product").filter(pl.col("weight") < 1)
    # In steps: a window inside a window would be taken within the outer one's groups.
    moved = pl.col(PRICE) - pl.col(PRICE).mean().over("product")
    rows = rows.with_columns((pl.col("weight") * moved).alias("part"))
    others = pl.col("part").sum().over("category", "day") - pl.col("part")
    return rows.with_columns((others / (1 - pl.col("weight"))).alias(CROSS)).drop("part")


def shares_in_scope(goods: pl.DataFrame, chosen: pl.Series) -> pl.DataFrame:
    """For each product, which share of its category's other products is in the scope, by views.

    Returns:
        product, category, inside (whether itself is), others_inside (0 where it has no category).
    """
    inside = pl.col("product").is_in(chosen.implode())
    of_category, views = "category", pl.col("views")
    mine = (views * inside).sum().over(of_category) - views * inside
    rest = views.sum().over(of_category) - views
    share = pl.when(pl.col("category").is_not_null() & (rest > 0)).then(mine / rest).otherwise(0.0)
    return goods.select("product", "category", inside.alias("inside"), share.alias("others_inside"))
