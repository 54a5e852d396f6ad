"""The floor: every column of the log parsed with its type, block by block, and dropped.

The blocks and the parser are those of `willbuy.events`. Nobody who reads the log with them can be
cheaper, whatever is done with the rows.
"""

from __future__ import annotations

import polars as pl

from contenders import given
from willbuy.events.streams import blocks

TYPES = {
    "event_time": pl.String,
    "event_type": pl.Categorical,
    "product_id": pl.Int64,
    "category_id": pl.Int64,
    "category_code": pl.String,
    "brand": pl.String,
    "price": pl.Float64,
    "user_id": pl.Int64,
    "user_session": pl.String,
}


def main() -> None:
    """Parse, and write how many rows there were."""
    told = given(__doc__)
    rows = 0
    for data, _ in blocks(told.file):
        header = not rows
        frame = pl.read_csv(data, has_header=header, schema=TYPES, quote_char=None)
        frame = frame.with_columns(
            pl.col("event_time").str.to_datetime("%Y-%m-%d %H:%M:%S UTC", strict=False)
        )
        rows += frame.height
    pl.DataFrame({"rows": [rows]}).write_parquet(told.out)


if __name__ == "__main__":
    main()
