import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from willbuy.events.batch import Batch, Names
from willbuy.events.clean import (
    clean_id,
    clean_path,
    clean_price,
    clean_text,
    is_mangled,
    read_price,
)
from willbuy.events.sources import Source


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("Samsung", "samsung"),
        ("  Le \t Creuset\n", "le creuset"),
        ("\uff33\uff2f\uff2e\uff39", "sony"),
        ("STRASSE", "strasse"),
        ("straße", "strasse"),
        (None, None),
        *((word, None) for word in ("", " ", "null", "NONE", "NaN", "n/a", "(not set)", "Unknown")),
        ("nullify", "nullify"),
    ],
)
def test_clean_text(raw, cleaned):
    assert clean_text(raw) == cleaned


@pytest.mark.parametrize(
    ("raw", "levels"),
    [
        ("electronics.smartphone", ("electronics", "smartphone")),
        ("Home / Kitchen/ Pans", ("home", "kitchen", "pans")),
        ("Home > Dr. Oetker", ("home", "dr. oetker")),
        ("a|b", ("a", "b")),
        ("apparel", ("apparel",)),
        ("a..b.", ("a", "b")),
        ("null", ()),
        ("/", ()),
        ("", ()),
        (None, ()),
    ],
)
def test_clean_path(raw, levels):
    assert clean_path(raw) == levels


@pytest.mark.parametrize(
    ("raw", "cleaned", "mangled"),
    [
        (" 541312140 ", "541312140", False),
        ("541312140.0", "541312140", False),
        ("9007199254740991.0", "9007199254740991", False),
        ("9007199254740992.0", "9007199254740992.0", True),
        ("2053013559792632471.0", "2053013559792632471.0", True),
        ("2.05E+18", "2.05E+18", True),
        ("2.053013559792632e18", "2.053013559792632e18", True),
        ("2E+18", "2E+18", True),
        ("12e45678", "12e45678", False),  # eight digits of a hexadecimal id
        ("1234567890.1600000000", "1234567890.1600000000", False),  # a Google Analytics client
        ("007", "007", False),
        ("null", None, False),
        ("", None, False),
        (None, None, False),
    ],
)
def test_ids(raw, cleaned, mangled):
    assert clean_id(raw) == cleaned
    assert is_mangled(raw) == mangled


@given(st.text())
def test_cleaning_twice_changes_nothing(raw):
    text = clean_text(raw)
    assert clean_text(text) == text
    assert clean_id(clean_id(raw)) == clean_id(raw)
    for level in clean_path(raw):
        assert clean_text(level) == level


@given(st.lists(st.text("abcdß. é", min_size=1), min_size=2))
def test_a_path_can_be_split_again(parts):
    levels = clean_path(" > ".join(parts))
    assert len(levels) < 2 or clean_path(" > ".join(levels)) == levels


@pytest.mark.parametrize(
    ("raw", "price"),
    [
        ("35.79", 35.79),
        (" 5 ", 5.0),
        ("12,50", 12.5),
        ("1e2", 100.0),
        (3, 3.0),
        *((raw, None) for raw in ("0", "0.00", "-1", "", "free", "1,234", "1_0", "inf", "nan")),
        (None, None),
        (math.inf, None),
    ],
)
def test_prices(raw, price):
    value = clean_price(raw)
    assert math.isnan(value) if price is None else value == price


PRICES = (
    st.none()
    | st.text()
    | st.floats().map(str)
    | st.decimals(allow_nan=False, allow_infinity=False).map(str)
    | st.integers(-(10**40), 10**40).map(str)
    | st.sampled_from(
        ["5.", ".5", "+5", "1E400", "-0", "1e-400", "0x10", "\uff11", "1,5", " 7", "."]
    )
)


@given(st.lists(PRICES))
def test_a_column_of_prices_is_its_single_prices(raw):
    batch = Batch(Source({"price": "price"}), Names())
    column = batch._price_column(pl.Series(raw, dtype=pl.String), None)
    np.testing.assert_array_equal(column, np.array([clean_price(p) for p in raw], dtype=float))
    read = [read_price(p) for p in raw]
    assert batch.counts.price_not_positive == sum(p <= 0 for p in read)
    unreadable = sum(p is not None and math.isnan(r) for p, r in zip(raw, read, strict=True))
    assert batch.counts.unread_prices.counts.total() == unreadable
