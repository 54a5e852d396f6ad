"""The sessions of a run's part, one row each, as they stood before anything was bought."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from willbuy.decide.behaviour import COLUMNS
from willbuy.errors import WillbuyError

if TYPE_CHECKING:
    import polars as pl

NEEDED = (*COLUMNS, "cart_value", "latest_price")
"""Features that are read; a run without prices or carts has them missing."""

_KEPT = (
    "visit", "user_key", "session_key", "weight", "ordinal", "label", "position", "start", "time",
    "event_kind",
)  # fmt: skip


def moments_of(run: Path, part: str) -> pl.DataFrame:
    """Every judged moment of one part, in the order of sessions and events.

    Args:
        run: The run folder.
        part: calibrate or test.

    Returns:
        The columns that decisions need, and `value`: what is at stake, the cart's value or, where
        nothing is in the cart, the latest price looked at; 0 where none is known.

    Raises:
        WillbuyError: There is no such run, or it was made by an older version.
    """
    import polars as pl

    files = sorted((run / "snapshots").glob(f"{part}-*.parquet"))
    if not files:
        raise WillbuyError(f"{run} has no snapshots of {part}: it is no run on a log of events.")
    scan = pl.scan_parquet(files)
    there = scan.collect_schema().names()
    if missing := [name for name in _KEPT if name not in there]:
        raise WillbuyError(
            f"{run} was made by an older version: its snapshots lack {', '.join(missing)}. Run it "
            f"again: willbuy run --config {run}/run.json"
        )
    used = [pl.col(name) if name in there else pl.lit(None, pl.Float32).alias(name)
            for name in NEEDED]  # fmt: skip
    cart, price = pl.col("cart_value").fill_nan(None), pl.col("latest_price").fill_nan(None)
    value = pl.when(cart > 0).then(cart).otherwise(price).fill_null(0.0).cast(pl.Float64)
    return (
        scan.select(*_KEPT, *used)
        .with_columns(value.alias("value"), pl.col("label").cast(pl.Boolean))
        .collect()
        .sort("visit", "ordinal")
    )


def last_of(moments: pl.DataFrame) -> pl.DataFrame:
    """The last moment of each session before its purchase.

    That a moment is the last is known only afterwards: this is for telling what sessions were
    like, and never for judging a model.
    """
    return moments.group_by("visit", maintain_order=True).last()


def first_at(moments: pl.DataFrame, line: float) -> pl.DataFrame:
    """The first moment of each session whose probability is at or above a line, if there is one."""
    import polars as pl

    high = moments.filter(pl.col("probability") >= line)
    return high.group_by("visit", maintain_order=True).first()
