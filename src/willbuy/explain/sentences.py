"""Reasons as people say them: from a feature's label, unit and value, in percentage points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from willbuy.explain.words import quantity

SENTENCES = 3
_SHOWN = 0.0005
"""Changes of the probability below this would be told as 0.0 points."""

_LONGEST = 40
"""Letters of a cell's words that are told."""


@dataclass(frozen=True)
class Term:
    """What one feature, or calibration, adds to a moment's answer.

    Attributes:
        name, label, unit: The feature's; calibration has no unit.
        value: Of the feature, or the words of a table's cell; None where missing, and for
            calibration.
        log_odds: What it adds to the log-odds.
        points: What it changes of the probability, 0 to 1.
    """

    name: str
    label: str
    unit: str
    value: float | str | None
    log_odds: float
    points: float


@dataclass(frozen=True)
class Move(Term):
    """What one feature, or calibration, changed from the moment before to this one.

    Attributes:
        before: The feature's value at the moment before.
    """

    before: float | str | None


T = TypeVar("T", bound=Term)


def points(change: float) -> str:
    """A change of a probability, in percentage points.

    >>> points(0.0914), points(0.0001)
    ('+9.1 points', '0.0 points')
    """
    told = f"{abs(100 * change):.1f}"
    sign = "" if float(told) == 0 else "+" if change > 0 else "\N{MINUS SIGN}"
    return f"{sign}{told} points"


def percent(probability: float) -> str:
    """A probability.

    >>> percent(0.0732), percent(0.0004)
    ('7.3%', '0.04%')
    """
    return f"{100 * probability:.{1 if probability >= 0.001 else 2}f}%"


def valued(value: float | str | None, unit: str) -> str:
    """A feature's value with its unit, words as they are; what is missing is not known.

    >>> valued(3, "times"), valued("12,5", "value"), valued(None, "days")
    ('3 times', '12,5', 'not known')
    """
    if isinstance(value, str):
        words = " ".join(value.split())
        return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
    return "not known" if value is None or math.isnan(value) else quantity(value, unit)


def sentences(terms: Sequence[Term]) -> tuple[str, ...]:
    """The strongest reasons of one moment, the strongest first; calibration is no reason."""
    reasons = [one for one in terms if one.unit and abs(one.points) >= _SHOWN]
    return tuple(
        f"{one.label}: {valued(one.value, one.unit)}, {points(one.points)}."
        for one in strongest(reasons, SENTENCES)
    )


def moved(change: Term) -> str:
    """What one feature changed between two moments, or at the first.

    >>> moved(Move("returns", "Returns to a product", "times", 3.0, 0.4, 0.042, before=2.0))
    'Returns to a product: 2 times, now 3 times (+4.2 points)'
    """
    told, now = "", valued(change.value, change.unit) if change.unit else ""
    if now:
        told = f": {now}"
    if isinstance(change, Move) and now:
        was = valued(change.before, change.unit)
        told = f": still {now}" if was == now else f": {was}, now {now}"
    return f"{change.label}{told} ({points(change.points)})"


def strongest(found: Sequence[T], most: int) -> list[T]:
    """Those that change the probability most, if it shows in the first decimal."""
    return sorted(
        (one for one in found if abs(one.points) >= _SHOWN), key=lambda one: -abs(one.points)
    )[:most]
