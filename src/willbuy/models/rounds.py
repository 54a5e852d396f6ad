"""Training a booster round by round, on some rows or on all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.snapshots.blocks import Blocks

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int, float | None], None]
"""Told after each round: ``search`` or ``fit``, rounds done, rounds at most, tail log loss."""

_LEAST = 1e-7
"""The least probability, of float32, whose log loss is finite."""


@dataclass(frozen=True)
class Trainer:
    """Train rows and what stays the same over the trainings on them.

    Attributes:
        X: Blocks of float32 (m, F), nan where missing; n rows in all. None is held longer than
            it takes to bin it.
        y: Labels (n,).
        weight: Weights (n,) of mean 1.
        names: The F columns.
        seed: Draws rows and columns.
        threads: How many.
        progress: Told after each round.
    """

    X: Blocks
    y: NDArray[np.bool_]
    weight: Floats
    names: tuple[str, ...]
    seed: int
    threads: int
    progress: Progress | None

    def base_rate(self, rows: NDArray[np.bool_]) -> float:
        """Weighted share of positives."""
        return float(np.average(self.y[rows], weights=self.weight[rows]))

    def search(
        self,
        settings: Mapping[str, float],
        learn: NDArray[np.bool_],
        split: tuple[Any, Any],
    ) -> tuple[float, int, int]:
        """How well the rows held out are told when only some others are learnt from.

        Args:
            settings: XGBoost's; at most ``rounds`` rounds.
            learn: The rows to learn from (n,).
            split: What `split` made of them and of those held out.

        Returns:
            The lowest log loss, after how many rounds, and how many leaves these have together.
        """
        others, kept = split
        booster, curve = self._train(others, settings, learn, kept)
        rounds = int(np.argmin(curve)) + 1
        leaves = sum(tree.count("leaf=") for tree in booster[:rounds].get_dump())
        return min(curve), rounds, leaves

    def split(
        self, settings: Mapping[str, float], learn: NDArray[np.bool_], held: NDArray[np.bool_]
    ) -> tuple[Any, Any]:
        """Bin the rows to learn from, and by the same borders those held out."""
        others = self._matrix(learn, settings)
        return others, self._matrix(held, settings, like=others)

    def fit(self, settings: Mapping[str, float], rows: NDArray[np.bool_] | None = None) -> Any:
        """Return a booster of exactly ``rounds`` rounds learnt from these rows, or from all."""
        rows = self._all() if rows is None else rows
        return self._train(self._matrix(rows, settings), settings, rows)[0]

    def search_then_fit(
        self, settings: Mapping[str, float], held: NDArray[np.bool_], stride: int = 1
    ) -> tuple[Any, list[float]]:
        """Search with some rows held out, then fit as many rounds as were best on all.

        All rows are binned once, which takes a long log more time and memory than anything else
        here; those held out weigh nothing while the others are learnt from.

        Args:
            settings: XGBoost's; at most ``rounds`` rounds.
            held: The rows held out (n,), few beside the others.
            stride: For how many rounds one of the search stands, at so much larger steps.

        Returns:
            The booster, and the log loss of the rows held out by round of the search.
        """
        matrix = self._matrix(self._all(), settings)
        matrix.set_weight(np.where(held, 0.0, self.weight))
        quick = {
            **settings,
            "learning_rate": stride * settings["learning_rate"],
            "rounds": -(-settings["rounds"] // stride),
            "patience": -(-settings["patience"] // stride),
        }
        curve = self._train(matrix, quick, ~held, held=held)[1]
        matrix.set_weight(self.weight)
        best = {**settings, "rounds": stride * (int(np.argmin(curve)) + 1)}
        return self._train(matrix, best, self._all())[0], curve

    def _all(self) -> NDArray[np.bool_]:
        return np.ones(len(self.y), dtype=np.bool_)

    def _log_loss(self, held: NDArray[np.bool_]) -> Callable[[Any, Any], tuple[str, float]]:
        y, weight = self.y[held], self.weight[held]

        def log_loss(p: Any, matrix: Any) -> tuple[str, float]:
            p = np.clip(p[held].astype(np.float64), _LEAST, 1 - _LEAST)
            lost = -np.where(y, np.log(p), np.log1p(-p))
            return "logloss", float(np.average(lost, weights=weight))

        return log_loss

    def _matrix(
        self, rows: NDArray[np.bool_], settings: Mapping[str, float], like: Any = None
    ) -> Any:
        import xgboost

        return xgboost.QuantileDMatrix(
            _feeder(self, rows), nthread=self.threads, max_bin=int(settings["max_bin"]), ref=like
        )

    def _train(
        self,
        matrix: Any,
        settings: Mapping[str, float],
        rows: NDArray[np.bool_],
        later: Any = None,
        held: NDArray[np.bool_] | None = None,
    ) -> tuple[Any, list[float]]:
        """Train on a matrix whose other rows weigh nothing; judge by another, or by `held` rows."""
        import xgboost

        rate = self.base_rate(rows)
        rounds = int(settings["rounds"])
        judge = later if held is None else matrix
        told: Any = _reporter(self.progress, "fit" if judge is None else "search", rounds)
        booster = xgboost.train(
            {
                "objective": "binary:logistic",
                **(
                    {"eval_metric": "logloss"}
                    if held is None
                    else {"disable_default_eval_metric": 1}
                ),
                "tree_method": "hist",
                "base_score": rate,
                "seed": self.seed,
                "nthread": self.threads,
                "max_depth": int(settings["max_depth"]),
                "max_bin": int(settings["max_bin"]),
                # On few rows the usual least weight of a leaf would forbid every split.
                "min_child_weight": min(
                    settings["min_child_weight"], int(rows.sum()) * rate * (1 - rate) / 20
                ),
                **{
                    name: settings[name]
                    for name in ("learning_rate", "subsample", "colsample_bytree", "reg_lambda")
                },
            },
            matrix,
            num_boost_round=rounds,
            evals=[] if judge is None else [(judge, "tail")],
            custom_metric=None if held is None else self._log_loss(held),
            early_stopping_rounds=None if judge is None else int(settings["patience"]),
            verbose_eval=False,
            callbacks=told,
        )
        return booster, told[0].curve


def _feeder(train: Trainer, chosen: NDArray[np.bool_]) -> Any:
    """Hands the chosen rows to XGBoost block by block, as often as it asks."""
    import xgboost

    class Feeder(xgboost.DataIter):
        def reset(self) -> None:
            self.blocks = iter(train.X)
            self.begin = 0

        def next(self, input_data: Any) -> bool:
            for block in self.blocks:
                rows = slice(self.begin, self.begin + len(block))
                self.begin += len(block)
                mine = chosen[rows]
                if not mine.any():
                    continue
                input_data(
                    data=block if mine.all() else block[mine],
                    label=train.y[rows][mine],
                    weight=train.weight[rows][mine],
                    feature_names=list(train.names),
                )
                return True
            return False

    feeder = Feeder()
    feeder.reset()
    return feeder


def _reporter(progress: Progress | None, stage: str, rounds: int) -> list[Any]:
    import xgboost

    class Reporter(xgboost.callback.TrainingCallback):
        """Keeps the tail's log loss and passes it on."""

        curve: list[float]

        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            self.curve = list(evals_log["tail"]["logloss"]) if evals_log else []
            if progress is not None:
                progress(stage, epoch + 1, rounds, self.curve[-1] if self.curve else None)
            return False

    return [Reporter()]
