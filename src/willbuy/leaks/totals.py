"""Columns that hold what happened after the row's moment, shown by the log itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import polars as pl

from willbuy.events.schema import Kind
from willbuy.leaks.finding import Finding, Level
from willbuy.leaks.log import Beside
from willbuy.leaks.strength import Bools, Floats
from willbuy.leaks.table import Table

_CLOSE = 1e-4
_FEWEST = 20
_MOST = 0.95
_MANY = 0.6
_FEW = 0.05
_SCREENED = 500

_WORDS = {
    Kind.VIEW: "views", Kind.CART: "cart events", Kind.REMOVE: "removals",
    Kind.WISHLIST: "wishlist events", Kind.CHECKOUT: "checkout events",
    Kind.PURCHASE: "purchases",
}  # fmt: skip


def _quantities() -> dict[str, pl.Expr]:
    """What a table may hold of a session's events, in the words of the finding."""
    price, time = pl.col("price"), pl.col("time")
    found = {"the number of events": pl.len().cast(pl.Float64)}
    for kind, word in _WORDS.items():
        of = pl.col("kind") == int(kind)
        found[f"the number of {word}"] = of.sum().cast(pl.Float64)
    for name, word in (("product", "products"), ("brand", "brands"), ("category", "categories")):
        seen = pl.col(name).filter(pl.col(name) != -1)
        found[f"the number of different {word}"] = seen.n_unique().cast(pl.Float64)
    found |= {
        "the sum of prices": price.sum(),
        "the mean price": price.mean(),
        "the highest price": price.max(),
        "the lowest price": price.min(),
        "the spread of prices": price.std(),
        "the value bought": price.filter(pl.col("kind") == int(Kind.PURCHASE)).sum(),
        "the value put into the cart": price.filter(pl.col("kind") == int(Kind.CART)).sum(),
        "the duration": (time.max() - time.min()).cast(pl.Float64) / 1e6,
    }
    return found


WAYS: dict[str, Callable[[Floats], Floats]] = {
    "": lambda x: x,
    "log(1 + x) of ": lambda x: np.log1p(np.maximum(x, 0)),
    "a 60th of ": lambda x: x / 60,
    "a 1,000th of ": lambda x: x / 1000,
    "1,000 times ": lambda x: x * 1000,
    "a 3,600th of ": lambda x: x / 3600,
}


def totals(table: Table, log: Beside) -> Iterator[Finding]:
    """Columns that equal a total over the whole session where that is more than was known then.

    For each quantity there are three readings: of the events before the row's moment, of those up
    to and at it, and of all. Only rows where the last differs from both others can tell. A column
    that equals the total there, and not what was known, holds the future. Totals up to the
    session's first purchase are read, too.
    """
    quantities = _quantities()
    names = list(quantities)
    scopes = {
        "before": pl.col("time") < pl.col("at"),
        "at": pl.col("time") <= pl.col("at"),
        "all": pl.lit(True),
        "unbought": (pl.col("kind") == int(Kind.PURCHASE)).cum_sum().over("row") == 0,
    }
    read = {
        scope: _read(log, log.events.filter(rows), quantities) for scope, rows in scopes.items()
    }
    for column in table.numeric:
        x = table.numbers(column)[log.rows]
        told = [
            _compared(
                column, name, scope, x, read[scope][name], [read["before"][name], read["at"][name]]
            )
            for name in names
            for scope in ("all", "unbought")
        ]
        best = sorted(
            (one for one in told if one is not None), key=lambda one: (one.level, -one.strength)
        )
        yield from best[:1]


def _read(log: Beside, events: pl.DataFrame, quantities: dict[str, pl.Expr]) -> dict[str, Floats]:
    rows = pl.DataFrame({"row": np.arange(len(log.rows))})
    found = events.group_by("row").agg(
        one.cast(pl.Float64).alias(name) for name, one in quantities.items()
    )
    joined = rows.join(found, on="row", how="left", maintain_order="left")
    counts = [name for name in quantities if name.startswith("the number")]
    inside = pl.DataFrame({"row": log.events["row"].unique()}).with_columns(known=True)
    joined = joined.join(inside, on="row", how="left", maintain_order="left").with_columns(
        pl.when(pl.col("known")).then(pl.col(name).fill_null(0)).alias(name) for name in counts
    )
    return {name: joined[name].fill_null(np.nan).to_numpy() for name in quantities}


def _compared(
    column: str, name: str, scope: str, x: Floats, total: Floats, known: list[Floats]
) -> Finding | None:
    there = ~np.isnan(x) & ~np.isnan(total)
    differs = there & ~_alike(total, known[0]) & ~_alike(total, known[1])
    n = int(differs.sum())
    if n < _FEWEST:
        return None
    some = np.flatnonzero(differs)[:_SCREENED]
    for way, function in WAYS.items():
        if _alike(x[some], function(total[some])).mean() < _MANY / 2:
            continue
        hit = _alike(x, function(total))
        share = float(hit[differs].mean())
        if share < _MANY or float(hit[there].mean()) < _MANY:
            continue
        so_far = max(float(_alike(x, function(one))[differs].mean()) for one in known)
        plain = _most_common(x[differs])
        if share <= plain + 0.1 * (1 - plain) or so_far > share / 2:
            continue
        level = Level.CERTAIN if share >= _MOST and so_far <= _FEW else Level.LIKELY
        whole = "the whole session" if scope == "all" else "the session up to its purchase"
        return Finding(
            level, "afterwards", (column,),
            f"{column} holds events after the row's moment: it is {way}{name} of {whole}.",
            f"In {n:,} rows that number differs from what was known at the row's time. In "
            f"{share:.1%} of them {column} has it, and in {so_far:.1%} what was known.",
            f"Compute {column} from the events up to the row's moment.",
            share, {"rows": n, "share_with_the_total": share, "share_with_what_was_known": so_far},
        )  # fmt: skip
    return None


def _alike(a: Floats, b: Floats) -> Bools:
    return np.isclose(a, b, rtol=_CLOSE, atol=1e-6) & ~np.isnan(a)


def _most_common(x: Floats) -> float:
    """The share of the most common value: a constant column agrees with many things."""
    _, size = np.unique(x, return_counts=True)
    return float(size.max()) / len(x)
