"""How early are buyers found, at a line that a shop can afford?

One line is chosen on calibrate so that few of the sessions that do not buy ever reach it. On test
it is then told how many of all buyers had reached it by their k-th event.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.evaluate.figures import How, Ints, Part, divided, figure, rate, withheld
from willbuy.evaluate.judge import LANDMARKS
from willbuy.evaluate.metrics import Bools, Floats

ALLOWED = 0.05
"""The share of the sessions without a purchase that may ever be flagged."""

_NOTE = (
    f"One threshold for the whole session, chosen on calibrate so that {ALLOWED:.0%} of the "
    "sessions that do not buy are ever flagged. On test, flagged by event k means that the "
    "probability reached it at one of the first k events, all before the purchase. The shares are "
    "of all sessions that buy, also of those whose first event is the purchase, which nobody can "
    "flag. Lead is counted from the first flagged event to the purchase, over flagged buyers."
)


@dataclass(frozen=True)
class Moments:
    """The moments of a part, and what became of their sessions.

    Attributes:
        part: The rows, at least one; every moment of their sessions is among them, and all are of
            one weight, so many sessions that each stands for.
        k: The ordinal of each moment in its session (n,).
        events_left: From the moment to the session's purchase, in events (n,); any number
            where it does not buy.
        minutes_left: The same in minutes (n,).
        bought_first: int64 (b,), the users of all sessions whose first event is the purchase.
    """

    part: Part
    k: NDArray[np.int32]
    events_left: Floats
    minutes_left: Floats
    bought_first: Ints


def flagged_early(calibrate: Part, test: Moments, how: How) -> dict[str, Any]:
    """Tell how many buyers are flagged by event k, and what it costs in false alarms.

    Args:
        calibrate: Rows by which the line is chosen.
        test: What is judged.
        how: The bootstrap.

    Returns:
        ``reading``, ``note``, ``threshold``, ``allowed`` (the share of non-buying sessions);
        ``sessions`` (``buying``, ``first_event_is_the_purchase`` among them, ``not_buying``);
        ``false_positive_rate``: the share of non-buying sessions of test that are flagged;
        ``buyers_flagged``; ``by_event``: ``k`` and the ``share`` of buyers flagged by then;
        ``lead``: the median ``events`` and ``minutes``. Or, where it cannot be told, ``reason``.
    """
    highest, _, buys = _sessions(calibrate)
    line = line_for(highest[~buys], ALLOWED)
    if line is None:
        few = f"{(~buys).sum()} sessions of calibrate do not buy"
        return {"reason": f"{few}; {round(1 / ALLOWED)} are needed"}
    first = _first_flags(test, line)
    _, user, buys = _sessions(test.part)
    each = float(test.part.weight[0])  # a drawn session stands for so many
    without = len(test.bought_first)
    ever = np.isfinite(first.k)
    by_k = [buys & (first.k <= k) for k in LANDMARKS]
    columns = [buys, ~buys, ~buys & ever, buys & ever, *by_k]
    values = np.zeros((len(user) + without, len(columns)))
    values[: len(user)] = each * np.transpose(columns)
    values[len(user) :, 0] = 1.0
    users = np.concatenate([user, test.bought_first])
    sums = values.sum(axis=0)
    drawn = how.sums(users, np.zeros(len(users), np.int64), values, 1)[:, 0]

    def share(top: int, bottom: int, reason: str) -> dict[str, Any]:
        return rate(sums[top], sums[bottom], divided(drawn[:, top], drawn[:, bottom]), reason)

    return {
        "reading": "per_session",
        "note": _NOTE,
        "threshold": line,
        "allowed": ALLOWED,
        "sessions": {
            "buying": round(sums[0]),
            "first_event_is_the_purchase": without,
            "not_buying": round(sums[1]),
        },
        "false_positive_rate": share(2, 1, "every session buys"),
        "buyers_flagged": share(3, 0, "no session buys"),
        "by_event": [
            {"k": k, "share": share(4 + at, 0, "no session buys")} for at, k in enumerate(LANDMARKS)
        ],
        "lead": _lead(test, first.row[buys & ever], how),
    }


def line_for(highest: Floats, allowed: float) -> float | None:
    """Return the lowest line that at most this share of sessions reaches.

    Args:
        highest: The highest probability of each session (s,).
        allowed: The share.

    Returns:
        One of the values, or just above them all where too many share the highest; None with so
        few sessions that not one may be flagged.
    """
    many = int(allowed * len(highest) * (1 + 1e-12))
    if many == 0:
        return None
    falling = np.sort(highest)[::-1]
    reached = falling[falling > falling[many]]  # that one would be one too many
    return float(reached[-1]) if len(reached) else float(np.nextafter(falling[0], np.inf))


@dataclass(frozen=True)
class _First:
    """The first flagged moment of each session: its ordinal (inf where none is), and its row."""

    k: Floats
    row: Ints


def _first_flags(test: Moments, line: float) -> _First:
    visits, code = np.unique(test.part.session, return_inverse=True)
    rows = np.flatnonzero(test.part.p >= line)
    rows = rows[np.lexsort((test.k[rows], code[rows]))]
    flagged, at = np.unique(code[rows], return_index=True)
    k, row = np.full(len(visits), np.inf), np.full(len(visits), -1)
    k[flagged], row[flagged] = test.k[rows[at]], rows[at]
    return _First(k, row)


def _sessions(part: Part) -> tuple[Floats, Ints, Bools]:
    """Highest probability, user and whether it buys, of each session in the order of ids."""
    visits, first, code = np.unique(part.session, return_index=True, return_inverse=True)
    highest = np.full(len(visits), -np.inf)
    np.maximum.at(highest, code, part.p)
    return highest, part.user[first], part.y[first]


def _lead(test: Moments, rows: Ints, how: How) -> dict[str, Any]:
    """Median events and minutes from the first flag to the purchase, over flagged buyers."""
    if not len(rows):
        none = withheld("no buyer is flagged")
        return {"sessions": 0, "events": none, "minutes": none}
    counts = how.counts(test.part.user[rows])
    left = {"events": test.events_left[rows], "minutes": test.minutes_left[rows]}
    return {
        "sessions": len(rows),
        **{
            name: figure(float(np.median(values)), medians(values, counts), "")
            for name, values in left.items()
        },
    }


def medians(values: Floats, counts: NDArray[np.uint8]) -> Floats:
    """Return the median of values that count differently often in each replicate.

    Args:
        values: (n,).
        counts: (replicates, n).

    Returns:
        float64 (replicates,), as numpy's of the values repeated; nan where nothing counts.
    """
    order = np.argsort(values, kind="stable")
    found = np.full(len(counts), np.nan)
    for at, count in enumerate(counts):
        below = np.cumsum(count[order], dtype=np.int64)
        if below[-1] > 0:
            middle = np.searchsorted(below, [(below[-1] - 1) // 2 + 1, below[-1] // 2 + 1])
            found[at] = values[order[middle]].mean()
    return found
