"""What else could be made of the same rows: several seeds, both models, signs that are certain.

    python benchmarks/variants.py --events 300_000 --seeds 2

Each seed is a shop of the default world and one of bargains. Every variant finds its number of
rounds on the latest 15 % of train and learns from all of it again, as `fit_boosted` does. A
variant's log-odds (the blend's: a weighted sum of both models') get a slope and an offset on
calibrate, all alike; test judges. Differences to the trees are paired, over shoppers. The cost: CPU
seconds of training, the size of the boosters as a bundle keeps them, and one row's prediction.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xgboost
from rich.console import Console
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from machine import machine
from sheets import Sheet, figure
from shops import Shop, shops
from standings import Standings
from willbuy.evaluate.figures import How
from willbuy.models.boosted import DEFAULTS, latest
from willbuy.models.logistic import fit_logistic
from willbuy.settings import Settings
from willbuy.snapshots.splits import CALIBRATE, TEST, TRAIN

SEEDS = (0, 1, 2)
REPLICATES = 500
RISING = (
    *("product_rate", "product_rate_week", "category_rate", "brand_rate", "product_cart_rate"),
    *("past_conversion", "past_cart_success", "cart_size", "product_in_cart"),
    *("product_left_in_cart", "is_cart"),
)
FALLING = ("price_against_product", "price_against_product_week", "is_remove")
"""Where more can only speak for, or against, a purchase: known before any log is seen."""


@dataclass(frozen=True)
class Variant:
    """Log-odds of both parts, and what they cost.

    Attributes:
        calibrate, test: Log-odds (n, m), of one or several members.
        cpu: Seconds of training.
        size: Bytes of the boosters.
        row: Seconds of one row's prediction.
    """

    calibrate: np.ndarray
    test: np.ndarray
    cpu: float
    size: int
    row: float


def trees(shop: Shop, seed: int, steps: float = 1.0, signs: bool = False) -> Variant:
    """Boosted trees as a run fits them, with steps so many times as long or with signs."""
    kept, threads = shop.kept, Settings().workers
    rows, X = kept.rows_of(TRAIN), kept.array(TRAIN)
    y, held = rows["label"].astype(bool), latest(rows["start"])
    ours = dict(DEFAULTS)
    rounds, patience, bins = (int(ours.pop(one)) for one in ("rounds", "patience", "max_bin"))
    ours |= {"max_depth": int(ours["max_depth"]), "learning_rate": steps * ours["learning_rate"]}
    if signs:
        sign = [(name in RISING) - (name in FALLING) for name in kept.names]
        ours["monotone_constraints"] = f"({','.join(map(str, sign))})"
    how = {"objective": "binary:logistic", "eval_metric": "logloss", "tree_method": "hist",
           "seed": seed, "nthread": threads, **ours}  # fmt: skip

    def matrix(chosen: np.ndarray, like: Any = None) -> Any:
        return xgboost.QuantileDMatrix(X[chosen], label=y[chosen], max_bin=bins, ref=like)

    begin, train = time.process_time(), matrix(~held)
    found = xgboost.train(
        how | {"base_score": y[~held].mean()}, train, rounds,
        evals=[(matrix(held, train), "tail")], verbose_eval=False,
        early_stopping_rounds=max(round(patience / steps), 5),
    )  # fmt: skip
    every = np.ones(len(y), dtype=bool)
    booster = xgboost.train(how | {"base_score": y.mean()}, matrix(every), found.best_iteration + 1)
    cpu = time.process_time() - begin

    def margin(X: np.ndarray) -> np.ndarray:
        return booster.inplace_predict(X, predict_type="margin").astype(float)

    both = [margin(kept.array(part))[:, None] for part in (CALIBRATE, TEST)]
    booster.set_param({"nthread": 1})
    took = fastest(lambda: margin(X[:1]))
    return Variant(*both, cpu, len(booster.save_raw("ubj")), took)


def logistic(shop: Shop) -> Variant:
    """Our logistic regression."""
    kept = shop.kept
    rows, begin = kept.rows_of(TRAIN), time.process_time()
    model = fit_logistic(
        kept.array(TRAIN), rows["label"].astype(bool), rows["weight"], kept.names, seed=0
    )
    cpu = time.process_time() - begin
    both = [model.margin(kept.array(part))[:, None] for part in (CALIBRATE, TEST)]
    X = kept.array(TRAIN)[:1]
    size = len(json.dumps(model.to_dict()))
    return Variant(*both, cpu, size, fastest(lambda: model.margin(X)))


def fastest(work: Any) -> float:
    """Seconds of a quick piece of work, the median of many."""
    laps = []
    for _ in range(200):
        begin = time.perf_counter()
        work()
        laps.append(time.perf_counter() - begin)
    return float(np.median(laps))


def together(members: Sequence[Variant], mean: bool) -> Variant:
    """Several as one: the mean of their log-odds, or all of them side by side."""
    both = [np.hstack([getattr(one, part) for one in members]) for part in ("calibrate", "test")]
    if mean:
        both = [one.mean(axis=1, keepdims=True) for one in both]
    cost = [sum(getattr(one, unit) for one in members) for unit in ("cpu", "size", "row")]
    return Variant(*both, *cost)


def variants(shop: Shop) -> dict[str, Variant]:
    """All that are compared."""
    single = [trees(shop, seed) for seed in SEEDS]
    straight = logistic(shop)
    third = [trees(shop, seed, steps=len(SEEDS)) for seed in SEEDS]
    return {
        "trees": single[0],
        "trees, another seed": single[1],
        "mean of 3 seeds": together(single, mean=True),
        "mean of 3 seeds, steps of three": together(third, mean=True),
        "logistic": straight,
        "trees + logistic": together([single[0], straight], mean=False),
        "mean of 3 seeds + logistic": together([together(single, mean=True), straight], mean=False),
        "trees, signs": trees(shop, 0, signs=True),
    }


def probability(shop: Shop, one: Variant) -> np.ndarray:
    """Probabilities of test: weights of the members and an offset from calibrate."""
    rows = shop.kept.rows_of(CALIBRATE)
    model = LogisticRegression(C=np.inf, solver="newton-cholesky")
    model.fit(one.calibrate, rows["label"], sample_weight=rows["weight"])
    return expit(model.decision_function(one.test))


def sheet(shop: Shop) -> Sheet:
    """One shop's table."""
    found = variants(shop)
    p = {name: probability(shop, one) for name, one in found.items()}
    standings = Standings(shop.moments, p, REPLICATES, 1)
    everything = np.ones(len(shop.moments), dtype=bool)
    told = standings.compared(everything, {"trees": [], **{name: ["trees"] for name in p
                                                           if name != "trees"}})  # fmt: skip
    lines = []
    for name, one in found.items():
        part = standings.part(name, everything)
        outside = [each["slice"] for each in standings.slices(part, How(0.5, 0, REPLICATES, 1))
                   if each["outside"]]  # fmt: skip
        gains = told[name]["paired"].get("trees")
        lines.append([
            name, figure(told[name]["roc_auc"]), figure(told[name]["log_loss"]),
            figure(gains["roc_auc"], sign="+") if gains else "",
            figure(gains["log_loss"], 5, sign="+") if gains else "",
            f"{len(outside)}", f"{one.cpu:.0f}", f"{one.size / 1e6:.2f}", f"{one.row * 1e6:.0f}",
        ])  # fmt: skip
    columns = (
        *("", "ROC-AUC", "log loss", "ROC-AUC minus trees", "log loss minus trees"),
        *("slices outside", "CPU s", "MB", "µs a row"),
    )
    return Sheet(f"{shop.name}: {len(shop.moments):,} test moments", columns, lines)


def main() -> None:
    """Print a table a shop."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("runs/shops"), help="the shops' rows")
    given = parser.parse_args()
    console = Console(width=170)
    console.print(machine("willbuy", "xgboost-cpu", "scikit-learn"))
    for shop in shops(given.out, given.events, given.seeds, ("default", "bargains")):
        print(sheet(shop).markdown(), flush=True)


if __name__ == "__main__":
    main()
