"""pandas, as it is commonly written: read in chunks, concatenated, grouped.

Only the columns that are needed are read.
"""

from __future__ import annotations

import pandas as pd

from contenders import COLUMNS, given

CHUNK = 5_000_000
COLUMNS_READ = [
    *("event_time", "event_type", "product_id", "brand", "price", "user_id", "user_session"),
]


def main() -> None:
    """Read, group, look up earlier purchases, write."""
    told = given(__doc__)
    chunks = []
    for chunk in pd.read_csv(told.file, usecols=COLUMNS_READ, chunksize=CHUNK):
        chunk = chunk.dropna(subset=["user_id", "user_session"])
        times = pd.to_datetime(chunk["event_time"], format="%Y-%m-%d %H:%M:%S UTC")
        chunks.append(chunk.assign(event_time=times))
    events = pd.concat(chunks, ignore_index=True)
    del chunks
    events["views"] = events["event_type"] == "view"
    events["carts"] = events["event_type"] == "cart"
    events["purchases"] = events["event_type"] == "purchase"
    events["price"] = events["price"].where(events["price"] > 0)
    sessions = (
        events.groupby(["user_id", "user_session"])
        .agg(
            start=("event_time", "min"),
            end=("event_time", "max"),
            views=("views", "sum"),
            carts=("carts", "sum"),
            purchases=("purchases", "sum"),
            products=("product_id", "nunique"),
            brands=("brand", "nunique"),
            mean_price=("price", "mean"),
            max_price=("price", "max"),
        )
        .reset_index()
        .rename(columns={"user_id": "user"})
        .sort_values("start")
    )
    sessions["seconds"] = (sessions["end"] - sessions["start"]).dt.total_seconds()
    sessions["hour"] = sessions["start"].dt.hour
    bought = events.loc[events["purchases"], ["user_id", "event_time"]].sort_values("event_time")
    bought["bought_before"] = bought.groupby("user_id").cumcount() + 1
    sessions = pd.merge_asof(
        sessions,
        bought,
        left_on="start",
        right_on="event_time",
        left_by="user",
        right_by="user_id",
        allow_exact_matches=False,
    )
    sessions["bought_before"] = sessions["bought_before"].fillna(0).astype("int64")
    sessions[list(COLUMNS)].to_parquet(told.out, index=False)


if __name__ == "__main__":
    main()
