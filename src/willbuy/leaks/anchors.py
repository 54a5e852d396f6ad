"""Positives and negatives taken at different kinds of moment."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from willbuy.events.schema import Kind
from willbuy.events.words import KINDS, fold
from willbuy.leaks.finding import Finding, Level
from willbuy.leaks.log import Beside
from willbuy.leaks.strength import Bools, Floats
from willbuy.leaks.table import Table

NEAR_PURCHASE = (Kind.CART, Kind.CHECKOUT, Kind.PURCHASE)

_FEWEST = 50
_SPREAD = 0.7
_ALL, _MOST, _FEW, _NONE = 0.95, 0.8, 0.2, 0.05
_MOST_WORDS = 30

FIX = (
    "Draw the moments of all sessions by one rule that does not look ahead, such as every event "
    "or one by a hash, whatever comes of the session (docs/protocol.md)."
)


def anchors(table: Table, log: Beside) -> Iterator[Finding]:
    """Whether the rows' moments were chosen by what came later, shown by the log."""
    after, before = pl.col("time") > pl.col("at"), pl.col("time") <= pl.col("at")
    bought = (pl.col("kind") == int(Kind.PURCHASE)).cum_sum().over("row") > 0
    found = (
        log.events.with_columns(bought.alias("bought"))
        .group_by("row", maintain_order=True)
        .agg(
            pl.col("kind").filter(before).last().alias("at_kind"),
            (after & ~pl.col("bought")).any().alias("more"),
            pl.col("time").filter(~pl.col("bought")).n_unique().alias("moments"),
        )
        .filter(pl.col("at_kind").is_not_null())
    )
    y = table.y[log.rows[found["row"].to_numpy()]]
    yield from _by_kind(y, found["at_kind"].to_numpy(), "in the log")
    several = found["moments"].to_numpy() >= 1
    last, chance = ~found["more"].to_numpy(), 1 / np.maximum(found["moments"].to_numpy(), 1)
    yield from _chosen(y[several], last[several], chance[several])


def _chosen(y: Bools, last: Bools, chance: Floats) -> Iterator[Finding]:
    """Rows that are the last before the purchase, or the session's end, more than by chance."""
    told: list[str] = []
    figures: dict[str, float] = {}
    for name, mine, end in (
        ("positive", y, "the last moment before the purchase"),
        ("negative", ~y, "the session's last moment"),
    ):
        if mine.sum() < _FEWEST:
            continue
        share, expected = float(last[mine].mean()), float(chance[mine].mean())
        if share >= _ALL and expected <= _SPREAD:
            told.append(
                f"{share:.1%} of the {name} rows are taken at {end}; drawn without looking "
                f"ahead it would be about {expected:.0%}"
            )
            figures |= {f"{name}_share": share, f"{name}_expected": expected}
    if told:
        yield Finding(
            Level.CERTAIN, "anchor", (),
            "The rows' moments were chosen by what came later.",
            f"{'. '.join(told)}. Nobody knows at a moment that it is the last.",
            FIX, 1.0, figures,
        )  # fmt: skip


def in_columns(table: Table) -> Iterator[Finding]:
    """Without the log: a column that names the kind of the row's last event."""
    for name in table.texts:
        values = table.frame[name]
        words = values.drop_nulls().unique()
        if not 2 <= len(words) <= _MOST_WORDS:
            continue
        kinds = {word: KINDS.get(fold(word)) for word in words.to_list()}
        known = {kind for kind in kinds.values() if kind not in (None, Kind.OTHER)}
        if len(known) < 2 or not known & set(NEAR_PURCHASE):
            continue
        codes = {word: int(kind or 0) for word, kind in kinds.items()}
        at = values.replace_strict(codes, default=0, return_dtype=pl.Int64).fill_null(0)
        yield from _by_kind(table.y, at.to_numpy(), f"by {name}", name)


def _by_kind(y: Bools, kind: Floats, where: str, name: str | None = None) -> Iterator[Finding]:
    if min(y.sum(), (~y).sum()) < _FEWEST:
        return
    near = np.isin(kind, [int(one) for one in NEAR_PURCHASE])
    up, down = float(near[y].mean()), float(near[~y].mean())
    at_purchase = float((kind[y] == int(Kind.PURCHASE)).mean())
    not_at = float((kind[~y] == int(Kind.PURCHASE)).mean())
    if (up >= _ALL and down <= _NONE) or (at_purchase >= 0.5 and not_at <= _NONE):
        level = Level.CERTAIN if name is None else Level.LIKELY
    elif up >= _MOST and down <= _FEW:
        level = Level.LIKELY if name is None else Level.SUSPICIOUS
    else:
        return
    yield Finding(
        level, "anchor", (name,) if name else (),
        "Positives and negatives are taken at different kinds of event.",
        f"The last event up to the row's moment, {where}, is a cart event, checkout or purchase "
        f"for {up:.1%} of the positives (a purchase for {at_purchase:.1%}) and {down:.1%} of the "
        "negatives.",
        FIX, up - down,
        {"positives": up, "negatives": down, "positives_at_purchase": at_purchase},
    )  # fmt: skip
