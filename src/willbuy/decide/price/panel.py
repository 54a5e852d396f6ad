"""What happened with each product on each day, and what the products are."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from willbuy.errors import WillbuyError
from willbuy.moments.shop import PRICE_UNIT, PRODUCT
from willbuy.moments.state import Records

GOODS = "goods.parquet"
"""What `goods_of` tells, as a run leaves it."""

_TEXTS = ("category", "section", "brand")


def product_days(daily: Records, first: int, last: int) -> pl.DataFrame:
    """The product-days of a shop's daily counts.

    A run counts them in one reading of its log, exact repeats and days of likely bots left out.

    Args:
        daily: Array of DAILY, such as `ShopTables.daily`.
        first, last: The local days wanted, since 1970-01-01, both included.

    Returns:
        One row a product and day, in this order: product (key), day, views, carts, purchases,
        price (the mean over the day's events that tell one; null where none does).
    """
    wanted = (daily["table"] == PRODUCT) & (daily["day"] >= first) & (daily["day"] <= last)
    rows = daily[wanted]
    told = {name: rows[name] for name in ("day", "views", "carts", "purchases")}
    price = pl.when(pl.col("priced") > 0).then(pl.col("sum") / pl.col("priced") / PRICE_UNIT)
    return (
        pl.DataFrame(
            {"product": rows["key"], **told, "priced": rows["priced"], "sum": rows["price_sum"]}
        )
        .with_columns(price.alias("price"))
        .drop("priced", "sum")
        .sort("product", "day")
    )


def goods_of(run: Path, days: pl.DataFrame) -> pl.DataFrame:
    """What a run's snapshots tell of each product.

    Args:
        run: The run folder.
        days: As `product_days` gives them.

    Returns:
        One row a product: product, category, section, brand (texts; null where no snapshot names
        them), price (the median of its days), views.

    Raises:
        WillbuyError: The snapshots are gone, or of a version that did not name products.
    """
    usual = days.group_by("product").agg(pl.col("price").median(), pl.col("views").sum())
    try:
        named = (
            pl.scan_parquet(run / "snapshots" / "*.parquet")
            .select("event_product", *(f"event_{name}" for name in _TEXTS))
            .drop_nulls("event_product")
            .group_by("event_product")
            .agg(pl.col(f"event_{name}").drop_nulls().first().alias(name) for name in _TEXTS)
            .rename({"event_product": "product"})
            .collect(engine="streaming")
        )
    except (pl.exceptions.PolarsError, OSError) as problem:
        raise WillbuyError(
            f"The snapshots of {run} do not say which products they are about: an earlier version "
            "made them, or they are gone. Repeat the run."
        ) from problem
    return usual.join(named, on="product", how="left").sort("product")
