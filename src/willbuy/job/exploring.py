"""What the app's page Explore looks at: counts of the test part's sessions, small for any log."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from willbuy.decide.price.panel import GOODS, goods_of, product_days
from willbuy.events.batch import Names
from willbuy.events.schema import MISSING, Kind
from willbuy.job.folder import write_json
from willbuy.job.sessions import returning
from willbuy.moments.state import Records
from willbuy.moments.tables import ShopTables
from willbuy.snapshots.from_events import Snapshots
from willbuy.snapshots.splits import TEST
from willbuy.snapshots.store import event_columns

CELLS, PATHS = "explore.parquet", "paths.json"

OTHER = "all others"
MOST_CELLS = 100_000
"""Rows of explore.parquet. A log whose sessions fill more is told in less detail."""
BLOCK = 4
"""So many hours are told as one, where there are too many rows."""
STEPS = 5
"""So many first events of a session are followed."""

_SECTIONS = 10
_DETAIL = ((20, 1), (20, BLOCK), (5, BLOCK))
"""Brands by name, and hours told as one. The last always fits: 12 departments, 7 brands and 6
prices, with those that are missing, in 6 times of 7 days, for 2 kinds of shoppers."""
_PRICES = (0.2, 0.4, 0.6, 0.8)


def write_explored(snapshots: Snapshots, p: NDArray[np.float64], folder: Path) -> None:
    """Write explore.parquet and paths.json.

    Args:
        snapshots: Of the run.
        p: Probabilities of the test rows (n,).
        folder: Of the run.
    """
    rows = snapshots.rows_of(TEST)
    first = first_moments(rows, p, snapshots.survey.sessions, snapshots.store.event_names)
    cells, hours = cells_of(first)
    cells.write_parquet(folder / CELLS, compression="zstd")
    write_json(folder / PATHS, {**paths_of(rows), "hours_as_one": hours})


def write_goods(tables: ShopTables, folder: Path) -> None:
    """Write goods.parquet: what the products are, so that nobody has to read all moments for it.

    Args:
        tables: The shop's daily counts.
        folder: Of the run; its snapshots are there.
    """
    days = product_days(tables.daily, tables.first_day, tables.last_day)
    goods_of(folder, days).write_parquet(folder / GOODS, compression="zstd")


def first_moments(
    rows: Records, p: NDArray[np.float64], sessions: Records, names: Names
) -> pl.DataFrame:
    """Each session as its first event found it, and whether it bought.

    Args:
        rows: Array of ROW (n,), sessions whole and in order.
        p: Their probabilities (n,).
        sessions: All sessions of the log, array of SESSION.
        names: Of brands and departments.

    Returns:
        One row a session: section, brand, price, hour, weekday, returning, bought, probability.
    """
    at = np.flatnonzero(rows["ordinal"] == 1)
    first = rows[at]
    frame = pl.DataFrame(event_columns(first, names)).with_columns(
        returning=pl.Series(returning(first, sessions)),
        bought=pl.Series(first["label"] == 1),
        probability=pl.Series(p[at]),
    )
    return frame.select(
        *(pl.col(f"event_{name}").alias(name)
          for name in ("section", "brand", "price", "hour", "weekday")),
        "returning", "bought", "probability",
    )  # fmt: skip


def cells_of(first: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Sessions counted by all their columns at once.

    Args:
        first: As `first_moments` gives it.

    Returns:
        One row for each combination there is, `MOST_CELLS` at most: section, brand (names, those
        of few sessions as `OTHER`; null where missing), price (a band such as "20 to 50", null
        where missing), hour (or the first of four), weekday, returning; sessions, buyers, and
        expected: the sum of the probabilities after the first event. And how many hours are told
        as one.
    """
    by = ["section", "brand", "price", "hour", "weekday", "returning"]
    banded = first.with_columns(_banded(first["price"]), _largest(first["section"], _SECTIONS))
    for brands, hours in _DETAIL:
        cells = (
            banded.with_columns(_largest(first["brand"], brands), pl.col("hour") // hours * hours)
            .group_by(by)
            .agg(
                sessions=pl.len(),
                buyers=pl.col("bought").sum(),
                expected=pl.col("probability").sum().cast(pl.Float32),
            )
        )
        if len(cells) <= MOST_CELLS:
            break
    # In order, alike cells stand together, and the file is smaller.
    return cells.sort(by), hours


def _largest(names: pl.Series, most: int) -> pl.Series:
    """Only the most frequent names; the others as one."""
    known = names.drop_nulls().value_counts(sort=True)
    ranked = known.sort([pl.col("count"), pl.col(names.name)], descending=[True, False])
    kept = ranked[names.name].head(most).to_list()
    return (
        pl.DataFrame(names)
        .select(
            pl.when(pl.col(names.name).is_in(kept) | pl.col(names.name).is_null())
            .then(pl.col(names.name))
            .otherwise(pl.lit(OTHER))
            .alias(names.name)
        )
        .to_series()
    )


def _banded(prices: pl.Series) -> pl.Series:
    """Fifths of the prices, between round numbers."""
    known = prices.drop_nulls()
    ends = [float(f"{known.quantile(share):.2g}") for share in _PRICES] if len(known) else []
    edges = sorted(set(ends))
    if not edges:
        return pl.Series("price", [None] * len(prices), pl.String)
    said = [f"{one:,g}" for one in edges]
    labels = [
        f"under {said[0]}",
        *(f"{low} to {high}" for low, high in pairwise(said)),
        f"{said[-1]} and more",
    ]
    band = np.searchsorted(edges, prices.to_numpy(), side="right")
    said_of = pl.Series("price", labels)[band]
    return said_of.set(prices.is_null(), None)


def paths_of(rows: Records) -> dict[str, Any]:
    """How sessions go on after each of their first events.

    Args:
        rows: Array of ROW (n,), sessions whole and in order.

    Returns:
        `steps`: for each of the first `STEPS` events a list of ``from`` (what the event was),
        ``to`` (the next event, ``bought`` or ``left``; after the last step ``more events``),
        ``sessions``, and ``buyers`` among them, in the end.
    """
    n = len(rows)
    starts, ends = rows["ordinal"] == 1, np.ones(n, bool)
    ends[:-1] = starts[1:]
    same = np.zeros(n, bool)
    same[1:] = (rows["product"][1:] == rows["product"][:-1]) & (rows["product"][1:] != MISSING)
    event = rows["kind"].astype(np.int64)
    event[~starts & (event == Kind.VIEW)] = _ANOTHER
    event[~starts & same & (event == _ANOTHER)] = _AGAIN
    bought = rows["label"] == 1
    to = np.where(bought, _BOUGHT, _LEFT)
    to[:-1][~ends[:-1]] = event[1:][~ends[:-1]]
    to[(rows["ordinal"] == STEPS) & ~ends] = _MORE
    inside = rows["ordinal"] <= STEPS
    columns = {"step": rows["ordinal"], "from": event, "to": to, "bought": bought}
    counted = (
        pl.DataFrame({name: column[inside] for name, column in columns.items()})
        .group_by("step", "from", "to")
        .agg(sessions=pl.len(), buyers=pl.col("bought").sum())
        .with_columns(pl.col("from", "to").replace_strict(_WORDS, return_dtype=pl.String))
        .sort("step", "sessions", "from", "to", descending=[False, True, False, False])
    )
    steps = [counted.filter(pl.col("step") == step).drop("step").to_dicts()
             for step in range(1, STEPS + 1)]  # fmt: skip
    return {"schema": 1, "sessions": int(starts.sum()), "steps": steps}


_AGAIN, _ANOTHER, _BOUGHT, _LEFT, _MORE = range(100, 105)
_WORDS = {
    **{int(kind): kind.name.lower() for kind in Kind},
    _AGAIN: "view again",
    _ANOTHER: "view another",
    _BOUGHT: "bought",
    _LEFT: "left",
    _MORE: "more events",
}
