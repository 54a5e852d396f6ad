"""Snapshots → two calibrated models, judged on the test part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from willbuy.errors import WillbuyError
from willbuy.evaluate.judge import judge
from willbuy.models.boosted import Boosted, fit_boosted
from willbuy.models.calibration import fit_calibrator
from willbuy.models.calibrator import Calibrator
from willbuy.models.logistic import Logistic, fit_logistic
from willbuy.models.threshold import Threshold, choose_threshold
from willbuy.moments.state import Records
from willbuy.progress import Reporter
from willbuy.settings import Settings
from willbuy.snapshots.from_events import Snapshots
from willbuy.snapshots.splits import CALIBRATE, TEST, TEST_OUTAGES, TRAIN

Floats = NDArray[np.float64]
Features = NDArray[np.float32]

BOOSTED, LOGISTIC = "xgboost", "logistic"


class _Scorer(Protocol):
    def margin(self, X: Features) -> Floats: ...


@dataclass(frozen=True)
class Calibrated:
    """A model with its calibrator and its threshold, both from the calibrate part."""

    model: _Scorer
    calibrator: Calibrator
    threshold: Threshold

    def probability(self, X: Features) -> Floats:
        """Calibrated probability of a later purchase."""
        return self.calibrator(self.model.margin(X))


@dataclass(frozen=True)
class Trained:
    """Both models."""

    boosted: Boosted
    logistic: Logistic
    by_name: dict[str, Calibrated]


def train(snapshots: Snapshots, settings: Settings, reporter: Reporter) -> Trained:
    """Fit both models on train; calibrate them and choose thresholds on calibrate.

    Raises:
        WillbuyError: A feature gave an infinite number.
    """
    _check_finite(snapshots.X, snapshots.names)
    X, rows = snapshots.of(TRAIN)
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
    del X
    X, rows = snapshots.of(CALIBRATE)
    by_name: dict[str, Calibrated] = {}
    with reporter.stage("Calibration and threshold"):
        models: dict[str, _Scorer] = {BOOSTED: boosted, LOGISTIC: logistic}
        for name, model in models.items():
            y, weight = rows["label"].astype(bool), rows["weight"]
            calibration = fit_calibrator(
                model.margin(X), y, weight, rows["user"], seed=settings.seed
            )
            threshold = choose_threshold(calibration.cross_fitted, y, weight)
            by_name[name] = Calibrated(model, calibration.calibrator, threshold)
    return Trained(boosted, logistic, by_name)


def judged(
    snapshots: Snapshots, trained: Trained, settings: Settings, reporter: Reporter
) -> tuple[dict[str, Any], dict[str, Floats]]:
    """Figures of both models on the test part, and their probabilities there."""
    X, rows = snapshots.of(TEST)
    on_outages = snapshots.of(TEST_OUTAGES)
    p = {name: one.probability(X) for name, one in trained.by_name.items()}
    told = {}
    with reporter.stage(f"Judging on test ({settings.judge.replicates} bootstrap replicates)"):
        for name, one in trained.by_name.items():
            others = {LOGISTIC: p[LOGISTIC]} if name == BOOSTED else {}
            told[name] = _judge(rows, p[name], one, settings, others)
            if len(on_outages[1]):
                both = np.concatenate([rows, on_outages[1]])
                p_both = np.concatenate([p[name], one.probability(on_outages[0])])
                with_them = _judge(both, p_both, one, settings, {})
                told[name]["with_outage_days"] = with_them["headline"]
    return told, p


def _judge(
    rows: Records, p: Floats, one: Calibrated, settings: Settings, others: dict[str, Floats]
) -> dict[str, Any]:
    return judge(
        rows["label"].astype(bool), p, rows["weight"], rows["user"], rows["visit"],
        rows["ordinal"], threshold=one.threshold.value, seed=settings.seed,
        replicates=settings.judge.replicates, threads=settings.workers, others=others,
        session_moments=rows["moments"],
    )  # fmt: skip


def _check_finite(X: Features, names: list[str]) -> None:
    for i, name in enumerate(names):
        if np.isinf(X[:, i]).any():
            raise WillbuyError(
                f"The feature {name} gave an infinite number. A feature gives a finite number, "
                "or nan where there is none; divide with a check for zero."
            )


def counts(snapshots: Snapshots, part: int) -> dict[str, Any]:
    """How large a part is: its sessions whatever was drawn of them, and its rows."""
    sessions = snapshots.sessions_of(part)
    rows = snapshots.rows_of(part)
    return {
        "sessions": len(sessions),
        "buying_sessions": int((sessions["purchase"] > 0).sum()),
        "users": len(np.unique(sessions["user"])),
        "moments": int(sessions["moments"].sum()),
        "rows": len(rows),
        "positive_rows": int(rows["label"].sum()),
    }
