from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from willbuy.errors import WillbuyError
from willbuy.events.times import check_zone, find_format, is_possible, one_time, to_micros

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


FIRST_OCTOBER = micros(datetime(2019, 10, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "later"),
    [
        ("2019-10-01 00:00:00 UTC", 0),
        ("2019-10-01 00:00:00 GMT", 0),
        ("2019-10-01T00:00:00Z", 0),
        ("2019-10-01t00:00:00z", 0),
        ("2019/10/01 00:00", 0),
        ("2019-10-01", 0),
        (" 2019-10-01 00:00:00 ", 0),
        ("2019-10-01 02:00:00+02:00", 0),
        ("2019-10-01 02:00:00 +0200", 0),
        ("2019-10-01T02:00+02", 0),
        ("2019-09-30T20:30:00-03:30", 0),
        ("2019-10-01T00:00:01.5Z", 1_500_000),
        ("2019-10-01T00:00:01,25", 1_250_000),
        ("2019-10-01T00:00:01.123456789", 1_123_456),
        *(
            (text, None)
            for text in (
                *("2019-02-29", "2019-13-01", "2019-00-01", "2019-10-00", "2019-04-31", "19-10-01"),
                *("2019-10-01 24:00", "2019-10-01 00:60", "2019-10-01 00:00:60", "2019-10-01 00"),
                *("2019-10-01 00:00:00 CET", "2019-10-01 00:00:00.", "2019-10-01 00:00:00 +2"),
                *("2019-10-01 00:00:00+02:60", "2019-10-01 00:00:00 UTCX", "2019-10/01", "", " "),
                *("2019-10-01 00:00:00+99:00", "2019-10-01 1:00", "yesterday", "\uff12019-10-01"),
            )
        ),
    ],
)
def test_iso(text, later):
    expected = None if later is None else FIRST_OCTOBER + later
    assert one_time(text, "iso", "UTC") == expected
    assert to_micros(pl.Series([text, None]), "iso", "UTC").to_list() == [expected, None]


@given(
    st.datetimes(
        datetime(1990, 1, 1),
        datetime(2099, 12, 31),
        timezones=st.none()
        | st.just(UTC)
        | st.integers(-17, 17).map(lambda h: timezone(timedelta(hours=h, minutes=30))),
    ),
    st.sampled_from([" ", "T"]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"]),
)
def test_iso_is_what_python_makes_of_it(moment, between, zone):
    text = moment.isoformat(between)
    local = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
    there = local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None)
    expected = micros(local) if there == moment.replace(tzinfo=None) else None
    assert one_time(text, "iso", zone) == expected
    assert one_time(moment, "iso", zone) == expected
    assert to_micros(pl.Series([text]), "iso", zone)[0] == expected
    typed = pl.Series([moment.replace(tzinfo=None)], dtype=pl.Datetime("us"))
    if moment.tzinfo is None:
        assert to_micros(typed, "datetime", zone)[0] == expected


@given(st.lists(st.text() | st.text("0123456789-:T .Z+", max_size=30)))
def test_whatever_the_text_batch_and_single_agree(texts):
    for form in ("iso", "s", "ms", "us"):
        column = to_micros(pl.Series(texts, dtype=pl.String), form, "Europe/Berlin")
        assert column.to_list() == [one_time(text, form, "Europe/Berlin") for text in texts]


@pytest.mark.parametrize("form", ["iso", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M", "%b %d %Y %H:%M"])
def test_when_the_clocks_change(form):
    pattern = "%Y-%m-%d %H:%M:%S" if form == "iso" else form
    skipped = datetime(2019, 3, 31, 2, 30).strftime(pattern)
    twice = datetime(2019, 10, 27, 2, 30).strftime(pattern)
    first = micros(datetime(2019, 10, 27, 0, 30, tzinfo=UTC))
    column = to_micros(pl.Series([skipped, twice, None]), form, "Europe/Berlin")
    assert column.to_list() == [None, first, None]
    assert one_time(skipped, form, "Europe/Berlin") is None
    assert one_time(twice, form, "Europe/Berlin") == first


@pytest.mark.parametrize(
    ("form", "text", "later"),
    [
        ("%d/%m/%Y %H:%M:%S.%f", "01/10/2019 00:00:01.5", 1_500_000),
        ("%Y%m%d%H%M%S", "20191001000007", 7_000_000),
        ("%d %B %Y", "01 October 2019", 0),
        ("%Y-%m-%dT%H:%M:%S%z", "2019-10-01T02:00:00+0200", 0),
        ("%d.%m.%Y", "2019-10-01", None),
        ("s", "1569888000", 0),
        ("s", "1569888000.25", 250_000),
        ("ms", "1569888000123", 123_000),
        ("us", "1569888000000001", 1),
        ("s", "+1569888000", None),
        ("s", "1_569_888_000", None),
    ],
)
def test_other_formats(form, text, later):
    expected = None if later is None else FIRST_OCTOBER + later
    assert one_time(text, form, "UTC") == expected
    assert to_micros(pl.Series([text]), form, "UTC")[0] == expected


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["2019-10-01 00:00:00 UTC"], "iso"),
        (["2019-10-01T00:00:00Z", "rubbish", None], "iso"),
        (["1569888000"], "s"),
        ([1569888000123], "ms"),
        (["1569888000123456"], "us"),
        ([datetime(2019, 10, 1)], "datetime"),
        (["01.10.2019 10:00"], None),
        (["rubbish", "2019-10-01", "rubbish"], None),
        ([None], None),
    ],
)
def test_find_format(values, form):
    assert find_format(pl.Series(values, dtype=None if values != [None] else pl.String)) == form


def test_a_typed_column_with_a_zone():
    column = pl.Series([datetime(2019, 10, 1)]).dt.replace_time_zone("Asia/Tokyo")
    assert to_micros(column, "datetime", "UTC")[0] == FIRST_OCTOBER - 9 * 3_600_000_000
    assert to_micros(column.dt.cast_time_unit("ms"), "iso", "UTC")[0] == (
        FIRST_OCTOBER - 9 * 3_600_000_000
    )


def test_possible_times_lie_in_this_century():
    texts = ["1999-12-31 23:59:59", "2000-01-01", "2099-12-31 23:59:59", "2100-01-01"]
    times = to_micros(pl.Series(texts), "iso", "UTC").to_numpy()
    assert is_possible(times).tolist() == [False, True, True, False]


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd"])
def test_an_unknown_zone(zone):
    with pytest.raises(WillbuyError, match="IANA"):
        check_zone(zone)
