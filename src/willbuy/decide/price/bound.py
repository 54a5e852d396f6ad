"""A cut on many products at once: between what nobody and what all of the gain is won anew.

An elasticity from comparing products of the same day tells what one product gains when it alone
gets cheaper. Some of that is taken from others. Where those get cheaper, too, it is not gained.
How much it is, the comparison cannot tell, but it has two ends (a bound in the sense of Manski
2003, "Partial identification of probability distributions").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

MANY = 0.1
"""From this share of the shop's views on, a scope's answer is a bound: below, what its products
could take from each other is less than the interval of their elasticity."""


def share_of_views(goods: pl.DataFrame, chosen: pl.Series) -> float:
    """Which share of the shop's views the scope's products have.

    Args:
        goods: As `panel.goods_of` gives them.
        chosen: Keys of the scope's products.
    """
    mine = goods.filter(pl.col("product").is_in(chosen.implode()))["views"].sum()
    return float(mine) / max(float(goods["views"].sum()), 1.0)


def bounded(own: Mapping[str, Any], share: float) -> dict[str, Any]:
    """The elasticity of a scope all of whose prices move together.

    At one end none of what a product gains is taken from others: the scope gains the same. At the
    other all of it is, from each other product by its views: then the scope gains what it takes
    from products outside it, `1 - share` of that, and nothing where it is the whole shop.

    Args:
        own: The elasticity of one product's own price, as price.json has it.
        share: Of the shop's views, that of the scope.

    Returns:
        As price.json has an elasticity: no `value`; `low` and `high`, the outer ends of both
        intervals; `own` and `share`, which they are made of.
    """
    outside = 1 - share
    return {
        "value": None,
        "low": min(own["low"], own["low"] * outside) + 0.0,
        "high": max(own["high"], own["high"] * outside) + 0.0,  # + 0.0: no minus zero is told
        "share": share,
        "own": dict(own),
        "evidence": own["evidence"],
        "of": f"{own['of']}; a bound for all of them at once, from nothing won anew to what one "
        "product alone wins",
    }


def is_bound(elasticity: Mapping[str, Any]) -> bool:
    """Whether an elasticity of price.json is a bound."""
    return "own" in elasticity


def own_of(elasticity: Mapping[str, Any]) -> dict[str, Any]:
    """What an elasticity of price.json tells of one product's own price."""
    return dict(elasticity["own"] if is_bound(elasticity) else elasticity)
