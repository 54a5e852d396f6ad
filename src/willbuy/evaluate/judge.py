"""A model's figures on one part, each with its uncertainty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.evaluate.bootstrap import INTERVAL_NOTE
from willbuy.evaluate.figures import How, Ints, Part, figure, told, verdict, withheld
from willbuy.evaluate.metrics import (
    METRICS,
    Bools,
    Floats,
    error_by_chance,
    why_undefined,
)

LANDMARKS = (1, 2, 3, 5, 10, 20)
"""The moments k at which the model is judged on its own."""

ENOUGH = 10
"""With fewer positives or negatives at a landmark, its figures are withheld."""

CALIBRATION_ERROR_NOTE = (
    "Chance alone makes a calibration error, and makes it larger in each replicate than in the "
    "sample: read it beside what a perfect model would show by chance, not by its interval."
)

_BY_K = (
    "base_rate",
    "mean_prediction",
    "calibration_in_the_large",
    "roc_auc",
    "average_precision",
    "log_loss",
)
_COUNTS_MOMENTS = "Every moment counts by its sampling weight: as if every moment had been kept."
_COUNTS_SESSIONS = (
    "Each session counts once: a moment's weight is divided by the number of moments that its "
    "session has."
)


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
        - ``headline``: every moment. ``counts`` (how rows are weighed, in words), ``moments``,
          ``sessions``, ``users``, ``positives``; every metric of `METRICS` as a figure;
          ``calibration_error_by_chance``: ``median`` and ``p95`` (None without moments).
        - ``per_session``: the same with each session counted once.
        - ``by_k``: a list over `LANDMARKS`: ``k``, the counts, and base rate, mean prediction,
          calibration in the large, ROC-AUC, average precision and log loss.
        - ``paired``: name → metric → this model minus the other, as a figure, with
          ``verdict``: ``higher``, ``lower``, ``no difference`` (0 is inside), or None.
    """
    y = np.asarray(y).astype(np.bool_)
    part = Part(y, np.asarray(p, np.float64), weight, user, session)
    how = How(threshold, seed, replicates, threads)
    headline, drawn = told(part, how)
    once = replace(part, weight=_each_session_once(weight, session, session_moments))
    return {
        "threshold": float(threshold),
        "replicates": replicates,
        "interval_note": INTERVAL_NOTE,
        "calibration_error_note": CALIBRATION_ERROR_NOTE,
        "headline": {"counts": _COUNTS_MOMENTS, **headline, **_chance(part, seed)},
        "per_session": {"counts": _COUNTS_SESSIONS, **told(once, how)[0], **_chance(once, seed)},
        "by_k": [{"k": at, **_landmark(part.at(k == at), how)} for at in LANDMARKS],
        "paired": {
            name: _paired(part, drawn, replace(part, p=np.asarray(other, np.float64)), how)
            for name, other in (others or {}).items()
        },
    }


def _landmark(part: Part, how: How) -> dict[str, Any]:
    positives = int(part.y.sum())
    negatives = len(part.y) - positives
    if min(positives, negatives) < ENOUGH:
        reason = f"{positives} positives and {negatives} negatives; {ENOUGH} of each are needed"
        return {**part.counts(), **{name: withheld(reason) for name in _BY_K}}
    figures = told(part, how)[0]
    return {name: figures[name] for name in (*part.counts(), *_BY_K)}


def _paired(part: Part, drawn: Floats, other: Part, how: How) -> dict[str, Any]:
    ours, theirs = how.points(part), how.points(other)
    differences = drawn - how.draw(other)
    gains = {}
    for at, name in enumerate(METRICS):
        one, two = ours[name], theirs[name]
        gain = one - two if one is not None and two is not None else None
        gained = figure(gain, differences[:, at], why_undefined(name, part.y))
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
    if len(part.y) == 0:
        return {"calibration_error_by_chance": None}
    chance = error_by_chance(part.p, part.weight, part.session, seed=seed)
    return {"calibration_error_by_chance": chance}
