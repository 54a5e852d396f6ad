"""A cut on many products at once: a bound, from none to all of the gain being won anew.

An elasticity from comparing products of the same day tells what one product gains when it alone
gets cheaper. Some of that is taken from others. Where those get cheaper, too, it is not gained.
How much it is, the comparison cannot tell, but it has two ends (a bound in the sense of Manski
2003, "Partial identification of probability distributions"). Looks at products are taken from
others just as purchases are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

MANY = 0.1
"""From this share of the shop's views on, a scope's answer is a bound. A convention: products of a
small scope can take from each other, too, up to all of what they gain. Below it that is not told,
and `assumptions` says so."""


def share_of_views(goods: pl.DataFrame, chosen: pl.Series) -> float:
    """Which share of the shop's views the scope's products have.

    Args:
        goods: As `panel.goods_of` gives them.
        chosen: Keys of the scope's products.
    """
    mine = goods.filter(pl.col("product").is_in(chosen.implode()))["views"].sum()
    return float(mine) / max(float(goods["views"].sum()), 1.0)


def is_bounded(products: int, share: float) -> bool:
    """Whether a scope of so many products, with this share of views, is told as a bound."""
    return products > 1 and share >= MANY


def bounded(own: Mapping[str, Any], share: float) -> dict[str, Any]:
    """The elasticity of a scope all of whose prices move together.

    At one end none of what a product gains is taken from products of the scope: the scope gains
    the same. At the other all of it is, and the scope gains nothing, whatever its share: shoppers
    may choose among its products only, as those of a category do.

    Args:
        own: The elasticity of one product's own price, as price.json has it.
        share: Of the shop's views, that of the scope.

    Returns:
        As price.json has an elasticity: no `value`; `low` and `high`, of which one is zero and
        the other the far end of the interval of `own` (both are ends of it where it holds zero);
        `own` and `share`.
    """
    return {
        "value": None,
        "low": min(own["low"], 0.0),
        "high": max(own["high"], 0.0),
        "share": share,
        "own": dict(own),
        "evidence": own["evidence"],
        "of": f"{own['of']}; a bound for all of them at once, from nothing won anew (all of it "
        "taken from each other) to what one product alone wins",
    }


def is_bound(elasticity: Mapping[str, Any]) -> bool:
    """Whether an elasticity of price.json is a bound."""
    return "own" in elasticity


def own_of(elasticity: Mapping[str, Any]) -> dict[str, Any]:
    """What an elasticity of price.json tells of one product's own price."""
    return dict(elasticity["own"] if is_bound(elasticity) else elasticity)
