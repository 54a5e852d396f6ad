"""A run can be repeated."""

import polars as pl
import pytest

import willbuy
from quick import UNEXPLAINED, quick
from willbuy.settings import load_settings


def test_two_runs_with_one_seed_are_identical(small_log, small_run, tmp_path):
    again = willbuy.run(small_log, settings=UNEXPLAINED, out=tmp_path)
    assert again.metrics == small_run.metrics
    assert (again.folder / "model" / "booster.ubj").read_bytes() == (
        small_run.folder / "model" / "booster.ubj"
    ).read_bytes()


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


def test_the_log_may_be_larger_than_what_is_sorted_at_once(
    small_log, small_run, tmp_path, monkeypatch
):
    monkeypatch.setattr("willbuy.engines.local.MOST_PART", 5_000)
    spilled = willbuy.run(small_log, settings=quick(), out=tmp_path)
    for part in ("totals", "parts", "splits"):
        assert spilled.metrics[part] == small_run.metrics[part]
    rows = [
        pl.read_parquet(run.folder / "snapshots" / "test-000.parquet").sort("visit", "ordinal")
        for run in (spilled, small_run)
    ]
    assert rows[0].equals(rows[1], null_equal=True)
    assert [path.name for path in tmp_path.iterdir()] == ["small"]


def test_the_row_limits_lower_c_and_say_so(small_log, tmp_path):
    settings = quick()
    settings.sampling.max_train_rows = 3_000
    settings.sampling.max_judge_rows = 2_000
    run = willbuy.run(small_log, settings=settings, out=tmp_path)
    parts = run.metrics["parts"]
    assert parts["train"]["rows"] <= 3_200
    assert parts["test"]["rows"] <= 2_200
    assert parts["test"]["moments"] > 3 * parts["test"]["rows"] / 2
    assert any("row limit" in caution for caution in run.metrics["cautions"])
