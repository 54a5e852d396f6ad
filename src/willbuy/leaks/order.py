"""A random split where time matters: how much it flatters."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from willbuy.leaks.finding import Finding, Level
from willbuy.leaks.splits import by_time
from willbuy.leaks.strength import Bools, Floats, Ints, auc
from willbuy.leaks.table import Table

_ROWS = 40_000
_FEWEST = 400
_FEWEST_POSITIVES = 40
_LATE = 0.3
_REPLICATES = 200
_ROUNDS = 80
_WORTH = 0.005


def order(table: Table, flagged: set[str]) -> Iterator[Finding]:
    """Score the same late rows by a model of earlier rows and by one of rows of all times.

    Half of the latest rows are judged. One model learns from the earlier rows, the other from as
    many of all others, as a random split would have it. The difference is paired; its interval
    is a bootstrap over groups, or over rows where there are none.

    Args:
        table: With a time.
        flagged: Columns that leak anyhow; they are left out.
    """
    names = tuple(name for name in table.features if name not in flagged)
    if table.time is None or not names or (table.test is not None and by_time(table)):
        return
    rows = table.drawn(_ROWS)
    time, y = table.time[rows], table.y[rows]
    late = time >= np.quantile(time, 1 - _LATE)
    judged = late & (np.random.default_rng(2).random(len(rows)) < 0.5)
    enough = min(int(y[judged].sum()), int((~y[judged]).sum()), int(y[~late].sum()))
    if len(rows) < _FEWEST or enough < _FEWEST_POSITIVES:
        table.notes.append("Random and time split were not compared: too few rows for it.")
        return
    X = _matrix(table, names, rows)
    early = np.flatnonzero(~late)
    others = ~judged
    if table.group is not None:  # what a shared group adds is another matter
        others &= ~np.isin(table.group[rows], table.group[rows][judged])
    early = early[: int(others.sum())]
    mixed = np.random.default_rng(3).choice(np.flatnonzero(others), len(early), replace=False)
    if not 0 < y[mixed].sum() < len(mixed):
        return
    p_time, p_random = (_fitted(X[learn], y[learn], X[judged]) for learn in (early, mixed))
    keys = table.group[rows][judged] if table.group is not None else np.flatnonzero(judged)
    gain, low, high = _difference(p_random, p_time, y[judged], keys)
    if low < _WORTH:
        return
    a, b = auc(p_random, y[judged]), auc(p_time, y[judged])
    random_split = table.test is not None
    yield Finding(
        Level.LIKELY if random_split else Level.SUSPICIOUS, "order",
        (str(table.time_name),),
        "The split is random, and time matters: it flatters."
        if random_split
        else "Time matters here: a random split would flatter.",
        f"On the same {int(judged.sum()):,} late rows, a model that learned from rows of all times "
        f"has ROC-AUC {a:.4f}, one that learned from as many earlier rows {b:.4f}: "
        f"{gain:+.4f} [{low:+.4f}, {high:+.4f}].",
        "Split by time: learn from earlier rows, judge on later ones, as it will be in use.",
        gain, {"auc_random": a, "auc_time": b, "difference": gain, "low": low, "high": high},
    )  # fmt: skip


def _matrix(table: Table, names: tuple[str, ...], rows: Ints) -> Floats:
    """Numbers as they are, text as the number of its category."""
    X = np.empty((len(rows), len(names)), np.float32)
    for i, name in enumerate(names):
        text = name in table.texts
        X[:, i] = (table.codes(name)[0] if text else table.numbers(name))[rows]
    return X  # type: ignore[return-value]


def _fitted(X: Floats, y: Bools, asked: Floats) -> Floats:
    """Scores of small boosted trees."""
    import xgboost as xgb

    params = {"objective": "binary:logistic", "max_depth": 4, "eta": 0.1, "seed": 1, "max_bin": 64}
    booster = xgb.train(params, xgb.DMatrix(X, y), _ROUNDS)
    return np.asarray(booster.predict(xgb.DMatrix(asked), output_margin=True), np.float64)


def _difference(a: Floats, b: Floats, y: Bools, keys: Ints) -> tuple[float, float, float]:
    """AUC of a minus that of b on the same rows, with its 95 % interval (Poisson bootstrap)."""
    found = auc(a, y) - auc(b, y)
    groups, code = np.unique(keys, return_inverse=True)
    draw = np.random.default_rng(4)
    drawn = np.empty(_REPLICATES)
    orders = [np.argsort(one, kind="stable") for one in (a, b)]
    for at in range(_REPLICATES):
        weight = draw.poisson(1, len(groups))[code]
        first, second = (_weighted(y[one], weight[one]) for one in orders)
        drawn[at] = first - second
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return found, float(low), float(high)


def _weighted(y: Bools, weight: Ints) -> float:
    """AUC with weights of rows that are in the order of their scores; ties are taken as ordered."""
    down = weight * ~y
    below = np.cumsum(down) - down
    up = weight * y
    total = float(up.sum()) * float(down.sum())
    return float((up * below).sum()) / total if total else float("nan")
