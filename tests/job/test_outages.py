"""Days that lost their purchases."""

import polars as pl
import pytest

import willbuy
from quick import QUICK


@pytest.mark.slow
def test_sessions_of_outage_days_are_left_out_and_both_figures_given(small_log, tmp_path):
    log = pl.read_csv(small_log)
    lost = pl.col("event_time").str.starts_with("2024-03-30") & (pl.col("event_type") == "purchase")
    # The small shop sells too little a day for an outage to be told from chance: ten of it do.
    many = pl.concat(
        log.with_columns(pl.col("user_id") + 10_000_000 * i, pl.col("user_session") + str(i))
        for i in range(4)
    ).sort("event_time")
    many.filter(~lost).write_csv(tmp_path / "log.csv")
    run = willbuy.run(tmp_path / "log.csv", settings=QUICK, out=tmp_path / "runs")
    assert run.health["outage_days"] == ["2024-03-30"]
    assert run.health["sessions_left_out"]["outage_days"] > 0
    assert any("vanish on 2024-03-30" in caution for caution in run.metrics["cautions"])
    rows = pl.read_parquet(run.folder / "predictions.parquet")
    assert rows.filter(pl.col("start").dt.date().cast(pl.String) == "2024-03-30").is_empty()
    told = run.metrics["models"]["xgboost"]["test"]
    assert told["with_outage_days"]["sessions"] > told["headline"]["sessions"]
    assert told["with_outage_days"]["base_rate"]["value"] < told["headline"]["base_rate"]["value"]
