"""Which moments become rows. The choice never looks ahead."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from willbuy.events.keys import mix, unit


def stir(state: int, value: int) -> int:
    """One more number into a running 64-bit hash."""
    return int(mix(int(mix(state)) ^ value))


def visit_id(user: int, key: int, start: int) -> int:
    """A number for one session: the same wherever it is met, different for each."""
    return stir(stir(user, key), start)


def drawn(seed: int, visit: int, ordinal: int, rate: float) -> bool:
    """Whether the moment after event `ordinal` of a session is drawn at this rate.

    The draw is a hash of (seed, session, ordinal): it depends on nothing that happens later, and
    a moment drawn at a low rate is drawn at every higher one.
    """
    if rate >= 1.0:
        return True
    return unit(stir(stir(seed, visit), ordinal)) < rate


def kept(seed: int, visit: int, share: float) -> bool:
    """Whether a session is among the drawn share of all: with every moment, or with none.

    The draw is a hash of (seed, session), known at its first event.
    """
    return share >= 1.0 or unit(stir(seed, visit)) < share


def rate_at(c: float, ordinal: int) -> float:
    """The rate at which moments after event `ordinal` are drawn: min(1, c / ordinal)."""
    return min(1.0, c / ordinal)


def fitting_share(moments: NDArray[np.int64], limit: int) -> float:
    """The share of sessions at which about `limit` of all their moments are left, at most 1."""
    return min(1.0, limit / max(int(moments.sum(dtype=np.int64)), 1))


def fitting_c(moments: NDArray[np.int64], limit: int, most: float) -> float:
    """The largest c, at most `most`, at which about `limit` rows are drawn.

    Args:
        moments: Number of moments of each session, (sessions,).
        limit: Rows wanted at most.
        most: The c to use when it fits.
    """
    # at_least[k - 1]: how many sessions have a moment after event k.
    at_least = np.cumsum(np.bincount(moments)[::-1])[::-1][1:] if len(moments) else np.zeros(0)
    ordinals = np.arange(1, len(at_least) + 1)

    def rows(c: float) -> float:
        return float((at_least * np.minimum(1.0, c / ordinals)).sum())

    if rows(most) <= limit:
        return most
    low, high = 0.0, most
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rows(middle) <= limit else (low, middle)
    return low
