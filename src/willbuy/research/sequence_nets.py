"""A GRU and a small causal Transformer over events, with the moment's features beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from willbuy.models.labels import both_kinds
from willbuy.progress import Reporter, Silent
from willbuy.research.learner import Floats, Moments
from willbuy.research.net import NetLearner
from willbuy.research.prepared import Prepared
from willbuy.research.sequence_modules import GRUReader, Make, Reader, Sizes, TransformerReader
from willbuy.research.sequences import sequences_of
from willbuy.research.session2vec.embedding import Embedding
from willbuy.research.session2vec.kept import vectors_of
from willbuy.research.tracks import Reading, Tracks, dealt, lay
from willbuy.research.training import Places, Plan

if TYPE_CHECKING:
    from torch import Tensor

BINS = 16
"""Of prices; the tenth lowest to the tenth highest of train's lie between the edges."""

_HAND = 4
"""So many moments of a session are in one batch, as a rule."""


@dataclass(eq=False)
class Laid:
    """Moments on their tracks, as `train_net` takes them.

    Attributes:
        tracks: Sessions and moments (m,).
        beside: Features, prepared (m, head).
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

    def take(self, places: Places) -> Laid:
        """Some of the moments, on the same tracks."""
        its = self.tracks
        return Laid(
            its._replace(session=its.session[places], at=its.at[places]),
            self.beside[places], self.y[places], self.weight[places],
        )  # fmt: skip

    def order(self, rng: np.random.Generator) -> Places:
        """Few moments of a session side by side."""
        return dealt(self.tracks, rng, _HAND)


class SequenceNet(NetLearner):
    """A net that reads tracks; of what kind, a subclass says."""

    reader: ClassVar[type[Reader]]
    make: ClassVar[Make]
    at_a_time: ClassVar[int] = 1024

    def __init__(self, *, seed: int, threads: int) -> None:
        super().__init__(seed=seed, threads=threads)
        self._reading: Reading | None = None

    def fit(self, train: Moments, held: Moments, reporter: Reporter, folder: Path) -> None:
        """Take the run's vectors, learn the net from train; stop by held; see `Learner.fit`."""
        y = both_kinds(train.y)
        torch.set_num_threads(self._threads)
        kept = vectors_of(train.run, self._seed, reporter)
        prices = train.rows["event_price"].drop_nulls().to_numpy()
        edges = (
            np.unique(np.quantile(prices, np.linspace(0.02, 0.98, BINS - 1)))
            if len(prices)
            else np.zeros(0)
        )
        self._reading = Reading(kept.embedding, edges)
        self._prepared = Prepared.learn(train.X, seed=self._seed)
        learnt_from = self._laid(train, reporter, y, train.weight)
        stop_by = self._laid(held, reporter, held.y, held.weight)
        self._train(learnt_from, stop_by, reporter, folder)
        self._told["recipe"] = asdict(kept.embedding.recipe)
        self._told["earlier_cpu_s"] += kept.earlier_cpu_s

    def read(self, moments: Moments) -> Laid:
        """The sessions' events, and the shoppers' before them, from the run."""
        n = len(moments)
        return self._laid(moments, Silent(), np.zeros(n, np.bool_), np.ones(n))

    def _laid(
        self, moments: Moments, reporter: Reporter, y: NDArray[np.bool_], weight: Floats
    ) -> Laid:
        assert self._reading is not None
        assert self._prepared is not None
        sequences = sequences_of(moments.run, reporter)
        tracks = lay(sequences, self._reading, moments.rows, self.make.past)
        return Laid(tracks, self._prepared(moments.X), y, weight)

    def _source(self, read: Laid) -> Laid:
        return read

    def _sizes(self) -> Sizes:
        assert self._reading is not None
        assert self._prepared is not None
        its = self._reading
        return Sizes(
            its.products, its.categories, its.bins, its.embedding.size,
            self._prepared.values + self._prepared.flags,
        )  # fmt: skip

    def _build(self) -> Reader:
        assert self._reading is not None
        its = self._reading.embedding
        known = np.concatenate([its.product_vectors, its.category_vectors])
        scale = max(float(np.sqrt(np.mean(known**2))), 1e-6)
        nothing = np.zeros((1, its.size), np.float32)
        return self.reader(self._sizes(), self.make, np.concatenate([nothing, known / scale]))

    def _settings(self) -> dict[str, Any]:
        return self.make._asdict() | self._sizes()._asdict()

    def _about(self, folder: Path) -> dict[str, Any]:
        assert self._reading is not None
        self._reading.embedding.save(folder)
        return {"price_edges": self._reading.price_edges.tolist()}

    def _recall(self, about: Mapping[str, Any], folder: Path) -> None:
        self._reading = Reading(Embedding.load(folder), np.array(about["price_edges"]))


class GRULearner(SequenceNet):
    """A GRU of one layer."""

    name: ClassVar[str] = "gru"
    plan: ClassVar[Plan] = Plan(epochs=4, rate=2e-3, decay=1e-2)
    reader: ClassVar[type[Reader]] = GRUReader
    make: ClassVar[Make] = Make(layers=1)


class TransformerLearner(SequenceNet):
    """A causal Transformer of two layers."""

    name: ClassVar[str] = "transformer"
    plan: ClassVar[Plan] = Plan(epochs=4, rate=2e-3, decay=1e-2)
    reader: ClassVar[type[Reader]] = TransformerReader
    make: ClassVar[Make] = Make(layers=2)
