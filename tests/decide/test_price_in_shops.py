"""Prices in the simulated shop, by the benchmark's own code: what a panel of counts cannot show.

A few shops of each world; `benchmarks/price.py` has a hundred of them, and the truth by experiment.
"""

import importlib
from pathlib import Path

import pytest

from willbuy.decide.price.bound import bounded

ONE, ALL = -1.21, -0.74
"""What the benchmark's experiments find: one product's price alone, and all prices at once."""

SHOPS = 8


@pytest.fixture(scope="module")
def bench():
    """The benchmark as a module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
        yield importlib.import_module("price")


def shops(bench, world):
    return [bench.one_seed(seed, world, 300_000) for seed in range(SHOPS)]


@pytest.mark.slow
def test_an_effect_of_prices_is_found_in_shops(bench):
    told = [one for one in shops(bench, "random prices") if one.passed]
    assert len(told) >= SHOPS - 2
    assert sum(one.low <= ONE <= one.high for one in told) >= SHOPS - 2
    assert not any(one.low <= 0 <= one.high for one in told)
    bounds = [bounded({**vars(one), "evidence": "", "of": ""}, 1.0) for one in told]
    assert all(one["low"] <= ALL <= one["high"] for one in bounds)
    # The naive reading of the same shops sees next to nothing.
    assert all(abs(one.pooled) < 0.3 for one in told)


@pytest.mark.slow
def test_prices_without_effect_are_told_to_have_none_in_shops(bench):
    told = [one for one in shops(bench, "no effect") if one.passed]
    assert len(told) >= SHOPS - 2
    assert sum(one.low <= 0 <= one.high for one in told) >= len(told) - 1


@pytest.mark.slow
def test_prices_that_follow_lasting_demand_are_withheld_in_shops(bench):
    assert sum(not one.passed for one in shops(bench, "lasting shocks")) >= SHOPS - 2
