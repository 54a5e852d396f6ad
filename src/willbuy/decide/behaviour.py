"""How sessions behave: groups found by clustering, named, and said as rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.decide.rules import Rules, fit_rules

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COLUMNS = (
    "events", "distinct_products", "distinct_categories", "busiest_product", "returns",
    "category_switches", "duration", "carts", "removes", "cart_size", "past_sessions",
    "known_products_share",
)  # fmt: skip
"""What sessions are told apart by: what they did so far, not what it cost nor what came of it."""

MOST, FEWEST = 7, 2
"""Numbers of groups that are tried."""

STABLE, AGREED = 0.8, 0.9
"""Least adjusted Rand index between refits, and least share of sessions that the rules place as
the clusters do, for a number of groups to be shown."""

SMALLEST = 0.005
"""No group is a smaller share of all sessions."""

FAR = 3.0
"""Deviations beyond which sessions are no longer told apart: a few must not be a group alone."""

ENOUGH = 20_000
"""More sessions than this are not clustered: the groups would be the same."""

_REFITS = 8

NAMES: Mapping[str, Mapping[str, float]] = {
    "one look": {"events": -1, "duration": -1, "distinct_products": -0.5, "past_sessions": -0.6},
    "brief return": {
        "events": -1,
        "duration": -1,
        "past_sessions": 1,
        "known_products_share": -0.4,
    },
    "browser": {"distinct_categories": 1, "category_switches": 1, "distinct_products": 0.5},
    "comparer": {"distinct_products": 1, "events": 0.5, "category_switches": -1, "returns": 0.5},
    "researcher": {"busiest_product": 1, "duration": 0.5, "distinct_products": -0.5},
    "hesitater": {"carts": 0.7, "removes": 0.7, "returns": 1, "duration": 0.7},
    "quick buyer": {"carts": 1, "cart_size": 1, "events": -0.3, "duration": -0.5},
    "returner": {"past_sessions": 1, "known_products_share": 1},
}
"""What a group is called by: how its sessions differ from all, in the sense of each name."""


@dataclass(frozen=True)
class Behaviour:
    """Groups of sessions by behaviour.

    Attributes:
        rules: Place a session in a group by what it did so far.
        names: Of the groups, in the order of their numbers.
        stability: Mean adjusted Rand index (Hubert & Arabie 1985) between refits on resampled
            sessions.
        agreement: The share of sessions, not used to make the rules, that these place as the
            clusters do.
        tried: The same two figures for each number of groups.
    """

    rules: Rules
    names: tuple[str, ...]
    stability: float
    agreement: float
    tried: Mapping[int, tuple[float, float]]


def fit_behaviour(X: Floats, columns: Sequence[str] = COLUMNS, *, seed: int) -> Behaviour:
    """Find groups of sessions: as many as come back when the sessions are drawn anew.

    K-means on logs, scaled; the largest number of groups that is stable and can be said by
    readable rules. Where not even two are, all sessions are one group.

    Args:
        X: (n, columns), each session at one moment; nan counts as 0.
        columns: Their names.
        seed: Decides every draw.
    """
    rng = np.random.default_rng(seed)
    if len(X) > ENOUGH:
        X = X[rng.permutation(len(X))[:ENOUGH]]
    X = np.nan_to_num(X)
    Z = scaled(X)
    tried: dict[int, tuple[float, float]] = {}
    for groups in range(min(MOST, len(np.unique(Z, axis=0))), FEWEST - 1, -1):
        stability = _stability(Z, groups, rng)
        label = _clusters(Z, Z, groups, seed)
        learnt = rng.permutation(len(X)) < len(X) // 2
        rules = fit_rules(X[learnt], label[learnt], columns, seed=seed)
        agreement = float(np.mean(rules(X[~learnt]) == label[~learnt]))
        tried[groups] = (stability, agreement)
        if stability >= STABLE and agreement >= AGREED:
            rules = fit_rules(X, label, columns, seed=seed)
            placed = rules(X)
            if np.bincount(placed, minlength=groups).min() < SMALLEST * len(X):
                continue
            centres = np.array([Z[placed == one].mean(axis=0) for one in range(groups)])
            return Behaviour(rules, named(centres, columns), stability, agreement, tried)
    alone = Rules(tuple(columns), ((),), (0,))
    return Behaviour(alone, ("all sessions",), 1.0, 1.0, tried)


def scaled(X: Floats) -> Floats:
    """Logs of what is counted, each column with mean 0 and deviation 1."""
    Z = np.log1p(np.maximum(np.nan_to_num(X), 0))
    spread = Z.std(axis=0)
    return np.asarray(np.clip((Z - Z.mean(axis=0)) / np.where(spread > 0, spread, 1), -FAR, FAR))


def named(centres: Floats, columns: Sequence[str]) -> tuple[str, ...]:
    """The names of groups: those that fit best together, each used once (Kuhn 1955).

    Args:
        centres: Mean scaled behaviour of each group (groups, columns).
        columns: Their names.
    """
    from scipy.optimize import linear_sum_assignment

    sense = np.array([[one.get(name, 0.0) for name in columns] for one in NAMES.values()])
    sense /= np.linalg.norm(sense, axis=1, keepdims=True)
    size = np.linalg.norm(centres, axis=1, keepdims=True)
    fit = (centres / np.where(size > 0, size, 1)) @ sense.T
    _, name = linear_sum_assignment(-fit)
    return tuple(list(NAMES)[at] for at in name)


def told(behaviour: Behaviour, labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each group's name and rule in words.

    Args:
        behaviour: The groups.
        labels: Of the columns.
    """
    found = []
    for group, name in enumerate(behaviour.names):
        ways = [
            " and ".join(one.words(labels.get(one.column, one.column)) for one in leaf) or "any"
            for leaf, of in zip(behaviour.rules.leaves, behaviour.rules.groups, strict=True)
            if of == group
        ]
        found.append({"name": name, "rule": ways})
    return found


def _clusters(learnt: Floats, Z: Floats, groups: int, seed: int) -> Ints:
    from sklearn.cluster import KMeans

    model = KMeans(groups, n_init=4, random_state=seed).fit(learnt)
    return np.asarray(model.predict(Z), np.int64)


def _stability(Z: Floats, groups: int, rng: np.random.Generator) -> float:
    """How alike all sessions are grouped by clusters of two draws of them (Ben-Hur et al. 2002)."""
    from sklearn.metrics import adjusted_rand_score

    found = []
    for _ in range(_REFITS):
        one, other = (
            _clusters(Z[rng.integers(len(Z), size=len(Z))], Z, groups, int(rng.integers(2**31)))
            for _ in range(2)
        )
        found.append(adjusted_rand_score(one, other))
    return float(np.mean(found))
