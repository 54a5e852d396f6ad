"""Scoring a whole log."""

import numpy as np
import polars as pl
import pytest

import willbuy


def test_one_row_a_session_with_the_logs_own_ids(head, head_run, tmp_path):
    out = tmp_path / "scores.csv"
    scores = willbuy.load(head_run.folder).score(head, out)
    assert (scores.sessions, scores.bought) == (5_067, 200)
    rows = pl.read_csv(out)
    log = pl.read_csv(head).head(17_434)
    assert set(rows["session"]) == set(log["user_session"])
    assert set(rows["user"]) == set(log["user_id"])
    latest = log.group_by("user_id", "user_session").agg(pl.col("event_time").max())
    both = rows.join(latest, left_on=["user", "session"], right_on=["user_id", "user_session"])
    assert len(both) == 5_067
    assert (
        both["time"].str.slice(0, 19).str.replace("T", " ") == both["event_time"].str.slice(0, 19)
    ).all()
    bought = rows.filter(pl.col("status") == "bought")
    assert len(bought) == 200
    assert bought["probability"].is_null().all()
    assert rows["shop_day"].is_null().all()  # the log had no complete day


def test_the_latest_moment_has_the_probability_of_replay(small_log, small_run):
    rows = willbuy.load(small_run.folder).score(small_log).frame
    told = pl.read_parquet(small_run.folder / "predictions.parquet")
    told = told.sort("ordinal").group_by("start", "user_key").last()
    both = rows.with_columns(pl.col("user").cast(pl.Int64)).join(
        told, left_on=["started", "user"], right_on=["start", "user_key"], suffix="_told"
    )
    both = both.filter((pl.col("status") == "open") & (pl.col("k") == pl.col("ordinal")))
    assert len(both) > 500
    assert (both["probability"] == both["probability_told"]).all()
    assert (both["percentile"] == both["percentile_told"]).all()


def test_percentile_and_decile_are_against_the_same_length(small_log, small_run):
    rows = willbuy.load(small_run.folder).score(small_log).frame.filter(pl.col("k") == 1)
    ordered = rows.sort("probability")
    assert ordered["percentile"].is_sorted()
    assert ordered["decile"].is_sorted(descending=True)
    # Against calibrate's first moments, this log's first moments spread over all deciles.
    assert rows["decile"].n_unique() >= 8
    assert np.isclose(rows["percentile"].mean(), 50, atol=12)


def test_parquet_out_and_nothing_half_written(small_log, small_run, tmp_path):
    model = willbuy.load(small_run.folder)
    model.score(small_log, tmp_path / "a.parquet")
    model.score(small_log, tmp_path / "a.csv")
    a, b = pl.read_parquet(tmp_path / "a.parquet"), pl.read_csv(tmp_path / "a.csv")
    assert a["probability"].to_list() == b["probability"].to_list()
    broken = tmp_path / "broken.csv"
    broken.write_text("event_time,event_type,product_id,category_id,category_code,brand,price,"
                      "user_id,user_session\n" + "x\n" * 50)  # fmt: skip
    with pytest.raises(willbuy.WillbuyError):
        model.score(broken, tmp_path / "no.csv")
    assert {path.name for path in tmp_path.iterdir()} == {"a.parquet", "a.csv", "broken.csv"}


def test_ids_that_look_like_formulas_are_safe_in_a_spreadsheet(small_log, small_run, tmp_path):
    log = pl.read_csv(small_log).head(300)
    log = log.with_columns(pl.lit('=HYPERLINK("http://x")').alias("user_session"))
    log.write_csv(tmp_path / "log.csv")
    willbuy.load(small_run.folder).score(tmp_path / "log.csv", tmp_path / "out.csv")
    sessions = pl.read_csv(tmp_path / "out.csv")["session"]
    assert (sessions == '\'=HYPERLINK("http://x")').all()
