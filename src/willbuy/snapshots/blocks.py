"""Rows that are not in memory all at once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Floats32 = NDArray[np.float32]

Blocks = Iterable[Floats32]
"""Features in blocks of float32 (m, F), nan where missing; can be gone through again and again."""


def as_blocks(X: Floats32 | Blocks) -> Blocks:
    """Blocks of what is one array (n, F) already, or blocks themselves."""
    return [X] if isinstance(X, np.ndarray) else X


def gather(blocks: Blocks, places: NDArray[np.int64]) -> Floats32:
    """The rows at some places.

    Args:
        blocks: Of n rows in all.
        places: int64 (m,), ascending, of 0 ... n - 1.

    Returns:
        float32 (m, F).
    """
    found: list[Floats32] = []
    begin = 0
    for block in blocks:
        first, after = np.searchsorted(places, (begin, begin + len(block)))
        found.append(block[places[first:after] - begin])
        begin += len(block)
    return np.concatenate(found)


def whole(blocks: Blocks) -> Floats32:
    """All rows (n, F)."""
    parts = list(blocks)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
