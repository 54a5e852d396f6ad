"""The columns by which a run's moments are cut: from its own files, or from its log."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import polars as pl

from willbuy.errors import WillbuyError
from willbuy.events.head import head_of
from willbuy.events.read import open_log
from willbuy.fairness.groups import (
    Grouping,
    by_hour,
    by_k,
    by_value,
    by_weekday,
    new_or_returning,
)
from willbuy.settings import parse_settings

OWN = ("shopper", "section", "brand", "price", "hour", "weekday", "k")
"""The columns that every run is cut by."""

_JUDGE = ["label", "weight", "user_key", "visit", "ordinal", "position"]
_NEEDED = [
    *_JUDGE, "past_sessions",
    "event_section", "event_brand", "event_price", "event_hour", "event_weekday",
]  # fmt: skip
_PARTS = ("train", "calibrate", "test")


@dataclass(frozen=True)
class Rows:
    """Moments of calibrate and test, calibrate first, and their columns, cut.

    Attributes:
        frame: `label`, `weight`, `user_key`, `visit` and `ordinal` of each (n,).
        test: Which are of test (n,).
        groupings: Of the same rows.
    """

    frame: pl.DataFrame
    test: np.ndarray
    groupings: list[Grouping]


def read_rows(run: Path, by: Sequence[str]) -> Rows:
    """Read what is needed of a run's snapshots.

    Args:
        run: The folder of a run on a log.
        by: Columns beside those of `OWN`.

    Raises:
        WillbuyError: The run is of an older version, or a column is nowhere to be found.
    """
    schema = pl.read_parquet_schema(_files(run, "test")[0])
    if lacking := [name for name in _NEEDED if name not in schema]:
        raise WillbuyError(
            f"{run} was made by an earlier version of willbuy: its snapshots lack {lacking[0]}. "
            f"Repeat the run: willbuy run --config {run / 'run.json'}"
        )
    more = [name for name in dict.fromkeys(by) if name not in OWN]
    kept = [name for name in more if name in schema]
    if "label" in more:
        raise WillbuyError("--by label: the label is what is predicted, no group of moments.")
    columns = list(dict.fromkeys([*_NEEDED, *kept]))
    parts = [read_part(run, part, columns) for part in _PARTS]
    sizes = [len(part) for part in parts]
    whole = pl.concat(parts)
    if others := [name for name in more if name not in schema]:
        whole = _from_log(run, whole, others, [*OWN, *schema])
    earlier, rows = whole.head(sum(sizes[:2])), whole.slice(sizes[0])
    test = np.arange(len(rows)) >= sizes[1]

    def cut(name: str, column: str) -> Grouping:
        return by_value(name, rows[column], earlier[column], test)

    groupings = [
        new_or_returning(rows["past_sessions"]),
        cut("section", "event_section"),
        cut("brand", "event_brand"),
        cut("price", "event_price"),
        by_hour(rows["event_hour"]),
        by_weekday(rows["event_weekday"]),
        by_k(rows["ordinal"]),
        *(cut(name, name) for name in more),
    ]
    return Rows(rows.select(_JUDGE), test, groupings)


def read_part(run: Path, part: str, columns: Sequence[str]) -> pl.DataFrame:
    """Some columns of all rows of a part, in order."""
    return pl.concat(pl.read_parquet(file, columns=list(columns)) for file in _files(run, part))


def _files(run: Path, part: str) -> list[Path]:
    found = sorted((run / "snapshots").glob(f"{part}-*.parquet"))
    if not found:
        raise WillbuyError(f"{run} is not a whole run: snapshots/{part}-000.parquet is not there.")
    return found


def _from_log(
    run: Path, rows: pl.DataFrame, names: Sequence[str], known: Sequence[str]
) -> pl.DataFrame:
    """Rows with more columns, each read from the run's log and joined by position."""
    told = json.loads((run / "run.json").read_text("utf-8"))
    settings = parse_settings(told["settings"], str(run / "run.json"))
    try:
        log = open_log([Path(one) for one in told["inputs"]], settings.source)
    except WillbuyError as problem:
        raise WillbuyError(
            f"{_nowhere(run, names[0], known)} Nor can the run's log be read: {problem}"
        ) from problem
    theirs = head_of(log.files[0], settings.source.separator).names
    for name in names:
        if name not in theirs:
            raise WillbuyError(
                f"{_nowhere(run, name, [*known, *theirs])} Nor is it a column of "
                f"{log.files[0]}, which has {', '.join(theirs)}."
            )
    if log.fingerprint != told["data_fingerprint"]:
        raise WillbuyError(
            f"{_nowhere(run, names[0], known)} It is a column of the log, {log.files[0]}; but that "
            "has changed since the run, so its rows cannot be joined. Run it anew."
        )
    for name in names:
        column = log.column(name).rename({"value": name})
        rows = rows.join(column, on="position", how="left", maintain_order="left")
    return rows


def _nowhere(run: Path, name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=3, cutoff=0.6)
    hint = f" (did you mean {', '.join(near)}?)" if near else ""
    return f"--by {name}: {run} has no such column{hint}."
