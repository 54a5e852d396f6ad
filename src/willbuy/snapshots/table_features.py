"""From the columns of a table to the ones that an encoder takes: dates become weekday and hour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from willbuy.snapshots.table_kinds import Column, Kind


class Input(NamedTuple):
    """A column that a model was trained with."""

    name: str
    kind: Kind


def inputs_of(columns: Sequence[Column]) -> tuple[Input, ...]:
    """The columns that a model may use."""
    return tuple(Input(one.name, one.kind) for one in columns if one.left_out is None)


def feature_frame(frame: pl.DataFrame, inputs: Sequence[Input]) -> pl.DataFrame:
    """The features of a table's rows: numbers, truth values and words.

    A date itself is no feature, since no date of the past comes again: its weekday (1 is Monday)
    is, and of a time its hour, both as they are written (in UTC where a zone is written).

    Args:
        frame: With the inputs' columns in the types of their kinds.
        inputs: Which to take.
    """
    found: list[pl.Expr] = []
    for name, kind in inputs:
        if kind in ("date", "time"):
            found.append(pl.col(name).dt.weekday().cast(pl.Float64).alias(f"{name}: weekday"))
        if kind == "time":
            found.append(pl.col(name).dt.hour().cast(pl.Float64).alias(f"{name}: hour"))
        if kind not in ("date", "time"):
            found.append(pl.col(name))
    return frame.select(found)


def input_of(feature: str, inputs: Sequence[Input]) -> str:
    """The column of the table that a column of `feature_frame` was made from."""
    for name, kind in inputs:
        made = (f"{name}: weekday", f"{name}: hour") if kind in ("date", "time") else (name,)
        if feature in made:
            return name
    raise ValueError(f"{feature} was made from none of the inputs")
