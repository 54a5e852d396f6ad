"""The content of metrics.json."""

from __future__ import annotations

from typing import Any

import numpy as np

from willbuy.evaluate.judge import READINGS
from willbuy.job.evaluation import Evaluation
from willbuy.job.health import caution_of_level, cautions, totals
from willbuy.job.train import BOOSTED, Trained
from willbuy.settings import Settings
from willbuy.snapshots.from_events import Snapshots
from willbuy.snapshots.splits import PARTS

SCHEMA = 3


def all_metrics(
    snapshots: Snapshots, trained: Trained, found: Evaluation, settings: Settings
) -> dict[str, Any]:
    """Put together what docs/metrics.md describes, entry by entry; the ladder comes later."""
    return {
        "schema": SCHEMA,
        "question": "Given a session's events up to now, does a purchase happen later in it?",
        "readings": READINGS,
        "cautions": [*cautions(snapshots, settings), *caution_of_level(found.models[BOOSTED])],
        "totals": totals(snapshots),
        "splits": snapshots.splits.to_dict(),
        "parts": {name: _counts(snapshots, part) for part, name in enumerate(PARTS)},
        "sampling": {
            "c": snapshots.c,
            "session_share": dict(zip(PARTS, snapshots.shares.tolist(), strict=True)),
        },
        "features": len(snapshots.features),
        "baseline": found.baseline,
        "models": told_models(trained, found),
        "drift": found.drift,
    }


def told_models(trained: Trained, found: Evaluation) -> dict[str, Any]:
    """Both models: how they were fitted, and their figures."""
    return {
        name: {
            "calibrator": {
                "kind": one.calibrator.kind,
                "cross_fitted_log_loss": dict(one.calibrator.losses),
                "note": one.calibrator.note,
            },
            "threshold_f1_when_chosen": one.threshold.expected_f1,
            "fit": _plain(
                trained.boosted.metadata if name == BOOSTED else trained.logistic.metadata
            ),
            "test": found.models[name],
        }
        for name, one in trained.by_name.items()
    }


def _plain(metadata: Any) -> dict[str, Any]:
    return {key: value for key, value in metadata.items() if key != "threads"}


def _counts(snapshots: Snapshots, part: int) -> dict[str, Any]:
    """How large a part is: its sessions whatever was drawn of them, and its rows."""
    sessions = snapshots.sessions_of(part)
    rows = snapshots.rows_of(part)
    return {
        "sessions": len(sessions),
        "buying_sessions": int((sessions["purchase"] > 0).sum()),
        "users": len(np.unique(sessions["user"])),
        "moments": int(sessions["moments"].sum()),
        "rows": len(rows),
        "positive_rows": int(rows["label"].sum()),
    }
