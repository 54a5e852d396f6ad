"""The audit of a run's own snapshots."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from willbuy.leaks.audit import examine
from willbuy.leaks.finding import Audit, ranked
from willbuy.leaks.future import Future
from willbuy.leaks.table import Table
from willbuy.progress import Silent
from willbuy.snapshots.from_events import Snapshots
from willbuy.snapshots.splits import CALIBRATE, TRAIN

ROWS = {TRAIN: 6_000, CALIBRATE: 3_000}
"""So many rows, drawn, of the two parts that a model learns from; test is not looked at."""


PAIRED = 60
"""Pairs are looked at among so many features: the changed future, which is exact, sees all."""


def audit_snapshots(snapshots: Snapshots, future: Future) -> dict[str, Any]:
    """The content of audit.json, described in docs/audit.md.

    Args:
        snapshots: Of the run.
        future: What came of changing the future.
    """
    table = _table(snapshots)
    found = ranked([*future.findings(), *examine(table, [], Silent(), PAIRED)]) if table else ()
    audit = Audit(
        found,
        table.rows if table else 0,
        table.positives if table else 0,
        len(table.features) if table else 0,
        tuple(table.notes) if table else ("Too few rows of either label.",),
        "label",
        "snapshots",
    )
    return {**audit.to_dict(), "future": {**future.to_dict(), "words": future.words()}}


def _table(snapshots: Snapshots) -> Table | None:
    """Rows of train and, as what is judged, of calibrate; None where a label is lacking."""
    X, y, time, user, test = [], [], [], [], []
    for part, most in ROWS.items():
        rows = snapshots.rows_of(part)
        draw = np.random.default_rng(part)
        places = np.sort(draw.choice(len(rows), min(most, len(rows)), replace=False))
        X.append(snapshots.features_at(part, places))
        chosen = rows[places]
        y.append(chosen["label"].astype(bool))
        time.append(chosen["time"])
        user.append(chosen["user"])
        test.append(np.full(len(places), part == CALIBRATE))
    labels = np.concatenate(y)
    if labels.all() or not labels.any():
        return None
    columns = np.concatenate(X).astype(np.float64)
    frame = pl.DataFrame(dict(zip(snapshots.names, columns.T, strict=True))).fill_nan(None)
    return Table(
        "snapshots", frame, "label", labels, "time", np.concatenate(time), "user",
        np.concatenate(user), "split", np.concatenate(test),
    )  # fmt: skip
