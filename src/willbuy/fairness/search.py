"""Every slice of one feature and of two, looked at once, and which gaps are beyond chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from willbuy.evaluate.figures import Ints, Part
from willbuy.evaluate.metrics import Bools, Floats
from willbuy.fairness.gaps import KINDS, Levelled
from willbuy.fairness.groups import Grouping, crossed

LEAST_SESSIONS, LEAST_BUYERS = 200, 25
"""A slice with fewer sessions, or of which the model expects fewer to buy, is too small to tell.
Its rates of flags are judged where the model expects as many buyers on either side of the line.
What happened has no say in it: else slices of which chance made buyers many would be let in for
that, and a slice whose buyers stay away would go unseen."""

LEVEL = 0.01
"""The chance that a run whose model is exactly right raises a finding, all looks together. No model
is: it is also off by what its train rows had by chance. 1 % leaves room for that, so that at most
5 % of runs in which nothing is wrong raise one."""


@dataclass(frozen=True)
class Size:
    """How large a slice is.

    Attributes:
        moments, sessions, shoppers: Of the slice.
        buyers: Shoppers with a moment in it that a purchase follows.
        expected: How many sessions the model expects to buy, by the last moment of each in it.
    """

    moments: int
    sessions: int
    shoppers: int
    buyers: int
    expected: float

    @property
    def enough(self) -> bool:
        """Whether anything can be told of it."""
        return self.sessions >= LEAST_SESSIONS and self.expected >= LEAST_BUYERS


@dataclass(frozen=True)
class Slice:
    """Some moments of the test part.

    Attributes:
        columns, levels: Of which columns, and which level of each; one or two.
        grouping: Its grouping; of two columns, of all their pairs.
        place: Which of its levels.
        size: Of the slice.
    """

    columns: tuple[str, ...]
    levels: tuple[str, ...]
    grouping: Grouping
    place: int
    size: Size

    @property
    def rows(self) -> Bools:
        """Its rows (n,)."""
        return np.asarray(self.grouping.code == self.place)


@dataclass(frozen=True)
class Look:
    """One gap of one slice.

    Attributes:
        of: The slice.
        kind: Which gap, see `KINDS`.
        observed, expected: What happened, and what the levelled probabilities say.
        gap: Expected minus observed for the level, observed minus expected for rates of flags.
        error: Its standard error if there were none.
        p_value: Of a gap so large by chance; two-sided.
        adjusted: The same with all looks accounted for (Holm 1979).
        chance: The gap that chance alone explains, all looks accounted for.
        shoppers: Whom it concerns: all, those who buy, or those who do not.
    """

    of: Slice
    kind: str
    observed: float
    expected: float
    gap: float
    error: float
    p_value: float
    adjusted: float
    chance: float
    shoppers: int

    @property
    def harm(self) -> float:
        """The size of the gap times the shoppers it concerns."""
        return abs(self.gap) * self.shoppers

    @property
    def found(self) -> bool:
        """Whether it is beyond chance."""
        return self.adjusted < LEVEL


@dataclass(frozen=True)
class Search:
    """What was looked at.

    Attributes:
        slices: Of one column, in order, those too small among them.
        looks: All gaps of slices that are large enough, of one column and of two.
        pairs: How many slices of two columns there are.
        pairs_too_small: How many of them are too small to tell.
    """

    slices: list[Slice]
    looks: list[Look]
    pairs: int
    pairs_too_small: int

    @property
    def findings(self) -> list[Look]:
        """Gaps beyond chance, the most harmful first.

        A pair whose gap is that of one of its two columns, a finding as well, is not told twice.
        """
        found = sorted((one for one in self.looks if one.found), key=lambda one: -one.harm)
        alone = {(one.kind, one.gap > 0, one.of.columns[0], one.of.levels[0])
                 for one in found if len(one.of.columns) == 1}  # fmt: skip
        return [one for one in found if not (len(one.of.columns) == 2 and any(
            (one.kind, one.gap > 0, *each) in alone
            for each in zip(one.of.columns, one.of.levels, strict=True)
        ))]  # fmt: skip

    def worst(self, most: int) -> list[Look]:
        """The most harmful gaps of slices of two columns, beyond chance or not."""
        pairs = [one for one in self.looks if len(one.of.columns) == 2]
        return sorted(pairs, key=lambda one: -one.harm)[:most]


def search(
    part: Part, k: NDArray[np.int32], threshold: float, groupings: Sequence[Grouping]
) -> Search:
    """Look at every slice of one column and of two.

    Args:
        part: Rows to judge (n,).
        k: The ordinal of each moment in its session (n,).
        threshold: At or above it a moment is flagged.
        groupings: The columns, cut, of the same rows.
    """
    part = replace(part, user=_dense(part.user), session=_dense(part.session))
    levelled = Levelled(part, k, threshold)
    single: list[Slice] = []
    raw: list[Look] = []
    for one in groupings:
        slices = list(_slices(levelled, part, one, one, None))
        single += slices
        raw += _looks(levelled, one, slices)
    pairs = small = 0
    for one, two in combinations(groupings, 2):
        slices = list(_slices(levelled, part, crossed(one, two), one, two))
        pairs += len(slices)
        small += sum(not each.size.enough for each in slices)
        if any(each.size.enough for each in slices):
            raw += _looks(levelled, slices[0].grouping, slices)
    return Search(single, _adjusted(raw), pairs, small)


def _slices(
    levelled: Levelled, part: Part, whole: Grouping, one: Grouping, two: Grouping | None
) -> Iterator[Slice]:
    """The slices that have a row, in order."""
    code, levels = whole.code, len(whole.levels)
    moments = np.bincount(code, minlength=levels)
    sessions, shoppers = (_distinct(code, ids, levels) for ids in (part.session, part.user))
    buyers = _distinct(code[part.y], part.user[part.y], levels)
    expected = levelled.expected_buyers(code, levels)
    for place in np.flatnonzero(moments):
        size = Size(
            int(moments[place]), int(sessions[place]), int(shoppers[place]), int(buyers[place]),
            float(expected[place]),
        )  # fmt: skip
        if two is None:
            yield Slice((one.name,), (one.levels[place],), whole, int(place), size)
        else:
            first, second = divmod(int(place), len(two.levels))
            levels_ = (one.levels[first], two.levels[second])
            yield Slice((one.name, two.name), levels_, whole, int(place), size)


def _distinct(code: Ints, ids: Ints, cells: int) -> Ints:
    """How many different ids, from 0 on, each cell has (cells,)."""
    seen = np.zeros((cells, int(ids.max(initial=0)) + 1), np.bool_)
    seen[code, ids] = True
    return np.asarray(np.count_nonzero(seen, axis=1), np.int64)


def _dense(ids: Ints) -> Ints:
    """The same ids, numbered from 0 on (n,)."""
    return np.asarray(np.unique(ids, return_inverse=True)[1], np.int64)


def _looks(levelled: Levelled, grouping: Grouping, slices: Sequence[Slice]) -> Iterator[Look]:
    """The gaps of slices that are large enough, not yet adjusted."""
    found = levelled.gaps(grouping.code, len(grouping.levels))
    flags = levelled.expected_flags(grouping.code, len(grouping.levels)).min(axis=1)
    for one in slices:
        size = one.size
        concerned = (size.shoppers, size.buyers, size.shoppers - size.buyers)
        kinds = KINDS if flags[one.place] >= LEAST_BUYERS else KINDS[:1]
        for at, kind in enumerate(kinds if size.enough else ()):
            gap, error = found.gap[one.place, at], found.error[one.place, at]
            if not np.isfinite(gap) or not error > 0:
                continue  # nobody could be flagged, or everybody is
            yield Look(
                one, kind, float(found.observed[one.place, at]),
                float(found.expected[one.place, at]), float(gap), float(error),
                float(2 * norm.sf(abs(gap) / error)), 1.0, np.inf, concerned[at],
            )  # fmt: skip


def _adjusted(looks: Sequence[Look]) -> list[Look]:
    """The same with p-values and limits that account for all of them."""
    p_values = np.array([one.p_value for one in looks])
    left = len(looks) - np.argsort(np.argsort(p_values, kind="stable"))
    limits = norm.isf(LEVEL / 2 / np.maximum(left, 1))
    return [
        replace(one, adjusted=float(value), chance=float(limit * one.error))
        for one, value, limit in zip(looks, holm(p_values), limits, strict=True)
    ]


def holm(p_values: Floats) -> Floats:
    """Adjust p-values (m,) for many looks (Holm 1979, "A simple sequentially rejective test")."""
    order = np.argsort(p_values, kind="stable")
    rising = np.maximum.accumulate(p_values[order] * np.arange(len(order), 0, -1))
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(rising, 1.0)
    return adjusted
