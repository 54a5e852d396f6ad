"""An explanation as files: for programs, for a spreadsheet, and as pictures."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from willbuy.events.rejects import safe_cell
from willbuy.explain.answer_files import save_files, write_plain
from willbuy.explain.answer_pictures import save_force, save_waterfall
from willbuy.explain.sentences import moved
from willbuy.explain.session.timeline import SessionExplanation
from willbuy.explain.session.told import plain

if TYPE_CHECKING:
    import polars as pl

FILES = ("explanation.json", "timeline.csv", "waterfall.png", "force.png")


def save(told: SessionExplanation, folder: Path) -> None:
    """Write the files, each whole or not at all; an earlier explanation there is replaced.

    Raises:
        WillbuyError: The folder holds something else, or cannot be written to.
    """
    writers = (
        partial(write_plain, plain(told)),
        timeline(told).write_csv,
        partial(save_waterfall, told),
        partial(save_force, told),
    )
    save_files(folder, dict(zip(FILES, writers, strict=True)))


def timeline(told: SessionExplanation) -> pl.DataFrame:
    """The session's events, one a row: what came, the probability after it, and what moved it."""
    import polars as pl

    return pl.DataFrame(
        {
            "k": [one.k for one in told.steps],
            "time": [one.time.isoformat() for one in told.steps],
            "kind": [one.kind for one in told.steps],
            "product": [_cell(one.product) for one in told.steps],
            "category": [_cell(one.category) for one in told.steps],
            "brand": [_cell(one.brand) for one in told.steps],
            "price": [one.price for one in told.steps],
            "status": [one.status for one in told.steps],
            "probability": [one.probability for one in told.steps],
            "change": [one.change for one in told.steps],
            "moved": [_cell("; ".join(map(moved, one.moved))) for one in told.steps],
        },
        schema_overrides={
            "k": pl.Int64, "price": pl.Float64, "probability": pl.Float64, "change": pl.Float64,
            **dict.fromkeys(("product", "category", "brand"), pl.String),
        },
    )  # fmt: skip


def _cell(text: str | None) -> str | None:
    return None if text is None else safe_cell(text)
