"""The models of every run behind the bench's interface: the same code, the bench's moments."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import expit

from willbuy.models.boosted import Boosted, fit_boosted
from willbuy.models.calibrator import SURE
from willbuy.models.logistic import Logistic, fit_logistic
from willbuy.progress import Reporter, Stage
from willbuy.research.learner import Floats, Learner, Moments

_MODEL = "model.json"
_BOOSTER = "booster.ubj"


class LogisticLearner(Learner):
    """The run's logistic regression, learnt from train and held alike: it stops by nothing."""

    name: ClassVar[str] = "logistic"

    def __init__(self, *, seed: int, threads: int) -> None:
        self._seed = seed
        self._model: Logistic | None = None

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What `Logistic.metadata` tells."""
        return {} if self._model is None else {**self._model.metadata, "notes": []}

    def fit(self, train: Moments, held: Moments, reporter: Reporter, folder: Path) -> None:
        """Learn from all the moments; it takes seconds, so that there are no checkpoints."""
        X, y, weight = _together(train, held)
        with reporter.stage("Logistic regression"):
            self._model = fit_logistic(X, y, weight, train.names, seed=self._seed)

    def answer(self, read: Moments) -> Floats:
        """The probability that a purchase follows (n,)."""
        assert self._model is not None
        return _sure(self._model.margin(read.X))

    def save(self, folder: Path) -> None:
        """Write one JSON file."""
        assert self._model is not None
        (folder / _MODEL).write_text(json.dumps(self._model.to_dict()), "utf-8")

    @classmethod
    def load(cls, folder: Path, *, threads: int) -> Self:
        """Read what `save` wrote."""
        model = Logistic.from_dict(json.loads((folder / _MODEL).read_text("utf-8")))
        learner = cls(seed=int(model.metadata["seed"]), threads=threads)
        learner._model = model
        return learner


class BoostedLearner(Learner):
    """The run's boosted trees: the held-out moments say how many, then all are learnt from."""

    name: ClassVar[str] = "xgboost"

    def __init__(self, *, seed: int, threads: int) -> None:
        self._seed, self._threads = seed, threads
        self._model: Boosted | None = None

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What `Boosted.metadata` tells."""
        if self._model is None:
            return {}
        told = dict(self._model.metadata)
        note = told.pop("note")
        return {**told, "notes": [note] if note else []}

    def fit(self, train: Moments, held: Moments, reporter: Reporter, folder: Path) -> None:
        """Learn as `fit_boosted` does; it takes a minute, so that there are no checkpoints."""
        X, y, weight = _together(train, held)
        start = np.concatenate([train.start, held.start])
        with reporter.stage("XGBoost") as stage:
            self._model = fit_boosted(
                X, y, weight, start, train.names, seed=self._seed, threads=self._threads,
                progress=told_rounds(stage),
            )  # fmt: skip

    def answer(self, read: Moments) -> Floats:
        """The probability that a purchase follows (n,)."""
        assert self._model is not None
        return _sure(self._model.margin(read.X))

    def save(self, folder: Path) -> None:
        """Write XGBoost's own format."""
        assert self._model is not None
        self._model.save(folder / _BOOSTER)

    @classmethod
    def load(cls, folder: Path, *, threads: int) -> Self:
        """Read what `save` wrote."""
        model = Boosted.load(folder / _BOOSTER, threads=threads)
        learner = cls(seed=int(model.metadata["seed"]), threads=threads)
        learner._model = model
        return learner


def told_rounds(stage: Stage) -> Any:
    """What `fit_boosted` tells after each round, as a note of a stage."""

    def tell(name: str, done: int, at_most: int, loss: float | None) -> None:
        lost = f", log loss {loss:.4f}" if loss is not None else f" of {at_most}"
        stage.note(f"{name}: round {done}{lost}")

    return tell


def _together(train: Moments, held: Moments) -> tuple[Any, Any, Any]:
    return (
        np.concatenate([train.X, held.X]),
        np.concatenate([train.y, held.y]),
        np.concatenate([train.weight, held.weight]),
    )


def _sure(margin: Floats) -> Floats:
    return np.asarray(np.clip(expit(margin), SURE, 1 - SURE))
