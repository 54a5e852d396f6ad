"""A finished run's moments, as learners see them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from willbuy.errors import WillbuyError
from willbuy.models.boosted import TAIL, latest
from willbuy.models.windows import draw_sessions
from willbuy.research.learner import COLUMNS, Moments


def read_moments(run: Path, part: str, most: int, seed: int) -> Moments:
    """About so many moments of a part, sessions whole, drawn by a hash of the session.

    Args:
        run: The run's folder.
        part: train, calibrate or test.
        most: At most about so many. A draw of fewer is a part of one of more.
        seed: Draws the sessions.

    Raises:
        WillbuyError: The snapshots are not there, are of an older version, or hold no row.
    """
    files = files_of(run, part, COLUMNS)
    columns = list(pl.read_parquet_schema(files[0]))
    names = tuple(columns[: columns.index("label")])
    visit = pl.concat(pl.read_parquet(file, columns=["visit"]) for file in files)["visit"]
    drawn = np.zeros(len(visit), np.bool_)
    drawn[draw_sessions(visit.to_numpy(), most, seed)] = True
    if not drawn.any():
        raise WillbuyError(f"{run} has no moments of the part {part}.")
    X, rows, begin = [], [], 0
    for file in files:  # one at a time: a long log's features do not fit as a whole
        frame = pl.read_parquet(file, columns=[*names, *COLUMNS])
        frame = frame.filter(pl.Series(drawn[begin : (begin := begin + len(frame))]))
        X.append(frame.select(names).to_numpy(order="c"))
        rows.append(frame.select(COLUMNS))
    return Moments(np.concatenate(X), names, pl.concat(rows), run, part)


def count_moments(run: Path, part: str) -> int:
    """How many moments a part has in all."""
    return int(pl.scan_parquet(files_of(run, part)).select(pl.len()).collect().item())


def files_of(run: Path, part: str, needed: Sequence[str] = ()) -> list[Path]:
    """The snapshots of a part.

    Args:
        run: The run's folder.
        part: train, calibrate or test.
        needed: Columns that must be there.

    Raises:
        WillbuyError: There are none, or they are of an older version.
    """
    files = sorted((run / "snapshots").glob(f"{part}-*.parquet"))
    if not files:
        raise WillbuyError(f"{run} is not a whole run: snapshots/{part}-000.parquet is not there.")
    schema = pl.read_parquet_schema(files[0])
    if lacking := [name for name in needed if name not in schema]:
        raise WillbuyError(
            f"{run} was made by an earlier version of willbuy: its snapshots lack {lacking[0]}. "
            f"Repeat the run: willbuy run --config {run / 'run.json'}"
        )
    return files


def split_tail(train: Moments, day: NDArray[np.int64]) -> tuple[Moments, Moments]:
    """The earlier days of train, to learn from, and its last ones, to stop by.

    A session belongs to the day on which it began.

    Args:
        train: Of the part train.
        day: The local day of each session's start (n,).

    Returns:
        Two parts of whole days, the later one about `TAIL` of the moments but at least a day.
        Where all began on one day, the latest sessions are held out.
    """
    days, code, moments = np.unique(day, return_inverse=True, return_counts=True)
    if len(days) > 1:
        later = np.cumsum(moments[::-1])[::-1] / len(day)
        first = max(int(np.argmin(np.abs(later - TAIL))), 1)
        held = code >= first
    else:
        held = latest(train.start)
    return train.take(~held), train.take(held)
