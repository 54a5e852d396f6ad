"""Maps from a model's log-odds to a probability that can be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Kind = Literal["none", "sigmoid", "beta", "isotonic"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""From the simplest to the most flexible."""

SURE = 1e-6
"""No probability is nearer to 0 or 1 than this: one surprise must not cost an infinite loss."""


@dataclass(frozen=True, eq=False)
class Calibrator:
    """A non-decreasing map from log-odds to a probability strictly between 0 and 1.

    Attributes:
        kind: ``none``: the model's own probability. ``sigmoid``: slope and offset on the
            log-odds (Platt 1999). ``beta``: a ln p - b ln(1 - p) + c (Kull, Silva Filho & Flach
            2017). ``isotonic``: straight lines between ``knots``.
        parameters: (slope, offset) or (a, b, c); slopes are never negative.
        knots: Log-odds, increasing, of the isotonic map; else empty.
        values: Probabilities at the knots, non-decreasing.
        losses: Cross-fitted log loss of each kind that was tried.
        note: Why the choice was limited, in words; empty if it was not.
    """

    kind: Kind
    parameters: tuple[float, ...] = ()
    knots: Floats = field(default_factory=lambda: np.empty(0))
    values: Floats = field(default_factory=lambda: np.empty(0))
    losses: Mapping[str, float] = field(default_factory=dict)
    note: str = ""

    def __call__(self, margin: Floats) -> Floats:
        """Probability of each row.

        Args:
            margin: float64 log-odds (n,).

        Returns:
            float64 (n,), within [SURE, 1 - SURE].
        """
        from scipy.special import expit  # one element at a time: equal bits at any length

        if self.kind == "isotonic":
            p = _between(margin, self.knots, self.values)
        else:
            p = expit(straight(self.kind, margin, self.parameters))
        return np.clip(p, SURE, 1 - SURE)

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and numbers; JSON keeps every bit of them."""
        return {
            "kind": self.kind,
            "parameters": list(self.parameters),
            "knots": self.knots.tolist(),
            "values": self.values.tolist(),
            "losses": dict(self.losses),
            "note": self.note,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Calibrator:
        """Rebuild what `to_dict` gave, with identical answers."""
        return cls(
            kind=plain["kind"],
            parameters=tuple(plain["parameters"]),
            knots=np.array(plain["knots"], dtype=np.float64),
            values=np.array(plain["values"], dtype=np.float64),
            losses=dict(plain["losses"]),
            note=plain["note"],
        )


def terms(kind: Kind, margin: Floats) -> tuple[Floats, ...]:
    """What a straight map adds up, each times its parameter (a last one stands alone).

    Args:
        kind: ``sigmoid`` or ``beta``.
        margin: Log-odds (n,).

    Returns:
        (margin,) or (ln p, -ln(1 - p)), each (n,).
    """
    if kind == "sigmoid":
        return (margin,)
    return -np.logaddexp(0.0, -margin), np.logaddexp(0.0, margin)


def straight(kind: Kind, margin: Floats, parameters: tuple[float, ...]) -> Floats:
    """Calibrated log-odds (n,) of the maps that are a weighted sum."""
    if kind == "none":
        return margin
    total = np.full(len(margin), parameters[-1])
    for parameter, term in zip(parameters, terms(kind, margin), strict=False):
        total += parameter * term
    return total


def _between(margin: Floats, knots: Floats, values: Floats) -> Floats:
    """Straight lines between knots, level outside, never falling by even a rounding."""
    if len(knots) == 1:
        return np.full(len(margin), values[0])
    left = np.clip(np.searchsorted(knots, margin, side="right") - 1, 0, len(knots) - 2)
    share = np.clip((margin - knots[left]) / (knots[left + 1] - knots[left]), 0.0, 1.0)
    line = values[left] + share * (values[left + 1] - values[left])
    return np.minimum(line, values[left + 1])
