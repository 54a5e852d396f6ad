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
        new: Makes an unfitted model.
        categories: Whether words are given as pandas' categories, not as plain words.
    """

    new: Callable[[], Any]
    categories: bool

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


def _xgboost() -> Any:
    import xgboost

    return xgboost.XGBClassifier(enable_categorical=True, random_state=0, n_jobs=1)


def _catboost() -> Any:
    from catboost import CatBoostClassifier
    from sklearn.base import BaseEstimator, ClassifierMixin

    class Words(ClassifierMixin, BaseEstimator):
        """CatBoost with the names of the columns of words, which it wants told."""

        def fit(self, X: pd.DataFrame, y: Any) -> Any:
            """Fit."""
            words = [name for name in X if not pd.api.types.is_numeric_dtype(X[name])]
            self.model_ = CatBoostClassifier(
                cat_features=words, random_seed=0, thread_count=1, verbose=False,
                allow_writing_files=False,
            ).fit(X, y)  # fmt: skip
            self.classes_ = self.model_.classes_
            return self

        def predict_proba(self, X: pd.DataFrame) -> Any:
            """Probabilities (n, 2)."""
            return self.model_.predict_proba(X)

    return Words()


def _lightgbm() -> Any:
    import lightgbm

    return lightgbm.LGBMClassifier(random_state=0, n_jobs=1, verbose=-1)


DEFAULTS = {
    "XGBoost": Booster(_xgboost, categories=True),
    "CatBoost": Booster(_catboost, categories=False),
    "LightGBM": Booster(_lightgbm, categories=True),
}
