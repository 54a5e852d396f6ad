"""The content of explanations.json."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.explain.by_value import bin_of
from willbuy.explain.contributions import Explained, Floats
from willbuy.explain.words import direction, signed, span

SCHEMA = 2

TOP = 15
"""So many features are told with groups of values and single moments."""

POINTS = 300
"""So many moments are kept for drawing."""

_GROUPS = 4
"""With no more different values than this, each is a group of its own; else they are quarters."""

_NOTE = (
    "Exact SHAP values (TreeSHAP, Lundberg et al. 2020) of the boosted trees: what each feature "
    "adds to a moment's log-odds, before calibration; with the base they add up to the model's "
    "answer. They are the model's reasons, not causes: features that go together share what they "
    "add, and changing one in the world need not change what happens."
)


def summary(told: Explained) -> dict[str, Any]:
    """Features and families by the mean size of what they add, the largest first.

    Returns:
        Plain numbers, ready for JSON; docs/runs.md says what each entry is.
    """
    size, family_size = told.by_feature, told.by_family
    families = sorted(zip(told.families, family_size.tolist(), strict=True), key=lambda x: -x[1])
    return {
        "schema": SCHEMA,
        "model": "xgboost",
        "unit": "log-odds",
        "note": _NOTE,
        "moments": len(told.X),
        "base": told.base,
        "families": [{"family": name, "mean_abs": value} for name, value in families],
        "features": [
            {
                "name": told.features[i].name,
                "family": told.features[i].family,
                "mean_abs": float(size[i]),
            }
            for i in np.argsort(-size, kind="stable").tolist()
        ],
        "top": [_feature(told, i) for i in told.strongest(TOP).tolist()],
    }


def _feature(told: Explained, i: int) -> dict[str, Any]:
    feature, values, added = told.features[i], told.X[:, i], told.contributions[:, i]
    groups = value_groups(values, added, told.weight)
    correlation = rank_correlation(values, added)
    return {
        "name": feature.name,
        "label": feature.label,
        "unit": feature.unit,
        "meaning": feature.meaning,
        "family": feature.family,
        "mean_abs": float(told.by_feature[i]),
        "rank_correlation": correlation,
        "direction": direction(correlation, feature.unit),
        "groups": groups,
        "words": _words(feature.label, feature.unit, groups),
        "points": _points(values[:POINTS], added[:POINTS]),
    }


def value_groups(
    values: NDArray[np.float32], added: NDArray[np.floating], weight: Floats
) -> list[dict[str, Any]]:
    """Tell what a feature adds on average where it is low, where it is high, and where missing.

    Args:
        values: The feature, nan where missing (n,).
        added: Its contributions (n,).
        weight: Sampling weights (n,).

    Returns:
        From the lowest values, then the missing ones: ``low`` and ``high`` (None where
        missing), ``share`` of the weight, ``mean_contribution``.
    """
    place = bin_of(values, _GROUPS)
    groups = []
    for at in np.unique(place).tolist():
        here = place == at
        some = not np.isnan(values[here]).any()
        groups.append(
            {
                "low": float(values[here].min()) if some else None,
                "high": float(values[here].max()) if some else None,
                "share": float(weight[here].sum() / weight.sum()),
                "mean_contribution": float(np.average(added[here], weights=weight[here])),
            }
        )
    return groups


def rank_correlation(values: NDArray[np.float32], added: NDArray[np.floating]) -> float | None:
    """Spearman's, where the value is known; None where one of the two never changes."""
    from scipy.stats import spearmanr

    known = ~np.isnan(values)
    values, added = values[known], added[known]
    if not len(values) or np.ptp(values) == 0 or np.ptp(added) == 0:
        return None
    return float(spearmanr(values, added).statistic)


def _words(label: str, unit: str, groups: list[dict[str, Any]]) -> str:
    """The group with the largest contribution, as people say it."""
    most = max(groups, key=lambda one: abs(one["mean_contribution"]))
    where = "missing" if most["low"] is None else span(most["low"], most["high"], unit)
    known = [one for one in groups if one["low"] is not None]
    if most["low"] != most["high"] and len(known) > 1:
        ends = {id(known[0]): " (the lowest values)", id(known[-1]): " (the highest values)"}
        where += ends.get(id(most), "")
    return f"{label}: {where} {signed(most['mean_contribution'])} log-odds"


def _points(
    values: NDArray[np.float32], added: NDArray[np.floating]
) -> dict[str, list[float | None]]:
    """Single moments: what was added, and how high the value is among those known, 0 to 1."""
    from scipy.stats import rankdata

    known = ~np.isnan(values)
    rank = np.full(len(values), np.nan)
    rank[known] = (rankdata(values[known]) - 0.5) / max(known.sum(), 1)
    return {
        "contribution": [round(float(one), 4) for one in added],
        "rank": [None if np.isnan(one) else round(float(one), 3) for one in rank],
    }
