"""The ladder of ceilings: a run's models beside the best that anyone could reach.

Only a simulated shop has one, since only there the truth is known.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from willbuy.evaluate.bootstrap import INTERVAL_NOTE
from willbuy.evaluate.compare import compare
from willbuy.evaluate.judge import CALIBRATION_ERROR_NOTE
from willbuy.job.train import BOOSTED, LOGISTIC, Floats, train_rate
from willbuy.job.truth import CEILINGS, Covered
from willbuy.progress import Reporter
from willbuy.settings import Settings
from willbuy.snapshots.from_events import Snapshots
from willbuy.snapshots.splits import TEST

BASE_RATE = "base_rate"

RUNGS = {
    BASE_RATE: "One probability for every moment: the share of train's moments that a purchase "
    "follows.",
    LOGISTIC: "This run's logistic regression.",
    BOOSTED: "This run's boosted trees, the model that scores.",
    "learned_products": "The exact filter with the products' effects learned from the counts of "
    "past days: the most that a learner can hope for.",
    "exact_filter": "The exact filter: all that the events tell of a shopper's hidden state, with "
    "every parameter of the shop known.",
    "hidden_state": "The hidden state itself is known. What it lacks to certainty is chance that "
    "has not happened yet.",
}
"""Name → meaning, from the lowest to the highest."""

NOT_COVERED = (
    "Steps 2 and 3 know what the flaws of the log hide (purchases of an outage day, prices of 0), "
    "and whether a visit had a coupon.",
    "Step 3 is a practical bound, not a proven one: only the effects of products are learned in "
    "it, those of categories and brands count as known, and a product that is looked at again is "
    "judged anew.",
    "The steps hold for this simulated shop. They say nothing about how far a model is from the "
    "best on a real log.",
    "A step is the best on average. On these rows chance can put a model above it: read the "
    "paired differences with their intervals.",
)


def ladder(
    snapshots: Snapshots,
    covered: Covered,
    p: dict[str, Floats],
    settings: Settings,
    reporter: Reporter,
) -> dict[str, Any]:
    """Judge the ceilings, the models and the base rate on the same rows.

    Args:
        snapshots: Of the run.
        covered: The test rows that the truth covers, and the ceilings there.
        p: Probabilities of both models on the test part, by name.
        settings: All of them.
        reporter: Told of progress.

    Returns:
        Plain numbers, ready for JSON:

        - ``rows``: ``test``, ``inside``, and ``outside`` by reason
        - ``labels_that_differ``: inside rows whose label is not the truth's
        - ``interval_note``, ``calibration_error_note``, ``not_covered``
        - ``rungs``: a list from the lowest to the highest: ``name``, ``step`` (None where it
          is no ceiling), ``meaning``, and what `compare` tells. ``paired`` holds the
          differences to each ceiling above it.
    """
    inside = covered.inside
    rows = snapshots.rows_of(TEST)[inside]
    models = {name: p[name][inside] for name in (LOGISTIC, BOOSTED)}
    probabilities = {
        BASE_RATE: np.full(len(rows), train_rate(snapshots)),
        **models,
        **covered.ceilings,
    }
    with reporter.stage("Judging the ladder of ceilings"):
        told = compare(
            rows["label"].astype(bool), probabilities, rows["weight"], rows["user"],
            rows["visit"], rows["ordinal"], minus=_ceilings_above(), seed=settings.seed,
            replicates=settings.judge.replicates, threads=settings.workers,
        )  # fmt: skip
    return {
        "rows": {"test": len(inside), "inside": len(rows), "outside": covered.outside},
        "labels_that_differ": covered.disagree,
        "interval_note": INTERVAL_NOTE,
        "calibration_error_note": CALIBRATION_ERROR_NOTE,
        "not_covered": list(NOT_COVERED),
        "rungs": [
            {"name": name, "step": CEILINGS.get(name), "meaning": meaning, **told[name]}
            for name, meaning in RUNGS.items()
        ],
    }


def _ceilings_above() -> dict[str, list[str]]:
    names = list(RUNGS)
    return {
        name: [one for one in names[at + 1 :] if one in CEILINGS] for at, name in enumerate(names)
    }
