"""What all nets of the bench have in common: training, asking, keeping."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from willbuy.models.calibrator import SURE
from willbuy.progress import Reporter
from willbuy.research.learner import LEARNERS, Floats, Learner
from willbuy.research.prepared import Prepared
from willbuy.research.training import (
    Plan,
    Source,
    device,
    load_weights,
    predict_net,
    save_weights,
    train_net,
)

if TYPE_CHECKING:
    import torch

_TENSORS, _ABOUT = "net.safetensors", "net.json"


class NetLearner(Learner):
    """A net as a learner; what it reads and how it is made, a subclass says.

    `fit` learns first what stands beside the net, then calls `_train`. All that `_build` goes by
    is also in `_about`, and `_recall` takes it from there.
    """

    name: ClassVar[str]
    plan: ClassVar[Plan]
    at_a_time: ClassVar[int] = 4096
    """So many moments are asked in one pass."""

    def __init__(self, *, seed: int, threads: int) -> None:
        self._seed, self._threads = seed, threads
        self._net: torch.nn.Module | None = None
        self._prepared: Prepared | None = None
        self._told: dict[str, Any] = {}

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Epochs, the curve on the held-out moments, settings, weights, device, notes."""
        return self._told

    @abstractmethod
    def _build(self) -> torch.nn.Module:
        """A net as `training.Net` says, on the CPU."""

    @abstractmethod
    def _source(self, read: Any) -> Source:
        """What `read` gave, as the net takes it."""

    @abstractmethod
    def _settings(self) -> dict[str, Any]:
        """What a reader should know of the net's make; plain data."""

    @abstractmethod
    def _about(self, folder: Path) -> dict[str, Any]:
        """What `_build` needs beside prepared features: plain data, and files in the folder."""

    @abstractmethod
    def _recall(self, about: Mapping[str, Any], folder: Path) -> None:
        """Take back what `_about` gave."""

    def _train(self, train: Source, held: Source, reporter: Reporter, folder: Path) -> None:
        import torch

        torch.set_num_threads(self._threads)
        torch.manual_seed(self._seed)
        with reporter.stage(LEARNERS[self.name].title, self.plan.epochs) as stage:
            self._net = self._build().to(device())
            self._told = train_net(
                self._net, train, held, self.plan, seed=self._seed, folder=folder, stage=stage
            )
        self._told |= {
            "settings": {
                "batch": self.plan.batch, "rate": self.plan.rate, "decay": self.plan.decay,
                **self._settings(),
            },
            "weights": sum(
                one.numel() for one in self._net.parameters() if one.requires_grad
            ),
        }  # fmt: skip

    def answer(self, read: Any) -> Floats:
        """The probability that a purchase follows (n,)."""
        assert self._net is not None
        notes = self._told["notes"]
        p = predict_net(self._net, self._source(read), self.at_a_time, notes)
        return np.clip(p, SURE, 1 - SURE)

    def save(self, folder: Path) -> None:
        """Write weights as safetensors, the rest as JSON and plain arrays."""
        assert self._net is not None
        assert self._prepared is not None
        save_weights(self._net, folder / _TENSORS)
        about = {
            "seed": self._seed,
            "prepared": self._prepared.to_dict(),
            "told": self._told,
            **self._about(folder),
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
        learner._recall(about, folder)
        learner._net = learner._build()
        load_weights(learner._net, folder / _TENSORS)
        return learner
