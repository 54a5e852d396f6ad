"""Views of a log: each window of time is judged by what was known before it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from willbuy.events.keys import mix_all
from willbuy.models.boosted import TAIL
from willbuy.models.tuning import View
from willbuy.snapshots.blocks import Blocks

WINDOWS = 3


def time_views(
    X: NDArray[np.float32] | Blocks,
    names: Sequence[str],
    start: NDArray[np.int64],
    *,
    gap: int = 0,
) -> list[View]:
    """Expanding windows: the last `WINDOWS` times `TAIL` of the rows are held out in turn.

    The last window is the one by which `fit_boosted` stops. Later rows than a window's are neither
    learnt from nor judged by.

    Args:
        X: float32 (n, F), or blocks of it.
        names: The F column names.
        start: int64 (n,), the *session's* start of each row: no session is on both sides.
        gap: Sessions that start so shortly before a window, in the same unit, are not learnt
            from: whether they bought was not known yet.

    Returns:
        A view a window, the earliest first.
    """
    ordered = np.sort(start)
    begins = [ordered[int((1 - TAIL * left) * len(start))] for left in range(WINDOWS, 0, -1)]
    ends = [*begins[1:], ordered[-1] + 1]
    return [
        View(X, names, (start >= begin) & (start < end), start < begin - gap)
        for begin, end in zip(begins, ends, strict=True)
    ]


def draw_sessions(visit: NDArray[np.int64], most: int, seed: int) -> NDArray[np.int64]:
    """Places (m,) of about so many rows, ascending: those of sessions drawn by a hash."""
    if len(visit) <= most:
        return np.arange(len(visit))
    line = np.uint64(most / len(visit) * 2.0**64)
    return np.flatnonzero(mix_all(visit, seed) < line)
