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
        new: Makes an unfitted model, told which columns hold words.
        categories: Whether words are given as pandas' categories, not as plain words.
    """

    new: Callable[[list[str]], Any]
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


def _xgboost(words: list[str]) -> Any:
    import xgboost

    return xgboost.XGBClassifier(enable_categorical=True, random_state=0, n_jobs=1)


def _catboost(words: list[str]) -> Any:
    from catboost import CatBoostClassifier

    return CatBoostClassifier(
        cat_features=words,
        random_seed=0,
        thread_count=1,
        verbose=False,
        allow_writing_files=False,
    )


def _lightgbm(words: list[str]) -> Any:
    import lightgbm

    return lightgbm.LGBMClassifier(random_state=0, n_jobs=1, verbose=-1)


DEFAULTS = {
    "XGBoost": Booster(_xgboost, categories=True),
    "CatBoost": Booster(_catboost, categories=False),
    "LightGBM": Booster(_lightgbm, categories=True),
}
