"""A run can be repeated."""

import polars as pl
import pytest

import willbuy
from quick import UNEXPLAINED, quick
from willbuy.settings import load_settings


@pytest.mark.slow
def test_two_runs_with_one_seed_are_identical(small_log, small_run, tmp_path):
    again = willbuy.run(small_log, settings=UNEXPLAINED, out=tmp_path)
    assert again.metrics == small_run.metrics
    assert (again.folder / "model" / "booster.ubj").read_bytes() == (
        small_run.folder / "model" / "booster.ubj"
    ).read_bytes()


@pytest.mark.slow
def test_a_run_from_its_own_run_json_is_identical(small_log, tmp_path):
    settings = quick(seed=7, timezone="Europe/Berlin")
    settings.model.params = {"max_depth": 3}
    settings.split.test_days = 5
    first = willbuy.run(small_log, settings=settings, out=tmp_path, name="first")
    recorded = load_settings(first.folder / "run.json")
    assert recorded == settings
    second = willbuy.run(first.about["inputs"], settings=recorded, out=tmp_path, name="second")
    assert second.metrics == first.metrics


@pytest.mark.slow
def test_another_seed_draws_other_rows(small_log, tmp_path):
    def train(seed):
        settings = quick(seed=seed)
        settings.sampling.c = 1.0
        run = willbuy.run(small_log, settings=settings, out=tmp_path, name=str(seed))
        return pl.read_parquet(run.folder / "snapshots" / "train-*.parquet")

    here, there = train(0), train(1)
    assert set(zip(here["visit"], here["ordinal"], strict=True)) != set(
        zip(there["visit"], there["ordinal"], strict=True)
    )
