"""A table's rows → two calibrated models, by the code that trains on snapshots."""

from __future__ import annotations

import numpy as np

from willbuy.bundle.table import once
from willbuy.errors import WillbuyError
from willbuy.events.keys import mix_all
from willbuy.job.table_rows import TableRows
from willbuy.job.train import BOOSTED, LOGISTIC, Scoring, Trained, calibrated
from willbuy.models.boosted import fit_boosted
from willbuy.models.calibration import SHARE
from willbuy.models.calibrator import KINDS, Kind
from willbuy.models.logistic import fit_logistic
from willbuy.progress import Reporter
from willbuy.settings import Settings
from willbuy.snapshots.splits import CALIBRATE, TRAIN

_KINDS: tuple[Kind, ...] = tuple(kind for kind in KINDS if kind != "by_k")
"""A row is a whole session: how far it is says nothing."""


def train_table(rows: TableRows, settings: Settings, reporter: Reporter) -> Trained:
    """Fit both models on train; calibrate them and choose thresholds on calibrate.

    Raises:
        WillbuyError: `model.params` names what there is not, or all labels are alike.
    """
    names = rows.encoder.names
    at = rows.at(TRAIN)
    X, y, weight = rows.X[at], rows.table.y[at], np.ones(len(at))
    # The last of train decide when to stop; without a time that is a draw of groups.
    order = rows.table.time[at] if rows.table.time is not None else _drawn(rows.key[at], settings)
    with reporter.stage("Logistic regression"):
        logistic = fit_logistic(X, y, weight, names, seed=settings.seed)
    with reporter.stage("Boosted trees"):
        try:
            boosted = fit_boosted(
                X, y, weight, order, names,
                seed=settings.seed, threads=settings.workers, params=settings.model.params,
            )  # fmt: skip
        except ValueError as problem:
            raise WillbuyError(f"model.params: {problem}") from problem
    at = rows.at(CALIBRATE)
    X, y, key = rows.X[at], rows.table.y[at], rows.key[at]
    with reporter.stage("Calibration and threshold"):
        models: dict[str, Scoring] = {BOOSTED: boosted, LOGISTIC: logistic}
        by_name = {
            name: calibrated(
                model, model.margin(X), y, np.ones(len(at)), key, once(len(at)),
                seed=settings.seed, kinds=_KINDS, share=SHARE if rows.split.by == "time" else 1.0,
            )
            for name, model in models.items()
        }  # fmt: skip
    return Trained(boosted, logistic, by_name)


def _drawn(key: np.ndarray, settings: Settings) -> np.ndarray:
    # Other bits than those that decided the part.
    return np.asarray(mix_all(key, settings.seed + 1) >> np.uint64(1), np.int64)
