"""What the page Explore asks of a run's counts of sessions: filters, and conversion by anything."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import polars as pl

from willbuy.job.exploring import BLOCK, MOST_CELLS, OTHER

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MISSING = "not told"
FEWEST = 20
"""A group of fewer sessions has no share of its own."""

BY = {
    "section": "Department",
    "brand": "Brand",
    "price": "Price of the first product",
    "hour": "Hour",
    "weekday": "Day of the week",
    "returning": "Shopper",
}


@dataclass(frozen=True)
class Group:
    """Sessions of one kind.

    Attributes:
        name: What they have in common.
        sessions, buyers: How many.
        expected: How many the model expects to buy, after their first event.
    """

    name: str
    sessions: int
    buyers: int
    expected: float

    @property
    def share(self) -> float:
        """Of them that buy."""
        return self.buyers / self.sessions if self.sessions else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Of the share, 95 %: as if each session were another shopper's."""
        return self.within(1)

    def within(self, looks: int) -> tuple[float, float]:
        """The interval, after Wilson, in which all of so many shares lie, 95 % (Bonferroni)."""
        z = NormalDist().inv_cdf(1 - 0.05 / (2 * looks))
        n, p = max(self.sessions, 1), self.share
        shrunk = 1 + z**2 / n
        middle = (p + z**2 / (2 * n)) / shrunk
        half = z / shrunk * math.sqrt(p * (1 - p) / n + (z / n / 2) ** 2)
        return max(middle - half, 0.0), min(middle + half, 1.0)


def named(cells: pl.DataFrame) -> pl.DataFrame:
    """The counts with names for people: whatever is missing, weekdays, kinds of shoppers."""
    return cells.with_columns(
        pl.col("section", "brand", "price").fill_null(MISSING),
        pl.col("weekday").replace_strict(dict(enumerate(WEEKDAYS)), return_dtype=pl.String),
        pl.when("returning").then(pl.lit("returning")).otherwise(pl.lit("new")).alias("returning"),
    )


def kept(cells: pl.DataFrame, wanted: Mapping[str, Sequence[Any]]) -> pl.DataFrame:
    """The counts of what is wanted; an empty wish is none."""
    for name, values in wanted.items():
        if values:
            cells = cells.filter(pl.col(name).is_in(list(values)))
    return cells


def hours_as_one(paths: Mapping[str, Any] | None, cells: pl.DataFrame) -> int:
    """How many hours each count is of: the run tells large logs in blocks, by their first hour.

    Args:
        paths: The content of paths.json, which says it; None where there is none.
        cells: The counts, of which it is guessed where an earlier version made the run. A log of
            fewer sessions than rows may be told in full: its hours are single ones, whichever.
    """
    if paths is not None and "hours_as_one" in paths:
        return int(paths["hours_as_one"])
    hours = cells["hour"].unique()
    blocks = len(hours) > 1 and (hours % BLOCK == 0).all()
    return BLOCK if blocks and cells["sessions"].sum() > MOST_CELLS else 1


def total(cells: pl.DataFrame) -> Group:
    """All sessions together."""
    sums = cells.select(pl.col("sessions", "buyers", "expected").sum()).row(0)
    return Group("all", int(sums[0]), int(sums[1]), float(sums[2]))


def groups(cells: pl.DataFrame, by: str) -> list[Group]:
    """Sessions by one column: names from the most sessions on, all else in its own order."""
    counted = cells.group_by(by).agg(pl.col("sessions", "buyers", "expected").sum())
    found = [Group(str(row[0]), int(row[1]), int(row[2]), float(row[3])) for row in counted.rows()]
    return sorted(found, key=_order(by))


def options(cells: pl.DataFrame, by: str) -> list[Any]:
    """What can be asked for in a column."""
    return [one.name for one in groups(cells, by)]


def _order(by: str) -> Any:
    if by == "hour":
        return lambda one: int(one.name)
    if by == "weekday":
        return lambda one: WEEKDAYS.index(one.name)
    if by == "price":
        return lambda one: (one.name == MISSING, _begin(one.name))
    return lambda one: (one.name == MISSING, one.name == OTHER, -one.sessions)


def _begin(band: str) -> float:
    number = band.removeprefix("under ").split(" ")[0].replace(",", "")
    return -1.0 if band.startswith("under ") else float(number) if band != MISSING else 0.0
