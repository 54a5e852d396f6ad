"""From the columns of a table to the ones that an encoder takes: dates become weekday and hour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from willbuy.errors import WillbuyError
from willbuy.snapshots.table_kinds import Column, Kind


class Input(NamedTuple):
    """A column that a model was trained with; `written` as in `table_kinds.Read`."""

    name: str
    kind: Kind
    written: str


def inputs_of(columns: Sequence[Column]) -> tuple[Input, ...]:
    """The columns that a model may use.

    Raises:
        WillbuyError: A column has the name of a feature that another one becomes.
    """
    found = tuple(Input(one.name, one.kind, one.written) for one in columns if not one.left_out)
    names = {one.name for one in found}
    for one in found:
        for made in made_of(one):
            if made != one.name and made in names:
                raise WillbuyError(
                    f"The column {made!r} has the name that willbuy gives to what it makes of "
                    f"{one.name!r}. Rename it."
                )
    return found


def made_of(one: Input) -> tuple[str, ...]:
    """The columns of `feature_frame` that an input becomes."""
    if one.kind == "date":
        return (f"{one.name}: weekday",)
    if one.kind == "time":
        return (f"{one.name}: weekday", f"{one.name}: hour")
    return (one.name,)


def feature_frame(frame: pl.DataFrame, inputs: Sequence[Input]) -> pl.DataFrame:
    """The features of a table's rows: numbers, truth values and words.

    A date itself is no feature, since no date of the past comes again: its weekday (1 is Monday)
    is, and of a time its hour, both as they are written (in UTC where a zone is written).

    Args:
        frame: With the inputs' columns in the types of their kinds.
        inputs: Which to take.
    """
    found: list[pl.Expr] = []
    for one in inputs:
        column = pl.col(one.name)
        values = (
            (column.dt.weekday().cast(pl.Float64), column.dt.hour().cast(pl.Float64))
            if one.kind in ("date", "time")
            else (column,)
        )
        found += [value.alias(name) for name, value in zip(made_of(one), values, strict=False)]
    return frame.select(found)


def input_of(feature: str, inputs: Sequence[Input]) -> str:
    """The column of the table that a column of `feature_frame` was made from."""
    for one in inputs:
        if feature in made_of(one):
            return one.name
    raise ValueError(f"{feature} was made from none of the inputs")
