"""A table's rows → two calibrated models, by the code that trains on snapshots."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.bundle.table import once
from willbuy.events.keys import mix_all
from willbuy.job.table_rows import TableRows
from willbuy.job.train import BOOSTED, LOGISTIC, Scoring, Trained, calibrated
from willbuy.models.boosted import fit_boosted, fit_rounds, latest
from willbuy.models.calibration import SHARE
from willbuy.models.calibrator import KINDS, Kind
from willbuy.models.encoding import FOLDS
from willbuy.models.folds import user_folds
from willbuy.models.logistic import fit_logistic
from willbuy.models.tuning import table_views, tune
from willbuy.progress import Reporter
from willbuy.settings import Settings
from willbuy.snapshots.splits import CALIBRATE, TRAIN
from willbuy.snapshots.table_split import earliest

Ints = NDArray[np.int64]

_KINDS: tuple[Kind, ...] = tuple(kind for kind in KINDS if kind != "by_k")
"""A row is a whole session: how far it is says nothing."""


def train_table(
    rows: TableRows, settings: Settings, reporter: Reporter, trials: int = 0
) -> Trained:
    """Fit both models on train; calibrate them and choose thresholds on calibrate.

    With trials, the settings of the trees are searched for first: on the latest of train where
    there is a time, else over folds of groups; each view is encoded without what it is judged by.

    Raises:
        WillbuyError: All labels are alike.
    """
    names = rows.encoder.names
    at = rows.at(TRAIN)
    X, y, weight = rows.X[at], rows.table.y[at], np.ones(len(at))
    # The last groups of train decide when to stop; without a time that is a draw of groups.
    time, key = rows.table.time_at(at), rows.key[at]
    order = earliest(key, time) if time is not None else _drawn(key, settings)
    with reporter.stage("Logistic regression"):
        logistic = fit_logistic(X, y, weight, names, seed=settings.seed)
    same: dict[str, Any] = {"seed": settings.seed, "threads": settings.workers}
    if trials:
        with reporter.stage(f"Searching settings ({trials} trials)", trials) as stage:
            held = _held(rows, at, y, order, settings.seed)
            views = table_views(rows.frame_at(at), y, held, seed=settings.seed, groups=key,
                                time=time)  # fmt: skip
            tuned = tune(
                views, y, weight, trials=trials, params=settings.model.params,
                progress=lambda *_: stage.advance(1), **same,
            )  # fmt: skip
    with reporter.stage("Boosted trees"):
        if trials:
            boosted = fit_rounds(X, y, weight, names, params=tuned.settings, note=tuned.note,
                                 **same)  # fmt: skip
        else:
            boosted = fit_boosted(X, y, weight, order, names, params=settings.model.params,
                                  **same)  # fmt: skip
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


def _held(
    rows: TableRows, at: Ints, y: NDArray[np.bool_], order: Ints, seed: int
) -> list[NDArray[np.bool_]]:
    """The rows of train that settings are judged by: the latest, or each fold in turn."""
    if rows.table.time is not None:
        return [latest(order)]
    fold = user_folds(rows.key[at], y, folds=FOLDS, seed=seed)
    return [fold == held for held in range(FOLDS)]


def _drawn(key: Ints, settings: Settings) -> Ints:
    # Other bits than those that decided the part.
    return np.asarray(mix_all(key, settings.seed + 1) >> np.uint64(1), np.int64)
