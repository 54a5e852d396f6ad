"""TabNet's masks beside the boosted trees' SHAP values: do both look at the same features?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from willbuy.models.windows import draw_sessions
from willbuy.research.learner import Moments
from willbuy.settings import Settings

ROWS = 20_000
"""The masks are those at about so many moments."""

_NOTE = (
    "A mask says how much of its attention TabNet gives a feature, over its steps and these "
    "moments; all add up to 1. SHAP says how much a feature moves the trees' log-odds on "
    "average, either way. They are of two models and of two scales: compare the orders, and "
    "take neither for a cause."
)


def beside_shap(model: Path, run: Path, test: Moments, settings: Settings) -> dict[str, Any]:
    """Each feature's share of TabNet's masks and its mean |SHAP| in the run's own trees.

    Args:
        model: The folder of the bench's TabNet.
        run: The run's folder.
        test: Moments to look at.
        settings: Seed and threads.

    Returns:
        ``moments``, ``note``, ``features`` from the largest mask on: ``name``, ``mask``,
        ``shap`` (None where the run was not explained); ``rank_correlation`` of the two
        (Spearman), None without SHAP values.
    """
    from scipy.stats import spearmanr

    from willbuy.research.tabnet import TabNetLearner

    some = test.take(draw_sessions(test.visit, ROWS, settings.seed))
    masks = TabNetLearner.load(model / "model", threads=settings.workers).masks(some)
    shap = _shap(run / "explanations.json")
    told = [
        {"name": name, "mask": float(mask), "shap": shap.get(name)}
        for name, mask in zip(test.names, masks, strict=True)
    ]
    both = [(one["mask"], one["shap"]) for one in told if one["shap"] is not None]
    correlation = float(spearmanr(np.array(both)).statistic) if len(both) > 2 else None
    return {
        "moments": len(some),
        "note": _NOTE,
        "features": sorted(told, key=lambda one: -float(str(one["mask"]))),
        "rank_correlation": correlation,
    }


def _shap(path: Path) -> dict[str, float]:
    """Mean |SHAP| by feature, of explanations.json; empty where the run has none."""
    if not path.is_file():
        return {}
    found = json.loads(path.read_text("utf-8"))
    return {one["name"]: one["mean_abs"] for one in found["features"]}
