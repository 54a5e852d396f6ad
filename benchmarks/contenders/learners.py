"""Contenders on the rows of moments: each learns from train and tells probabilities of test.

All are given the same rows. The validation rows are the latest 15 % of train, sessions whole;
whoever has chosen by them may learn from them too in the end, as our own trainer does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import expit

from contenders.boosters import DEFAULTS
from kept import Kept
from willbuy.job.train import BOOSTED, train
from willbuy.models.boosted import fit_boosted, latest
from willbuy.models.logistic import fit_logistic
from willbuy.models.tuning import SPACE, tune
from willbuy.models.windows import time_views
from willbuy.progress import Reporter, Silent
from willbuy.settings import Settings
from willbuy.snapshots.splits import TEST, TRAIN

RECIPE = (
    *("views", "carts", "mean_price", "highest_price", "distinct_categories"),
    *("distinct_brands", "duration"),
)
"""The common recipe's columns, at a moment: nothing of them lies after it."""

SEARCHING = 0.85
"""The search's share of the time; the rest is for its last trial and for the fit."""


def recipe_logistic(kept: Kept, settings: Settings) -> np.ndarray:
    """The recipe's columns, learnt by our logistic regression."""
    rows, X = kept.rows_of(TRAIN), kept.array(TRAIN, RECIPE)
    y = rows["label"].astype(bool)
    model = fit_logistic(X, y, rows["weight"], RECIPE, seed=settings.seed)
    return expit(model.margin(kept.array(TEST, RECIPE)))


def recipe_xgboost(kept: Kept, settings: Settings) -> np.ndarray:
    """The recipe's columns, learnt by our boosted trees: only the columns differ from ours."""
    rows, X = kept.rows_of(TRAIN), kept.array(TRAIN, RECIPE)
    model = fit_boosted(
        X, rows["label"].astype(bool), rows["weight"], rows["start"], RECIPE,
        seed=settings.seed, threads=settings.workers,
    )  # fmt: skip
    return expit(model.margin(kept.array(TEST, RECIPE)))


def defaults(name: str, kept: Kept, settings: Settings) -> np.ndarray:
    """A library as it comes; its number of rounds, at most its default, by the validation rows."""
    rows, X = kept.rows_of(TRAIN), kept.array(TRAIN)
    y, weight, held = rows["label"], rows["weight"], latest(rows["start"])
    library = DEFAULTS[name]
    first = library.new([], settings.workers)
    first.fit(X[~held], y[~held], sample_weight=weight[~held], eval_set=[(X[held], y[held])])
    again = library.new([], settings.workers).set_params(**library.again(first))
    again.fit(X, y, sample_weight=weight)
    return again.predict_proba(kept.array(TEST))[:, 1].astype(np.float64)


def ours(kept: Kept, settings: Settings, told: Reporter) -> dict[str, np.ndarray]:
    """Both models of a run by name, calibrated, as `willbuy run` makes them."""
    trained = train(kept, settings, told)
    return {name: one.on(kept, TEST) for name, one in trained.by_name.items()}


def by_settings(kept: Kept, settings: Settings, params: Mapping[str, Any]) -> np.ndarray:
    """Our boosted trees by settings that were found elsewhere."""
    model = settings.model.model_copy(update={"params": dict(params)})
    return ours(kept, settings.model_copy(update={"model": model}), Silent())[BOOSTED]


def tuned(kept: Kept, settings: Settings, seconds: float) -> tuple[np.ndarray, dict[str, Any]]:
    """Ours with settings that were searched for, as `willbuy run --tune` searches on train.

    The seconds hold for the search and the fit.
    """
    rows = kept.rows_of(TRAIN)
    views = time_views(kept.array(TRAIN), kept.names, rows["start"], gap=kept.gap)
    found = tune(
        views, rows["label"].astype(bool), rows["weight"], seconds=SEARCHING * seconds,
        seed=settings.seed, threads=settings.workers, params=settings.model.params,
    )  # fmt: skip
    better = {name: found.settings[name] for name in SPACE} if found.history else {}
    params = {**settings.model.params, **better}
    p = by_settings(kept, settings, params)
    told = {"trials": len(found.history), "settings": params, "validation_log_loss": found.loss}
    return p, told
