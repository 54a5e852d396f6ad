"""Settings for all tests."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import willbuy
from session_tables import write_table
from willbuy.simulator.traps import Traps
from willbuy.simulator.world import World

# A compiled program may have to be built inside the first example: no deadline.
settings.register_profile(
    "dev", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


def _data(name: str) -> Path:
    folders = [os.environ.get("WILLBUY_DATA"), Path(__file__).parents[2] / "shared" / "data"]
    for folder in folders:
        if folder and (Path(folder) / name).is_file():
            return Path(folder) / name
    pytest.skip(f"{name} is neither in ../shared/data nor in the folder WILLBUY_DATA")


@pytest.fixture(scope="session")
def head() -> Path:
    """The first rows of a real month (REES46, October 2019)."""
    return _data("rees46_oct2019_head.csv")


@pytest.fixture(scope="session")
def online_shoppers() -> Path:
    """Real sessions, one a row (UCI)."""
    return _data("online_shoppers_intention.csv")


@pytest.fixture(scope="session")
def head_run(head, tmp_path_factory):
    """The whole job on the real head."""
    return willbuy.run(head, out=tmp_path_factory.mktemp("runs"), name="head")


@pytest.fixture(scope="session")
def shoppers() -> Path:
    """UCI's Online Shoppers Purchasing Intention: a real table of sessions."""
    return _data("online_shoppers_intention.csv")


@pytest.fixture(scope="session")
def table(tmp_path_factory) -> Path:
    """A made-up table of sessions with all that a user's has: times, shoppers, words, gaps."""
    path = tmp_path_factory.mktemp("tables") / "sessions.csv"
    write_table(path, 3000)
    return path


@pytest.fixture(scope="session")
def table_run(table, tmp_path_factory):
    """The whole job on the made-up table, by time, shoppers whole."""
    out = tmp_path_factory.mktemp("runs")
    return willbuy.run_table(table, "bought", time="started", group="visitor", out=out, name="t")


@pytest.fixture(scope="session")
def small_log(tmp_path_factory) -> Path:
    """Thirty-five days of a small simulated shop, nearly clean."""
    path = tmp_path_factory.mktemp("logs") / "small.csv"
    flaws = Traps.none().model_copy(update={"repeated": 0.0005, "price_zero": 0.001})
    world = World(traps=flaws)
    return willbuy.simulate(path, events=40_000, days=35, seed=3, world=world).path


@pytest.fixture(scope="session")
def small_run(small_log, tmp_path_factory):
    """The whole job on the small simulated shop."""
    return willbuy.run(small_log, out=tmp_path_factory.mktemp("runs"), name="small")
