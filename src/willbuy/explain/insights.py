"""Common beliefs about what tells a buyer, held against this run.

Each is stated once, here, and tested in every run: at moments before the purchase, where a
prediction can still be used, and beside it at the session's end, which knows that it ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from willbuy.evaluate.figures import How, Part, told_slice, withheld
from willbuy.evaluate.metrics import Bools
from willbuy.explain.by_value import BINS, bin_of
from willbuy.explain.contributions import Floats, Floats32, Ints
from willbuy.features.registry import Feature

STRONG = 0.6
"""Alone, a strong predictor has at least this ROC-AUC, its interval too; guessing has 0.5."""

TOP_RANK, TOP_FAMILY = 10, 3
"""And in every refit it, or its family, is among so many of the strongest."""

SUPPORTED, NOT_SUPPORTED = "supported", "not supported"
HINDSIGHT = "only in whole-session data"
UNKNOWN = "cannot be told"

NOTE = (
    "alone: the ROC-AUC of one feature by itself. Its values are replaced by the rate of buyers "
    "that moments of calibrate with such values had, so that the relation may have any shape; "
    "judged on test. at_the_end: the same at the last moment of each session, which only those "
    "know that it was the last who look back. whole_session: with the purchase and what followed "
    "counted in, as tables of whole sessions often have it. Supported: before the end, its "
    f"interval alone lies at or above {STRONG:g}; and in the model and each refit it is among the "
    f"{TOP_RANK} strongest features, or its family among the {TOP_FAMILY} strongest. Where the "
    f"interval holds {STRONG:g}, it cannot be told."
)


@dataclass(frozen=True)
class Belief:
    """One belief about a predictor.

    Attributes:
        name: Of the entry.
        claim: As it is told.
        features: Names of the features that could be meant.
    """

    name: str
    claim: str
    features: tuple[str, ...]


BELIEFS = (
    Belief("session_duration", "Session duration is a strong predictor", ("duration",)),
    Belief(
        "product_price",
        "Product price is a strong predictor",
        ("price", "latest_price", "mean_price", "lowest_price", "highest_price"),
    ),
    Belief(
        "category_diversity",
        "Category diversity is a strong predictor",
        ("distinct_categories", "distinct_sections", "category_switches"),
    ),
)


class Seen(NamedTuple):
    """Moments with what followed.

    Attributes:
        X: float32 (n, F), nan where missing.
        y: Labels (n,).
        weight: Sampling weights (n,).
        user, session: int64 keys (n,).
    """

    X: Floats32
    y: Bools
    weight: Floats
    user: Ints
    session: Ints


class Pair(NamedTuple):
    """Moments of calibrate, from which rates are learned, and of test, on which they are judged."""

    calibrate: Seen
    test: Seen


def beliefs(
    features: Sequence[Feature],
    moments: Pair,
    ends: Pair,
    whole: Mapping[str, tuple[Floats32, Floats32]],
    steady: dict[str, Any],
    how: How,
) -> list[dict[str, Any]]:
    """Test what is commonly believed of predictors.

    Args:
        features: The F columns.
        moments: Drawn moments of any kind.
        ends: The last moment of sessions.
        whole: By name, features as a table of whole sessions would have them, the purchase and
            what came after it included; at the rows of `ends`.
        steady: What `stability` found.
        how: The bootstrap over shoppers.

    Returns:
        For each of `BELIEFS`: ``name``, ``claim``, ``feature`` (the strongest of those meant),
        ``label``, ``rank`` (``rank``, ``low``, ``high`` among all features; None where unknown),
        ``family``, ``family_rank``; ``alone``, ``at_the_end`` and ``whole_session`` (None where
        it is the same) as figures; ``verdict``.
    """
    place = {one.name: at for at, one in enumerate(features)}
    ranks, families = (
        {one["name"]: one for one in steady.get(kind, [])} for kind in ("features", "families")
    )
    found = []
    for belief in BELIEFS:
        meant = [name for name in belief.features if name in place]
        if not meant:
            continue
        name = min(meant, key=lambda one: ranks[one]["rank"] if ranks else 0)
        feature = features[place[name]]
        entry = {
            "name": belief.name,
            "claim": belief.claim,
            "feature": name,
            "label": feature.label,
            "rank": _rank(ranks.get(name)),
            "family": feature.family,
            "family_rank": _rank(families.get(feature.family)),
            "alone": alone(
                moments.calibrate.X[:, place[name]], moments.test.X[:, place[name]], moments, how
            ),
            "at_the_end": alone(
                ends.calibrate.X[:, place[name]], ends.test.X[:, place[name]], ends, how
            ),
            "whole_session": alone(*whole[name], ends, how) if name in whole else None,
        }
        found.append(entry | {"verdict": verdict(entry)})
    return found


def alone(learned: Floats32, judged: Floats32, of: Pair, how: How) -> dict[str, Any]:
    """The ROC-AUC of one feature by itself, of any shape.

    Args:
        learned: Its values at the moments of calibrate.
        judged: Its values at those of test.
        of: Both.
        how: The bootstrap over shoppers.
    """
    if not len(learned) or not len(judged):
        return withheld("no moments")
    both = np.concatenate([learned, judged])
    place = bin_of(both, 2 * BINS)  # where borders lie says nothing of who buys
    cells = int(place.max()) + 1
    first = place[: len(learned)]
    weight, y = of.calibrate.weight, of.calibrate.y
    mass = np.bincount(first, weight, cells)
    overall = np.average(y, weights=weight)
    # One moment's worth of the rate of all, so that an empty group has a rate, too.
    rate = (np.bincount(first, weight * y, cells) + overall) / (mass + 1)
    test = of.test
    part = Part(test.y, rate[place[len(learned) :]], test.weight, test.user, test.session)
    told: dict[str, Any] = told_slice(part, how, ("roc_auc",))["roc_auc"]
    return told


def verdict(entry: dict[str, Any]) -> str:
    """Whether a belief holds, by the rule that `NOTE` tells."""
    feature, its_family = entry["rank"], entry["family_rank"]
    if entry["alone"]["low"] is None or feature is None:
        return UNKNOWN
    strong = is_strong(entry["alone"])
    weighs = feature["high"] <= TOP_RANK or its_family["high"] <= TOP_FAMILY
    if weighs and strong is not False:
        return SUPPORTED if strong else UNKNOWN
    late = (entry[name] for name in ("at_the_end", "whole_session"))
    return HINDSIGHT if any(one and is_strong(one) for one in late) else NOT_SUPPORTED


def is_strong(figure: dict[str, Any]) -> bool | None:
    """Whether a ROC-AUC reaches the line with its whole interval; None where the line is in it."""
    if figure["low"] is None or figure["low"] < STRONG <= figure["high"]:
        return None
    return bool(figure["low"] >= STRONG)


def _rank(found: dict[str, Any] | None) -> dict[str, int] | None:
    return None if found is None else {name: found[name] for name in ("rank", "low", "high")}
