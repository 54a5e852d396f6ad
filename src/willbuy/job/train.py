"""Snapshots → two calibrated models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from willbuy.errors import WillbuyError
from willbuy.models.boosted import Boosted, fit_boosted
from willbuy.models.calibration import SHARE, fit_calibrator
from willbuy.models.calibrator import KINDS, Calibrator, Kind
from willbuy.models.logistic import Logistic, fit_logistic
from willbuy.models.threshold import Threshold, choose_threshold
from willbuy.progress import Reporter
from willbuy.settings import Settings
from willbuy.snapshots.blocks import Blocks
from willbuy.snapshots.from_events import Snapshots
from willbuy.snapshots.splits import CALIBRATE, TRAIN

Floats = NDArray[np.float64]
Features = NDArray[np.float32]

BOOSTED, LOGISTIC = "xgboost", "logistic"


class Scoring(Protocol):
    """A model that gives log-odds."""

    def margin(self, X: Features) -> Floats:
        """Log-odds of each row (n,)."""


@dataclass(frozen=True)
class Calibrated:
    """A model with its calibrator and its threshold, both from the calibrate part.

    Attributes:
        model: Gives log-odds.
        calibrator, threshold: Both from the calibrate part.
        on_calibrate: Probabilities of that part's rows (n,), in the order of `Snapshots.rows_of`.
    """

    model: Scoring
    calibrator: Calibrator
    threshold: Threshold
    on_calibrate: Floats

    def probability(self, X: Features, k: NDArray[np.integer]) -> Floats:
        """Calibrated probability of a later purchase, after `k` events of a session (n,)."""
        return self.calibrator(self.model.margin(X), k)

    def on(self, snapshots: Snapshots, part: int) -> Floats:
        """Calibrated probabilities of all rows of a part (n,)."""
        margin = margin_of(self.model, snapshots.blocks(part))
        return self.calibrator(margin, snapshots.rows_of(part)["ordinal"])


@dataclass(frozen=True)
class Trained:
    """Both models; and, where tuning found better settings, those with the settings as given."""

    boosted: Boosted
    logistic: Logistic
    by_name: dict[str, Calibrated]
    untuned: dict[str, Calibrated] = field(default_factory=dict)


def train(
    snapshots: Snapshots,
    settings: Settings,
    reporter: Reporter,
    better: Mapping[str, Mapping[str, Any]] | None = None,
) -> Trained:
    """Fit both models on train; calibrate them and choose thresholds on calibrate.

    Args:
        snapshots: Of the run.
        settings: Of the trees; the seed.
        reporter: Told of progress.
        better: By model, settings found by tuning. Such a model is also fitted as it would have
            been without them.

    Raises:
        WillbuyError: `model.params` names what there is not, or all labels are alike.
    """
    X, rows = snapshots.blocks(TRAIN), snapshots.rows_of(TRAIN)
    y, weight = rows["label"].astype(bool), rows["weight"]

    def logistic_of(found: Mapping[str, Any]) -> Logistic:
        with reporter.stage("Logistic regression" + (", tuned" if found else "")):
            return fit_logistic(X, y, weight, snapshots.names, seed=settings.seed, **found)

    def boosted_of(found: Mapping[str, float]) -> Boosted:
        with reporter.stage("Boosted trees" + (", tuned" if found else "")) as stage:

            def tell(name: str, done: int, at_most: int, loss: float | None) -> None:
                lost = f", log loss {loss:.4f}" if loss is not None else f" of {at_most}"
                stage.note(f"{name}: round {done}{lost}")

            try:
                return fit_boosted(
                    X, y, weight, rows["start"], snapshots.names,
                    seed=settings.seed, threads=settings.workers,
                    params={**settings.model.params, **found}, progress=tell,
                )  # fmt: skip
            except ValueError as problem:
                raise WillbuyError(f"model.params: {problem}") from problem

    logistic, boosted = logistic_of({}), boosted_of({})
    untuned: dict[str, Scoring] = {}
    if better and LOGISTIC in better:
        untuned[LOGISTIC], logistic = logistic, logistic_of(better[LOGISTIC])
    if better and BOOSTED in better:
        untuned[BOOSTED], boosted = boosted, boosted_of(better[BOOSTED])
    models: dict[str, Scoring] = {BOOSTED: boosted, LOGISTIC: logistic}
    with reporter.stage("Calibration and threshold"):
        return Trained(
            boosted, logistic, *(_all_calibrated(some, snapshots, settings.seed)
                                 for some in (models, untuned))
        )  # fmt: skip


def _all_calibrated(
    models: Mapping[str, Scoring], snapshots: Snapshots, seed: int
) -> dict[str, Calibrated]:
    rows = snapshots.rows_of(CALIBRATE)
    return {
        name: calibrated(
            model, margin_of(model, snapshots.blocks(CALIBRATE)), rows["label"].astype(bool),
            rows["weight"], rows["user"], rows["ordinal"], seed=seed,
        )
        for name, model in models.items()
    }  # fmt: skip


def calibrated(
    model: Scoring,
    margin: Floats,
    y: NDArray[np.bool_],
    weight: Floats,
    user: NDArray[np.int64],
    k: NDArray[np.integer],
    *,
    seed: int,
    kinds: Sequence[Kind] = KINDS,
    share: float = SHARE,
) -> Calibrated:
    """Fit the calibrator and choose the threshold on the calibrate part.

    Args:
        model: What gave the log-odds.
        margin: Log-odds of the part's rows (n,).
        y, weight, user, k: Of the same rows; as for `fit_calibrator`.
        seed: Deals the folds.
        kinds, share: As for `fit_calibrator`.
    """
    fitted = fit_calibrator(margin, y, weight, user, k, seed=seed, kinds=kinds, share=share)
    threshold = choose_threshold(fitted.cross_fitted, y, weight)
    return Calibrated(model, fitted.calibrator, threshold, fitted.calibrator(margin, k))


def train_rate(snapshots: Snapshots) -> float:
    """The share of train's moments that a purchase follows: what one knows without a model."""
    rows = snapshots.rows_of(TRAIN)
    return float(np.average(rows["label"], weights=rows["weight"]))


def margin_of(model: Scoring, blocks: Blocks) -> Floats:
    """Log-odds of rows that come in blocks (n,)."""
    return np.concatenate([np.empty(0), *(model.margin(X) for X in blocks)])
