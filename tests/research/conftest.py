"""Moments for learners."""

import pytest

import willbuy
from quick import QUICK
from research_moments import made


@pytest.fixture(scope="session")
def train():
    return made(1500, 0)


@pytest.fixture(scope="session")
def held():
    return made(450, 1)


@pytest.fixture(scope="session")
def unseen():
    return made(900, 2, part="test")


@pytest.fixture(scope="session")
def quick_run(small_log, tmp_path_factory):
    """The folder of a run of few rounds on the small simulated shop."""
    out = tmp_path_factory.mktemp("runs")
    return willbuy.run(small_log, settings=QUICK, out=out, name="quick").folder
