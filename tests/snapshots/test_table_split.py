"""Train, calibrate and test of a table."""

import numpy as np
import pytest

from session_tables import write_table
from willbuy.errors import WillbuyError
from willbuy.snapshots.session_table import read_table
from willbuy.snapshots.table_split import split_table


def shares(split):
    return [float((split.part == p).mean()) for p in range(3)]


def test_by_time_the_parts_follow_each_other(table):
    read = read_table(table, "bought", time="started")
    split = split_table(read, 0)
    assert split.by == "time"
    assert shares(split) == pytest.approx([0.6, 0.2, 0.2], abs=0.03)
    ends = [(read.time[split.part == p].min(), read.time[split.part == p].max()) for p in range(3)]
    assert ends[0][1] < ends[1][0]
    assert ends[1][1] < ends[2][0]


def test_groups_are_in_one_part_and_never_after_its_end(table):
    read = read_table(table, "bought", time="started", group="visitor")
    split = split_table(read, 0)
    used = split.part >= 0
    parts = [set(read.group[split.part == p].tolist()) for p in range(3)]
    assert not parts[0] & parts[1]
    assert not parts[1] & parts[2]
    assert not parts[0] & parts[2]
    assert split.late == (~used).sum() > 0
    assert read.time[split.part == 0].max() < split.begins[1]
    assert read.time[split.part == 1].max() < split.begins[2]
    assert f"{split.late:,} of its rows" in split.told


def test_without_time_a_hash_decides_and_the_future_is_not_promised(table):
    read = read_table(table, "bought", group="visitor")
    split, again, other = (split_table(read, seed) for seed in (0, 0, 1))
    assert (split.part == again.part).all()
    assert (split.part != other.part).any()
    assert shares(split) == pytest.approx([0.6, 0.2, 0.2], abs=0.04)
    parts = [set(read.group[split.part == p].tolist()) for p in range(3)]
    assert not parts[0] & parts[1] | parts[1] & parts[2]
    assert "nothing of the future" in split.told


def test_twenty_rows_are_too_few(tmp_path):
    path = tmp_path / "few.csv"
    write_table(path, 20)
    with pytest.raises(WillbuyError, match=r"few\.csv is too small") as problem:
        split_table(read_table(path, "bought"), 0)
    assert "20 rows" in str(problem.value)


def test_one_time_for_all_cannot_be_split(tmp_path):
    path = tmp_path / "once.csv"
    write_table(path, 500, change=lambda row: {**row, "started": "2024-01-01"})
    with pytest.raises(WillbuyError, match="too small"):
        split_table(read_table(path, "bought", time="started"), 0)
    assert np.isfinite(split_table(read_table(path, "bought"), 0).part).all()
