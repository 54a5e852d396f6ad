"""Gaps between what the model expects of a slice and what happens there, beside chance.

All three gaps (of the level, of the true and of the false positive rate) are sums of c (y - p)
over moments with coefficients c that are known at the moment. Their spread if the model were
right, and their spread over shoppers as it is, have closed forms, so that nothing has to be drawn.

*If the model were right.* The label of all moments of a session is one and the same: whether it
buys. Were p_k the probability of that given all that is known at moment k, then, for j < k,
E[(y - p_j)(y - p_k)] = E[p_k (1 - p_k)], whatever was known at j. So the variance of a session's
sum is the sum over k of c_k p_k (1 - p_k) (c_k + 2 the sum of c_j over j < k). (To redraw labels
with one uniform number a session, as for the calibration error by chance, has the right rates but
too little dependence: min(p_j, p_k) - p_j p_k is never more than that.)

*Over shoppers.* The sum over shoppers of the square of each one's sum: what the Poisson bootstrap
over shoppers comes to with ever more replicates. It holds what the first cannot know: sessions of a
shopper that depend on each other.

The larger of the two is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from willbuy.evaluate.figures import Ints, Part
from willbuy.evaluate.metrics import Bools, Floats
from willbuy.evaluate.recalibration import why_no_line

KINDS = ("calibration", "true_positive_rate", "false_positive_rate")
"""What can be off in a slice: the level of the probabilities, or how often buyers, or others,
are flagged."""

_SMALLEST = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Gaps:
    """The gaps of some slices, each (slices, kinds) with kinds as in `KINDS`.

    Attributes:
        observed: The rate of purchases, and the two rates of flags.
        expected: The same if the levelled probabilities were right.
        gap: What the model says is too high by: expected minus observed for the level of the
            probabilities, observed minus expected for the rates of flags; nan where undefined.
        error: The standard error of the gap if there were none.
    """

    observed: Floats
    expected: Floats
    gap: Floats
    error: Floats


class Levelled:
    """A part whose probabilities are right on the whole, so that slices can be compared to it.

    No model's probabilities are exactly right. Where they are too high, or too bold, for
    everybody, that is no matter of slices and is told elsewhere. So they are moved along the line
    in log-odds that fits the whole part best (Cox 1958), with a step at the threshold: then on the
    whole as many moments are followed by a purchase as they say, and as many of those flagged. A
    slice is compared to that; that the line was fitted on these rows is accounted for. Flags are
    those of the probabilities as they are.

    Args:
        part: Rows to judge (n,).
        k: The ordinal of each moment in its session (n,).
        threshold: At or above it a moment is flagged.
    """

    def __init__(self, part: Part, k: NDArray[np.int32], threshold: float) -> None:
        order = np.lexsort((k, part.session))
        self.order = order
        self.part = part = Part(*(column[order] for column in vars(part).values()))
        self.flagged: Bools = part.p >= threshold
        self.p, self.line = _level(part, self.flagged)
        self.missed = part.y - self.p
        self.spread = self.p * (1 - self.p)
        self._session = _starts(part.session)
        self._user = np.unique(part.user, return_inverse=True)[1]
        self._answer_of_line()

    def _answer_of_line(self) -> None:
        """What all slices share: how the line moves with the labels of all rows."""
        turn = self.line / self.part.weight[:, None] * self.spread[:, None]
        self._turn, self._inverse = turn, np.linalg.pinv(turn.T @ self.line)
        by_user = _summed(self._user, self.line * self.missed[:, None])
        self._user_line, self._line_users = by_user[self._user], by_user.T @ by_user
        before = _before(self.line, self._session)
        after = _after(self.line * self.spread[:, None], self._session)
        self._row_line = self.spread[:, None] * (before + self.line) + after
        self._line_model = self.line.T @ self._row_line

    def gaps(self, code: Ints, slices: int) -> Gaps:
        """The gaps of the slices that a code tells.

        Args:
            code: The slice of each row of the part as it was given (n,).
            slices: How many.
        """
        code, weight = code[self.order], self.part.weight
        own = np.column_stack([weight, weight * self.flagged])
        mass, flags = _summed(code, own, slices).T
        buys, hits = _summed(code, own * self.part.y[:, None], slices).T
        said, right = _summed(code, own * self.p[:, None], slices).T
        none = np.zeros(slices)
        with np.errstate(divide="ignore", invalid="ignore"):
            observed = np.column_stack([buys / mass, hits / buys, (flags - hits) / (mass - buys)])
            expected = np.column_stack([said / mass, right / said, (flags - right) / (mass - said)])
            gap = (observed - expected) * (-1, 1, 1)
            # Each gap is the sum of y - p with these coefficients of w and of w f.
            level = np.column_stack([-1 / mass, none])
            caught = np.column_stack([-expected[:, 1], none + 1]) / buys[:, None]
            alarm = np.column_stack([expected[:, 2], none - 1]) / (mass - buys)[:, None]
            error = self._error(code, own, np.stack([level, caught, alarm], axis=1))
        return Gaps(observed, expected, gap, error)

    def expected_flags(self, code: Ints, slices: int) -> Floats:
        """`expected_buyers` of the moments not flagged, and of those flagged (slices, 2)."""
        flagged = np.empty(len(code), np.int64)
        flagged[self.order] = self.flagged
        return self.expected_buyers(2 * code + flagged, 2 * slices).reshape(slices, 2)

    def expected_buyers(self, code: Ints, slices: int) -> Floats:
        """How many sessions of each slice buy if the probabilities are right (slices,).

        A session buys with the probability of the last of its moments in the slice: that one
        knows most. Sessions are counted as they are, not weighted.

        Args:
            code: The slice of each row of the part as it was given (n,).
            slices: How many.
        """
        code = code[self.order]
        by_slice = np.argsort(code, kind="stable")
        start = _starts(code[by_slice], self._session[by_slice])
        last = by_slice[np.append(start[1:] != start[:-1], True)] if len(start) else by_slice
        return np.asarray(np.bincount(code[last], self.p[last], slices), np.float64)

    def _error(self, code: Ints, own: Floats, c: Floats) -> Floats:
        """The standard errors of sums with coefficients c (slices, gaps, 2) of w and w f."""
        slices = len(c)
        moved = c @ _products(code, own, self._turn, slices) @ self._inverse
        variances = []
        for own_own, own_line, line_line in (
            self._over_shoppers(code, own, slices), self._if_right(code, own, slices),
        ):  # fmt: skip
            variance = np.einsum("sga,sab,sgb->sg", c, own_own, c)
            variance -= 2 * np.einsum("sga,sal,sgl->sg", c, own_line, moved)
            variances.append(variance + np.einsum("sgl,lm,sgm->sg", moved, line_line, moved))
        return np.asarray(np.sqrt(np.maximum(0, np.maximum(*variances))))

    def _over_shoppers(self, code: Ints, own: Floats, slices: int) -> tuple[Floats, ...]:
        missed = own * self.missed[:, None]
        both, of_row = np.unique(code * (self._user.max() + 1) + self._user, return_inverse=True)
        sums = _summed(of_row, missed, len(both))
        return (
            _products(both // (self._user.max() + 1), sums, sums, slices),
            _products(code, missed, self._user_line, slices),
            self._line_users,
        )

    def _if_right(self, code: Ints, own: Floats, slices: int) -> tuple[Floats, ...]:
        by_slice = np.argsort(code, kind="stable")
        values, slice_ = own[by_slice], code[by_slice]
        before = _before(values, _starts(slice_, self._session[by_slice]))
        once = values * self.spread[by_slice, None]
        twice = _products(slice_, once, before, slices)
        return (
            _products(slice_, once, values, slices) + twice + np.swapaxes(twice, 1, 2),
            _products(code, own, self._row_line, slices),
            self._line_model,
        )


def _level(part: Part, flagged: Bools) -> tuple[Floats, Floats]:
    """Probabilities that are right on the whole (n,), and what they were moved along (n, terms).

    Where no line fits they stay as they are, and there is no term.
    """
    sure = np.clip(part.p, _SMALLEST, 1 - _SMALLEST)
    margin = np.log(sure) - np.log1p(-sure)
    if why_no_line(part, margin):
        return part.p, np.zeros((len(margin), 0))
    terms = [margin]
    if all(0 < part.y[rows].sum() < rows.sum() for rows in (flagged, ~flagged)):
        terms.append(flagged.astype(np.float64))
    from sklearn.linear_model import LogisticRegression

    X = np.column_stack(terms)
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-9)
    model.fit(X, part.y, sample_weight=part.weight / part.weight.mean())
    line = np.column_stack([np.ones(len(X)), X]) * part.weight[:, None]
    return model.predict_proba(X)[:, 1], line


def _starts(*ids: Ints) -> Ints:
    """The first row of the run of equal ids that each row is in (n,)."""
    new = np.zeros(len(ids[0]), np.bool_)
    new[:1] = True
    for one in ids:
        new[1:] |= one[1:] != one[:-1]
    return np.asarray(np.maximum.accumulate(np.where(new, np.arange(len(new)), 0)))


def _before(values: Floats, start: Ints) -> Floats:
    """The sum of the rows of the same run before each row (n, v)."""
    upto = np.cumsum(values, axis=0) - values
    return np.asarray(upto - upto[start])


def _after(values: Floats, start: Ints) -> Floats:
    """The sum of the rows of the same run after each row (n, v)."""
    run = np.unique(start, return_inverse=True)[1]
    return np.asarray(_summed(run, values, len(values))[run] - values - _before(values, start))


def _summed(code: Ints, values: Floats, cells: int | None = None) -> Floats:
    """Sums by cell (cells, v)."""
    cells = int(code.max()) + 1 if cells is None else cells
    out = np.zeros((cells, values.shape[1]))
    for at, column in enumerate(values.T):
        out[:, at] = np.bincount(code, column, cells)
    return out


def _products(code: Ints, one: Floats, two: Floats, cells: int) -> Floats:
    """Sums by cell of the products of two sets of columns (cells, a, b)."""
    flat = (one[:, :, None] * two[:, None, :]).reshape(len(one), -1)
    return _summed(code, flat, cells).reshape(cells, one.shape[1], two.shape[1])
