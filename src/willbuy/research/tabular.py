"""What the nets on features have in common: a table of prepared features."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from willbuy.models.labels import both_kinds
from willbuy.progress import Reporter
from willbuy.research.learner import Floats, Moments
from willbuy.research.net import NetLearner
from willbuy.research.prepared import Prepared
from willbuy.research.training import Places

if TYPE_CHECKING:
    import torch


class Table:
    """Prepared features of moments, as `train_net` takes them."""

    def __init__(self, X: NDArray[np.float32], y: NDArray[np.bool_], weight: Floats) -> None:
        import torch

        self._X = torch.from_numpy(X)
        self.y, self.weight = y, weight

    def inputs(self, places: Places) -> tuple[torch.Tensor, ...]:
        """The features of these moments (m, V + M)."""
        return (self._X[places],)

    def order(self, rng: np.random.Generator) -> Places:
        """Any order."""
        return rng.permutation(len(self.y))


class TabularNet(NetLearner):
    """A net on the features of a moment; what kind of net, a subclass says."""

    def __init__(self, *, seed: int, threads: int) -> None:
        super().__init__(seed=seed, threads=threads)
        self._made: dict[str, Any] = {}

    @abstractmethod
    def _module(self, prepared: Prepared, shape: Mapping[str, Any]) -> torch.nn.Module:
        """A net as `training.Net` says, on the CPU; `shape` is what `_shape` found."""

    def _shape(self, prepared: Prepared, X: NDArray[np.float32]) -> dict[str, Any]:
        """What `_module` needs beside, learnt from prepared moments (n, V + M); plain data."""
        return {}

    def fit(self, train: Moments, held: Moments, reporter: Reporter, folder: Path) -> None:
        """Learn from train, stop by held; see `Learner.fit`."""
        y = both_kinds(train.y)
        self._prepared = Prepared.learn(train.X, seed=self._seed)
        X = self._prepared(train.X)
        self._made = self._shape(self._prepared, X)
        stop_by = Table(self._prepared(held.X), held.y, held.weight)
        self._train(Table(X, y, train.weight), stop_by, reporter, folder)

    def _source(self, read: Moments) -> Table:
        assert self._prepared is not None
        # Labels and weights take no part in asking; only how many moments there are counts.
        n = len(read)
        return Table(self._prepared(read.X), np.zeros(n, np.bool_), np.ones(n))

    def _build(self) -> torch.nn.Module:
        assert self._prepared is not None
        return self._module(self._prepared, self._made)

    def _about(self, folder: Path) -> dict[str, Any]:
        return {"shape": self._made}

    def _recall(self, about: Mapping[str, Any], folder: Path) -> None:
        self._made = about["shape"]
