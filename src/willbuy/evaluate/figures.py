"""A figure is a value with its interval, or a reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.evaluate.bootstrap import interval, replicate_counts, replicate_sums, replicates
from willbuy.evaluate.metrics import METRICS, Bools, Floats, point_figures, why_undefined

Ints = NDArray[np.int64]

ENOUGH = 10
"""With fewer positives or negatives in a slice, its figures are withheld."""


@dataclass(frozen=True)
class Part:
    """Rows to judge.

    Attributes:
        y: Labels (n,).
        p: Probabilities (n,).
        weight: Weights (n,).
        user: int64 keys (n,).
        session: int64 ids (n,).
    """

    y: Bools
    p: Floats
    weight: Floats
    user: Ints
    session: Ints

    def at(self, rows: Bools) -> Part:
        """Return some of the rows."""
        return Part(*(column[rows] for column in vars(self).values()))

    def counts(self) -> dict[str, int]:
        """How many moments, sessions, users and positive moments there are."""
        return {
            "moments": len(self.y),
            "sessions": len(np.unique(self.session)),
            "users": len(np.unique(self.user)),
            "positives": int(self.y.sum()),
        }


@dataclass(frozen=True)
class How:
    """How to judge: the line, and the bootstrap.

    Attributes:
        threshold: At or above it a moment is flagged.
        seed: Draws the replicates.
        replicates: How many.
        threads: How many work on them.
    """

    threshold: float
    seed: int
    replicates: int
    threads: int

    def points(self, part: Part, names: Sequence[str] = METRICS) -> dict[str, float | None]:
        """The values of some metrics."""
        return point_figures(part.y, part.p, part.weight, threshold=self.threshold, names=names)

    def draw(self, part: Part) -> Floats:
        """Every metric in every replicate (replicates, metrics)."""
        return replicates(
            part.y,
            part.p,
            part.weight,
            part.user,
            threshold=self.threshold,
            seed=self.seed,
            count=self.replicates,
            threads=self.threads,
        )

    def sums(self, user: Ints, cell: Ints, values: Floats, cells: int) -> Floats:
        """Sums of values (n, v) by cell in every replicate (replicates, cells, v)."""
        return replicate_sums(
            user, cell, values, cells, seed=self.seed, count=self.replicates, threads=self.threads
        )

    def counts(self, user: Ints) -> NDArray[np.uint8]:
        """How often each of some rows counts in every replicate (replicates, n)."""
        return replicate_counts(user, seed=self.seed, count=self.replicates)


def told(part: Part, how: How, names: Sequence[str] = METRICS) -> tuple[dict[str, Any], Floats]:
    """Counts and some metrics as figures; and the replicates of all metrics."""
    points, drawn = how.points(part, names), how.draw(part)
    figures = {
        name: figure(points[name], drawn[:, METRICS.index(name)], why_undefined(name, part.y))
        for name in names
    }
    return {**part.counts(), **figures}, drawn


def told_slice(part: Part, how: How, names: Sequence[str]) -> dict[str, Any]:
    """Counts and some figures of a slice; withheld where too few of its moments are of a kind."""
    positives = int(part.y.sum())
    negatives = len(part.y) - positives
    if min(positives, negatives) < ENOUGH:
        reason = f"{positives} positives and {negatives} negatives; {ENOUGH} of each are needed"
        return {**part.counts(), **{name: withheld(reason) for name in names}}
    return told(part, how, names)[0]


def figure(value: float | None, drawn: Floats, reason: str) -> dict[str, Any]:
    """Return a value with its interval, or with the reason why there is none."""
    if value is None:
        return withheld(reason)
    limits = interval(drawn)
    if limits is None:
        too_few = "too few shoppers for an interval"
        return {"value": value, "low": None, "high": None, "reason": too_few}
    return {"value": value, "low": limits[0], "high": limits[1]}


def rate(top: float, bottom: float, drawn: Floats, reason: str) -> dict[str, Any]:
    """Return a share as a figure; where all or nothing is in it, without an interval.

    Args:
        top, bottom: The share is top / bottom.
        drawn: The share in every replicate (replicates,).
        reason: Why there is none where the bottom is 0.
    """
    if bottom == 0:
        return withheld(reason)
    if top in (0, bottom):  # whoever is drawn, all or none of them would be in it
        found = "none of them" if top == 0 else "all of them"
        return {"value": float(top / bottom), "low": None, "high": None, "reason": found}
    return figure(float(top / bottom), drawn, reason)


def share_of(inside: Bools, weight: Floats, user: Ints, how: How, reason: str) -> dict[str, Any]:
    """Return a weighted share of rows as a figure.

    Args:
        inside: Which rows are in it (n,).
        weight, user: Of the rows (n,).
        how: The bootstrap over shoppers.
        reason: Why there is none where there are no rows.
    """
    if not len(inside):
        return withheld(reason)
    values = np.column_stack([weight * inside, weight])
    sums = how.sums(user, np.zeros(len(user), np.int64), values, 1)[:, 0]
    shares = divided(sums[:, 0], sums[:, 1])
    return rate(float(weight[inside].sum()), float(weight.sum()), shares, reason)


def divided(top: Floats, bottom: Floats) -> Floats:
    """Top / bottom, nan where the bottom is 0; shapes as numpy broadcasts them."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(bottom != 0, top / bottom, np.nan))


def withheld(reason: str) -> dict[str, Any]:
    """Return a figure that is not told, and why."""
    return {"value": None, "low": None, "high": None, "reason": reason}


def verdict(figure: Mapping[str, Any]) -> str | None:
    """Say what a difference is: ``higher``, ``lower`` or ``no difference``."""
    if figure["low"] is None:
        return None
    if figure["low"] <= 0 <= figure["high"]:
        return "no difference"
    return "higher" if figure["low"] > 0 else "lower"
