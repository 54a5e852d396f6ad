"""What the nets on features have in common: preparing, training, asking, keeping."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from willbuy.models.calibrator import SURE
from willbuy.models.labels import both_kinds
from willbuy.progress import Reporter
from willbuy.research.learner import LEARNERS, Floats, Learner, Moments
from willbuy.research.prepared import Prepared
from willbuy.research.training import (
    Places,
    Plan,
    device,
    load_weights,
    predict_net,
    save_weights,
    train_net,
)

if TYPE_CHECKING:
    import torch

_TENSORS, _ABOUT = "net.safetensors", "net.json"
_AT_A_TIME = 4096


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


class TabularNet(Learner):
    """A net on the features of a moment; what kind of net, a subclass says."""

    name: ClassVar[str]
    plan: ClassVar[Plan]

    def __init__(self, *, seed: int, threads: int) -> None:
        self._seed, self._threads = seed, threads
        self._prepared: Prepared | None = None
        self._net: torch.nn.Module | None = None
        self._made: dict[str, Any] = {}
        self._told: dict[str, Any] = {}

    @abstractmethod
    def _build(self, prepared: Prepared, shape: Mapping[str, Any]) -> torch.nn.Module:
        """A net as `training.Net` says, on the CPU; `shape` is what `_shape` found."""

    def _shape(self, prepared: Prepared, X: NDArray[np.float32]) -> dict[str, Any]:
        """What `_build` needs beside, learnt from prepared moments (n, V + M); plain data."""
        return {}

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Epochs, the curve on the held-out moments, settings, weights, device, notes."""
        return self._told

    def fit(self, train: Moments, held: Moments, reporter: Reporter, folder: Path) -> None:
        """Learn from train, stop by held; see `Learner.fit`."""
        import torch

        y = both_kinds(train.y)
        torch.set_num_threads(self._threads)
        torch.manual_seed(self._seed)
        with reporter.stage(LEARNERS[self.name].title, self.plan.epochs) as stage:
            self._prepared = Prepared.learn(train.X, seed=self._seed)
            X = self._prepared(train.X)
            self._made = self._shape(self._prepared, X)
            self._net = self._build(self._prepared, self._made).to(device())
            self._told = train_net(
                self._net,
                Table(X, y, train.weight),
                Table(self._prepared(held.X), held.y, held.weight),
                self.plan,
                seed=self._seed,
                folder=folder,
                stage=stage,
            ) | {
                "settings": self._settings(),
                "weights": sum(one.numel() for one in self._net.parameters()),
            }

    def answer(self, read: Moments) -> Floats:
        """The probability that a purchase follows (n,)."""
        assert self._net is not None
        return np.clip(predict_net(self._net, self._table(read), _AT_A_TIME), SURE, 1 - SURE)

    def save(self, folder: Path) -> None:
        """Write the weights as safetensors, the rest as JSON."""
        assert self._net is not None
        assert self._prepared is not None
        save_weights(self._net, folder / _TENSORS)
        about = {
            "seed": self._seed,
            "shape": self._made,
            "prepared": self._prepared.to_dict(),
            "told": self._told,
        }
        (folder / _ABOUT).write_text(json.dumps(about), "utf-8")

    @classmethod
    def load(cls, folder: Path, *, threads: int) -> Self:
        """Read what `save` wrote."""
        import torch

        torch.set_num_threads(threads)
        about = json.loads((folder / _ABOUT).read_text("utf-8"))
        learner = cls(seed=about["seed"], threads=threads)
        learner._told = about["told"]
        learner._prepared = Prepared.from_dict(about["prepared"])
        learner._made = about["shape"]
        learner._net = learner._build(learner._prepared, learner._made)
        load_weights(learner._net, folder / _TENSORS)
        return learner

    def _settings(self) -> dict[str, Any]:
        """What a reader should know of the net's make."""
        return {"batch": self.plan.batch, "rate": self.plan.rate, "decay": self.plan.decay}

    def _table(self, moments: Moments) -> Table:
        assert self._prepared is not None
        # Labels and weights take no part in asking; only how many moments there are counts.
        n = len(moments)
        return Table(self._prepared(moments.X), np.zeros(n, np.bool_), np.ones(n))
