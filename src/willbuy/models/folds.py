"""Which shopper falls into which fold: the same for every run with the same seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from willbuy.events.keys import mix_all


def user_folds(
    user: NDArray[np.int64], y: NDArray[np.bool_], *, folds: int, seed: int
) -> NDArray[np.int64]:
    """Deal shoppers to folds so that none is in two, and each fold gets its share of buyers.

    Buyers (shoppers with a positive row) and the others are each put in the order of their hash
    and dealt round robin: a plain hash would, with few buyers, leave a fold without any.

    Args:
        user: int64 keys (n,).
        y: Labels (n,).
        folds: How many folds.
        seed: Another seed deals another way.

    Returns:
        int64 (n,): the fold of each row, 0 … folds - 1.
    """
    keys, code = np.unique(user, return_inverse=True)
    buyer = np.bincount(code, weights=y, minlength=len(keys)) > 0
    order = np.lexsort((mix_all(keys, seed), buyer))
    others = int(len(keys) - buyer.sum())
    place = np.concatenate([np.arange(others), np.arange(len(keys) - others)])
    fold = np.empty(len(keys), dtype=np.int64)
    fold[order] = place % folds
    return fold[code]
