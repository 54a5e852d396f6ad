"""All figures of a run: both models on the test part, the base rate, and train against test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.evaluate.calibration_curve import calibration_curve
from willbuy.evaluate.cohort import fixed_cohorts
from willbuy.evaluate.compare import COMPARED
from willbuy.evaluate.curves import curves
from willbuy.evaluate.days import days
from willbuy.evaluate.drift import drift
from willbuy.evaluate.early import Moments, flagged_early
from willbuy.evaluate.figures import How, Part, told
from willbuy.evaluate.judge import headline, judge
from willbuy.evaluate.lift import lift
from willbuy.evaluate.recalibration import recalibration
from willbuy.evaluate.thresholds import thresholds
from willbuy.events.keys import mix_all
from willbuy.job.sessions import returning, until_purchase
from willbuy.job.train import BOOSTED, LOGISTIC, Calibrated, Floats, Trained, train_rate
from willbuy.moments.calendar import local_days
from willbuy.moments.state import Records
from willbuy.progress import Reporter
from willbuy.settings import Settings
from willbuy.snapshots.from_events import Snapshots
from willbuy.snapshots.splits import CALIBRATE, TEST, TEST_OUTAGES, TRAIN

DRIFT_ROWS = 20_000
"""At most so many rows of train, and of test, are told apart."""

_BASELINE = (
    "One probability for every moment: the share of train's moments that a purchase follows. A "
    "model that is no better has learnt nothing."
)
_SHOPPERS = (
    "Returning: the log shows an earlier session of the shopper that began before this one. New: "
    "it shows none; the shopper may have come before the log begins."
)

UNTUNED = "untuned"
"""The model with the settings as given, beside the tuned one."""

_BOUGHT = ("roc_auc", "average_precision", "log_loss", "brier")

_MORE = (
    *("calibration", "recalibration", "lift", "curves", "thresholds", "flagged_early"),
    *("fixed_cohorts", "days", "shoppers"),
)


@dataclass(frozen=True)
class Evaluation:
    """What was found on the test part.

    Attributes:
        models: By name, all figures.
        probabilities: By name, of the test rows in the order of `Snapshots.rows_of` (n,).
        baseline: The figures of the base rate.
        drift: How well train can be told from test.
        bought: By name, tuned minus untuned; a reason where the two are one.
    """

    models: dict[str, dict[str, Any]]
    probabilities: dict[str, Floats]
    baseline: dict[str, Any]
    drift: dict[str, Any]
    bought: dict[str, dict[str, Any]] = field(default_factory=dict)


def evaluate(
    snapshots: Snapshots, trained: Trained, settings: Settings, reporter: Reporter
) -> Evaluation:
    """Judge both models on the test part; docs/metrics.md says what each figure is."""
    rows = snapshots.rows_of(TEST)
    p = {name: one.on(snapshots, TEST) for name, one in trained.by_name.items()}
    figures, bought = {}, {}
    with reporter.stage(f"Judging on test ({settings.judge.replicates} bootstrap replicates)"):
        for name, one in trained.by_name.items():
            others = {LOGISTIC: p[LOGISTIC]} if name == BOOSTED else {}
            if name in trained.untuned:
                others[UNTUNED] = trained.untuned[name].on(snapshots, TEST)
            figures[name] = judge(
                rows["label"].astype(bool), p[name], rows["weight"], rows["user"], rows["visit"],
                rows["ordinal"], threshold=one.threshold.value, seed=settings.seed,
                replicates=settings.judge.replicates, threads=settings.workers, others=others,
                session_moments=rows["moments"],
            )  # fmt: skip
            bought[name] = _bought(figures[name]["paired"].pop(UNTUNED, None))
            figures[name] |= _with_outages(snapshots, rows, p[name], one, settings)
    with reporter.stage("Curves, deciles, days, and how early"):
        for name, one in trained.by_name.items():
            figures[name] |= _more(snapshots, rows, p[name], one, settings)
        baseline = _baseline(snapshots, rows, settings)
    with reporter.stage("Telling train from test"):
        apart = _drift(snapshots, settings)
    return Evaluation(figures, p, baseline, apart, bought)


def _bought(gains: dict[str, Any] | None) -> dict[str, Any]:
    """The differences that tuning made."""
    if gains is None:
        return {"reason": "no settings that were tried were taken instead of those given"}
    return {name: gains[name] for name in _BOUGHT}


def _how(settings: Settings, threshold: float) -> How:
    return How(threshold, settings.seed, settings.judge.replicates, settings.workers)


def _part(rows: Records, p: Floats) -> Part:
    return Part(rows["label"].astype(bool), p, rows["weight"], rows["user"], rows["visit"])


def _with_outages(
    snapshots: Snapshots, rows: Records, p: Floats, one: Calibrated, settings: Settings
) -> dict[str, Any]:
    """The headline with the sessions of outage days; nothing where there are none."""
    others = snapshots.rows_of(TEST_OUTAGES)
    if not len(others):
        return {}
    theirs = one.on(snapshots, TEST_OUTAGES)
    both = _part(np.concatenate([rows, others]), np.concatenate([p, theirs]))
    return {"with_outage_days": headline(both, _how(settings, one.threshold.value))[0]}


def _more(
    snapshots: Snapshots, rows: Records, p: Floats, one: Calibrated, settings: Settings
) -> dict[str, Any]:
    """The figures beside those of `judge`."""
    if not len(rows):
        return {block: {"reason": "no moments"} for block in _MORE}
    part, how = _part(rows, p), _how(settings, one.threshold.value)
    events_left, minutes_left = until_purchase(rows, snapshots.sessions_of(TEST))
    first = snapshots.bought_first(TEST)["user"]
    test = Moments(part, rows["ordinal"], events_left, minutes_left, first)
    calibrate = _part(snapshots.rows_of(CALIBRATE), one.on_calibrate)
    again = returning(rows, snapshots.survey.sessions)
    return {
        "calibration": calibration_curve(part, how),
        "recalibration": recalibration(part, how),
        "lift": lift(part, how),
        "curves": curves(part),
        "thresholds": thresholds(part, how),
        "flagged_early": flagged_early(calibrate, test, how),
        "fixed_cohorts": fixed_cohorts(part, rows["ordinal"], rows["moments"], how),
        "days": days(part, local_days(snapshots.calendar, rows["start"]), how),
        "shoppers": {
            "note": _SHOPPERS,
            "new": headline(part.at(~again), how)[0],
            "returning": headline(part.at(again), how)[0],
        },
    }


def _baseline(snapshots: Snapshots, rows: Records, settings: Settings) -> dict[str, Any]:
    rate = train_rate(snapshots)
    part, how = _part(rows, np.full(len(rows), rate)), _how(settings, 0.5)
    head = {"reading": "every_moment", **told(part, how, COMPARED)[0]}
    return {"meaning": _BASELINE, "probability": rate, "test": {"headline": head}}


def _drift(snapshots: Snapshots, settings: Settings) -> dict[str, Any]:
    X, rows = zip(*(drawn(snapshots, part, DRIFT_ROWS) for part in (TRAIN, TEST)), strict=True)
    both = np.concatenate(rows)
    return drift(
        np.concatenate(X), both["part"] == TEST, both["weight"], both["user"],
        snapshots.features, _how(settings, 0.5),
    )  # fmt: skip


def drawn(snapshots: Snapshots, part: int, most: int) -> tuple[NDArray[np.float32], Records]:
    """Features and rows of up to so many moments of a part, drawn by a hash."""
    rows = snapshots.rows_of(part)
    draw = mix_all(rows["visit"] ^ rows["ordinal"], 0)
    places = np.sort(np.argsort(draw, kind="stable")[:most])
    return snapshots.features_at(part, places), rows[places]
