"""Scores as a file that a spreadsheet can open without running what it holds."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from willbuy.errors import WillbuyError
from willbuy.events.rejects import FORMULA, safe_cell


def write_scores(pieces: Iterable[pl.DataFrame], path: Path) -> None:
    """Write CSV or, where the name ends so, Parquet; whole or not at all.

    In CSV, text that a spreadsheet would take for a formula gets an apostrophe before it.

    Raises:
        WillbuyError: Nothing can be written there.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
            whole = Path(folder) / f"whole{path.suffix}"
            if path.suffix == ".parquet":
                for i, piece in enumerate(pieces):
                    piece.write_parquet(Path(folder) / f"piece-{i:06}.parquet")
                pl.scan_parquet(Path(folder) / "piece-*.parquet").sink_parquet(whole)
            else:
                with whole.open("wb") as file:
                    for i, piece in enumerate(pieces):
                        safe_sheet(piece).write_csv(file, include_header=i == 0)
            whole.replace(path)
    except OSError as problem:
        raise WillbuyError(
            f"The scores cannot be written to {path}: {problem.strerror or problem}."
        ) from problem


def safe_sheet(piece: pl.DataFrame) -> pl.DataFrame:
    """The same rows, with no text cell and no column name that a spreadsheet would run."""
    texts = [name for name, dtype in piece.schema.items() if dtype == pl.String]
    return piece.with_columns(
        pl.when(pl.col(name).str.contains(FORMULA))
        .then(pl.lit("'") + pl.col(name))
        .otherwise(pl.col(name))
        .alias(name)
        for name in texts
    ).rename({name: safe_cell(name) for name in piece.columns})
