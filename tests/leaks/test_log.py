"""A table beside its log: totals that hold the future, moments chosen by it."""

import numpy as np
import polars as pl
import pytest

import willbuy


@pytest.fixture(scope="module")
def log(small_log):
    frame = pl.read_csv(small_log).filter(pl.col("user_session").is_not_null())
    frame = frame.with_columns(
        pl.col("event_time").str.strip_suffix(" UTC").str.to_datetime(time_unit="us").alias("t")
    ).sort("user_session", "t", maintain_order=True)
    bought = (pl.col("event_type") == "purchase").cum_sum().over("user_session") > 0
    return frame.with_columns(bought.alias("bought"))


def moments(log, pick):
    """One row a session, at one of its events before the purchase."""
    open_ = log.filter(~pl.col("bought")).with_columns(
        k=pl.int_range(pl.len()).over("user_session"), n=pl.len().over("user_session")
    )
    rows = open_.filter(pick(np.random.default_rng(1), open_)).unique("user_session", keep="first")
    later = log.group_by("user_session").agg(label=pl.col("bought").any().cast(pl.Int8))
    return (
        rows.join(later, on="user_session")
        .select("user_session", pl.col("t").alias("time"), "label")
        .sort("time")
    )


def any_moment(rng, open_):
    """Drawn, each event of a session with the same chance."""
    draw = pl.Series(rng.random(len(open_)))
    best = open_.with_columns(draw=draw).select(pl.col("draw").max().over("user_session"))
    return draw == best.to_series()


def totals(rows, log, until):
    """Counts of each row's session over the events that `until` lets in."""
    joined = rows.join(log, on="user_session").filter(until)
    counted = joined.group_by("user_session").agg(
        views=(pl.col("event_type") == "view").sum(),
        events=pl.len(),
        spent=pl.col("price").filter(pl.col("event_type") == "purchase").sum(),
        price_sum=pl.col("price").sum(),
        minutes=(pl.col("t").max() - pl.col("t").min()).dt.total_seconds() / 60,
    )
    return rows.join(counted, on="user_session")


def found(table, small_log):
    told = willbuy.audit(table, "label", time="time", events=small_log)
    return {(one.level.word, one.kind, one.columns) for one in told.findings}


def test_what_was_known_then_is_no_finding(log, small_log):
    table = totals(moments(log, any_moment), log, pl.col("t") <= pl.col("time"))
    assert found(table, small_log) == set()


def test_totals_over_the_whole_session(log, small_log):
    table = totals(moments(log, any_moment), log, pl.lit(True))
    table = table.with_columns(pl.col("price_sum").log1p().alias("log_price_sum"))
    told = found(table, small_log)
    for name in ("views", "events", "log_price_sum", "minutes", "spent"):
        assert ("certain", "afterwards", (name,)) in told
    assert ("certain", "label", ("spent",)) in told


def test_totals_up_to_the_purchase_are_the_future_too(log, small_log):
    table = totals(moments(log, any_moment), log, ~pl.col("bought"))
    told = found(table, small_log)
    assert ("certain", "afterwards", ("events",)) in told
    assert ("certain", "afterwards", ("views",)) in told


def test_moments_chosen_by_what_came_later(log, small_log):
    table = moments(log, lambda _, open_: open_["k"] == open_["n"] - 1)
    table = totals(table, log, pl.col("t") <= pl.col("time"))
    assert ("certain", "anchor", ()) in found(table, small_log)


def test_positives_taken_at_the_purchase(log, small_log):
    honest = moments(log, any_moment)
    bought = log.filter(pl.col("event_type") == "purchase").group_by("user_session").agg(
        pl.col("t").min()
    )  # fmt: skip
    table = honest.join(bought, on="user_session", how="left").with_columns(
        time=pl.coalesce("t", "time")
    )
    told = found(table.drop("t").with_columns(x=pl.int_range(pl.len()) % 7), small_log)
    assert ("certain", "anchor", ()) in told


def test_the_sample_of_a_run_is_clean(small_run, small_log):
    path = small_run.folder / "sample_session_features.csv"
    told = willbuy.audit(path, "purchase_later", time="time", events=small_log)
    assert [one for one in told.findings if one.level.word != "suspicious"] == []
    assert any("compared with the log" in note for note in told.notes)


def test_rows_without_a_session_in_the_log_are_told(log, small_log):
    table = totals(moments(log, any_moment), log, pl.col("t") <= pl.col("time"))
    strange = pl.int_range(pl.len()) < 100
    table = table.with_columns(
        user_session=pl.when(strange).then(pl.lit("nowhere")).otherwise("user_session")
    )
    notes = " ".join(willbuy.audit(table, "label", time="time", events=small_log).notes)
    assert f"{len(table) - 100:,} rows were compared with the log" in notes
    assert f"100 of {len(table):,} rows have no session in the log" in notes


def test_another_log_is_refused(log, head, small_log):
    table = totals(moments(log, any_moment), log, pl.col("t") <= pl.col("time"))
    with pytest.raises(willbuy.WillbuyError, match="Only 0% of the rows"):
        willbuy.audit(table, "label", time="time", events=head)
    with pytest.raises(willbuy.WillbuyError, match="--time"):
        willbuy.audit(table, "label", events=small_log)
    with pytest.raises(willbuy.WillbuyError, match="no column that names sessions"):
        willbuy.audit(table.rename({"user_session": "x"}), "label", time="time", events=small_log)
