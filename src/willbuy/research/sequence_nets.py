"""A GRU and a small causal Transformer over events, with what is known of shopper and shop."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray

from willbuy.features.registry import all_features
from willbuy.models.calibrator import SURE
from willbuy.models.labels import both_kinds
from willbuy.progress import Reporter, Silent
from willbuy.research.learner import LEARNERS, Floats, Learner, Moments
from willbuy.research.prepared import Prepared
from willbuy.research.sequence_modules import GRUReader, Reader, Sizes, TransformerReader
from willbuy.research.sequences import sequences_of
from willbuy.research.session2vec.embedding import Embedding
from willbuy.research.session2vec.kept import vectors_of
from willbuy.research.tracks import Reading, Tracks, dealt, lay
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
    from torch import Tensor

BINS = 16
"""Of prices; the tenth lowest to the tenth highest of train's lie between the edges."""

_TENSORS, _ABOUT = "net.safetensors", "net.json"
_AT_A_TIME = 1024
_HAND = 4
"""So many moments of a session are in one batch, as a rule."""

_BESIDE = ("user", "shop")
"""Scopes of features that the head is given; what the session did, the net reads for itself."""


@dataclass(eq=False)
class Laid:
    """Moments on their tracks, as `train_net` takes them.

    Attributes:
        tracks: Sessions and moments (m,).
        beside: What the head is given (m, head).
        y, weight: Of the moments (m,).
    """

    tracks: Tracks
    beside: NDArray[np.float32]
    y: NDArray[np.bool_]
    weight: Floats

    def inputs(self, places: Places) -> tuple[Tensor, ...]:
        """The tracks of these moments, each once, as far as its last moment; see `Reader`."""
        its = self.tracks
        session, track = np.unique(its.session[places], return_inverse=True)
        begin = np.where(session > 0, its.ends[session - 1], 0)
        event = its.at[places] - begin[track]
        length = np.zeros(len(session), np.int64)
        np.maximum.at(length, track, event + 1)
        order = np.argsort(length, kind="stable")
        begin, length, track = begin[order], length[order], np.argsort(order)[track]
        step = np.arange(int(length.max()))
        at = begin[:, None] + np.minimum(step, length[:, None] - 1)
        whole = (its.kind, its.product, its.category, its.price, its.number)
        return (
            *(torch.from_numpy(one[at].astype(np.int64)) for one in whole),
            torch.from_numpy(its.numbers[at]),
            torch.from_numpy(length),
            torch.from_numpy(track),
            torch.from_numpy(event),
            torch.from_numpy(self.beside[places]),
        )

    def order(self, rng: np.random.Generator) -> Places:
        """Few moments of a session side by side."""
        return dealt(self.tracks, rng, _HAND)


class SequenceNet(Learner):
    """A net that reads tracks; of what kind, a subclass says."""

    name: ClassVar[str]
    reader: ClassVar[type[Reader]]
    layers: ClassVar[int]
    plan: ClassVar[Plan] = Plan(epochs=20, patience=3, batch=1024, rate=1e-3, decay=1e-2)

    def __init__(self, *, seed: int, threads: int) -> None:
        self._seed, self._threads = seed, threads
        self._reading: Reading | None = None
        self._prepared: Prepared | None = None
        self._columns: tuple[str, ...] = ()
        self._net: Reader | None = None
        self._told: dict[str, Any] = {}

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Epochs, the curve on the held-out moments, settings, weights, device, notes."""
        return self._told

    def fit(self, train: Moments, held: Moments, reporter: Reporter, folder: Path) -> None:
        """Take the run's vectors, learn the net from train; stop by held; see `Learner.fit`."""
        y = both_kinds(train.y)
        torch.set_num_threads(self._threads)
        kept = vectors_of(train.run, self._seed, reporter)
        sequences = sequences_of(train.run, reporter)
        prices = train.rows["event_price"].drop_nulls().to_numpy()
        edges = (
            np.unique(np.quantile(prices, np.linspace(0.02, 0.98, BINS - 1)))
            if len(prices)
            else np.zeros(0)
        )
        self._reading = Reading(kept.embedding, edges)
        self._columns = _beside(train.names)
        X = _chosen(train, self._columns)
        self._prepared = Prepared.learn(X, seed=self._seed)
        torch.manual_seed(self._seed)
        with reporter.stage(LEARNERS[self.name].title, self.plan.epochs) as stage:
            self._net = self._build().to(device())
            self._told = train_net(
                self._net,
                Laid(lay(sequences, self._reading, train.rows), self._prepared(X), y, train.weight),
                self._laid(held, reporter, held.y, held.weight),
                self.plan,
                seed=self._seed,
                folder=folder,
                stage=stage,
            ) | {
                "settings": {
                    "batch": self.plan.batch, "rate": self.plan.rate, "decay": self.plan.decay,
                    **self._sizes()._asdict(),
                },
                "weights": sum(one.numel() for one in self._net.parameters()),
                "recipe": asdict(kept.embedding.recipe),
            }  # fmt: skip
        self._told["earlier_cpu_s"] += kept.earlier_cpu_s

    def read(self, moments: Moments) -> Laid:
        """The sessions' events, and the shoppers' before them, from the run."""
        n = len(moments)
        return self._laid(moments, Silent(), np.zeros(n, np.bool_), np.ones(n))

    def answer(self, read: Laid) -> Floats:
        """`predict_proba` of what was read."""
        assert self._net is not None
        return np.clip(predict_net(self._net, read, _AT_A_TIME), SURE, 1 - SURE)

    def save(self, folder: Path) -> None:
        """Write weights as safetensors, vectors as arrays, the rest as JSON."""
        assert self._net is not None
        assert self._reading is not None
        assert self._prepared is not None
        save_weights(self._net, folder / _TENSORS)
        self._reading.embedding.save(folder)
        about = {
            "seed": self._seed,
            "columns": self._columns,
            "price_edges": self._reading.price_edges.tolist(),
            "prepared": self._prepared.to_dict(),
            "told": self._told,
        }
        (folder / _ABOUT).write_text(json.dumps(about), "utf-8")

    @classmethod
    def load(cls, folder: Path, *, threads: int) -> Self:
        """Read what `save` wrote."""
        torch.set_num_threads(threads)
        about = json.loads((folder / _ABOUT).read_text("utf-8"))
        learner = cls(seed=about["seed"], threads=threads)
        learner._told = about["told"]
        learner._columns = tuple(about["columns"])
        learner._prepared = Prepared.from_dict(about["prepared"])
        learner._reading = Reading(Embedding.load(folder), np.array(about["price_edges"]))
        learner._net = learner._build()
        load_weights(learner._net, folder / _TENSORS)
        return learner

    def _sizes(self) -> Sizes:
        assert self._reading is not None
        assert self._prepared is not None
        its = self._reading
        return Sizes(
            its.products, its.categories, its.bins, its.embedding.size,
            self._prepared.values + self._prepared.flags, layers=self.layers,
        )  # fmt: skip

    def _build(self) -> Reader:
        assert self._reading is not None
        its = self._reading.embedding
        known = np.concatenate([its.product_vectors, its.category_vectors])
        scale = max(float(np.sqrt(np.mean(known**2))), 1e-6)
        nothing = np.zeros((1, its.size), np.float32)
        return self.reader(self._sizes(), np.concatenate([nothing, known / scale]))

    def _laid(
        self, moments: Moments, reporter: Reporter, y: NDArray[np.bool_], weight: Floats
    ) -> Laid:
        assert self._reading is not None
        assert self._prepared is not None
        tracks = lay(sequences_of(moments.run, reporter), self._reading, moments.rows)
        return Laid(tracks, self._prepared(_chosen(moments, self._columns)), y, weight)


class GRULearner(SequenceNet):
    """A GRU of one layer."""

    name: ClassVar[str] = "gru"
    reader: ClassVar[type[Reader]] = GRUReader
    layers: ClassVar[int] = 1


class TransformerLearner(SequenceNet):
    """A causal Transformer of two layers."""

    name: ClassVar[str] = "transformer"
    reader: ClassVar[type[Reader]] = TransformerReader
    layers: ClassVar[int] = 2


def _beside(names: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that tell of shopper and shop."""
    scopes = {one.name: one.scope for one in all_features()}
    return tuple(name for name in names if scopes.get(name) in _BESIDE)


def _chosen(moments: Moments, columns: tuple[str, ...]) -> NDArray[np.float32]:
    at = [moments.names.index(name) for name in columns]
    return np.ascontiguousarray(moments.X[:, at])
