"""Sums from which the profit of any margin, cost and lift follows, so that nobody counts anew.

What acting brings is linear in two sums over the sessions acted on: how many there are, and what
those that bought were worth. Both are kept for each line, and their squares by shopper, which are
the variance of a Poisson bootstrap over shoppers (Efron & Tibshirani 1993, 5.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from willbuy.decide.economics import Terms

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]

_Z = 1.959964


def acting(calibrate: pl.DataFrame, test: pl.DataFrame, lines: Floats) -> list[dict[str, Any]]:
    """What acting once on each session, at its first moment at or above a line, would meet.

    Args:
        calibrate, test: Every moment of the parts' sessions, with `probability`, by session and
            event.
        lines: Thresholds (L,), ascending.

    Returns:
        For each line: ``line``; of test ``sessions`` acted on, ``worth``: what those of them that
        bought were worth, and ``squares``: by shopper, of worth, of both multiplied, of sessions;
        ``calibrate``: its sessions and worth. Sessions count by their sampling weight.
    """
    learnt, judged = _sums(calibrate, lines), _sums(test, lines)
    return [
        {
            "line": float(line),
            "sessions": there[1],
            "worth": there[0],
            "squares": there[2:],
            "calibrate": {"sessions": here[1], "worth": here[0]},
        }
        for line, here, there in zip(lines, learnt.tolist(), judged.tolist(), strict=True)
    ]


def profit_of(acted: Sequence[dict[str, Any]], terms: Terms) -> dict[str, Any]:
    """The line that brings most on calibrate, and what acting from each line on brings on test.

    Args:
        acted: As `acting` gives it.
        terms: With a lift.

    Returns:
        ``threshold``, None where acting on nobody is best; ``gain`` there, ``value``, ``low`` and
        ``high`` (95 %, normal); ``acted`` sessions; ``curve``: for each line ``line``, ``acted``
        and its gain likewise.
    """
    curve = [
        {"line": one["line"], "acted": round(one["sessions"]), **_gain(one, terms)} for one in acted
    ]
    chosen = [_net(one["calibrate"], terms) for one in acted]
    best = int(np.argmax(chosen)) if chosen else -1
    if best < 0 or chosen[best] <= 0:
        nothing = {"value": 0.0, "low": 0.0, "high": 0.0}
        return {"threshold": None, "gain": nothing, "acted": 0, "curve": curve}
    gain = {name: curve[best][name] for name in ("value", "low", "high")}
    return {
        "threshold": curve[best]["line"],
        "gain": gain,
        "acted": curve[best]["acted"],
        "curve": curve,
    }


def _net(sums: dict[str, Any], terms: Terms) -> float:
    return terms.kept * float(sums["worth"]) - terms.cost * float(sums["sessions"])


def _gain(sums: dict[str, Any], terms: Terms) -> dict[str, float]:
    value = _net(sums, terms)
    worth, both, sessions = sums["squares"]
    variance = terms.kept**2 * worth - 2 * terms.kept * terms.cost * both + terms.cost**2 * sessions
    reach = _Z * float(np.sqrt(max(variance, 0.0)))
    return {"value": value, "low": value - reach, "high": value + reach}


def _sums(moments: pl.DataFrame, lines: Floats) -> Floats:
    """By line (L, 5): worth, sessions, and the squares of `acting`."""
    import polars as pl

    before = pl.col("probability").cum_max().shift(1).over("visit").fill_null(-1.0)
    # Only a moment above all before it can be a session's first at or above any line.
    higher = moments.with_columns(before=before).filter(pl.col("probability") > pl.col("before"))
    first = np.searchsorted(lines, higher["before"].to_numpy(), side="right")
    after = np.searchsorted(lines, higher["probability"].to_numpy(), side="right")
    row = np.repeat(np.arange(len(higher)), after - first)
    line = np.arange(len(row)) - np.repeat(np.cumsum(after - first) - after, after - first)
    weight = higher["weight"].to_numpy().astype(np.float64)
    worth = weight * higher["label"].to_numpy() * higher["value"].to_numpy()
    by_shopper = (
        pl.DataFrame(
            {
                "line": line,
                "user": higher["user_key"].to_numpy()[row],
                "worth": worth[row],
                "sessions": weight[row],
            }
        )
        .group_by("line", "user")
        .agg(pl.col("worth", "sessions").sum())
    )
    of, one, other = (by_shopper[name].to_numpy() for name in ("line", "worth", "sessions"))
    kinds = (one, other, one * one, one * other, other * other)
    return np.stack([np.bincount(of, kind, len(lines)) for kind in kinds], axis=1)
