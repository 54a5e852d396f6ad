"""A table's bundle: whole, without pickle, and refused where it does not replay."""

import json
import shutil

import numpy as np
import polars as pl
import pytest

from willbuy.bundle.files import file_sha256, write_told
from willbuy.bundle.model import load_bundle
from willbuy.bundle.table import load_table_bundle
from willbuy.errors import WillbuyError
from willbuy.job.counts import extend_counts

FILES = {"bundle.json", "booster.ubj", "golden_rows.parquet", "golden_features.parquet"}


@pytest.fixture
def model(table_run, tmp_path):
    shutil.copytree(table_run.folder / "model", tmp_path / "model")
    return tmp_path / "model"


def reseal(model, name, edit):
    """Change a file and bundle.json with it, as somebody would who means it."""
    told = json.loads((model / "bundle.json").read_text("utf-8"))
    edit(model / name, told)
    if name != "bundle.json":
        told["sha256"][name] = file_sha256(model / name)
    told.pop("seal")
    write_told(model, told)


def test_the_bundle_is_json_parquet_and_the_booster(table_run):
    assert {path.name for path in (table_run.folder / "model").iterdir()} == FILES
    bundle = load_table_bundle(table_run.folder)
    assert len(bundle.golden.rows) == 200
    assert bundle.golden.rows.columns == ["pages", "minutes", "source", "city", "member"]
    assert bundle.names == ("started", "visitor", "session")
    assert bundle.positive == "TRUE"


def test_what_is_loaded_answers_as_before(table_run, table):
    bundle = load_table_bundle(table_run.folder)
    p = bundle.probability(bundle.features(bundle.golden.rows))
    assert (p == bundle.golden.probability).all()


def test_the_first_feature_that_differs_is_named(model):
    def edit(path, _):
        frame = pl.read_parquet(path)
        frame = frame.with_columns(pl.col("minutes") + 1, pl.col("member").cast(pl.Float32) + 1)
        frame.write_parquet(path)

    reseal(model, "golden_features.parquet", edit)
    with pytest.raises(WillbuyError, match="the feature minutes differs at 200 of 200"):
        load_table_bundle(model)


def test_another_probability_is_refused(model):
    def edit(_, told):
        told["encoder"]["columns"] = told["encoder"]["columns"]
        told["calibrator"] = {**told["calibrator"], "kind": "sigmoid", "parameters": [1.0, 0.7],
                              "share": 1.0}  # fmt: skip

    reseal(model, "bundle.json", edit)
    with pytest.raises(WillbuyError, match="the probability differs"):
        load_table_bundle(model)


@pytest.mark.parametrize("name", sorted(FILES - {"bundle.json"}))
def test_a_file_that_changed_is_refused(model, name):
    path = model / name
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(WillbuyError, match=rf"damaged: {name} is not what it was"):
        load_table_bundle(model)


@pytest.mark.parametrize("key", ["inputs", "encoder", "calibrator", "threshold", "sha256"])
def test_a_bundle_that_lacks_something_is_refused(model, key):
    reseal(model, "bundle.json", lambda _, told: told.pop(key))
    with pytest.raises(WillbuyError, match="damaged"):
        load_table_bundle(model)


def test_no_golden_rows_vouch_for_nothing(model):
    def empty(path, _):
        pl.read_parquet(path).head(0).write_parquet(path)

    reseal(model, "golden_rows.parquet", empty)
    reseal(model, "golden_features.parquet", empty)
    with pytest.raises(WillbuyError, match="no golden rows"):
        load_table_bundle(model)


def test_each_sort_of_bundle_knows_the_other(table_run, table):
    with pytest.raises(WillbuyError, match="of a table of sessions, not of a log"):
        load_bundle(table_run.folder)
    with pytest.raises(WillbuyError, match="no shop tables"):
        extend_counts(table, table_run.folder)


def test_a_log_is_no_table(small_run):
    with pytest.raises(WillbuyError, match="of a log of events, not of a table"):
        load_table_bundle(small_run.folder)


def test_percentiles_stand_against_calibrate(table_run):
    bundle = load_table_bundle(table_run.folder)
    percentile = bundle.percentile(np.array([0.0, 0.5, 1.0]))
    assert percentile[0] == 0
    assert percentile[2] == 100
