"""Polars, lazy and streaming, by someone who knows it.

Session ids become 64 bits as they are read and brands and kinds categories, so that no text is
grouped; the log is read once, and purchases are looked up from what the groups keep of them.
"""

from __future__ import annotations

import polars as pl

from contenders import COLUMNS, given

TYPES = {
    "event_time": pl.String,
    "event_type": pl.Categorical,
    "product_id": pl.Int64,
    "brand": pl.Categorical,
    "price": pl.Float64,
    "user_id": pl.Int64,
    "user_session": pl.String,
}


def main() -> None:
    """Read and group, look up earlier purchases, write."""
    told = given(__doc__)
    kind, price, time = pl.col("event_type"), pl.col("price"), pl.col("event_time")
    sessions = (
        pl.scan_csv(told.file, schema_overrides=TYPES, quote_char=None)
        .select(*TYPES)
        .drop_nulls(["user_id", "user_session"])
        .with_columns(
            pl.col("user_session").hash(),
            time.str.to_datetime("%Y-%m-%d %H:%M:%S UTC"),
            pl.when(price > 0).then(price),
            pl.col("brand").to_physical(),
            (kind == "view").alias("view"),
            (kind == "cart").alias("cart"),
            (kind == "purchase").alias("purchase"),
        )
        .group_by("user_id", "user_session")
        .agg(
            time.min().alias("start"),
            time.max().alias("end"),
            pl.col("view").sum().alias("views"),
            pl.col("cart").sum().alias("carts"),
            pl.col("purchase").sum().alias("purchases"),
            pl.col("product_id").n_unique().alias("products"),
            pl.col("brand").drop_nulls().n_unique().alias("brands"),
            price.mean().alias("mean_price"),
            price.max().alias("max_price"),
            time.filter(pl.col("purchase")).alias("bought"),
        )
        .collect(engine="streaming")
    )
    bought = (
        sessions.lazy()
        .filter(pl.col("purchases") > 0)
        .select("user_id", pl.col("bought").alias("time"))
        .explode("time")
        .sort("time")
        .with_columns(bought_before=pl.int_range(1, pl.len() + 1).over("user_id"))
    )
    (
        sessions.lazy()
        .drop("bought")
        .sort("start")
        .join_asof(
            bought,
            left_on="start",
            right_on="time",
            by="user_id",
            allow_exact_matches=False,
            check_sortedness=False,
        )
        .select(
            pl.col("user_id").alias("user"),
            *COLUMNS[1:9],
            (pl.col("end") - pl.col("start")).dt.total_seconds().alias("seconds"),
            pl.col("start").dt.hour().alias("hour"),
            pl.col("bought_before").fill_null(0),
        )
        .sink_parquet(told.out)
    )


if __name__ == "__main__":
    main()
