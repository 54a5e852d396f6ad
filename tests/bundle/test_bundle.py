"""A bundle refuses to score where it would give other numbers."""

import hashlib
import json
import shutil

import numpy as np
import polars as pl
import pytest

import willbuy
from willbuy.bundle.files import write_told
from willbuy.bundle.percentiles import Percentiles, deciles


@pytest.fixture
def copied(small_run, tmp_path):
    shutil.copytree(small_run.folder / "model", tmp_path / "run" / "model")
    return tmp_path / "run"


def test_it_loads_from_the_run_folder_or_from_model(copied):
    assert willbuy.load(copied).bundle.names == willbuy.load(copied / "model").bundle.names


def test_it_holds_two_hundred_renamed_golden_moments(copied):
    golden = willbuy.load(copied).bundle.golden
    assert len(golden.X) == 200
    assert golden.events["user"].str.starts_with("shopper-").all()
    assert golden.events["session"].drop_nulls().str.starts_with("session-").all()


def rewrite(path, told):
    """Another description, with its own seal."""
    told.pop("seal")
    write_told(path.parent, told)


def seal(copied):
    """Write the hashes anew, as somebody would who made the file on purpose."""
    path = copied / "model" / "bundle.json"
    told = json.loads(path.read_text())
    for name in told["sha256"]:
        told["sha256"][name] = hashlib.sha256((copied / "model" / name).read_bytes()).hexdigest()
    rewrite(path, told)


def test_a_changed_feature_is_named(copied):
    path = copied / "model" / "golden_moments.parquet"
    moments = pl.read_parquet(path)
    moments.with_columns(pl.col("mean_price") * 1.001, pl.col("cart_size") + 1).write_parquet(path)
    seal(copied)
    with pytest.raises(willbuy.WillbuyError, match="feature mean_price differs"):
        willbuy.load(copied)


def test_a_changed_event_is_found(copied):
    path = copied / "model" / "golden_events.parquet"
    events = pl.read_parquet(path)
    events.with_columns(pl.lit("somebody else's").alias("brand")).write_parquet(path)
    seal(copied)
    with pytest.raises(willbuy.WillbuyError, match="differs at"):
        willbuy.load(copied)


def test_a_changed_calibrator_is_found(copied):
    path = copied / "model" / "bundle.json"
    told = json.loads(path.read_text())
    told["calibrator"].update(kind="sigmoid", parameters=[1.1, 0.2], knots=[], values=[])
    rewrite(path, told)
    with pytest.raises(willbuy.WillbuyError, match="probability differs"):
        willbuy.load(copied)


def test_a_changed_session_rule_is_found(copied):
    path = copied / "model" / "bundle.json"
    told = json.loads(path.read_text())
    told["settings"]["session"]["id_silence_hours"] = 0.005
    rewrite(path, told)
    with pytest.raises(willbuy.WillbuyError, match="does not replay"):
        willbuy.load(copied)


@pytest.mark.parametrize(
    "name", ["bundle.json", "booster.ubj", "shop_tables.npz", "golden_events.parquet"]
)
def test_a_damaged_file_is_one_clear_message(copied, name):
    (copied / "model" / name).write_bytes(b"not what it was")
    with pytest.raises(willbuy.WillbuyError, match=r"damaged|cannot be read"):
        willbuy.load(copied)


def test_without_golden_moments_nothing_vouches_for_it(copied):
    path = copied / "model" / "golden_moments.parquet"
    pl.read_parquet(path).clear().write_parquet(path)
    seal(copied)
    with pytest.raises(willbuy.WillbuyError, match="no golden moments"):
        willbuy.load(copied)


@pytest.mark.parametrize(
    "change",
    [
        {"features": []},
        {"threshold": float("nan")},
        {"threshold": "x"},
        {"log_start": "long ago"},
        {"kinds": {"view": 99}},
        {"percentiles": {"values": [], "shares": []}},
        {"calibrator": {"kind": "magic"}},
        {"zone": 7},
    ],
)
def test_a_tampered_description_is_one_clear_message(copied, change):
    path = copied / "model" / "bundle.json"
    rewrite(path, json.loads(path.read_text()) | change)
    with pytest.raises(willbuy.WillbuyError):
        willbuy.load(copied)


def test_another_threshold_by_hand_is_refused(copied):
    path = copied / "model" / "bundle.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"threshold": 0.4}))
    with pytest.raises(willbuy.WillbuyError, match=r"bundle\.json is not what it was"):
        willbuy.load(copied)


def test_a_file_that_is_gone_and_half_a_description_are_named(copied):
    (copied / "model" / "golden_moments.parquet").unlink()
    with pytest.raises(willbuy.WillbuyError, match=r"golden_moments\.parquet is not there"):
        willbuy.load(copied)
    path = copied / "model" / "bundle.json"
    path.write_text(path.read_text()[:500])
    with pytest.raises(willbuy.WillbuyError, match=r"bundle\.json is no JSON"):
        willbuy.load(copied)


def test_an_unknown_folder_names_the_runs_that_are_there(copied, tmp_path):
    with pytest.raises(willbuy.WillbuyError, match="Runs there: run"):
        willbuy.load(tmp_path / "ruin")
    with pytest.raises(willbuy.WillbuyError, match="is no run folder"):
        willbuy.load(tmp_path)


def test_no_file_of_a_bundle_is_a_pickle(copied):
    for path in (copied / "model").iterdir():
        assert b"\x80\x04" not in path.read_bytes()[:4]
    with np.load(copied / "model" / "shop_tables.npz", allow_pickle=False) as tables:
        assert all(tables[name].dtype != object for name in tables.files)


def test_percentiles_are_written_as_people_write_them():
    p = np.arange(1_000) / 1_000
    told = Percentiles.fit(p, np.ones(1_000, np.int32), np.ones(1_000))
    found = told(p, np.ones(1_000, np.int32))
    assert max(len(str(one)) for one in found.tolist()) <= len("100.0")


def test_percentiles_are_weighted_shares_within_a_band():
    rng = np.random.default_rng(0)
    p, k = rng.random(4000), rng.integers(1, 30, 4000).astype(np.int32)
    weight = k.astype(float)
    found = Percentiles.fit(p, k, weight)(p, k)
    band = (k >= 5) & (k < 10)
    for i in np.flatnonzero(band)[:50]:
        expected = 100 * weight[band & (p <= p[i])].sum() / weight[band].sum()
        assert found[i] == pytest.approx(expected, abs=0.2)


def test_deciles_count_from_the_best():
    assert deciles(np.array([100.0, 90.1, 90.0, 10.0, 0.5, 0.0])).tolist() == [1, 1, 2, 10, 10, 10]
