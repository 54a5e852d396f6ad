"""Who has stopped coming, by each shopper's own rhythm.

The MBG/NBD model (Batislam, Denizel & Filiztekin 2007; Hoppe & Wagner 2007, after Fader, Hardie
& Lee 2005): each shopper comes at random at a rate of their own, and after each visit may leave
for good with a probability of their own; rates are gamma, probabilities beta distributed. The
time since the last visit is a gap that has not ended: it is used as that, censored, neither left
out nor taken for a whole gap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY = 86_400e6
LEAST_GAP = 1 / 24
"""Days: a session that begins sooner after the one before is the same visit going on."""


@dataclass(frozen=True)
class Visits:
    """What is known of each shopper's visits at one time.

    Attributes:
        user: int64 keys (n,).
        again: How often each came again (n,).
        span: Days from the first visit to the last (n,).
        since: Days from the last visit to now (n,).
    """

    user: Ints
    again: Floats
    span: Floats
    since: Floats


@dataclass(frozen=True)
class Rhythm:
    """How often shoppers come, and how soon they leave for good.

    Attributes:
        shape, days: Of the gamma distribution of rates: `shape / days` visits a day on average.
        a, b: Of the beta distribution of leaving after a visit: a / (a + b) on average.
    """

    shape: float
    days: float
    a: float
    b: float

    def staying(self, visits: Visits) -> Floats:
        """How likely each shopper has not left for good (n,)."""
        gone = self.a / (self.b + visits.again)
        known = self.days + visits.span
        return np.asarray(
            1 / (1 + gone * ((known + visits.since) / known) ** (self.shape + visits.again))
        )

    def returns(self, visits: Visits, within: float) -> Floats:
        """How likely each shopper comes within so many days (n,)."""
        known = self.days + visits.span + visits.since
        silent = (known / (known + within)) ** (self.shape + visits.again)
        return np.asarray(self.staying(visits) * (1 - silent))


def visits_until(user: Ints, start: Ints, until: int) -> Visits:
    """The visits that began before a time.

    Args:
        user: int64 keys (n,).
        start: Beginnings of sessions in microseconds (n,).
        until: The time.
    """
    seen = start < until
    if not seen.any():
        none = np.zeros(0)
        return Visits(np.zeros(0, np.int64), none, none, none)
    order = np.lexsort((start[seen], user[seen]))
    user, start = user[seen][order], start[seen][order]
    keys, first = np.unique(user, return_index=True)
    last = np.append(first[1:], len(user)) - 1
    another = (user[1:] == user[:-1]) & (np.diff(start) >= LEAST_GAP * DAY)
    again = np.bincount(np.searchsorted(keys, user[1:][another]), minlength=len(keys))
    span = np.where(again > 0, (start[last] - start[first]) / DAY, 0.0)
    return Visits(keys, again.astype(np.float64), span, (until - start[last]) / DAY)


def fit_rhythm(visits: Visits) -> Rhythm:
    """The most likely parameters.

    Args:
        visits: Of at least one shopper.
    """
    from scipy.optimize import minimize
    from scipy.special import betaln, gammaln

    x, span, known = visits.again, visits.span, visits.span + visits.since

    def loss(at: Floats) -> float:
        shape, days, a, b = np.exp(at)
        times = gammaln(shape + x) - gammaln(shape) + shape * np.log(days)
        stayed = betaln(a, b + x + 1) - (shape + x) * np.log(days + known)
        left = betaln(a + 1, b + x) - (shape + x) * np.log(days + span)
        # A faint pull to 1, so that a log of one visit a shopper has an answer.
        likely = float(np.mean(times + np.logaddexp(stayed, left)))
        return float(betaln(a, b)) - likely + 1e-6 * float(at @ at)

    begin = np.log([1.0, max(float(known.mean()), LEAST_GAP), 1.0, 2.0])
    found = minimize(loss, begin, method="Nelder-Mead", options={"maxiter": 2000})
    return Rhythm(*np.exp(found.x).tolist())
