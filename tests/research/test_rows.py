"""A run's moments as the bench reads them."""

import numpy as np
import polars as pl
import pytest

from research_moments import DAY, made
from willbuy.errors import WillbuyError
from willbuy.research.rows import TAIL, count_moments, read_moments, split_tail


def test_all_moments_are_those_of_the_snapshots(quick_run):
    found = read_moments(quick_run, "train", 10**9, 0)
    frame = pl.read_parquet(quick_run / "snapshots" / "train-*.parquet")
    assert len(found) == len(frame) == count_moments(quick_run, "train")
    assert np.array_equal(found.X, frame.select(found.names).to_numpy(), equal_nan=True)
    assert "label" not in found.names
    assert "weight" not in found.names
    assert np.array_equal(found.y, frame["label"].to_numpy() > 0)
    assert np.array_equal(found.start, frame["start"].dt.epoch("us").to_numpy())


def test_a_draw_takes_sessions_whole_and_a_smaller_one_is_a_part_of_it(quick_run):
    every = read_moments(quick_run, "train", 10**9, 0)
    many = read_moments(quick_run, "train", 3000, 0)
    few = read_moments(quick_run, "train", 1000, 0)
    assert 2000 < len(many) < 4000
    assert set(few.visit) < set(many.visit)
    assert len(many) == np.isin(every.visit, many.visit).sum()
    again = read_moments(quick_run, "train", 3000, 0)
    assert np.array_equal(many.X, again.X, equal_nan=True)
    assert set(read_moments(quick_run, "train", 1000, 1).visit) != set(few.visit)


def test_the_tail_is_the_last_whole_days():
    moments = made(3000, 0, days=20)
    day = moments.start // DAY
    train, held = split_tail(moments, day)
    assert len(train) + len(held) == len(moments)
    assert (train.start // DAY).max() < (held.start // DAY).min()
    assert len(held) / len(moments) == pytest.approx(TAIL, abs=0.03)


def test_a_single_day_is_cut_by_time_sessions_whole():
    moments = made(3000, 0, days=1)
    train, held = split_tail(moments, moments.start // DAY)
    assert train.start.max() < held.start.min()
    assert not set(train.visit) & set(held.visit)
    assert len(held) / len(moments) == pytest.approx(TAIL, abs=0.01)


def test_a_run_of_an_earlier_version_is_told_how_to_be_repeated(tmp_path, quick_run):
    (tmp_path / "snapshots").mkdir()
    frame = pl.read_parquet(quick_run / "snapshots" / "train-000.parquet")
    frame.drop("event_kind").write_parquet(tmp_path / "snapshots" / "train-000.parquet")
    with pytest.raises(WillbuyError, match=r"lack event_kind.*willbuy run --config"):
        read_moments(tmp_path, "train", 1000, 0)
    with pytest.raises(WillbuyError, match=r"test-000\.parquet is not there"):
        read_moments(tmp_path, "test", 1000, 0)
