"""Other libraries of boosted trees with the settings they come with.

Words are given to each as it wants them: as its own kind of category. Nothing else is set but the
seed, the threads and silence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import polars as pl


@dataclass(frozen=True)
class Booster:
    """A library as it comes.

    Attributes:
        new: Makes an unfitted model, told which columns hold words, and how many threads.
        categories: Whether words are given as pandas' categories, not as plain words.
        again: Of a model that watched some rows, the settings to fit it again with as many
            rounds as were best on them.
    """

    new: Callable[[list[str], int], Any]
    categories: bool
    again: Callable[[Any], dict[str, float]]

    def prepared(
        self, train: pl.DataFrame, test: pl.DataFrame
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Both tables for this library; levels are those of train."""
        before, after = train.to_pandas(), test.to_pandas()
        if self.categories:
            for name, dtype in train.schema.items():
                if dtype == pl.String:
                    levels = pd.CategoricalDtype(sorted(set(before[name])))
                    before[name] = before[name].astype(levels)
                    after[name] = after[name].astype(levels)
        return before, after


def _xgboost(words: list[str], threads: int) -> Any:
    import xgboost

    return xgboost.XGBClassifier(enable_categorical=True, random_state=0, n_jobs=threads)


def _catboost(words: list[str], threads: int) -> Any:
    from catboost import CatBoostClassifier

    return CatBoostClassifier(
        cat_features=words,
        random_seed=0,
        thread_count=threads,
        verbose=False,
        allow_writing_files=False,
    )


def _lightgbm(words: list[str], threads: int) -> Any:
    import lightgbm

    return lightgbm.LGBMClassifier(random_state=0, n_jobs=threads, verbose=-1)


def _rounds(losses: list[float]) -> dict[str, float]:
    return {"n_estimators": losses.index(min(losses)) + 1}


def _again_xgboost(model: Any) -> dict[str, float]:
    return _rounds(model.evals_result()["validation_0"]["logloss"])


def _again_catboost(model: Any) -> dict[str, float]:
    # It derives its learning rate from the rounds that it is told.
    rounds = _rounds(model.get_evals_result()["validation"]["Logloss"])
    return {**rounds, "learning_rate": model.learning_rate_}


def _again_lightgbm(model: Any) -> dict[str, float]:
    return _rounds(model.evals_result_["valid_0"]["binary_logloss"])


DEFAULTS = {
    "XGBoost": Booster(_xgboost, categories=True, again=_again_xgboost),
    "CatBoost": Booster(_catboost, categories=False, again=_again_catboost),
    "LightGBM": Booster(_lightgbm, categories=True, again=_again_lightgbm),
}
