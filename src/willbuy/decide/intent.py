"""Low, medium or high intent, by probability and by what acting costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from willbuy.decide.economics import Terms

Floats = NDArray[np.float64]

LOW, MEDIUM, HIGH = "low", "medium", "high"
LEVELS = (LOW, MEDIUM, HIGH)
WORDS = {LOW: "are unlikely to buy", MEDIUM: "may buy", HIGH: "are likely to buy"}
"""What comes after `sessions that`."""


@dataclass(frozen=True)
class Intent:
    """Two lines on the calibrated probability.

    Attributes:
        medium: Below it acting costs more than the whole margin that is to be expected without
            it: it would have to more than double the probability.
        high: From it on the model says "will buy": its threshold, chosen on calibrate.
        note: Where the two lines fell together, which one gave way.
    """

    medium: float
    high: float
    note: str

    def __call__(self, p: Floats) -> NDArray[np.int64]:
        """The place of each probability in `LEVELS` (n,)."""
        return np.searchsorted([self.medium, self.high], p, side="right")


def fit_intent(p: Floats, value: Floats, weight: Floats, threshold: float, terms: Terms) -> Intent:
    """Draw the lines on the calibrate part.

    Args:
        p: Probabilities of its sessions (n,).
        value: What is at stake in each (n,).
        weight: Sampling weights (n,).
        threshold: Of the model.
        terms: The shop's.
    """
    stake = float(np.average(value, weights=weight)) if weight.sum() > 0 else 0.0
    earned = terms.margin * stake
    medium = terms.cost / earned if earned > 0 else 1.0
    rate = float(np.average(p, weights=weight)) if weight.sum() > 0 else 0.0
    if medium >= threshold:
        return Intent(
            threshold, threshold,
            f"No session is of medium intent: acting costs {terms.cost:g}, more than the margin "
            f"that a session at the model's line brings ({threshold * earned:.2f} on average).",
        )  # fmt: skip
    if medium < rate / 2:
        # Acting is so cheap that it would pay on nearly all: then intent parts at what is usual.
        cheap = (
            f"Acting would only have to double a probability of {medium:.1%} to pay"
            if terms.cost > 0
            else "Acting costs nothing"
        )
        return Intent(
            min(rate, threshold), threshold,
            f"{cheap}: medium begins at the mean probability ({rate:.1%}) instead.",
        )  # fmt: skip
    return Intent(medium, threshold, "")
