"""Snapshots → two calibrated models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

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
    """Both models."""

    boosted: Boosted
    logistic: Logistic
    by_name: dict[str, Calibrated]


def train(snapshots: Snapshots, settings: Settings, reporter: Reporter) -> Trained:
    """Fit both models on train; calibrate them and choose thresholds on calibrate.

    Raises:
        WillbuyError: `model.params` names what there is not, or all labels are alike.
    """
    X, rows = snapshots.blocks(TRAIN), snapshots.rows_of(TRAIN)
    y, weight = rows["label"].astype(bool), rows["weight"]
    with reporter.stage("Logistic regression"):
        logistic = fit_logistic(X, y, weight, snapshots.names, seed=settings.seed)
    with reporter.stage("Boosted trees") as stage:

        def tell(name: str, done: int, at_most: int, loss: float | None) -> None:
            lost = f", log loss {loss:.4f}" if loss is not None else f" of {at_most}"
            stage.note(f"{name}: round {done}{lost}")

        try:
            boosted = fit_boosted(
                X, y, weight, rows["start"], snapshots.names,
                seed=settings.seed, threads=settings.workers,
                params=settings.model.params, progress=tell,
            )  # fmt: skip
        except ValueError as problem:
            raise WillbuyError(f"model.params: {problem}") from problem
    rows = snapshots.rows_of(CALIBRATE)
    with reporter.stage("Calibration and threshold"):
        models: dict[str, Scoring] = {BOOSTED: boosted, LOGISTIC: logistic}
        by_name = {
            name: calibrated(
                model, margin_of(model, snapshots.blocks(CALIBRATE)), rows["label"].astype(bool),
                rows["weight"], rows["user"], rows["ordinal"], seed=settings.seed,
            )
            for name, model in models.items()
        }  # fmt: skip
    return Trained(boosted, logistic, by_name)


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
