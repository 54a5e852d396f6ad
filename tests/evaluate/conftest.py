"""Moments of a made-up shop, and scikit-learn's own figures are never far."""

from dataclasses import dataclass

import numpy as np
import pytest

from willbuy.evaluate.figures import How, Part


@dataclass
class Made:
    part: Part
    k: np.ndarray
    moments: np.ndarray
    start: np.ndarray


def make(sessions=2_000, seed=0, weighted=False, rounded=None, base=-2.0):
    """All moments of some sessions; a model that is bold and a little off; ties where rounded."""
    rng = np.random.default_rng(seed)
    length = rng.geometric(0.2, sessions)
    session = np.repeat(rng.permutation(sessions) * 31, length)
    user = np.repeat(rng.integers(0, sessions // 2 + 1, sessions), length)
    margin = np.repeat(base + 1.2 * rng.normal(size=sessions), length)
    y = np.repeat(rng.random(sessions), length) < 1 / (1 + np.exp(-margin))
    p = 1 / (1 + np.exp(-(0.3 + 1.3 * margin + rng.normal(size=len(y)))))
    p = p if rounded is None else p.round(rounded)
    weight = rng.choice([0.5, 1.0, 3.0], len(y)) if weighted else np.ones(len(y))
    k = np.concatenate([np.arange(1, n + 1) for n in length]).astype(np.int32)
    start = np.repeat(rng.integers(0, 5, sessions), length)
    return Made(
        Part(y, p, weight, user, session), k, np.repeat(length, length).astype(np.int32), start
    )


@pytest.fixture(scope="session")
def made():
    return make()


@pytest.fixture(scope="session", params=["plain", "weighted", "ties"])
def part(request):
    """Every figure must hold with weights and with ties."""
    return {
        "plain": make(),
        "weighted": make(seed=1, weighted=True),
        "ties": make(seed=2, weighted=True, rounded=2),
    }[request.param].part


@pytest.fixture(scope="session")
def how():
    return How(threshold=0.3, seed=1, replicates=200, threads=2)


def degenerate():
    """Parts on which figures have no meaning, by what is wrong with them."""
    few = make(40, seed=3).part
    rows = len(few.y)
    one = np.ones(rows, bool)
    return {
        "no positive": Part(~one, few.p, few.weight, few.user, few.session),
        "no negative": Part(one, few.p, few.weight, few.user, few.session),
        "one user": Part(few.y, few.p, few.weight, np.full(rows, 7), few.session),
        "constant": Part(few.y, np.full(rows, 0.2), few.weight, few.user, few.session),
        "all sure": Part(few.y, few.y.astype(float), few.weight, few.user, few.session),
        "one row": few.at(np.arange(rows) == 0),
    }


@pytest.fixture(params=list(degenerate()))
def poor(request):
    return degenerate()[request.param]


def told_figures(answer, path=""):
    """Every figure in an answer, with where it stands."""
    if isinstance(answer, dict):
        if "low" in answer:
            yield path, answer
        for name, value in answer.items():
            yield from told_figures(value, f"{path}.{name}")
    elif isinstance(answer, list):
        for at, value in enumerate(answer):
            yield from told_figures(value, f"{path}[{at}]")


@pytest.fixture(scope="session")
def check_whole():
    """Whether an answer is plain JSON in which every figure has an interval or a reason."""
    import json

    def check(answer):
        assert json.loads(json.dumps(answer, allow_nan=False)) == answer
        inside = []
        for path, figure in told_figures(answer):
            if figure["value"] is None or figure["low"] is None:
                assert figure["reason"], path
            else:
                assert figure["low"] <= figure["high"], path
                inside.append(figure["low"] - 1e-9 <= figure["value"] <= figure["high"] + 1e-9)
        return inside

    return check
