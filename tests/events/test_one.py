from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.logs import HEADER, read, row, same
from willbuy.errors import WillbuyError
from willbuy.events.batch import REASONS, Batch, Names
from willbuy.events.one import canonical
from willbuy.events.read import open_log
from willbuy.events.schema import MISSING, Kind
from willbuy.events.sources import Source
from willbuy.events.words import FIELDS
from willbuy.settings import SourceSettings

GOOD = {"time": "2019-10-01 00:00:00 UTC", "kind": "view", "user": "1"}


def test_the_real_head_one_at_a_time(head):
    log = open_log([head], SourceSettings())
    (chunk,) = log.chunks()
    rows = chunk.raw.with_columns(position=pl.Series(chunk.events["position"])).to_dicts()
    single = np.concatenate([canonical(fields, log.source) for fields in rows])
    assert same(single, chunk.events)


IDS = st.none() | st.text() | st.sampled_from(["", "null", "007", " 5", "2.05E+18", "7.0"])
RAW = st.fixed_dictionaries(
    {
        "time": st.sampled_from(
            ["2019-10-01 00:00:00 UTC", "2019-03-31 02:30", "1999-01-01", "x", None]
        ),
        "kind": st.none() | st.sampled_from(["view", "CART", "remove_from_cart"]) | st.text(),
        "user": IDS | st.integers(0, 10**20).map(str),
        "session": IDS | st.uuids().map(str),
        "product": IDS,
        "category": IDS,
        "path": st.none() | st.text(),
        "brand": st.none() | st.text(),
        "price": st.none() | st.floats().map(str) | st.text(),
    }
)


@given(st.lists(RAW, min_size=1))
def test_whatever_the_fields_batch_and_single_agree(rows):
    source = Source(dict(zip(FIELDS, FIELDS, strict=True)), zone="Europe/Berlin")
    raw = pl.DataFrame(rows, schema=dict.fromkeys(FIELDS, pl.String))
    positions = np.arange(len(rows))
    events, faults = Batch(source, Names()).events(raw, positions)
    for i, fields in enumerate(rows):
        if faults is None or faults[i] == 0:
            assert same(canonical(fields | {"position": i}, source), events[i : i + 1])
        else:
            with pytest.raises(WillbuyError):
                canonical(fields, source)
            assert REASONS[faults[i]]


def test_typed_values_are_as_good_as_text():
    moment = datetime(2019, 10, 1, tzinfo=UTC)
    expected = canonical(GOOD | {"price": "12.5", "product": "7"})
    for fields in (
        {"time": moment},
        {"time": int(moment.timestamp() * 1e6)},
        {"time": np.int64(moment.timestamp() * 1e6)},
        {"kind": Kind.VIEW},
        {"user": 1},
        {"price": 12.5},
        {"price": np.float64(12.5)},
        {"product": np.int64(7)},
    ):
        assert same(canonical(GOOD | {"price": "12.5", "product": "7"} | fields), expected)


def test_what_is_left_out_is_missing():
    event = canonical(GOOD)[0]
    for name in ("session", "product", "brand", "category", "section"):
        assert event[name] == MISSING
    assert np.isnan(event["price"])
    assert event["position"] == 0
    assert canonical(GOOD | {"kind": "gibberish"})["kind"] == Kind.OTHER
    assert canonical(GOOD | {"kind": None})["kind"] == Kind.OTHER


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"time": "yesterday"}, "time: 'yesterday' cannot be read"),
        ({"time": None}, "time"),
        ({"time": True}, "time"),
        ({"time": 1569888000}, "microseconds"),
        ({"user": None}, "user"),
        ({"user": "(not set)"}, "user"),
        ({"user": 1.5}, "user: 1.5 is no id"),
        ({"session": "2.05E+18"}, "session"),
        ({"product": "1.0E+9"}, "product"),
        ({"product": True}, "product"),
        ({"brand": 5}, "brand"),
        ({"price": []}, "price"),
        ({"kind": 1}, "kind"),
        ({"usr": "1"}, "no field usr"),
    ],
)
def test_what_would_be_rejected_is_refused(fields, told):
    with pytest.raises(WillbuyError, match=told):
        canonical(GOOD | fields)


def test_the_category_of_an_event_is_that_of_the_file(tmp_path):
    (tmp_path / "log.csv").write_text(f"{HEADER}\n{row(category_id='2.05E+18')}\n")
    _, events = read(tmp_path / "log.csv")
    single = canonical(GOOD | {"category": "2.05E+18", "path": "electronics.smartphone"})
    assert single["category"] == events["category"]
