"""What every learner of the research bench sees and can do, and where each one stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from willbuy.errors import WillbuyError
from willbuy.progress import Reporter

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]

INSTALL = "pip install 'willbuy[deep]'"

COLUMNS = (
    *("visit", "user_key", "session_key", "ordinal", "position", "start", "time"),
    *("label", "weight"),
    *("event_kind", "event_product", "event_brand", "event_category", "event_section"),
    *("event_price", "event_hour", "event_weekday"),
)
"""The columns of `Moments.rows`, as in a run's snapshots (see docs/runs.md)."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Moments of one part of a run.

    Attributes:
        X: Features, float32 (n, F), nan where missing.
        names: The F columns.
        rows: `COLUMNS` of the same n moments, in the order of the snapshots: a shopper's
            sessions one after another, a session's moments by ordinal. `label` and `weight` are
            for fitting only.
        run: The run's folder, for what else a learner needs: run.json names the log, and
            `snapshots/PART-*.parquet` hold every moment that was kept of each session.
        part: Of the run: train, calibrate or test. Of train, only these moments may be learnt
            from, never others of the part.
    """

    X: NDArray[np.float32]
    names: tuple[str, ...]
    rows: pl.DataFrame
    run: Path
    part: str

    def __len__(self) -> int:
        """How many moments."""
        return len(self.X)

    def take(self, places: NDArray[np.int64] | NDArray[np.bool_]) -> Moments:
        """Those at some places, or where a mask (n,) is true, in their order."""
        at = np.flatnonzero(places) if places.dtype == np.bool_ else places
        return replace(self, X=self.X[at], rows=self.rows[at])

    @property
    def y(self) -> NDArray[np.bool_]:
        """Whether a purchase follows (n,)."""
        return self.rows["label"].to_numpy() > 0

    @property
    def weight(self) -> Floats:
        """Sampling weights (n,)."""
        return self.rows["weight"].to_numpy()

    @property
    def user(self) -> NDArray[np.int64]:
        """Keys of the shoppers (n,)."""
        return self.rows["user_key"].to_numpy()

    @property
    def visit(self) -> NDArray[np.int64]:
        """Numbers of the sessions (n,)."""
        return self.rows["visit"].to_numpy()

    @property
    def k(self) -> NDArray[np.int32]:
        """Events of the session so far (n,)."""
        return self.rows["ordinal"].to_numpy()

    @property
    def start(self) -> NDArray[np.int64]:
        """The sessions' starts (n,), microseconds UTC."""
        return self.rows["start"].to_physical().to_numpy()


class Read(Protocol):
    """What a learner goes by at some moments."""

    def take(self, places: NDArray[np.int64]) -> Read:
        """What it goes by at some of them."""
        ...


class Learner(Protocol):
    """A model as the bench trains, asks and keeps it.

    It is made with ``seed`` and ``threads`` and nothing else.
    """

    name: ClassVar[str]

    def __init__(self, *, seed: int, threads: int) -> None: ...

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Plain data of the fit, for JSON.

        Settings, rounds or epochs, device, and ``notes``: a list of sentences that a reader of
        the comparison should know.
        """
        ...

    def fit(self, train: Moments, held: Moments, reporter: Reporter, folder: Path) -> None:
        """Learn from train; stop by held, which comes after it.

        The same seed, threads and moments give the same model, also after an interruption.

        Args:
            train: The earlier days of train.
            held: Its last days.
            reporter: Told of progress.
            folder: There is one; for checkpoints. What an interrupted fit of the same moments
                left there is gone on with.
        """

    def predict_proba(self, moments: Moments) -> Floats:
        """The probability that a purchase follows (n,), strictly between 0 and 1.

        Not yet calibrated. But for rounding, a moment's answer does not depend on those beside it.
        """
        return self.answer(self.read(moments))

    def read(self, moments: Moments) -> Read:
        """What it goes by: the moments as they are, or what it reads of their sessions, too.

        A service that follows its shoppers has this at hand, so that no latency counts it.
        """
        return moments

    def answer(self, read: Any) -> Floats:
        """`predict_proba` of what was read."""
        ...

    def save(self, folder: Path) -> None:
        """Write the model into an empty folder: safetensors, plain arrays or JSON, no pickle."""

    @classmethod
    def load(cls, folder: Path, *, threads: int) -> Self:
        """Read what `save` wrote, with equal answers."""
        ...


class Entry(NamedTuple):
    """Where a learner stands.

    Attributes:
        module: Imported when it is first asked for.
        learner: Its class.
        title: For tables.
        needs: Packages that the extra `deep` brings.
    """

    module: str
    learner: str
    title: str
    needs: tuple[str, ...] = ()

    @property
    def vectors(self) -> bool:
        """Whether it uses the run's vectors of products."""
        return _VECTORS in self.needs


_TORCH = ("torch", "safetensors")
_VECTORS = "gensim"

LEARNERS: Mapping[str, Entry] = {
    "logistic": Entry("familiar", "LogisticLearner", "Logistic regression"),
    "xgboost": Entry("familiar", "BoostedLearner", "XGBoost"),
    "session2vec": Entry("session2vec", "Session2VecLearner", "XGBoost + Session2Vec", (_VECTORS,)),
    "tabnet": Entry("tabnet", "TabNetLearner", "TabNet", (*_TORCH, "pytorch_tabnet")),
    "tabm": Entry("tabm", "TabMLearner", "TabM", (*_TORCH, "tabm", "rtdl_num_embeddings")),
    "gru": Entry("sequence_nets", "GRULearner", "GRU", (*_TORCH, _VECTORS)),
    "transformer": Entry("sequence_nets", "TransformerLearner", "Transformer", (*_TORCH, _VECTORS)),
}
"""By the name that the command line takes, from the plainest on."""


def learner_class(name: str) -> type[Learner]:
    """Import a learner.

    Raises:
        WillbuyError: There is none of this name, or what it needs is not installed.
    """
    if name not in LEARNERS:
        raise WillbuyError(f"There is no model {name!r}; there are {', '.join(LEARNERS)}.")
    entry = LEARNERS[name]
    for package in entry.needs:
        try:
            import_module(package)
        except ImportError as problem:
            raise WillbuyError(
                f"The model {name} needs {package}, which is not installed: {INSTALL}"
            ) from problem
    module = import_module(f"willbuy.research.{entry.module}")
    found: type[Learner] = getattr(module, entry.learner)
    return found
