"""A figure is a value with its interval, or a reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.evaluate.bootstrap import interval, replicates
from willbuy.evaluate.metrics import METRICS, Bools, Floats, point_figures, why_undefined

Ints = NDArray[np.int64]


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

    def points(self, part: Part) -> dict[str, float | None]:
        """Every metric's value."""
        return point_figures(part.y, part.p, part.weight, threshold=self.threshold)

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


def told(part: Part, how: How) -> tuple[dict[str, Any], Floats]:
    """Counts and every metric as a figure; and the replicates behind them."""
    points, drawn = how.points(part), how.draw(part)
    figures = {
        name: figure(points[name], drawn[:, at], why_undefined(name, part.y))
        for at, name in enumerate(METRICS)
    }
    return {**part.counts(), **figures}, drawn


def figure(value: float | None, drawn: Floats, reason: str) -> dict[str, Any]:
    """Return a value with its interval, or with the reason why there is none."""
    if value is None:
        return withheld(reason)
    limits = interval(drawn)
    if limits is None:
        too_few = "too few shoppers for an interval"
        return {"value": value, "low": None, "high": None, "reason": too_few}
    return {"value": value, "low": limits[0], "high": limits[1]}


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
