"""Where acting pays: what it must bring by band, and, with a lift, what it brings by threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from willbuy.decide.economics import Terms
from willbuy.decide.sessions import first_at
from willbuy.evaluate.bootstrap import LEVEL, interval, replicate_sums

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]

BANDS = 10
"""Bands of probability, of equal numbers of moments."""

LINES = 40
"""Thresholds that are tried."""

KS = (1, 2, 3, 5, 10, 20)
"""Events after which acting is judged by itself."""


def bands(moments: pl.DataFrame, terms: Terms) -> list[dict[str, Any]]:
    """What acting must bring in each band of probability to pay at all.

    Args:
        moments: With `probability`, `value` and `weight`.
        terms: The shop's.

    Returns:
        From the highest band down: ``from``, ``to``: its probabilities; ``moments``;
        ``mean_probability``; ``mean_value``; ``mean_expected``: of probability times value;
        ``break_even_lift``: relative, None where no lift pays; ``break_even_points``: the same in
        points of probability.
    """
    p, value, weight = (moments[name].to_numpy() for name in ("probability", "value", "weight"))
    order = np.argsort(-p, kind="stable")
    heap = np.cumsum(weight[order]) - weight[order] / 2
    band = np.minimum((heap / max(weight.sum(), 1e-300) * BANDS).astype(np.int64), BANDS - 1)
    found = []
    for one in np.unique(band).tolist():
        inside = order[band == one]
        w = weight[inside]
        mean, worth = (float(np.average(of[inside], weights=w)) for of in (p, value))
        expected = float(np.average((p * value)[inside], weights=w))
        # Of the band as a whole: its sessions' own break-even lifts have no mean.
        lift = float(terms.break_even(np.array([expected]), np.ones(1))[0])
        pays = bool(np.isfinite(lift))
        found.append(
            {
                "from": float(p[inside].min()),
                "to": float(p[inside].max()),
                "moments": round(float(w.sum())),
                "mean_probability": mean,
                "mean_value": worth,
                "mean_expected": expected,
                "break_even_lift": lift if pays else None,
                "break_even_points": lift * mean if pays else None,
            }
        )
    return found


def lines_of(p: Floats) -> Floats:
    """Thresholds to try: quantiles of the probabilities, ascending."""
    return np.unique(np.quantile(p, np.linspace(0, 1, LINES))) if len(p) else np.zeros(0)


def curve(
    moments: pl.DataFrame, lines: Floats, terms: Terms, *, seed: int, count: int, threads: int
) -> tuple[Floats, Floats, Floats]:
    """What acting once on each session brings, at its first moment at or above each line.

    Judged by what happened, not by the model: a session that bought counts as one.

    Args:
        moments: Every moment of the sessions.
        lines: Thresholds (L,).
        terms: With a lift.
        seed, count, threads: Of the bootstrap over shoppers.

    Returns:
        Total gain by line (L,), sessions acted on (L,), and the gains in every replicate
        (count, L).
    """
    users, cells, values = [], [], []
    for at, line in enumerate(lines.tolist()):
        acted = first_at(moments, line)
        gain = terms.gain(acted["label"].to_numpy().astype(np.float64), acted["value"].to_numpy())
        weight = acted["weight"].to_numpy()
        users.append(acted["user_key"].to_numpy())
        cells.append(np.full(len(acted), at))
        values.append(np.stack([weight * gain, weight], axis=1))
    user, cell = np.concatenate(users), np.concatenate(cells)
    value = np.concatenate(values)
    drawn = replicate_sums(user, cell, value, len(lines), seed=seed, count=count, threads=threads)
    total = np.stack(
        [np.bincount(cell, one, len(lines)).astype(np.float64) for one in value.T], axis=1
    )
    return np.asarray(total[:, 0]), np.asarray(total[:, 1]), drawn[:, :, 0]


def profit(
    calibrate: pl.DataFrame,
    test: pl.DataFrame,
    terms: Terms,
    *,
    seed: int,
    count: int,
    threads: int,
) -> dict[str, Any]:
    """The line with the highest gain on calibrate, and what it brings on test.

    Args:
        calibrate, test: Every moment of the parts' sessions, with `probability`.
        terms: With a lift.
        seed, count, threads: Of the bootstrap over shoppers.

    Returns:
        ``threshold``: the line, None where acting on nobody is best; ``threshold_interval``: as
        `wander` gives it, on calibrate; ``gain``: on test, as a figure; ``acted``: sessions;
        ``share`` of all; ``curve``: on test, ``line``, ``gain``, ``low``, ``high``, ``acted``;
        ``by_k``: acting only after the k-th event: ``k``, ``gain`` with its interval, ``acted``.
    """
    how = {"seed": seed, "count": count, "threads": threads}
    lines = lines_of(calibrate["probability"].to_numpy())
    chosen, _, redrawn = curve(calibrate, lines, terms, **how)
    best = int(np.argmax(chosen)) if len(lines) else -1
    gain, acted, limits = _judged(test, lines, terms, how)
    sessions = float(test.unique("visit")["weight"].sum())
    told = [
        {"line": line, **_figure(gain[at], limits[at]), "acted": round(acted[at])}
        for at, line in enumerate(lines.tolist())
    ]
    if best < 0 or chosen[best] <= 0:
        return {
            "threshold": None,
            "threshold_interval": wander(lines, redrawn),
            "reason": "on the calibrate part no line brought more than acting on nobody",
            "gain": {"value": 0.0, "low": 0.0, "high": 0.0},
            "acted": 0, "share": 0.0, "curve": told, "by_k": [],
        }  # fmt: skip
    return {
        "threshold": float(lines[best]),
        "threshold_interval": wander(lines, redrawn),
        "gain": _figure(gain[best], limits[best]),
        "acted": round(acted[best]),
        "share": float(acted[best] / sessions),
        "curve": told,
        "by_k": [_only_after(test, k, float(lines[best]), terms, how) for k in KS],
    }


def wander(lines: Floats, redrawn: Floats) -> dict[str, Any]:
    """How far the chosen line moves when other shoppers are drawn: 95 % of the choices.

    Each replicate chooses its own line, as the sample did. A maximum over lines settles more
    slowly than a mean, so this is the spread of the choice, and no test of any one line (Abrevaya
    & Huang 2005, "On the bootstrap of the maximum score estimator").

    Args:
        lines: Thresholds (L,), ascending.
        redrawn: Their gains in every replicate (count, L).

    Returns:
        ``low``, ``high``: lines; None where acting on nobody is chosen; ``nobody``: the share of
        replicates that choose it.
    """
    if not len(lines):
        return {"low": None, "high": None, "nobody": 1.0}
    best = np.argmax(redrawn, axis=1)
    nobody = redrawn[np.arange(len(redrawn)), best] <= 0
    # Acting on nobody is a line above all others, at which a quantile may lie but not between.
    chosen = np.where(nobody, np.inf, lines[best])
    ends = np.quantile(chosen, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], method="nearest").tolist()
    low, high = (one if np.isfinite(one) else None for one in ends)
    return {"low": low, "high": high, "nobody": float(nobody.mean())}


def _only_after(
    moments: pl.DataFrame, k: int, line: float, terms: Terms, how: dict[str, int]
) -> dict[str, Any]:
    import polars as pl

    here = moments.filter(pl.col("ordinal") == k)
    gain, acted, limits = _judged(here, np.array([line]), terms, how)
    return {"k": k, **_figure(gain[0], limits[0]), "acted": round(acted[0])}


Limits = tuple[float | None, float | None]


def spanned(least: Floats, most: Floats) -> Limits:
    """The low end of one sum's interval and the high end of another's.

    Args:
        least, most: The gain by the least lift and by the greatest in every replicate (count,);
            the same where the lift is taken as exact.
    """
    low, high = interval(least), interval(most)
    return (None, None) if low is None or high is None else (low[0], high[1])


def _judged(
    moments: pl.DataFrame, lines: Floats, terms: Terms, how: dict[str, int]
) -> tuple[Floats, Floats, list[Limits]]:
    """Gain and sessions by line (L,), and the gain's limits from the least lift to the greatest."""
    gain, acted, drawn = curve(moments, lines, terms, **how)
    least, most = (
        drawn if one is terms else curve(moments, lines, one, **how)[2] for one in terms.ends
    )
    return gain, acted, [spanned(least[:, at], most[:, at]) for at in range(len(lines))]


def _figure(value: float, limits: Limits) -> dict[str, Any]:
    return {"value": float(value), "low": limits[0], "high": limits[1]}
