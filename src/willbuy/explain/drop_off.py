"""Do shoppers who looked like buyers leave without buying?"""

from __future__ import annotations

from typing import Any

import numpy as np

from willbuy.evaluate.figures import How, share_of
from willbuy.evaluate.metrics import Bools
from willbuy.explain.contributions import Floats, Ints
from willbuy.explain.insights import NOT_SUPPORTED, SUPPORTED, UNKNOWN

SHARE = 0.9
"""High intent: a probability that nine in ten moments of calibrate do not reach."""

CLAIM = "Many high-intent users dropped off"

_NOTE = (
    "High intent: sessions with a moment whose probability is in the top tenth, by a line drawn "
    "on calibrate, so that it is known while the session runs. expected: the share that the "
    "probability at the first such moment says will leave. Supported: most of them leave. Where "
    "as many leave as expected, nothing went wrong that the model had not foreseen: a high "
    "probability is high beside others', and most who have it still leave."
)


def drop_off(
    line: float, p: Floats, y: Bools, weight: Floats, user: Ints, session: Ints, k: Ints, how: How
) -> dict[str, Any]:
    """Follow the sessions that reach a high probability before they buy or end.

    Args:
        line: From this probability on, intent is high.
        p: Probabilities of moments (n,).
        y: Whether a purchase follows (n,).
        weight: Sampling weights, the same for all moments of a session (n,).
        user, session: int64 keys (n,).
        k: Events of the session so far (n,).
        how: The bootstrap over shoppers.

    Returns:
        ``claim``, ``line``, ``sessions`` (all), ``high_intent`` (how many), ``left``: the share
        of these that did not buy, as a figure; ``expected`` by the model; ``share_of_leavers``:
        of all sessions that did not buy, the share that had been of high intent; ``verdict``;
        ``note``.
    """
    high = np.flatnonzero(p >= line)
    order = high[np.lexsort((k[high], session[high]))]
    _, first = np.unique(session[order], return_index=True)
    reached = order[first]  # the first high moment of each session
    everyone, one_of = np.unique(session, return_index=True)
    left, leavers = ~y[reached], one_of[~y[one_of]]
    mass = weight[reached]
    share = share_of(left, mass, user[reached], how, "no session reaches the line")
    return {
        "name": "high_intent_drop_off",
        "claim": CLAIM,
        "line": float(line),
        "sessions": len(everyone),
        "high_intent": len(reached),
        "left": share,
        "expected": float(np.average(1 - p[reached], weights=mass)) if len(reached) else None,
        "share_of_leavers": share_of(
            np.isin(session[leavers], session[reached]), weight[leavers], user[leavers], how,
            "every session buys",
        ),
        "verdict": _verdict(share),
        "note": _NOTE,
    }  # fmt: skip


def _verdict(share: dict[str, Any]) -> str:
    if share["low"] is None or share["low"] <= 0.5 <= share["high"]:
        return UNKNOWN
    return SUPPORTED if share["low"] > 0.5 else NOT_SUPPORTED
