"""Scalers, imputers and resampling that have seen the rows a model is judged on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from willbuy.errors import WillbuyError
from willbuy.leaks.finding import Finding, Level
from willbuy.leaks.strength import Bools, Floats
from willbuy.leaks.table import Table

_EXACT = 1e-6
_FEWEST_VALUES = 10
_FEWEST = 50
_FEWEST_JUDGED = 10

FIX = "Fit it on train only: put it into the pipeline, which is fitted inside each fold."


def standardised(table: Table) -> Iterator[Finding]:
    """Columns whose mean is 0 and whose deviation is 1 over all rows to the last digit.

    With a split given, the mean over train alone must be off: then the scaler saw test.
    """
    exact, off = [], []
    for name in table.numeric:
        x = table.numbers(name)
        known = ~np.isnan(x)
        if not _is_standard(x[known]):
            continue
        if table.train is not None:
            train = x[table.train & known]
            if len(train) < 2:
                continue
            apart = abs(float(train.mean()))
            if apart < 100 * _EXACT:
                continue
            off.append(apart)
        exact.append(name)
    if not exact:
        return
    shown = _shown(exact)
    if table.train is None:
        yield Finding(
            Level.SUSPICIOUS, "scaler", tuple(exact),
            f"{shown} scaled on all rows of this table.",
            "Mean 0 and standard deviation 1 over all rows, to six digits. If rows of this table "
            "are to be test rows, the scaler has seen them.",
            FIX, float(len(exact)), {"columns": len(exact)},
        )  # fmt: skip
        return
    yield Finding(
        Level.CERTAIN, "scaler", tuple(exact),
        f"{shown} scaled on all rows, test among them.",
        "Mean 0 and standard deviation 1 over all rows, test among them, to six digits; over "
        f"train alone the mean is off by up to {max(off):.4f}.",
        FIX, float(len(exact)), {"columns": len(exact), "off": max(off)},
    )  # fmt: skip


def _is_standard(x: Floats) -> bool:
    if len(x) < _FEWEST or len(np.unique(x[:1000])) < _FEWEST_VALUES:
        return False
    spread, mean = float(x.std()), float(x.mean())
    bessel = float(x.std(ddof=1))
    return abs(mean) < _EXACT and min(abs(spread - 1), abs(bessel - 1)) < _EXACT


def _shown(names: list[str]) -> str:
    words = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return f"{words} {'was' if len(names) == 1 else 'were'}"


def interpolated(table: Table) -> Iterator[Finding]:
    """Counts that are whole numbers in one class only: rows were made between others (SMOTE).

    With a split given, some of these rows must be test rows: made up within train is as it should
    be.
    """
    found, shares = [], []
    made_up = np.zeros(table.rows, bool)
    for name in table.numeric:
        x = table.numbers(name)
        known = ~np.isnan(x)
        broken = known & (x != np.floor(x))
        up, down = _share(broken, known & table.y), _share(broken, known & ~table.y)
        low, high = min(up, down), max(up, down)
        whole = x[known & ~broken]
        if low == 0 and high >= 0.1 and broken.sum() >= _FEWEST and len(np.unique(whole)) >= 5:
            found.append(name)
            shares.append(high)
            made_up |= broken
    if len(found) < 2:
        return
    evidence = (
        f"{_shown(found).rsplit(' ', 1)[0]}: whole numbers in one class, but in the other up to "
        f"{max(shares):.0%} of the values are broken."
    )
    figures = {"columns": float(len(found)), "share_broken": max(shares)}
    if table.test is not None:
        judged = int((made_up & table.test).sum())
        if judged < _FEWEST_JUDGED:
            return
        evidence += f" {judged:,} such rows are test rows."
        figures["test_rows"] = judged
    yield Finding(
        Level.LIKELY if table.test is None else Level.CERTAIN, "resampled", tuple(found),
        "Rows of one class were made up between others (SMOTE or the like)"
        + ("." if table.test is None else ", before the split."),
        evidence,
        "Split first; resample train only, inside each fold, and judge on rows that happened.",
        max(shares), figures,
    )  # fmt: skip


def _share(what: Bools, among: Bools) -> float:
    n = int(among.sum())
    return float((what & among).sum()) / n if n else 0.0


_STATISTICS: dict[str, tuple[Callable[[Floats], float], Callable[[Floats], float]]] = {
    "mean and standard deviation": (np.mean, np.std),
    "mean and standard deviation (n - 1)": (np.mean, lambda x: float(np.std(x, ddof=1))),
    "minimum and range": (np.min, np.ptp),
    "median and quartiles": (
        np.median,
        lambda x: float(np.subtract(*np.quantile(x, [0.75, 0.25]))),
    ),
}


def check_before(table: Table, before: Table) -> None:
    """Refuse rows that are not those of the table before it was scaled.

    Raises:
        WillbuyError: They are of another number, or in another order by their labels.
    """
    fix = "Give the same rows, in the same order, from before scaling and filling."
    if before.rows != table.rows:
        raise WillbuyError(
            f"The table has {table.rows:,} rows, and `before` has {before.rows:,}. {fix}"
        )
    if (before.y != table.y).any():
        raise WillbuyError(f"The labels of `before` are not those of the table, row by row. {fix}")


def before_and_after(table: Table, before: Table) -> Iterator[Finding]:
    """Which statistics a scaler or imputer used, by a column before and after.

    Args:
        table: After, with a split.
        before: The same rows and columns before.
    """
    train = table.train
    if train is None:
        table.notes.append(
            "Columns before and after were not compared: name the split, or nobody can say what "
            "was train."
        )
        return
    for name in table.numeric:
        if name not in before.numeric:
            continue
        told = _scaled(name, before.numbers(name), table.numbers(name), train)
        told = told or _filled(name, before.numbers(name), table.numbers(name), train)
        if told is not None:
            yield told


def of_all_rows(kept: Any, everywhere: Any, train: Any, rtol: float) -> bool:
    """Whether what was kept is the statistic of all rows, where train's is another."""
    return np.allclose(kept, everywhere, rtol=rtol) and not np.allclose(
        everywhere, train, rtol=rtol
    )


def _scaled(name: str, old: Floats, new: Floats, train: Bools) -> Finding | None:
    both = ~np.isnan(old) & ~np.isnan(new)
    if both.sum() < 10 or np.ptp(old[both]) == 0 or np.allclose(old[both], new[both]):
        return None
    slope, shift = np.polyfit(old[both], new[both], 1)
    if slope <= 0 or not np.allclose(slope * old[both] + shift, new[both], atol=1e-6):
        return None
    centre, scale = -shift / slope, 1 / slope
    for words, (middle, spread) in _STATISTICS.items():
        of_all = middle(old[both]), spread(old[both])
        of_train = middle(old[both & train]), spread(old[both & train])
        if of_all_rows((centre, scale), of_all, of_train, 1e-5):
            return Finding(
                Level.CERTAIN, "scaler", (name,),
                f"{name} was scaled on all rows, test among them.",
                f"Before and after give the centre {centre:.6g} and the scale {scale:.6g}: {words} "
                f"of all rows. Of train alone they are {of_train[0]:.6g} and {of_train[1]:.6g}.",
                FIX, 1.0, {"centre": centre, "scale": scale},
            )  # fmt: skip
    return None


def _filled(name: str, old: Floats, new: Floats, train: Bools) -> Finding | None:
    filled = np.isnan(old) & ~np.isnan(new)
    same = ~np.isnan(old)
    if not filled.any() or not np.allclose(old[same], new[same]):
        return None
    value = float(new[filled][0])
    if not np.allclose(new[filled], value):
        return None
    for words, of in (("mean", np.mean), ("median", np.median)):
        everywhere, there = float(of(old[same])), float(of(old[same & train]))
        if of_all_rows(value, everywhere, there, 1e-6):
            return Finding(
                Level.CERTAIN, "scaler", (name,),
                f"Missing values of {name} were filled from all rows, test among them.",
                f"They were filled with {value:.6g}, the {words} of all rows; that of train is "
                f"{there:.6g}.",
                FIX, 0.5, {"filled_with": value, "of_train": there},
            )  # fmt: skip
    return None
