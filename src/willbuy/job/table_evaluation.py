"""All figures of a table's run: the blocks of docs/metrics.md that make sense of whole sessions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from willbuy.bundle.table import once
from willbuy.evaluate.calibration_curve import calibration_curve
from willbuy.evaluate.compare import COMPARED
from willbuy.evaluate.curves import curves
from willbuy.evaluate.days import days
from willbuy.evaluate.drift import drift
from willbuy.evaluate.figures import How, Part, told
from willbuy.evaluate.judge import CALIBRATION_ERROR_NOTE, headline, paired
from willbuy.evaluate.lift import lift
from willbuy.evaluate.recalibration import recalibration
from willbuy.evaluate.thresholds import thresholds
from willbuy.job.evaluation import DRIFT_ROWS, Evaluation
from willbuy.job.table_rows import TableRows
from willbuy.job.train import BOOSTED, LOGISTIC, Floats, Trained
from willbuy.models.encoding import fit_encoder
from willbuy.moments.calendar import DAY
from willbuy.progress import Reporter
from willbuy.settings import Settings
from willbuy.snapshots.splits import TEST, TRAIN

BASELINE = (
    "One probability for every session: the share of train's sessions that buy. A model that is no "
    "better has learnt nothing."
)
WHOLE = "a row of a table is a whole session, so there is nothing to tell after each event"
NO_TIME = "the table was run without --time"
DEALT = "the parts were dealt by a hash: they are alike, but for chance"


def evaluate_table(
    rows: TableRows, trained: Trained, settings: Settings, reporter: Reporter
) -> Evaluation:
    """Judge both models on the test part, every row once."""
    at = rows.at(TEST)
    p = {name: one.probability(rows.X[at], once(len(at))) for name, one in trained.by_name.items()}
    figures: dict[str, dict[str, Any]] = {}
    with reporter.stage(f"Judging on test ({settings.judge.replicates} bootstrap replicates)"):
        for name, one in trained.by_name.items():
            part, how = _part(rows, p[name]), _how(settings, one.threshold.value)
            head, drawn = headline(part, how)
            figures[name] = {
                "threshold": one.threshold.value,
                "replicates": settings.judge.replicates,
                "interval_note": interval_note(rows),
                "calibration_error_note": CALIBRATION_ERROR_NOTE,
                "headline": head,
                "paired": {
                    other: paired(part, drawn, replace(part, p=p[other]), how)
                    for other in ((LOGISTIC,) if name == BOOSTED else ())
                },
                "calibration": calibration_curve(part, how),
                "recalibration": recalibration(part, how),
                "lift": lift(part, how),
                "curves": curves(part),
                "thresholds": thresholds(part, how),
                "days": _days(rows, part, how),
                "flagged_early": {"reason": WHOLE},
                "fixed_cohorts": {"reason": WHOLE},
                "shoppers": {"reason": "a table does not say who came before"},
            }
    with reporter.stage("Base rate, and telling train from test"):
        rate = float(rows.table.y[rows.at(TRAIN)].mean())
        known = told(_part(rows, np.full(len(at), rate)), _how(settings, 0.5), COMPARED)[0]
        baseline = {"meaning": BASELINE, "probability": rate,
                    "test": {"headline": {"reading": "every_moment", **known}}}  # fmt: skip
        apart = _drift(rows, settings)
    return Evaluation(figures, p, baseline, apart)


def interval_note(rows: TableRows) -> str:
    """What the intervals cover."""
    group = rows.table.group_name
    who = f"{group} groups" if group is not None else "sessions, each taken for independent"
    return (
        f"95 % intervals from a Poisson bootstrap over {who}. They cover which came, not training "
        "again and not other times."
    )


def _part(rows: TableRows, p: Floats) -> Part:
    at = rows.at(TEST)
    return Part(rows.table.y[at], p, np.ones(len(at)), rows.key[at], at)


def _how(settings: Settings, threshold: float) -> How:
    return How(threshold, settings.seed, settings.judge.replicates, settings.workers)


def _days(rows: TableRows, part: Part, how: How) -> dict[str, Any]:
    if rows.table.time is None:
        return {"reason": NO_TIME}
    day = rows.table.time[rows.at(TEST)] // DAY
    if len(np.unique(day)) > 400:
        return {"reason": "the test part has more than 400 days"}
    return days(part, day, how)


def _drift(rows: TableRows, settings: Settings) -> dict[str, Any]:
    if rows.split.by != "time":
        return {"reason": DEALT}
    draw = np.random.default_rng(settings.seed)
    some = [np.sort(draw.permutation(rows.at(part))[:DRIFT_ROWS]) for part in (TRAIN, TEST)]
    at = np.concatenate(some)
    # Encoded by train, rows of train would be told apart by having been counted. So both parts are
    # encoded by both, and no label enters.
    frame = rows.frame_at(at)
    both = fit_encoder(frame, np.zeros(len(at), np.bool_), seed=settings.seed).encoder
    alike = replace(rows, encoder=both)
    features = [replace(one, family=f"session.{one.family}") for one in alike.features]
    return drift(
        both.transform(frame), rows.split.part[at] == TEST, np.ones(len(at)), rows.key[at],
        features, _how(settings, 0.5),
    )  # fmt: skip
