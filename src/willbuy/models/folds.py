"""Which shopper falls into which fold: the same for every run with the same seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def mix(keys: NDArray[np.int64], seed: int) -> NDArray[np.uint64]:
    """Hash 64-bit keys to 64 well-mixed bits.

    Args:
        keys: Any integers, int64, any shape.
        seed: Another seed gives an unrelated hash.

    Returns:
        uint64, same shape: the first output of SplitMix64 (Steele, Lea & Flood 2014, "Fast
        splittable pseudorandom number generators") started at ``key xor splitmix64(seed)``.
    """
    start = _finish(np.array([seed % 2**64], dtype=np.uint64))
    return _finish(np.ascontiguousarray(keys, dtype=np.int64).view(np.uint64) ^ start)


def _finish(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = state + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


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
    order = np.lexsort((mix(keys, seed), buyer))
    others = int(len(keys) - buyer.sum())
    place = np.concatenate([np.arange(others), np.arange(len(keys) - others)])
    fold = np.empty(len(keys), dtype=np.int64)
    fold[order] = place % folds
    return fold[code]
