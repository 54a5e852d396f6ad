import random
import shlex
import tomllib

import polars as pl
import pytest

from willbuy.errors import WillbuyError
from willbuy.events.schema import Kind
from willbuy.events.sources import guess, parse_map, recognise, resolve
from willbuy.events.words import KINDS, REES46
from willbuy.settings import SourceSettings

EMPTY = SourceSettings()


def frame(**columns: list[str]) -> pl.DataFrame:
    return pl.DataFrame(columns)


RETAILROCKET = frame(
    timestamp=["1433221332117", "1433224214164"],
    visitorid=["257597", "992329"],
    event=["view", "addtocart"],
    itemid=["355908", "248676"],
    transactionid=["", ""],
)
SEGMENT = frame(
    anonymousId=["a", "b"],
    event=["Product Viewed", "Order Completed"],
    originalTimestamp=["2020-01-01T00:00:00.123Z", "2020-01-01T00:01:00.123Z"],
    sku=["1", "2"],
)
SNOWPLOW = frame(
    collector_tstamp=["2020-01-01 00:00:00.123", "2020-01-01 00:00:01.123"],
    domain_userid=["a", "b"],
    domain_sessionid=["x", "y"],
    event_name=["page_view", "add_to_cart"],
)
GA4 = frame(
    event_timestamp=["1577836800000000"],
    event_name=["view_item"],
    user_pseudo_id=["123.456"],
    ga_session_id=["9"],
    item_id=["sku1"],
    item_brand=["Acme"],
)


@pytest.mark.parametrize(
    ("sample", "columns", "form"),
    [
        (RETAILROCKET, "time=timestamp kind=event user=visitorid product=itemid", "ms"),
        (SEGMENT, "time=originalTimestamp kind=event user=anonymousId product=sku", "iso"),
        (
            SNOWPLOW,
            "time=collector_tstamp kind=event_name user=domain_userid session=domain_sessionid",
            "iso",
        ),
        (
            GA4,
            "time=event_timestamp kind=event_name user=user_pseudo_id session=ga_session_id "
            "product=item_id brand=item_brand",
            "us",
        ),
    ],
)
def test_known_shapes_are_guessed(sample, columns, form):
    found = guess(sample.columns, sample, EMPTY)
    assert found.columns == dict(word.split("=") for word in columns.split())
    assert found.time_format == form
    assert found.missing == []


@pytest.mark.parametrize("sample", [RETAILROCKET, SEGMENT, SNOWPLOW, GA4])
def test_a_guess_can_be_pasted_as_words_or_as_toml(sample):
    found = guess(sample.columns, sample, EMPTY)
    words = [w for w in shlex.split(found.words) if w != "--map"]
    pasted = parse_map(words, EMPTY)
    assert pasted.columns == found.columns
    source = resolve(sample.columns, sample, pasted)
    assert source is not None
    assert source.how == "given"
    assert source.time_format == found.time_format
    for word, kind in found.kinds.items():
        assert source.kind(word) is kind
    from_toml = SourceSettings(**tomllib.loads(found.toml)["source"])
    assert from_toml.columns == found.columns
    assert resolve(sample.columns, sample, from_toml) == source or from_toml.kinds


def test_values_help_where_names_do_not():
    sample = frame(a=["view", "buy"], b=["2020-01-01", "2020-01-02"], c=["1", "2"])
    found = guess(sample.columns, sample, EMPTY)
    assert found.columns == {"kind": "a", "time": "b"}
    assert found.missing == ["user"]
    assert "user=YOUR_COLUMN" in found.words


def test_what_the_user_says_holds_over_the_guess():
    settings = parse_map(["user=itemid", "kind.view=other"], EMPTY)
    found = guess(RETAILROCKET.columns, RETAILROCKET, settings)
    assert found.columns["user"] == "itemid"
    assert found.kinds["view"] is Kind.OTHER


def test_rees46_is_recognised_in_any_order():
    header = [*REES46.values(), "extra"]
    random.Random(1).shuffle(header)
    source = recognise(header, None, EMPTY)
    assert source is not None
    assert (source.name, source.how, source.columns) == ("REES46", "recognised", REES46)
    assert recognise([c for c in header if c != "price"], None, EMPTY) is None


def test_a_recognised_log_can_be_corrected():
    source = recognise([*REES46.values(), "who"], None, parse_map(["user=who"], EMPTY))
    assert source is not None
    assert source.columns == REES46 | {"user": "who"}


def test_an_incomplete_mapping_is_not_enough():
    settings = parse_map(["time=timestamp", "user=visitorid"], EMPTY)
    assert resolve(RETAILROCKET.columns, RETAILROCKET, settings) is None


def test_words_of_kinds_do_not_care_for_case_and_punctuation():
    source = recognise(list(REES46.values()), None, parse_map(["kind.In den Korb=cart"], EMPTY))
    assert source is not None
    for word in ("In den Korb", "in-den-korb"):
        assert source.kind(word) is Kind.CART
    for word in ("Product Added", "product_added", "ADD_TO_CART", "addtocart"):
        assert source.kind(word) is Kind.CART
    assert source.kind("remove_from_cart") is Kind.REMOVE
    assert source.kind("gibberish") is None
    assert source.kind(None) is None


def test_every_known_word_is_known_once():
    assert all(word.isalnum() and word.islower() for word in KINDS)
    assert set(KINDS.values()) == set(Kind)


def test_parse_map_keeps_the_base_and_leaves_it_alone():
    base = SourceSettings(columns={"time": "ts"}, zone="Europe/Paris")
    settings = parse_map(
        ["user=a=b", "kind.x=y=purchase", "separator=;", "time_format=%d.%m.%Y"], base
    )
    assert settings.columns == {"time": "ts", "user": "a=b"}
    assert settings.kinds == {"x=y": "purchase"}
    assert (settings.separator, settings.time_format) == (";", "%d.%m.%Y")
    assert settings.zone == "Europe/Paris"
    assert base == SourceSettings(columns={"time": "ts"}, zone="Europe/Paris")


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("usr=visitor", "Did you mean 'user'"),
        ("kind.buy=purchased", "Did you mean 'purchase'"),
        ("user", "field=column"),
        ("user=", "field=column"),
        ("kind.buy", "kind.WORD=KIND"),
        ("=x", "field=column"),
    ],
)
def test_words_that_cannot_be_read(word, told):
    with pytest.raises(WillbuyError, match=told):
        parse_map([word], EMPTY)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (SourceSettings(columns={"usr": "visitorid"}), "Did you mean 'user'"),
        (SourceSettings(columns={"user": "visitor_id"}), "Did you mean 'visitorid'"),
        (SourceSettings(kinds={"x": "bought"}), "There is no kind 'bought'"),
        (SourceSettings(zone="Nowhere"), "IANA"),
        (SourceSettings(columns={"time": "event"}), r"column 'event'.*'view'.*time_format"),
    ],
)
def test_settings_that_do_not_fit_the_log(settings, told):
    full = {"time": "timestamp", "kind": "event", "user": "visitorid"} | settings.columns
    with pytest.raises(WillbuyError, match=told):
        resolve(RETAILROCKET.columns, RETAILROCKET, settings.model_copy(update={"columns": full}))


def test_a_column_that_is_there_twice():
    with pytest.raises(WillbuyError, match="two columns named 'price'"):
        recognise([*REES46.values(), "price"], None, EMPTY)
