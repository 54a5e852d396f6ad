"""Groups found by an algorithm, said again as rules that a person can read and a program apply."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAVES = 2
"""So many conditions side by side a group may have on average: what needs more is not readable."""


@dataclass(frozen=True)
class Condition:
    """One column lies in (above, upto]; infinite where it has no such end."""

    column: str
    above: float
    upto: float

    def words(self, label: str) -> str:
        """As people say it; borders are whole numbers where values are."""
        if math.isinf(self.upto):
            return f"{label} above {self.above:g}"
        if math.isinf(self.above):
            return f"{label} up to {self.upto:g}"
        return f"{label} above {self.above:g}, up to {self.upto:g}"


@dataclass(frozen=True)
class Rules:
    """Which group a row belongs to.

    Attributes:
        columns: What is looked at; a missing value counts as 0.
        leaves: For each leaf its conditions, which all hold; every row is in exactly one leaf.
        groups: The group of each leaf.
    """

    columns: tuple[str, ...]
    leaves: tuple[tuple[Condition, ...], ...]
    groups: tuple[int, ...]

    def __call__(self, X: Floats) -> Ints:
        """The group of each row of X (n, columns)."""
        X = np.nan_to_num(X)
        place = {name: at for at, name in enumerate(self.columns)}
        found = np.full(len(X), -1, np.int64)
        for leaf, group in zip(self.leaves, self.groups, strict=True):
            inside = np.ones(len(X), bool)
            for one in leaf:
                column = X[:, place[one.column]]
                inside &= (column > one.above) & (column <= one.upto)
            found[inside] = group
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain lists; an end that is not there is null."""
        return {
            "columns": list(self.columns),
            "leaves": [
                {
                    "group": group,
                    "conditions": [
                        {
                            "column": one.column,
                            "above": None if math.isinf(one.above) else one.above,
                            "upto": None if math.isinf(one.upto) else one.upto,
                        }
                        for one in leaf
                    ],
                }
                for leaf, group in zip(self.leaves, self.groups, strict=True)
            ],
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        leaves = tuple(
            tuple(
                Condition(
                    one["column"],
                    -math.inf if one["above"] is None else one["above"],
                    math.inf if one["upto"] is None else one["upto"],
                )
                for one in leaf["conditions"]
            )
            for leaf in plain["leaves"]
        )
        return cls(
            tuple(plain["columns"]), leaves, tuple(leaf["group"] for leaf in plain["leaves"])
        )


def fit_rules(X: Floats, group: Ints, columns: Sequence[str], *, seed: int) -> Rules:
    """Say groups as a small decision tree (Breiman et al. 1984), a leaf a rule.

    Args:
        X: (n, columns); nan counts as 0.
        group: What is to be said again (n,).
        columns: Their names.
        seed: Decides ties.
    """
    from sklearn.tree import DecisionTreeClassifier

    X = np.nan_to_num(X)
    kinds = len(np.unique(group))
    if kinds < 2:
        return Rules(tuple(columns), ((),), (int(group[0]) if len(group) else 0,))
    tree = DecisionTreeClassifier(
        max_leaf_nodes=LEAVES * kinds, min_samples_leaf=max(len(X) // 200, 1), random_state=seed
    ).fit(X, group)
    found = tree.tree_
    leaves: list[tuple[Condition, ...]] = []
    groups: list[int] = []

    def walk(node: int, ends: dict[int, tuple[float, float]]) -> None:
        if found.children_left[node] < 0:
            leaves.append(tuple(Condition(columns[at], *ends[at]) for at in sorted(ends)))
            groups.append(int(tree.classes_[int(np.argmax(found.value[node][0]))]))
            return
        at = int(found.feature[node])
        border = readable(X[:, at], float(found.threshold[node]))
        low, high = ends.get(at, (-math.inf, math.inf))
        walk(found.children_left[node], ends | {at: (low, min(high, border))})
        walk(found.children_right[node], ends | {at: (max(low, border), high)})

    walk(0, {})
    return Rules(tuple(columns), tuple(leaves), tuple(groups))


def readable(values: Floats, border: float) -> float:
    """A border as people say it: 2, not 2.5, between 2 and 3; else two digits that count."""
    low, high = float(values[values <= border].max()), float(values[values > border].min())
    whole = math.ceil(high) - 1.0
    return whole if low <= whole else float(f"{border:.2g}")
