"""A small table of moments with a known truth behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray


@dataclass
class Table:
    X: NDArray[np.float32]
    y: NDArray[np.bool_]
    weight: NDArray[np.float64]
    user: NDArray[np.int64]
    time: NDArray[np.int64]
    truth: NDArray[np.float64]

    @property
    def names(self) -> list[str]:
        return [f"feature {column}" for column in range(self.X.shape[1])]

    @property
    def train(self) -> tuple:
        return self.X, self.y, self.weight, self.time, self.names


def table(rows: int, seed: int = 0, base: float = -3.0) -> Table:
    """Columns: informative, heavy-tailed, telling when missing, noise, constant, empty."""
    rng = np.random.default_rng(seed)
    user = rng.integers(0, max(rows // 5, 4), rows) - rows // 10
    X = rng.normal(size=(rows, 6)).astype(np.float32)
    heavy = X[:, 1].copy()
    X[:, 1] = np.exp(3 * heavy)
    absent = rng.random(rows) < 0.3
    X[absent, 2] = np.nan
    X[:, 4], X[:, 5] = 7.25, np.nan
    truth = base + 1.2 * X[:, 0] + 0.8 * heavy + 1.0 * absent
    return Table(
        X=X,
        y=rng.random(rows) < 1 / (1 + np.exp(-truth)),
        weight=rng.integers(1, 6, rows).astype(np.float64),
        user=user,
        time=user * 1_000_000,
        truth=truth.astype(np.float64),
    )


@pytest.fixture(scope="session")
def small() -> Table:
    return table(6_000)


@pytest.fixture(scope="session")
def tiny() -> Table:
    data = table(100, seed=3)
    assert 3 <= data.y.sum() <= 15
    return data
