"""How well can train be told from test: has the shop changed, or only the date?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.evaluate.figures import How, Ints, Part, told, withheld
from willbuy.evaluate.metrics import Floats
from willbuy.features.registry import SESSION, Feature
from willbuy.models.boosted import Boosted
from willbuy.models.folds import user_folds
from willbuy.models.rounds import Trainer

TOP = 5
"""So many features are named."""

CALENDAR = frozenset(("hour", "hour_sine", "hour_cosine", "weekday"))
"""Features that hold nothing but the time."""

_NOTE = (
    "A small boosted model learns to tell moments of test from moments of train, without the "
    "labels; each shopper is judged by a fit that has not seen them. ROC-AUC 0.5: nothing tells "
    "them apart. Time alone always does: a feature marked calendar only says when it was, and "
    "features of the shopper's and the shop's past grow with the log. So look at behaviour, which "
    "has only features of the session without the calendar: there 0.5 means that shoppers act as "
    "before."
)

_PLAN = {
    "rounds": 30.0,
    "max_depth": 3.0,
    "learning_rate": 0.3,
    "min_child_weight": 10.0,
    "subsample": 0.8,
    "colsample_bytree": 0.5,
    "reg_lambda": 1.0,
    "max_bin": 64.0,
}
_FOLDS = 3


def drift(
    X: NDArray[np.float32],
    is_test: NDArray[np.bool_],
    weight: Floats,
    user: Ints,
    features: Sequence[Feature],
    how: How,
) -> dict[str, Any]:
    """Tell train from test by all features, and by what shoppers do in the session alone.

    Args:
        X: Some rows of both parts, float32 (n, F), nan where missing.
        is_test: Which are of test (n,).
        weight: Sampling weights (n,), so that both parts stand for every moment.
        user: int64 keys (n,).
        features: The F columns.
        how: The bootstrap, the seed and the threads.

    Returns:
        ``note``; ``rows`` (``train``, ``test``); ``all_features`` and ``behaviour``, each with
        ``features`` (how many), ``roc_auc`` as a figure, and ``top``: the features that tell
        most, each with ``name``, ``label``, ``gain`` (its share of all gain) and ``calendar``.
    """
    balanced = weight / np.where(is_test, weight[is_test].sum(), weight[~is_test].sum())
    part = Part(is_test, np.zeros(len(user)), balanced / balanced.mean(), user, user)
    acts = [one.scope == SESSION and one.name not in CALENDAR for one in features]
    return {
        "note": _NOTE,
        "rows": {"train": int((~is_test).sum()), "test": int(is_test.sum())},
        "all_features": _told_apart(X, part, features, how),
        "behaviour": _told_apart(
            X[:, acts], part, [one for one, kept in zip(features, acts, strict=True) if kept], how
        ),
    }


def _told_apart(
    X: NDArray[np.float32], part: Part, features: Sequence[Feature], how: How
) -> dict[str, Any]:
    names = tuple(one.name for one in features)
    fold = user_folds(part.user, part.y, folds=_FOLDS, seed=how.seed)
    p = np.empty(len(fold))
    gains = dict.fromkeys(names, 0.0)
    for held in range(_FOLDS):
        seen = fold != held
        y, weight = part.y[seen], part.weight[seen]
        if y.all() or not y.any() or seen.all():
            reason = f"too few shoppers to learn from {_FOLDS - 1} and judge by another part"
            return {"features": len(names), "roc_auc": withheld(reason), "top": []}
        trainer = Trainer([X[seen]], y, weight / weight.mean(), names, how.seed, how.threads, None)
        booster = trainer.fit(_PLAN)
        p[~seen] = 1 / (1 + np.exp(-Boosted(booster, {}).margin(X[~seen])))
        for name, gain in booster.get_score(importance_type="total_gain").items():
            gains[name] += gain
    judged = Part(part.y, p, part.weight, part.user, part.session)
    total = sum(gains.values()) or 1.0
    top = sorted((one for one in features if gains[one.name]), key=lambda one: -gains[one.name])
    return {
        "features": len(names),
        "roc_auc": told(judged, how, ("roc_auc",))[0]["roc_auc"],
        "top": [
            {
                "name": one.name,
                "label": one.label,
                "gain": gains[one.name] / total,
                "calendar": one.name in CALENDAR,
            }
            for one in top[:TOP]
        ],
    }
