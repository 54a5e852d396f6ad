"""Session tables: our model beside XGBoost, CatBoost and LightGBM as they come, in the same folds.

    python benchmarks/shoppers.py
    python benchmarks/shoppers.py --data online_shoppers_intention.csv --trials 30 --repeats 3

The table is UCI's Online Shoppers Purchasing Intention (Sakar et al. 2019; CC BY 4.0), looked for
at --data, in the folder that WILLBUY_DATA names, and in ../shared/data. Stratified 3-fold cross-
validation, three times over, with and without PageValues. All that a model is made of, encoder,
settings, calibrator and threshold, is made inside the fold's own train rows.

Figures are means over the folds. Intervals are of a paired bootstrap over the table's rows: a row
that is drawn twice is drawn twice for every model and in every repeat. They cover which sessions
came; training again, and other times, they do not.

PageValues is Google Analytics' value of the pages seen, computed from transactions; nothing keeps
this session's own out. With it a figure is no forecast; published figures mostly have it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from sklearn.model_selection import StratifiedKFold

from contenders.boosters import DEFAULTS
from machine import machine
from willbuy.evaluate.bootstrap import interval, replicates
from willbuy.evaluate.metrics import METRICS, error_by_chance, point_figures
from willbuy.models import (
    choose_threshold,
    fit_calibrator,
    fit_encoder,
    fit_rounds,
    held_margin,
    table_views,
    tune,
)
from willbuy.models.folds import user_folds

NAME = "online_shoppers_intention.csv"
LABEL = "Revenue"
FROM_TRANSACTIONS = "PageValues"
OURS = "willbuy"
TOLD = ("roc_auc", "average_precision", "f1", "log_loss", "calibration_error")
FOLDS = 3
CALIBRATORS = ("none", "sigmoid", "beta", "isotonic")
PUBLISHED = "TabICLv2 .9377, CatBoost .9324, XGBoost .9198"


class Job(NamedTuple):
    """One fold of one repeat, with or without the column."""

    path: Path
    known: bool
    repeat: int
    fold: int
    trials: int


class Answer(NamedTuple):
    """What one model says of the rows of one fold."""

    p: np.ndarray
    threshold: float
    seconds: float


def read(path: Path, known: bool) -> tuple[pl.DataFrame, np.ndarray]:
    """The table without its label, and the label."""
    table = pl.read_csv(path, separator=";", infer_schema_length=None)
    y = table.get_column(LABEL).to_numpy()
    return table.drop(LABEL, *([] if known else [FROM_TRANSACTIONS])), y


def rows_of(y: np.ndarray, repeat: int, fold: int) -> tuple[np.ndarray, np.ndarray]:
    """Places of the train and test rows of one fold."""
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=repeat)
    return list(folds.split(y, y))[fold]


def ours(train: pl.DataFrame, y: np.ndarray, test: pl.DataFrame, trials: int) -> Answer:
    """Our encoder, search, trees and calibrator, made of train alone."""
    begin = time.process_time()
    rows, once = np.arange(len(y)), np.ones(len(y))
    fold = user_folds(rows, y, folds=FOLDS, seed=0)
    views = table_views(train, y, [fold == at for at in range(FOLDS)], seed=0)
    how: dict[str, Any] = {"seed": 0, "threads": 1}
    settings = tune(views, y, once, trials=trials, **how).settings
    margin = held_margin(views, y, once, settings=settings, **how)
    k = np.ones(len(y), dtype=np.int32)
    calibration = fit_calibrator(margin, y, once, rows, k, seed=0, kinds=CALIBRATORS, share=1.0)
    threshold = choose_threshold(calibration.cross_fitted, y, once).value
    encoder, X = fit_encoder(train, y, seed=0)
    booster = fit_rounds(X, y, once, encoder.names, params=settings, **how)
    margin = booster.margin(encoder.transform(test))
    p = calibration.calibrator(margin, np.ones(len(margin), dtype=np.int32))
    return Answer(p, threshold, time.process_time() - begin)


def theirs(name: str, train: pl.DataFrame, y: np.ndarray, test: pl.DataFrame) -> Answer:
    """Another library as it comes; its threshold from probabilities cross-fitted on train."""
    begin = time.process_time()
    model = DEFAULTS[name]
    before, after = model.prepared(train, test)
    words = [column for column, dtype in train.schema.items() if dtype == pl.String]
    crossed = np.empty(len(y))
    for seen, unseen in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(y, y):
        fitted = model.new(words, 1).fit(before.iloc[seen], y[seen])
        crossed[unseen] = fitted.predict_proba(before.iloc[unseen])[:, 1]
    threshold = choose_threshold(crossed, y, np.ones(len(y))).value
    p = model.new(words, 1).fit(before, y).predict_proba(after)[:, 1].astype(np.float64)
    return Answer(p, threshold, time.process_time() - begin)


def answers(job: Job) -> dict[str, Answer]:
    """Every model's answer for one fold."""
    table, y = read(job.path, job.known)
    before, after = rows_of(y, job.repeat, job.fold)
    train, test = table[before], table[after]
    return {OURS: ours(train, y[before], test, job.trials)} | {
        name: theirs(name, train, y[before], test) for name in DEFAULTS
    }


class Figures(NamedTuple):
    """A model's figures, means over the folds.

    Attributes:
        mean: (metrics,)
        drawn: (replicates, metrics)
        folds: ROC-AUC of each fold.
        chance: What the calibration error of a perfect model would be, median.
        seconds: Of training, in all folds.
    """

    mean: np.ndarray
    drawn: np.ndarray
    folds: list[float]
    chance: float
    seconds: float


def figures(folds: list[tuple[Job, Answer]], y: np.ndarray) -> Figures:
    """Judge one model's answers."""
    points, drawn, chance = [], [], []
    for job, (p, threshold, _) in folds:
        at = rows_of(y, job.repeat, job.fold)[1]
        once = np.ones(len(at))
        told = point_figures(y[at], p, once, threshold=threshold)
        points.append([told[name] for name in METRICS])
        # Drawn by a hash of the row's place: the same rows in every repeat and for every model.
        drawn.append(replicates(y[at], p, once, at, threshold=threshold, seed=0, count=1000))
        chance.append(error_by_chance(p, once, at, seed=0)["median"])
    auc = [point[METRICS.index("roc_auc")] for point in points]
    seconds = sum(answer.seconds for _, answer in folds)
    return Figures(
        np.mean(points, axis=0), np.mean(drawn, axis=0), auc, float(np.mean(chance)), seconds
    )


def told(value: float, drawn: np.ndarray, sign: str = "") -> str:
    """A figure with its interval."""
    low, high = interval(drawn) or (np.nan, np.nan)
    return f"{value:{sign}.4f} ({low:{sign}.4f} to {high:{sign}.4f})"


def show(found: dict[str, Figures]) -> None:
    """Print the figures and the paired differences, as tables in Markdown."""
    columns = [METRICS.index(name) for name in TOLD]
    names = "ROC-AUC | average precision | F1 | log loss | calibration error"
    print(f"\n| model | {names} | by chance | CPU s |\n|---|---|---|---|---|---|---|---|")
    for name, one in found.items():
        cells = [told(one.mean[at], one.drawn[:, at]) for at in columns]
        print(f"| {name} | {' | '.join(cells)} | {one.chance:.4f} | {one.seconds:.0f} |")
    print(f"\n| willbuy minus | {names} |\n|---|---|---|---|---|---|")
    for name, one in found.items():
        if name != OURS:
            gain, drawn = found[OURS].mean - one.mean, found[OURS].drawn - one.drawn
            cells = [told(gain[at], drawn[:, at], "+") for at in columns]
            print(f"| {name} | {' | '.join(cells)} |")
    print("\nROC-AUC by fold:")
    for name, one in found.items():
        print(f"  {name:18s} {' '.join(f'{auc:.4f}' for auc in one.folds)}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="the table, or its folder")
    parser.add_argument("--trials", type=int, default=30, help="of the search in each fold")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    path = find(given.data)
    if path is None:
        print(f"{NAME} is neither at --data, nor in WILLBUY_DATA, nor in ../shared/data: skipped.")
        return
    print(machine("willbuy", "xgboost-cpu", "catboost", "lightgbm", "optuna", "scikit-learn"))
    print(f"{path.name}: stratified {FOLDS}-fold x {given.repeats}, {given.trials} trials a fold")
    folds = [(repeat, fold) for repeat in range(given.repeats) for fold in range(FOLDS)]
    # Workers are spawned: a fork of a process with threads, as these libraries start, may hang.
    with ProcessPoolExecutor(given.workers, mp_context=get_context("spawn")) as pool:
        parts = {
            known: [
                (job, pool.submit(answers, job))
                for job in (Job(path, known, *where, given.trials) for where in folds)
            ]
            for known in (True, False)
        }
        for known, part in parts.items():
            print(f"\n## {'With' if known else 'Without'} {FROM_TRANSACTIONS}")
            found = []
            for job, answer in part:
                found.append((job, answer.result()))
                print(f"{len(found)} of {len(part)} folds", file=sys.stderr)
            y = read(path, known)[1]
            show(
                {
                    name: figures([(job, answer[name]) for job, answer in found], y)
                    for name in (OURS, *DEFAULTS)
                }
            )
    print(f"\nPublished on similar folds, not these, with {FROM_TRANSACTIONS}: {PUBLISHED}.")
    print(f"{FROM_TRANSACTIONS} is computed from transactions: with it, a figure is no forecast.")


def find(data: Path | None) -> Path | None:
    """The table, where it is."""
    folders = [os.environ.get("WILLBUY_DATA"), Path(__file__).parents[2] / "shared" / "data"]
    places = [data] if data is not None else [Path(one) for one in folders if one]
    for place in places:
        path = place / NAME if place.is_dir() else place
        if path.is_file():
            return path
    return None


if __name__ == "__main__":
    main()
