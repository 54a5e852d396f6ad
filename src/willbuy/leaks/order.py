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
_SURE = 3.0
_FITS, _PART = 4, 0.7


def order(table: Table, flagged: set[str]) -> Iterator[Finding]:
    """Score the same late rows by a model of earlier rows and by one of rows of all times.

    Half of the latest rows are judged. Some models learn from earlier rows, others from as many
    rows of all times, as a random split would have it. The difference is paired; its interval
    is a bootstrap over groups, or over rows where there are none, and counts in how the fits
    differ.

    Args:
        table: With a time.
        flagged: Columns that leak anyhow; they are left out.
    """
    names = table.learnable(flagged)
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
    X = matrix(table, names, rows)
    others = ~judged
    if table.group is not None:  # what a shared group adds is another matter
        others &= ~np.isin(table.group[rows], table.group[rows][judged])
    pools = np.flatnonzero(~late), np.flatnonzero(others)
    scores = _scores(X, y, pools, X[judged])
    keys = table.group[rows][judged] if table.group is not None else np.flatnonzero(judged)
    gain, error = _difference(*scores, y[judged], keys)
    if gain - _SURE * error < _WORTH:
        return
    low, high = gain - 1.96 * error, gain + 1.96 * error
    b, a = (float(np.mean([auc(one, y[judged]) for one in fits])) for fits in scores)
    random_split = table.test is not None
    yield Finding(
        Level.LIKELY if random_split else Level.SUSPICIOUS, "order",
        (str(table.time_name),),
        "The split is random, and time matters: it flatters."
        if random_split
        else "Time matters here: a random split would flatter.",
        f"On the same {int(judged.sum()):,} late rows, models that learned from rows of all times "
        f"have ROC-AUC {a:.4f}, models of as many earlier rows {b:.4f}: "
        f"{gain:+.4f} [{low:+.4f}, {high:+.4f}].",
        "Split by time: learn from earlier rows, judge on later ones, as it will be in use.",
        gain, {"auc_random": a, "auc_time": b, "difference": gain, "low": low, "high": high},
    )  # fmt: skip


def matrix(table: Table, names: tuple[str, ...], rows: Ints) -> Floats:
    """Numbers as they are, text as the number of its category."""
    X = np.empty((len(rows), len(names)), np.float32)
    for i, name in enumerate(names):
        text = name in table.texts
        X[:, i] = (table.codes(name)[0] if text else table.numbers(name))[rows]
    return X  # type: ignore[return-value]


def fitted_scores(X: Floats, y: Bools, asked: Floats) -> Floats:
    """Scores of small boosted trees."""
    import xgboost as xgb

    params = {"objective": "binary:logistic", "max_depth": 4, "eta": 0.1, "seed": 1, "max_bin": 64}
    booster = xgb.train(params, xgb.DMatrix(X, y), _ROUNDS)
    return np.asarray(booster.predict(xgb.DMatrix(asked), output_margin=True), np.float64)


def _scores(
    X: Floats, y: Bools, pools: tuple[Ints, Ints], asked: Floats
) -> tuple[list[Floats], list[Floats]]:
    """Scores by models of the earlier rows and by models of all others, `_FITS` of each."""
    draw = np.random.default_rng(3)
    n = int(_PART * min(map(len, pools)))
    found: tuple[list[Floats], list[Floats]] = ([], [])
    for _ in range(_FITS):
        for pool, fits in zip(pools, found, strict=True):
            learn = draw.choice(pool, n, replace=False)
            fits.append(fitted_scores(X[learn], y[learn], asked))
    return found


def _difference(
    by_time: list[Floats], random: list[Floats], y: Bools, keys: Ints
) -> tuple[float, float]:
    """AUC of random minus that of time on the same rows, over the fits, and its standard error.

    The error has two parts: which rows are judged (a Poisson bootstrap over groups, paired), and
    which rows the models learned from (the spread over the fits).
    """
    each = [auc(a, y) - auc(b, y) for a, b in zip(random, by_time, strict=True)]
    groups, code = np.unique(keys, return_inverse=True)
    draw = np.random.default_rng(4)
    means = np.mean(random, axis=0), np.mean(by_time, axis=0)
    orders = [np.argsort(one, kind="stable") for one in means]
    drawn = np.empty(_REPLICATES)
    for at in range(_REPLICATES):
        weight = draw.poisson(1, len(groups))[code]
        first, second = (_weighted(y[one], weight[one]) for one in orders)
        drawn[at] = first - second
    fits = float(np.var(each, ddof=1)) / _FITS
    return float(np.mean(each)), float(np.sqrt(np.nanvar(drawn) + fits))


def _weighted(y: Bools, weight: Ints) -> float:
    """AUC with weights of rows that are in the order of their scores; ties are taken as ordered."""
    down = weight * ~y
    below = np.cumsum(down) - down
    up = weight * y
    total = float(up.sum()) * float(down.sum())
    return float((up * below).sum()) / total if total else float("nan")
