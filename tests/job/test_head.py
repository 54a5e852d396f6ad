"""The whole job on the first three hours of a real month."""

import json

import polars as pl
import pytest


def test_the_totals_are_those_of_the_file(head_run):
    assert head_run.metrics["totals"] == {
        "events": 17_429,
        "repeats_removed": 5,
        "users": 4_504,
        "users_left_out_as_bots": 0,
        "sessions": 5_067,
        "buying_sessions": 200,
        "moments": 16_969,
        "moments_followed_by_a_purchase": 675,
    }
    assert head_run.health["reading"]["rows"] == 17_435
    assert head_run.health["reading"]["rejected"] == {"cut off": 1}


def test_the_cut_off_line_is_kept_aside(head_run):
    rejected = pl.read_csv(head_run.folder / "rejected_rows.csv")
    assert rejected["line"].to_list() == [17_436]
    assert "52040330" in rejected["text"][0]


def test_it_says_that_three_hours_are_too_little(head_run):
    said = " ".join(head_run.metrics["cautions"])
    assert "covers only 2.8 hours" in said
    assert "too little to trust the figures" in said
    assert "no complete day" in said
    assert "censored" in said


def test_shop_features_are_left_out_without_a_complete_day(head_run):
    told = json.loads((head_run.folder / "model" / "bundle.json").read_text())
    families = {one["family"].split(".")[0] for one in told["features"]}
    assert families == {"session", "user"}


def test_the_folder_holds_what_is_promised(head_run):
    names = {path.relative_to(head_run.folder).as_posix() for path in head_run.folder.rglob("*")}
    assert names >= {
        "run.json",
        "data_health.json",
        "rejected_rows.csv",
        "metrics.json",
        "predictions.parquet",
        "sample_session_features.csv",
        "snapshots/train-000.parquet",
        "snapshots/calibrate-000.parquet",
        "snapshots/test-000.parquet",
        "model/bundle.json",
        "model/booster.ubj",
        "model/shop_tables.npz",
        "model/golden_events.parquet",
        "model/golden_moments.parquet",
    }


def test_figures_can_be_had_again_from_the_predictions(head_run):
    from sklearn.metrics import roc_auc_score

    rows = pl.read_parquet(head_run.folder / "predictions.parquet")
    told = head_run.metrics["models"]["xgboost"]["test"]["headline"]["roc_auc"]["value"]
    again = roc_auc_score(rows["label"], rows["probability"], sample_weight=rows["weight"])
    assert again == pytest.approx(told, abs=1e-12)


def test_snapshots_carry_features_labels_and_where_they_come_from(head_run):
    rows = pl.read_parquet(head_run.folder / "snapshots" / "test-000.parquet")
    assert {"label", "weight", "split", "user_key", "session_key", "ordinal", "time"} <= set(
        rows.columns
    )
    assert (rows["events"] == rows["ordinal"]).all()
    train = pl.read_parquet(head_run.folder / "snapshots" / "train-000.parquet")
    assert (train["weight"] == 1).all()  # so few are all learnt from
    # A session is in one part only, and all of train begins before all of test.
    assert not set(train["visit"]) & set(rows["visit"])
    assert train["start"].max() < rows["start"].min()


def test_the_sample_has_one_row_a_session(head_run):
    sample = pl.read_csv(head_run.folder / "sample_session_features.csv")
    assert sample["session"].is_unique().all()
    assert set(sample["purchase_later"].unique()) <= {0, 1}
    assert "duration" in sample.columns
