"""What a fitted scikit-learn pipeline says of the rows it was fitted on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from willbuy.leaks.finding import Finding, Level
from willbuy.leaks.scalers import FIX, of_all_rows
from willbuy.leaks.strength import Floats
from willbuy.leaks.table import Table


def fitted(table: Table, pipeline: Any) -> Iterator[Finding]:
    """Findings on fitted steps: how many rows they saw, and whose statistics they keep.

    Args:
        table: All rows, with a split.
        pipeline: A fitted estimator, pipeline or column transformer, as an object. Files are
            not read: unpickling one would run whatever is in it.
    """
    if table.train is None:
        table.notes.append(
            "The pipeline was not looked at: name the split, or nobody can say what was train."
        )
        return
    for step, columns in _steps(pipeline, None):
        told = _by_count(table, step) or _by_statistic(table, step, columns)
        if told is not None:
            yield told


def _steps(one: Any, columns: tuple[str, ...] | None) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Every fitted step with the names of its columns, pipelines and their like opened."""
    inside = getattr(one, "steps", None) or getattr(one, "transformer_list", None)
    if inside is not None:
        for _, step in inside:
            yield from _steps(step, columns)
        return
    if hasattr(one, "transformers_"):
        for _, step, chosen in one.transformers_:
            names = tuple(str(c) for c in chosen) if isinstance(chosen, list) else None
            yield from _steps(step, names)
        return
    named = getattr(one, "feature_names_in_", None)
    yield one, tuple(map(str, named)) if named is not None else columns or ()


def _by_count(table: Table, step: Any) -> Finding | None:
    seen = getattr(step, "n_samples_seen_", None)
    if seen is None:
        return None
    rows = int(np.max(seen))
    train = int(table.train.sum()) if table.train is not None else 0
    if rows != table.rows or rows == train:
        return None
    name = type(step).__name__
    return Finding(
        Level.CERTAIN, "scaler", (),
        f"{name} in the pipeline was fitted on all rows, test among them.",
        f"It has seen {rows:,} rows: as many as the whole table. Train has {train:,}.",
        FIX, 1.0, {"rows_seen": rows, "rows_of_train": train},
    )  # fmt: skip


_KEPT: dict[str, Callable[[Floats], Any]] = {
    "mean_": np.nanmean,
    "statistics_": np.nanmean,
    "center_": np.nanmedian,
    "data_min_": np.nanmin,
    "data_max_": np.nanmax,
}


def _by_statistic(table: Table, step: Any, columns: tuple[str, ...]) -> Finding | None:
    if hasattr(step, "target_mean_"):
        return _encoder(table, step)
    assert table.train is not None
    for attribute, of in _KEPT.items():
        kept = getattr(step, attribute, None)
        if kept is None or np.ndim(kept) != 1 or len(kept) != len(columns):
            continue
        if getattr(step, "strategy", "mean") == "median":
            of = np.nanmedian
        for name, value in zip(columns, kept, strict=True):
            if name not in table.numeric:
                continue
            x = table.numbers(name)
            everywhere, there = float(of(x)), float(of(x[table.train]))
            if of_all_rows(value, everywhere, there, 1e-7):
                return Finding(
                    Level.CERTAIN, "scaler", (name,),
                    f"{type(step).__name__} in the pipeline was fitted on all rows.",
                    f"Its {attribute} of {name} is {value:.6g}, that of all rows; that of train "
                    f"is {there:.6g}.",
                    FIX, 1.0, {"kept": float(value), "of_train": there},
                )  # fmt: skip
    return None


def _encoder(table: Table, step: Any) -> Finding | None:
    assert table.train is not None
    mean, train = float(np.mean(step.target_mean_)), float(table.y[table.train].mean())
    everywhere = float(table.y.mean())
    if not of_all_rows(mean, everywhere, train, 1e-9):
        return None
    return Finding(
        Level.CERTAIN, "encoder", (),
        f"{type(step).__name__} in the pipeline was fitted on the labels of all rows.",
        f"The share of positives it keeps is {mean:.6g}, that of all rows; that of train is "
        f"{train:.6g}.",
        "Fit it on train only, inside the pipeline, which is fitted inside each fold.",
        1.0, {"kept": mean, "of_train": train},
    )  # fmt: skip
