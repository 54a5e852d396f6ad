"""Encodings of a category by its rate of positives that hold the row's own label."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from willbuy.leaks.finding import Finding, Level
from willbuy.leaks.strength import Floats, Ints
from willbuy.leaks.table import Table

_FEWEST = 5
_CLOSE = 1e-5
_MOST_VALUES = 0.5
_DRAWN = 20_000
"""On so many rows, at most, a rate that leaves the row out is looked for."""

_FIX = (
    "Encode inside each fold of train: sklearn's TargetEncoder within the pipeline (its "
    "fit_transform is cross-fitted), or rates of complete past days."
)


def encoders(table: Table) -> Iterator[Finding]:
    """Numeric columns that are the mean label of a category, the row itself counted in.

    Found by their own values: in an encoding that counts every row, the rate of positives among
    the rows of a value is that value. Smoothed ones differ by a weight of the prior that is the
    same for all categories (m-estimate), or follows their variance (sklearn's "auto"). For
    encodings that leave the row out, the category has to be in the table, as text or as numbers.
    """
    rows = table.drawn(_DRAWN)
    others: dict[str, Floats] = {}
    for name in table.numeric:
        x = table.numbers(name)
        present = x[~np.isnan(x)]
        if not len(present) or present.min() < 0 or present.max() > 1:
            continue
        levels, code, size = np.unique(x, return_inverse=True, return_counts=True)
        if len(levels) < _FEWEST or len(levels) > _MOST_VALUES * table.rows:
            continue
        hits = np.bincount(code, table.y.astype(np.float64), len(levels)).astype(np.float64)
        how = _as_mean(levels, hits, size.astype(np.float64), float(table.y.mean()))
        if how is not None:
            yield _told(name, how, len(levels))
            continue
        for category in table.features:
            if category == name:
                continue
            if category not in others:
                others[category] = _of_others(table, category, rows)
            if _left_out(x[rows], others[category]):
                yield _left_out_told(name, category)
                break


def _as_mean(levels: Floats, hits: Floats, size: Floats, prior: float) -> str | None:
    """How the values of a column follow from the rates among their rows; None if they do not."""
    known = ~np.isnan(levels)
    levels, hits, n = levels[known], hits[known], size[known]
    rate = hits / n
    told = (n >= 2) & (rate > 0) & (rate < 1)
    if told.sum() < _FEWEST:
        return None
    off = np.abs(levels - rate)[told]
    if np.mean(off < _CLOSE) >= 0.99:
        return "equals"
    # v = (n rate + m prior) / (n + m), solved for m
    v, r, n = levels[told], rate[told], n[told]
    apart = np.abs(v - prior) > 1e-4
    if apart.sum() < _FEWEST:
        return None
    m = (n * (r - v))[apart] / (v - prior)[apart]
    if np.median(m) <= 0:
        return None
    for weight in (m, m / (r * (1 - r))[apart]):
        # Categories alike in size and rate share a value, and count two- or threefold.
        times = weight / np.quantile(weight, 0.05)
        whole = np.maximum(np.round(times), 1)
        if np.mean(np.abs(times - whole) < 0.01 * whole) >= 0.95 and np.median(whole) <= 5:
            return "smooths"
    return None


def _of_others(table: Table, category: str, rows: Ints) -> Floats:
    """The rate of the other rows of the category at some rows; nan where it tells nothing."""
    codes, size = table.codes(category)
    if size < 2 or size > _MOST_VALUES * table.rows:
        return np.full(len(rows), np.nan)
    n = np.bincount(codes, minlength=size)[codes[rows]]
    hits = np.bincount(codes, table.y.astype(np.float64), size)[codes[rows]]
    mixed = (n >= 3) & (hits > 0) & (hits < n)
    return np.where(mixed, (hits - table.y[rows]) / np.maximum(n - 1, 1), np.nan)


def _left_out(x: Floats, others: Floats) -> bool:
    """Whether a column is the rate of the other rows of a category."""
    use = ~(np.isnan(x) | np.isnan(others))
    if use.sum() < 20:
        return False
    return bool(np.mean(np.abs(x[use] - others[use]) < _CLOSE) >= 0.95)


def _told(name: str, how: str, values: int) -> Finding:
    smoothed = ", drawn to the mean by one and the same weight" if how == "smooths" else ""
    return Finding(
        Level.CERTAIN, "encoder", (name,),
        f"{name} is an encoding by the label that has seen the row's own label.",
        f"Among the rows of each of its {values:,} values, the share of positives gives that value"
        f"{smoothed}: labels of this very table went into it, the row's own among them.",
        _FIX, 1.0, {"values": values},
    )  # fmt: skip


def _left_out_told(name: str, category: str) -> Finding:
    return Finding(
        Level.CERTAIN, "encoder", (name, category),
        f"{name} is the rate of the other rows of its {category}: it tells the row's own label.",
        f"Within one {category}, positives have a lower value than the others, since their own "
        "label was taken out of the sum; a tree reads the label from that.",
        _FIX, 1.0,
    )  # fmt: skip
