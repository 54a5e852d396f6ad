"""Many probabilities of the same rows side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.evaluate.figures import How, Ints, Part
from willbuy.evaluate.judge import by_k, differences, headline
from willbuy.evaluate.metrics import METRICS, Bools, Floats

COMPARED = tuple(name for name in METRICS if name not in ("precision", "recall", "f1"))
"""The metrics that need no threshold: probabilities from elsewhere have none."""


def compare(
    y: Bools,
    probabilities: Mapping[str, Floats],
    weight: Floats,
    user: Ints,
    session: Ints,
    k: NDArray[np.int32],
    *,
    minus: Mapping[str, Sequence[str]],
    seed: int,
    replicates: int,
    threads: int,
) -> dict[str, dict[str, Any]]:
    """Judge several probabilities by what happened, each as `judge` does, and their differences.

    Args:
        y: Labels (n,).
        probabilities: By name, each (n,), within [0, 1].
        weight, user, session, k: As for `judge`.
        minus: Name → the names that are subtracted from it.
        seed: Draws the replicates and the labels by chance.
        replicates: Of the bootstrap.
        threads: For the bootstrap; the figures do not depend on it.

    Returns:
        By name, figures of `COMPARED` as `judge` tells them: ``headline``, ``by_k``, and
        ``paired``: other name → metric → this minus the other, with ``verdict``.
    """
    how = How(0.5, seed, replicates, threads)  # no figure that depends on the threshold is told
    answers: dict[str, dict[str, Any]] = {}
    points, drawn = {}, {}
    for name, p in probabilities.items():
        part = Part(y, np.asarray(p, np.float64), weight, user, session)
        head, drawn[name] = headline(part, how)
        points[name] = {metric: head[metric]["value"] for metric in METRICS}
        for metric in set(METRICS) - set(COMPARED):
            del head[metric]
        answers[name] = {"headline": head, "by_k": by_k(part, k, how)}
    for name, answer in answers.items():
        answer["paired"] = {}
        for other in minus[name]:
            gains = differences(y, points[name], points[other], drawn[name] - drawn[other])
            answer["paired"][other] = {metric: gains[metric] for metric in COMPARED}
    return answers
