"""Sessions whose probabilities are right by construction, moment for moment."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.stats import norm

from willbuy.evaluate.figures import How, Part


@dataclass
class Shop:
    part: Part
    k: np.ndarray
    own: np.ndarray
    """A number of each session, 0 to 9, that has no bearing on anything."""


def make_shop(seed, sessions=3_000, dependent=0.0, per_user=2):
    """A session buys where a random walk ends above a line; p is the chance of that so far.

    With `dependent`, sessions of a shopper share a part of what the probabilities do not know.
    """
    rng = np.random.default_rng(seed)
    length = rng.geometric(0.2, sessions)
    session = np.repeat(np.arange(sessions), length)
    user = session // per_user
    k = np.concatenate([np.arange(1, n + 1) for n in length]).astype(np.int32)
    first = np.concatenate([[0], np.cumsum(length)[:-1]])
    walk = np.cumsum(rng.normal(size=len(session)) * 0.35)
    walk -= (walk - 0)[first][session]
    left = np.maximum(6.0 - 0.35**2 * k, 0.05)
    begun = rng.normal(size=sessions)[session] * 0.5
    p = norm.cdf((walk + begun - 3.0) / np.sqrt(left))
    last = first + length - 1
    unknown = (1 - dependent) ** 0.5 * rng.normal(size=sessions)
    unknown += dependent**0.5 * rng.normal(size=sessions)[user[first]]
    bought = norm.cdf(unknown) < p[last]
    part = Part(
        bought[session], p, np.ones(len(p)), user.astype(np.int64), session.astype(np.int64)
    )
    return Shop(part, k, (session * 7919) % 10)


@pytest.fixture(scope="session")
def make():
    return make_shop


@pytest.fixture(scope="session")
def how():
    return How(threshold=0.12, seed=0, replicates=100, threads=1)
