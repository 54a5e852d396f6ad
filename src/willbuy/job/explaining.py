"""Why the model answers as it does, on moments of the test part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from willbuy.evaluate.figures import How
from willbuy.events.keys import mix_all
from willbuy.explain.contributions import Floats32, Ints, explain
from willbuy.explain.drop_off import SHARE, drop_off
from willbuy.explain.insights import NOTE, Pair, Seen, beliefs
from willbuy.explain.pictures import FOLDER, save_pictures
from willbuy.explain.stability import LEARN, Learned, whole_shoppers
from willbuy.explain.summary import summary
from willbuy.explain.told import Followed, explanations
from willbuy.job.evaluation import drawn
from willbuy.job.folder import write_json
from willbuy.job.sessions import lasted
from willbuy.job.train import BOOSTED, Floats, Trained
from willbuy.moments.state import Records
from willbuy.settings import Settings
from willbuy.snapshots.from_events import Snapshots
from willbuy.snapshots.splits import CALIBRATE, TEST, TRAIN


def write_explanations(
    snapshots: Snapshots, trained: Trained, p: Floats, settings: Settings, folder: Path
) -> None:
    """Write explanations.json and the pictures in outputs/shap_plots.

    Args:
        snapshots: Of the run.
        trained: Its models.
        p: Probabilities of all test rows, in the order of `Snapshots.rows_of`.
        settings: Seed, replicates and threads.
        folder: Of the run.
    """
    how = How(0.5, settings.seed, settings.judge.replicates, settings.workers)
    most = settings.explain.rows
    X, rows = drawn(snapshots, TEST, most)
    told = explain(trained.boosted, X, rows["weight"], snapshots.features)
    if not len(rows):  # a test part without a moment
        write_json(folder / "explanations.json", summary(told))
        return
    y, calibrator = rows["label"].astype(bool), trained.by_name[BOOSTED].calibrator
    followed = Followed(y, rows["user"], rows["ordinal"])
    learned = _learned(snapshots, settings.seed)
    found = explanations(told, followed, trained.boosted, calibrator, learned, how)
    found["insights"] = _insights(snapshots, trained, p, (X, rows), found["stability"], how, most)
    of_these = calibrator(told.margin, rows["ordinal"])
    found["plots"] = save_pictures(told, of_these, y, folder / FOLDER)
    write_json(folder / "explanations.json", found)


def _learned(snapshots: Snapshots, seed: int) -> Learned:
    """Rows of train for refits: whole shoppers, drawn by another hash than replicates are."""
    rows = snapshots.rows_of(TRAIN)
    at = whole_shoppers(rows["user"], mix_all(rows["user"], seed + 1), LEARN)
    some = rows[at]
    return Learned(
        snapshots.features_at(TRAIN, at), some["label"].astype(bool), some["weight"],
        some["user"], len(rows),
    )  # fmt: skip


def _insights(
    snapshots: Snapshots,
    trained: Trained,
    p: Floats,
    explained: tuple[Floats32, Records],
    steady: dict[str, Any],
    how: How,
    most: int,
) -> dict[str, Any]:
    rows, calibrate = snapshots.rows_of(TEST), snapshots.rows_of(CALIBRATE)
    on_calibrate = trained.by_name[BOOSTED].on_calibrate
    moments = Pair(_seen(*drawn(snapshots, CALIBRATE, most)), _seen(*explained))
    last = [_last_moments(snapshots, part, most) for part in (CALIBRATE, TEST)]
    ends = Pair(*(_seen(X, some) for X, some in last))
    seconds = [lasted(some, snapshots.sessions_of(part))
               for (_, some), part in zip(last, (CALIBRATE, TEST), strict=True)]  # fmt: skip
    whole = {"duration": (seconds[0], seconds[1])}
    line = _quantile(on_calibrate, calibrate["weight"], SHARE)
    return {
        "note": NOTE,
        "predictors": beliefs(snapshots.features, moments, ends, whole, steady, how),
        "drop_off": drop_off(
            line, p, rows["label"].astype(bool), rows["weight"], rows["user"], rows["visit"],
            rows["ordinal"], how,
        ),
    }  # fmt: skip


def _last_moments(snapshots: Snapshots, part: int, most: int) -> tuple[Floats32, Records]:
    """The last moment before the purchase, or before the end, of up to so many sessions."""
    rows = snapshots.rows_of(part)
    last = np.flatnonzero(rows["ordinal"] == rows["moments"])
    at: Ints = np.sort(last[np.argsort(mix_all(rows["visit"][last], 0), kind="stable")[:most]])
    return snapshots.features_at(part, at), rows[at]


def _seen(X: Floats32, rows: Records) -> Seen:
    return Seen(X, rows["label"].astype(bool), rows["weight"], rows["user"], rows["visit"])


def _quantile(p: Floats, weight: Floats, share: float) -> float:
    """The lowest probability that at least this share of the weight does not exceed."""
    order = np.argsort(p, kind="stable")
    below = np.cumsum(weight[order])
    return float(p[order[np.searchsorted(below, share * below[-1])]]) if len(p) else 1.0
