"""Maps from a model's log-odds, and how far a session is, to a probability to be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.integer]
Kind = Literal["by_k", "none", "sigmoid", "beta", "isotonic"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""First what small logs need most (docs/decisions/0007), then from the simplest on."""

BENDS = (2, 4, 10)
"""After so many events the offset of `by_k` may go on otherwise, as it does after the first: the
trees of a small log promise too much early on and too little later."""

SURE = 1e-6
"""No probability is nearer to 0 or 1 than this: one surprise must not cost an infinite loss."""


@dataclass(frozen=True, eq=False)
class Calibrator:
    """A map to a probability strictly between 0 and 1 that never falls as log-odds rise.

    Attributes:
        kind: ``none``: the model's own probability. ``sigmoid``: slope and offset on the
            log-odds (Platt 1999). ``beta``: a ln p - b ln(1 - p) + c (Kull, Silva Filho & Flach
            2017). ``by_k``: slope and offset that depend on k, the events of the session so
            far, the offset in straight lines of ln k with `BENDS`. ``isotonic``: straight lines
            between ``knots``.
        parameters: One for each of `terms`, then an offset; no slope is ever negative.
        knots: Log-odds, increasing, of the isotonic map; else empty.
        values: Probabilities at the knots, non-decreasing.
        share: How much of what the map asks for is done, in log-odds; the rest is left as the
            model says (see `SHARE` in `calibration`).
        losses: Cross-fitted log loss of each kind that was tried.
        note: Why the choice was limited, in words; empty if it was not.
    """

    kind: Kind
    parameters: tuple[float, ...] = ()
    knots: Floats = field(default_factory=lambda: np.empty(0))
    values: Floats = field(default_factory=lambda: np.empty(0))
    share: float = 1.0
    losses: Mapping[str, float] = field(default_factory=dict)
    note: str = ""

    def __call__(self, margin: Floats, k: Counts) -> Floats:
        """Probability of each row.

        Args:
            margin: float64 log-odds (n,).
            k: How many events the session had then (n,), from 1.

        Returns:
            float64 (n,), within [SURE, 1 - SURE].
        """
        from scipy.special import expit, logit  # one element at a time: equal bits at any length

        if self.kind == "isotonic":
            mapped: Floats = logit(_between(margin, self.knots, self.values))
        else:
            mapped = straight(self.kind, margin, k, self.parameters)
        p: Floats = np.clip(expit(blend(margin, mapped, self.share)), SURE, 1 - SURE)
        return p

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and numbers; JSON keeps every bit of them."""
        return {
            "kind": self.kind,
            "parameters": list(self.parameters),
            "knots": self.knots.tolist(),
            "values": self.values.tolist(),
            "share": self.share,
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
            share=plain["share"],
            losses=dict(plain["losses"]),
            note=plain["note"],
        )


def blend(own: Floats, mapped: Floats, share: float) -> Floats:
    """Log-odds (n,) of which this share is the map's and the rest the model's own."""
    return (1.0 - share) * own + share * mapped  # in this form it never falls by a rounding


def terms(kind: Kind, margin: Floats, k: Counts) -> tuple[Floats, ...]:
    """What a straight map adds up, each times its parameter (a last one stands alone).

    Args:
        kind: ``sigmoid``, ``beta`` or ``by_k``.
        margin: Log-odds (n,).
        k: Events so far (n,).

    Returns:
        (margin,); (ln p, -ln(1 - p)); or the margin alone, at a first event, and times ln k, then
        whether it is a first event, ln k, and by how much ln k is beyond that of each of `BENDS`.
        Each (n,).
    """
    if kind == "sigmoid":
        return (margin,)
    if kind == "beta":
        return -np.logaddexp(0.0, -margin), np.logaddexp(0.0, margin)
    first, length = (k == 1).astype(np.float64), np.log(k)
    bends = (np.maximum(0.0, length - np.log(bend)) for bend in BENDS)
    return margin, margin * first, margin * length, first, length, *bends


def straight(kind: Kind, margin: Floats, k: Counts, parameters: tuple[float, ...]) -> Floats:
    """Calibrated log-odds (n,) of the maps that are a weighted sum."""
    if kind == "none":
        return margin
    total = np.full(len(margin), parameters[-1])
    for parameter, term in zip(parameters[:-1], terms(kind, margin, k), strict=False):
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
