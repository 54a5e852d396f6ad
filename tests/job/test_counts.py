"""A model's shop tables grow a day at a time."""

import shutil

import polars as pl
import pytest

import willbuy
from quick import QUICK
from willbuy.job.counts import extend_counts


@pytest.fixture
def parts(small_log, tmp_path):
    """The log cut at a midnight: 30 days, then the rest."""
    log = pl.read_csv(small_log)
    border = "2024-03-31"
    log.filter(pl.col("event_time") < border).write_csv(tmp_path / "first.csv")
    log.filter(pl.col("event_time") >= border).write_csv(tmp_path / "rest.csv")
    return tmp_path / "first.csv", tmp_path / "rest.csv"


def test_extended_tables_are_those_of_the_whole_log(small_run, parts, tmp_path):
    first, rest = parts
    run = willbuy.run(first, settings=QUICK, out=tmp_path / "runs")
    before = willbuy.load(run.folder)
    assert before.bundle.tables.days == 30
    stale = before.score(rest)
    assert str(stale.shop_days[1]) == "2024-03-30"  # the last day that was counted

    extended = extend_counts(rest, run.folder)
    whole = willbuy.load(small_run.folder).bundle.tables
    assert (extended.first_day, extended.last_day) == (whole.first_day, whole.last_day)
    assert extended.daily.tobytes() == whole.daily.tobytes()

    after = willbuy.load(run.folder)  # the golden moments replay still
    fresh = after.score(rest)
    assert fresh.shop_days[1] > stale.shop_days[1]
    assert extend_counts(rest, run.folder).daily.tobytes() == whole.daily.tobytes()


def test_a_missing_day_between_is_refused(small_log, small_run, parts, tmp_path):
    shutil.copytree(small_run.folder, tmp_path / "run")
    log = pl.read_csv(parts[1]).with_columns(
        pl.col("event_time").str.replace("2024-03", "2024-07").str.replace("2024-04", "2024-08")
    )
    log.write_csv(tmp_path / "later.csv")
    with pytest.raises(willbuy.WillbuyError, match="Give the days between"):
        extend_counts(tmp_path / "later.csv", tmp_path / "run")


def test_a_log_without_a_complete_day_is_refused(head, small_run, tmp_path):
    shutil.copytree(small_run.folder, tmp_path / "run")
    before = (tmp_path / "run" / "model" / "shop_tables.npz").read_bytes()
    with pytest.raises(willbuy.WillbuyError, match="no complete day"):
        extend_counts(head, tmp_path / "run")
    assert (tmp_path / "run" / "model" / "shop_tables.npz").read_bytes() == before
