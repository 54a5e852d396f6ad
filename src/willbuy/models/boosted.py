"""Gradient boosted trees: XGBoost, stopped by the latest sessions it has not seen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.models.labels import both_kinds
from willbuy.models.rounds import Floats, Progress, Trainer
from willbuy.snapshots.blocks import Blocks, as_blocks

DEFAULTS: Mapping[str, float] = {
    "rounds": 1000,
    "patience": 30,
    "max_depth": 5,
    "learning_rate": 0.05,
    "min_child_weight": 30.0,
    "subsample": 0.7,
    "colsample_bytree": 0.5,
    "reg_lambda": 1.0,
    "max_bin": 256,
}
"""``rounds`` at most, stopped after ``patience`` rounds without gain; the rest as XGBoost says."""

TAIL = 0.15
"""The share of rows, the latest, that decides when to stop."""

MANY, STRIDE, LONGEST = 1_000_000, 3, 0.3
"""On more rows than this the search takes steps this many times as long, if they are not longer
than the last, and each of its rounds stands for as many."""

FEW = 10
"""With fewer positives on a side, nothing is searched for."""

_FEW_PLAN = {"rounds": 40, "max_depth": 2}
_ATTRIBUTE = "willbuy"


@dataclass(frozen=True, eq=False)
class Boosted:
    """A fitted booster.

    Attributes:
        booster: XGBoost's own.
        metadata: ``rounds`` kept; ``curve``, the tail's log loss by round of the search (empty
            if there was none), and ``stride``, for how many rounds each of these stands;
            ``settings`` as used; ``seed``, ``threads``, ``rows``, ``tail_rows``, ``base_rate``,
            and a ``note`` where the search was left out.
    """

    booster: Any
    metadata: Mapping[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        """The F columns, in order."""
        return tuple(self.booster.feature_names)

    def margin(self, X: NDArray[np.float32]) -> Floats:
        """Log-odds of each row; a row's bits do not depend on the rows beside it.

        Args:
            X: float32 (n, F), nan where missing.

        Returns:
            float64 (n,), of float32 precision.
        """
        if len(X) == 0:
            return np.empty(0)
        margin = self.booster.inplace_predict(X, predict_type="margin", missing=np.nan)
        return np.asarray(margin, dtype=np.float64)

    def contributions(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """Exact SHAP values in log-odds (TreeSHAP, Lundberg et al. 2020).

        Args:
            X: float32 (n, F), nan where missing.

        Returns:
            float32 (n, F + 1): a column a feature, then the base; a row adds up to its margin.
        """
        import xgboost

        if len(X) == 0:
            return np.empty((0, X.shape[1] + 1), dtype=np.float32)
        # One thread: waking others costs more than the copy, and most when the machine is busy.
        matrix = xgboost.DMatrix(X, feature_names=list(self.names), nthread=1)
        return np.asarray(self.booster.predict(matrix, pred_contribs=True))

    def save(self, path: Path) -> None:
        """Write XGBoost's own format (.ubj or .json) with the metadata among its attributes."""
        told = self.booster.copy()
        told.set_attr(**{_ATTRIBUTE: json.dumps(self.metadata)})
        told.save_model(path)

    @classmethod
    def load(cls, path: Path, *, threads: int = 0) -> Boosted:
        """Read what `save` wrote, with identical predictions.

        Args:
            path: The file.
            threads: To predict with; 0 is all.
        """
        import xgboost

        booster = xgboost.Booster({"nthread": threads}, model_file=path)
        return cls(booster, json.loads(booster.attr(_ATTRIBUTE) or "{}"))


def fit_boosted(
    X: NDArray[np.float32] | Blocks,
    y: NDArray[np.bool_],
    weight: Floats,
    time: NDArray[np.int64],
    names: Sequence[str],
    *,
    seed: int,
    threads: int,
    params: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> Boosted:
    """Find the number of rounds on the latest sessions, then fit that many on all rows.

    The latest 15 % of rows stand in for the future: what is learnt before them is scored on
    them, round by round, by weighted log loss. They are also the rows most like those to come,
    so the final booster learns from them too. It keeps the number of rounds found: with a sixth
    more rows the best number is, if anything, a little higher.

    On more than a million rows the search takes steps three times as long and a third of the
    rounds: their product is what decides (Friedman 2001, section 5).

    With fewer than 10 positives on either side the search would follow noise: 40 rounds of
    depth 2 are fitted instead, and the metadata says so.

    Args:
        X: float32 (n, F), nan where missing, or blocks of it.
        y: Labels (n,).
        weight: Sampling weights (n,); scaled to mean 1, so that settings keep their meaning.
        time: int64 (n,), the *session's* start of each row: no session is on both sides.
        names: The F column names.
        seed: Draws rows and columns; the same seed and threads give the same booster.
        threads: How many.
        params: Overrides of `DEFAULTS`.
        progress: Told after each round.

    Returns:
        The fitted booster.

    Raises:
        WillbuyError: if all labels are alike.
        ValueError: if ``params`` has a name that `DEFAULTS` has not.
    """
    settings = checked(params)
    y, weight = both_kinds(y), weight / weight.mean()
    train = Trainer(as_blocks(X), y, weight, tuple(names), seed, threads, progress)

    tail = latest(time)
    positives = fewest(y, tail, ~tail)
    curve: list[float] = []
    note, stride = "", 1
    if positives >= FEW:
        if len(y) > MANY and STRIDE * settings["learning_rate"] <= LONGEST:
            stride = STRIDE
        booster, curve = train.search_then_fit(settings, tail, stride)
        settings["rounds"] = booster.num_boosted_rounds()
    else:
        settings = few_plan(settings)
        booster = train.fit(settings)
        note = (
            f"Only {positives} positive moments on one side of the border between the earlier "
            f"{1 - TAIL:.0%} and the later {TAIL:.0%} of train: the number of rounds was not "
            "searched for, and the trees are kept small."
        )
    return _told(booster, train, settings, curve, int(tail.sum()) if curve else 0, note, stride)


def fit_rounds(
    X: NDArray[np.float32] | Blocks,
    y: NDArray[np.bool_],
    weight: Floats,
    names: Sequence[str],
    *,
    seed: int,
    threads: int,
    params: Mapping[str, float],
    note: str = "",
    progress: Progress | None = None,
) -> Boosted:
    """Fit exactly as many rounds as the settings say on all rows, as after `tune`.

    Args:
        X, y, weight, names, seed, threads, progress: As for `fit_boosted`.
        params: Overrides of `DEFAULTS`, ``rounds`` among them.
        note: Goes into the metadata.

    Returns:
        The fitted booster.

    Raises:
        WillbuyError: if all labels are alike.
        ValueError: if ``params`` has a name that `DEFAULTS` has not.
    """
    y, weight = both_kinds(y), weight / weight.mean()
    train = Trainer(as_blocks(X), y, weight, tuple(names), seed, threads, progress)
    settings = checked(params)
    return _told(train.fit(settings), train, settings, [], 0, note)


def _told(
    booster: Any,
    train: Trainer,
    settings: Mapping[str, float],
    curve: list[float],
    tail_rows: int,
    note: str,
    stride: int = 1,
) -> Boosted:
    return Boosted(
        booster,
        {
            "rounds": int(settings["rounds"]),
            "curve": curve,
            "stride": stride,
            "settings": dict(settings),
            "seed": train.seed,
            "threads": train.threads,
            "rows": len(train.y),
            "tail_rows": tail_rows,
            "base_rate": train.base_rate(np.ones(len(train.y), dtype=np.bool_)),
            "note": note,
        },
    )


def latest(time: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The latest `TAIL` of rows (n,), sessions whole."""
    return np.asarray(time >= np.sort(time)[int((1 - TAIL) * len(time))])


def fewest(y: NDArray[np.bool_], *sides: NDArray[np.bool_]) -> int:
    """Positives on the side (n,) that has the fewest; 0 if one has no other rows."""
    return min(0 if y[side].all() else int(y[side].sum()) for side in sides)


def few_plan(settings: Mapping[str, float]) -> dict[str, float]:
    """Settings for labels too few to search with: 40 rounds of depth 2 at most."""
    return {**settings} | {name: min(settings[name], most) for name, most in _FEW_PLAN.items()}


def checked(params: Mapping[str, float] | None) -> dict[str, float]:
    """All settings: `DEFAULTS` with these overrides; ValueError if one is unknown."""
    given = dict(params or {})
    if unknown := sorted(given.keys() - DEFAULTS.keys()):
        raise ValueError(f"unknown boosting settings {unknown}; there are {sorted(DEFAULTS)}")
    return {**DEFAULTS, **given}
