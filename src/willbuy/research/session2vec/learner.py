"""The boosted trees with Session2Vec's vectors beside the run's features."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from willbuy.progress import Reporter, Silent
from willbuy.research.familiar import BoostedLearner
from willbuy.research.learner import Floats, Learner, Moments
from willbuy.research.sequences import sequences_of
from willbuy.research.session2vec.embedding import Embedding
from willbuy.research.session2vec.kept import vectors_of
from willbuy.research.session2vec.vectors import columns, names_of

_ABOUT = "session2vec.json"


class Session2VecLearner(Learner):
    """XGBoost as of the run, its features and the session's vector at each moment.

    Vectors are learnt from sessions that ended before the middle of train; moments of sessions
    that began earlier have none.
    """

    name: ClassVar[str] = "session2vec"

    def __init__(self, *, seed: int, threads: int) -> None:
        self._seed, self._threads = seed, threads
        self._trees = BoostedLearner(seed=seed, threads=threads)
        self._embedding: Embedding | None = None
        self._told: dict[str, Any] = {}

    @property
    def embedding(self) -> Embedding:
        """What was learnt of products, categories and brands."""
        assert self._embedding is not None
        return self._embedding

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The trees' own, the recipe, and what was tried."""
        if self._embedding is None:
            return {}
        trees = self._trees.metadata
        return {**trees, **self._told, "notes": [*trees["notes"], *self._told["notes"]]}

    def fit(self, train: Moments, held: Moments, reporter: Reporter, folder: Path) -> None:
        """Take the run's vectors, which are learnt where they are not there yet; then trees."""
        kept = vectors_of(train.run, self._seed, reporter)
        self._embedding = kept.embedding
        both = [self._with_vectors(one, reporter) for one in (train, held)]
        start = np.concatenate([one.start for one in both])
        share = float(np.mean(start >= self._embedding.border))
        self._told = {
            "recipe": asdict(self._embedding.recipe),
            "tried": kept.tried,
            "products": len(self._embedding.products),
            "earlier_cpu_s": kept.earlier_cpu_s,
            "notes": [
                f"Session2Vec: {1 - share:.0%} of train's moments lie before the day from which "
                "its vectors may be used, and have none."
            ],
        }
        self._trees.fit(both[0], both[1], reporter, folder)

    def _with_vectors(self, moments: Moments, reporter: Reporter) -> Moments:
        sequences = sequences_of(moments.run, reporter)
        vectors = columns(self.embedding, sequences, moments.rows)
        return replace(
            moments,
            X=np.hstack([moments.X, vectors]),
            names=(*moments.names, *names_of(self.embedding)),
        )

    def read(self, moments: Moments) -> Moments:
        """The moments with their sessions' vectors as further features."""
        return self._with_vectors(moments, Silent())

    def answer(self, read: Moments) -> Floats:
        """`predict_proba` of what was read."""
        return self._trees.answer(read)

    def save(self, folder: Path) -> None:
        """Write the trees in XGBoost's own format, the vectors as arrays and JSON."""
        self._trees.save(folder)
        self.embedding.save(folder)
        (folder / _ABOUT).write_text(json.dumps(self._told, indent=1), "utf-8")

    @classmethod
    def load(cls, folder: Path, *, threads: int) -> Self:
        """Read what `save` wrote."""
        trees = BoostedLearner.load(folder, threads=threads)
        learner = cls(seed=trees._seed, threads=threads)
        learner._trees = trees
        learner._embedding = Embedding.load(folder)
        learner._told = json.loads((folder / _ABOUT).read_text("utf-8"))
        return learner
