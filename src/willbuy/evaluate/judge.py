"""A model's figures on one part, each with its uncertainty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.evaluate.bootstrap import INTERVAL_NOTE
from willbuy.evaluate.figures import How, Ints, Part, figure, told, told_slice, verdict
from willbuy.evaluate.metrics import (
    METRICS,
    Bools,
    Floats,
    error_by_chance,
    why_undefined,
)

LANDMARKS = (1, 2, 3, 5, 10, 20)
"""The moments k at which the model is judged on its own."""

CALIBRATION_ERROR_NOTE = (
    "Chance alone makes a calibration error, and makes it larger in each replicate than in the "
    "sample: read it beside what a perfect model would show by chance, not by its interval."
)

Points = Mapping[str, float | None]

BY_K = (
    "base_rate",
    "mean_prediction",
    "calibration_in_the_large",
    "roc_auc",
    "average_precision",
    "log_loss",
)
"""The figures that are told of a landmark."""

READINGS = {
    "every_moment": "Every moment counts by its sampling weight: as if every moment had been kept.",
    "per_session": "Each session counts once: a moment's weight is divided by the number of "
    "moments that its session has, and a figure about sessions counts sessions.",
    "by_k": "Only the moments after event k of a session: the sessions that have come so far "
    "without a purchase.",
}
"""How rows are weighed; each block of figures names its reading."""


def judge(
    y: Bools,
    p: Floats,
    weight: Floats,
    user: Ints,
    session: Ints,
    k: NDArray[np.int32],
    *,
    threshold: float,
    seed: int,
    replicates: int = 500,
    threads: int = 2,
    others: Mapping[str, Floats] | None = None,
    session_moments: NDArray[np.int32] | None = None,
) -> dict[str, Any]:
    """Judge probabilities by what happened.

    A figure is ``{"value", "low", "high"}``: the point and its 95 % interval. Where there is
    none, those are None and ``"reason"`` says why.

    Args:
        y: Labels (n,).
        p: Probabilities (n,), within [0, 1].
        weight: Sampling weights (n,).
        user: int64 keys (n,).
        session: int64 ids (n,).
        k: int32 (n,), the ordinal of the moment in its session, from 1.
        threshold: At or above it a moment is flagged.
        seed: Draws the replicates and the labels by chance.
        replicates: Of the bootstrap.
        threads: For the bootstrap; the figures do not depend on it.
        others: Other models' probabilities of the same rows, by name.
        session_moments: int32 (n,), how many moments each row's session has in all, drawn or
            not; where not given, all of them must be among the rows.

    Returns:
        Plain numbers, ready for JSON:

        - ``threshold``, ``replicates``, ``interval_note``, ``calibration_error_note``
        - ``headline``: every moment, as `headline` tells it.
        - ``per_session``: the same with each session counted once.
        - ``by_k``: a list over `LANDMARKS`: ``reading``, ``k``, the counts, and the figures of
          `BY_K`.
        - ``paired``: name → metric → this model minus the other, as a figure, with
          ``verdict``: ``higher``, ``lower``, ``no difference`` (0 is inside), or None.
    """
    y = np.asarray(y).astype(np.bool_)
    part = Part(y, np.asarray(p, np.float64), weight, user, session)
    how = How(threshold, seed, replicates, threads)
    head, drawn = headline(part, how)
    once = replace(part, weight=_each_session_once(weight, session, session_moments))
    return {
        "threshold": float(threshold),
        "replicates": replicates,
        "interval_note": INTERVAL_NOTE,
        "calibration_error_note": CALIBRATION_ERROR_NOTE,
        "headline": head,
        "per_session": headline(once, how)[0] | {"reading": "per_session"},
        "by_k": by_k(part, k, how),
        "paired": {
            name: paired(part, drawn, replace(part, p=np.asarray(other, np.float64)), how)
            for name, other in (others or {}).items()
        },
    }


def headline(part: Part, how: How) -> tuple[dict[str, Any], Floats]:
    """Tell of every moment, and give the replicates behind it.

    Returns:
        ``reading``; ``moments``, ``sessions``, ``users``, ``positives``; every metric of
        `METRICS` as a figure; ``calibration_error_by_chance``: ``median`` and ``p95`` (None
        without moments). And the replicates (replicates, metrics).
    """
    figures, drawn = told(part, how)
    return {"reading": "every_moment", **figures, **_chance(part, how.seed)}, drawn


def by_k(part: Part, k: NDArray[np.int32], how: How) -> list[dict[str, Any]]:
    """Tell of each landmark by itself."""
    return [
        {"reading": "by_k", "k": at, **told_slice(part.at(k == at), how, BY_K)} for at in LANDMARKS
    ]


def paired(part: Part, drawn: Floats, other: Part, how: How) -> dict[str, Any]:
    """The differences to another model's probabilities of the same rows."""
    return differences(part.y, how.points(part), how.points(other), drawn - how.draw(other))


def differences(y: Bools, ours: Points, theirs: Points, drawn: Floats) -> dict[str, dict[str, Any]]:
    """One model's metrics minus another's on the same rows, as figures with a verdict.

    Args:
        y: Labels (n,).
        ours, theirs: Metric → value.
        drawn: The differences in every replicate (replicates, metrics).
    """
    gains = {}
    for at, name in enumerate(METRICS):
        one, two = ours[name], theirs[name]
        gain = one - two if one is not None and two is not None else None
        gained = figure(gain, drawn[:, at], why_undefined(name, y))
        gains[name] = gained | {"verdict": verdict(gained)}
    return gains


def _each_session_once(weight: Floats, session: Ints, moments: NDArray[np.int32] | None) -> Floats:
    if moments is not None:
        # Not by the moments that were drawn: a session without any would be missed, and a long
        # one is more likely to have one.
        return np.asarray(weight / moments, np.float64)
    code = np.unique(session, return_inverse=True)[1]
    return np.asarray(weight / np.bincount(code, weight)[code]) if len(code) else weight


def _chance(part: Part, seed: int) -> dict[str, Any]:
    """The calibration error that a perfect model would show on these rows."""
    if len(part.y) == 0:
        return {"calibration_error_by_chance": None}
    error = error_by_chance(part.p, part.weight, part.session, seed=seed)
    return {"calibration_error_by_chance": error}
