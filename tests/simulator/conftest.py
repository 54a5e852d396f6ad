"""A million simulated events, for the slow tests."""

import polars as pl
import pytest

from willbuy.simulator.simulate import simulate


@pytest.fixture(scope="session", params=[0, 1], ids=["seed 0", "seed 1"])
def million(request, tmp_path_factory):
    """What was simulated, and the truth about it."""
    folder = tmp_path_factory.mktemp("million")
    done = simulate(folder / "shop.parquet", seed=request.param, truth=folder / "truth.parquet")
    return done, pl.read_parquet(done.truth_path)
