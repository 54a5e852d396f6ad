"""What a simulated log says, and that the job reads it as a real one."""

import datetime
import re

import numpy as np
import polars as pl
import pytest

from willbuy.events.read import open_log
from willbuy.events.schema import Kind
from willbuy.settings import SourceSettings
from willbuy.simulator.names import brand_names, category_names
from willbuy.simulator.sink import Sink
from willbuy.simulator.state import LOGGED, NO_SESSION, session_number
from willbuy.simulator.texts import FIRST_USER, SCHEMA, goods_texts, log_frame, session_texts

START = datetime.date(2024, 2, 29)
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def goods(products=3_000, categories=60, brands=100, missing=(0.14, 0.33), seed=0):
    rng = np.random.default_rng(seed)
    category = rng.permutation(np.arange(products) % categories)
    brand = rng.permutation(np.arange(products) % brands)
    popularity = 1 / (rng.permutation(products) + 10.0)
    return goods_texts(category, brand, popularity, *missing, seed), category, brand, popularity


def events(n=5_000, seed=0, products=3_000):
    rng = np.random.default_rng(seed)
    logged = np.zeros(n, LOGGED)
    logged["time"] = np.sort(rng.integers(0, 2 * 86_400, n))
    logged["shopper"] = rng.integers(0, n // 5 + 1, n)
    logged["session"] = session_number(logged["shopper"].astype(np.int64), 0)
    logged["product"] = rng.integers(0, products, n)
    logged["price"] = np.round(rng.lognormal(4, 1, n), 2)
    logged["kind"] = rng.choice([Kind.VIEW, Kind.CART, Kind.REMOVE, Kind.PURCHASE], n)
    return logged


def test_a_row_by_hand():
    texts, *_ = goods()
    logged = events(2)
    logged["time"] = [5, 86_400 + 3_661]
    logged["shopper"], logged["product"], logged["price"] = [7, 2_000_000_000], [3, 4], [35, 0]
    logged["kind"], logged["session"] = [Kind.REMOVE, Kind.VIEW], [9, NO_SESSION]
    frame = log_frame(logged, texts, 1, START)
    assert frame.schema == SCHEMA
    assert frame.rows(named=True) == [
        {
            "event_time": "2024-02-29 00:00:05 UTC",
            "event_type": "remove_from_cart",
            "product_id": texts.product_id[3],
            "category_id": texts.category_id[3],
            "category_code": texts.category_code[3],
            "brand": texts.brand[3],
            "price": 35.0,
            "user_id": FIRST_USER + 7,
            "user_session": session_texts(np.array([9]), 1)[0],
        },
        {
            "event_time": "2024-03-01 01:01:01 UTC",
            "event_type": "view",
            "product_id": texts.product_id[4],
            "category_id": texts.category_id[4],
            "category_code": texts.category_code[4],
            "brand": texts.brand[4],
            "price": 0.0,
            "user_id": FIRST_USER + 2_000_000_000,
            "user_session": None,
        },
    ]


def test_no_events_are_no_rows():
    assert log_frame(events(0), goods()[0], 0, START).equals(SCHEMA.to_frame())


def test_every_row_says_its_event():
    texts, *_ = goods()
    logged = events()
    frame = log_frame(logged, texts, 0, START)
    times = frame["event_time"].str.to_datetime("%Y-%m-%d %H:%M:%S UTC").dt.epoch("s").to_numpy()
    assert (times - times[0] == logged["time"] - logged["time"][0]).all()
    words = ["view", "cart", "remove_from_cart", "purchase"]
    kinds = [Kind.VIEW, Kind.CART, Kind.REMOVE, Kind.PURCHASE]
    said = frame["event_type"].replace_strict(words, kinds, return_dtype=pl.Int8).to_numpy()
    assert (said == logged["kind"]).all()
    assert (frame["price"].to_numpy() == logged["price"]).all()
    assert frame.select(pl.struct("user_id", "user_session").n_unique()).item() == len(
        np.unique(logged["shopper"])
    )


def test_session_ids_depend_on_number_and_seed_alone():
    numbers = session_number(np.arange(20_000, dtype=np.int64), 3)
    ids = session_texts(numbers, 5)
    assert ids.n_unique() == len(numbers)
    assert ids.str.contains(f"^{UUID}$").all()
    mixed = np.random.default_rng(0).permutation(20_000)[:7_000]
    assert session_texts(numbers[mixed], 5).equals(ids.gather(mixed))
    assert not ids.is_in(session_texts(numbers, 6).implode()).any()
    assert session_texts(np.array([NO_SESSION, 3, NO_SESSION]), 5).is_null().to_list() == [1, 0, 1]


def test_session_ids_never_change():
    assert session_texts(np.array([0, 1 << 20]), 0).to_list() == [
        "a706dd2f-4d19-4e6f-add8-2c88fa32b270",
        "eff4542a-6d8c-4d1a-8d2e-a67ebe57155b",
    ]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("categories", [40, 400])
def test_names_are_missing_in_the_share_of_events_that_was_asked_for(seed, categories):
    texts, _, _, popularity = goods(categories=categories, seed=seed)
    share = popularity / popularity.sum()
    nameless = texts.brand.is_null().to_numpy()
    assert share[nameless].sum() == pytest.approx(0.14, abs=0.012)
    # As many of the popular goods as of the others.
    for some in np.array_split(np.argsort(-popularity, kind="stable"), 5):
        assert nameless[some].mean() == pytest.approx(0.14, abs=0.01)
    assert share[texts.category_code.is_null().to_numpy()].sum() == pytest.approx(0.33, abs=0.01)


@pytest.mark.parametrize(("missing", "nulls"), [((0.0, 0.0), 0), ((1.0, 1.0), 3_000)])
def test_all_or_no_names(missing, nulls):
    texts = goods(missing=missing)[0]
    assert texts.brand.null_count() == texts.category_code.null_count() == nulls


def test_goods_have_ids_and_names_of_their_own():
    texts, category, brand, _ = goods(products=20_000, categories=700, brands=900)
    assert len(np.unique(texts.product_id)) == 20_000
    assert texts.product_id.dtype == texts.category_id.dtype == np.int64
    assert (np.char.str_len(texts.category_id.astype(str)) == 19).all()
    told = pl.DataFrame(
        {
            "category": category,
            "brand": brand,
            "id": texts.category_id,
            "code": texts.category_code,
            "name": texts.brand,
        }
    )
    for number, text in [("category", "id"), ("category", "code"), ("brand", "name")]:
        pairs = told.select(number, text).drop_nulls().unique()
        assert pairs[number].is_unique().all()
        assert pairs[text].is_unique().all()
    # A category without a code has none for any product; a brand is missing product by product.
    codes = told.group_by("category").agg(pl.col("code").is_null().mean())["code"]
    assert codes.is_in([0.0, 1.0]).all()
    assert (
        told.group_by("brand")
        .agg(pl.col("name").is_null().mean())["name"]
        .is_between(0.01, 0.6)
        .any()
    )


def test_names_are_plausible_and_differ():
    codes, brands = category_names(1_000), brand_names(50_000)
    assert codes.is_unique().all()
    assert brands.is_unique().all()
    assert all(re.fullmatch(r"[a-z_]+(\.[a-z_]+){1,2}(_\d+)?", code) for code in codes)
    assert brands.str.contains("^[a-z]{5,7}$").all()
    sections = codes.head(20).str.split(".").list.first()
    assert 1 < sections.n_unique() < 20


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".parquet"])
def test_the_job_reads_the_log_without_being_told_how(tmp_path, ending):
    path, logged = tmp_path / f"shop{ending}", events()
    logged["session"][logged["shopper"] == 3] = NO_SESSION
    logged["price"][[10, 20, 30]] = 0.0
    frame = log_frame(logged, goods()[0], 0, START)
    with Sink(path, SCHEMA, cut_last_line=True) as sink:
        for part in frame.iter_slices(1_000):
            sink.write(part)
    log = open_log([path], SourceSettings())
    seen = np.concatenate([chunk.events for chunk in log.chunks()])
    cut = int(ending != ".parquet")
    assert log.rejects.counts == ({"cut off": 1} if cut else {})
    assert len(seen) == len(logged) - cut
    logged = logged[: len(seen)]
    midnight = int(np.datetime64(START, "us").astype(np.int64))
    assert (seen["time"] == midnight + logged["time"] * 1_000_000).all()
    assert (seen["kind"] == logged["kind"]).all()
    assert (seen["user"] == FIRST_USER + logged["shopper"]).all()
    prices = np.where(logged["price"] > 0, logged["price"], np.nan)
    np.testing.assert_array_equal(seen["price"], prices)
    assert log.health.in_time_order
    assert log.health.price_not_positive == 3
    assert log.health.missing["session"] == (logged["shopper"] == 3).sum()
    assert log.health.missing["brand"] == frame[: len(seen)]["brand"].null_count()
    assert log.health.missing["path"] == frame[: len(seen)]["category_code"].null_count()
