"""Where to draw the line between "will buy" and "will not"."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Threshold:
    """A line chosen for the best F1.

    Attributes:
        value: A probability; at or above it a moment is flagged.
        expected_f1: The F1 it had where it was chosen; None if there was no choice to make. The
            best of many is a little flattered: the test part's own F1 is the one to quote.
    """

    value: float
    expected_f1: float | None


def choose_threshold(
    p: NDArray[np.float64], y: NDArray[np.bool_], weight: NDArray[np.float64]
) -> Threshold:
    """Find the line with the best F1.

    It lies halfway between two neighbouring probabilities, where the final calibrator's small
    difference from the cross-fitted one moves the fewest moments across it.

    Args:
        p: Cross-fitted probabilities (n,) of the calibrate part.
        y: Labels (n,).
        weight: Sampling weights (n,).

    Returns:
        The line; 0.5 where all labels are alike.
    """
    from sklearn.metrics import precision_recall_curve

    y = np.asarray(y).astype(bool)
    if y.all() or not y.any():
        return Threshold(0.5, None)
    precision, recall, lines = precision_recall_curve(y, p, sample_weight=weight)
    both = precision + recall
    f1 = np.divide(2 * precision * recall, both, out=np.zeros_like(both), where=both > 0)[:-1]
    best = int(np.argmax(f1))
    below = lines[best - 1] if best > 0 else lines[best]
    return Threshold(float((below + lines[best]) / 2), float(f1[best]))
