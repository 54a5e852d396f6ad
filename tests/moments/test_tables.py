"""The shop's counts against sums that anyone can check."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drive import default_rules, survey_all, survey_of
from oracle import read_log
from oracle.moments import by_user, sessions_of
from streams import BIG, CATALOGUE, DAY, MISSING, SECOND, crowds, make_events
from willbuy.errors import WillbuyError
from willbuy.events.schema import Kind
from willbuy.moments.calendar import day_of, make_calendar
from willbuy.moments.shop import (
    ALL,
    BRAND,
    CATEGORY,
    PRICE_UNIT,
    PRODUCT,
    SECTION,
    Window,
    days_covered,
    mean_price,
    share,
    smoothed,
    window,
)
from willbuy.moments.tables import ShopTables, no_tables

COLUMN = {PRODUCT: "product", BRAND: "brand", CATEGORY: "category", SECTION: "section"}
NONE = Window(0, 0, 0, 0, 0)
START = 1_570_060_800 * SECOND  # 2019-10-03 00:00 UTC
FIRST = day_of(START)


def plain(shop):
    arrays = ("slots", "entries", "answers")
    return shop._replace(**{name: getattr(shop, name).view(np.recarray) for name in arrays})


def look(shop, table, key, days):
    return tuple(int(n) for n in window(plain(shop), table, np.int64(key), days))


def summed(kept, table, key, first, last):
    """Counts over kept events of these days, by the meaning of the words."""
    mine = [
        e for e in kept if first <= e["day"] <= last and (table == ALL or e[COLUMN[table]] == key)
    ]
    priced = [e["price"] for e in mine if e["price"] is not None]
    kinds = [e["kind"] for e in mine]
    return (
        kinds.count("view"),
        kinds.count("cart"),
        kinds.count("purchase"),
        len(priced),
        sum(round(price * PRICE_UNIT) for price in priced),
    )


def kept_events(log, rules):
    return [
        e
        for mine in by_user(read_log(log.events, log.zone))
        for session in sessions_of(mine, rules)
        for e in session
    ]


@settings(max_examples=100)
@given(log=crowds(), data=st.data())
def test_a_window_is_the_sum_of_its_days(log, data):
    rules = default_rules(log.events)
    kept = kept_events(log, rules)
    days = [e["day"] for e in kept]
    first = data.draw(st.integers(min(days) - 1, max(days)))
    last = data.draw(st.integers(first - 1, max(days) + 1))
    tables = survey_all(log.events, make_calendar(log.zone), rules).tables(first, last)
    asof = data.draw(st.integers(first - 2, last + 3))
    length = data.draw(st.sampled_from([1, 2, 7, 28]))
    shop = tables.as_of(asof)
    seen_day = min(asof, last)
    begin = max(first, seen_day - length + 1)
    assert days_covered(shop, length) == max(seen_day - begin + 1, 0)
    assert look(shop, ALL, 0, length) == summed(kept, ALL, 0, begin, seen_day)
    for place, table in enumerate(COLUMN):
        keys = {(product, *more)[place] for product, more in CATALOGUE.items()}
        for key in keys - {MISSING}:
            assert look(shop, table, key, length) == summed(kept, table, key, begin, seen_day)


def daily_views(days, product=BIG):
    """One view on each of these days (from FIRST), each by another shopper."""
    return make_events(
        [
            {"user": i, "time": START + day * DAY + i * SECOND, "product": product, "price": 2.5}
            for i, day in enumerate(days)
        ]
    )


def tables_of(events, first, last):
    return survey_all(events, make_calendar("UTC"), default_rules(events)).tables(first, last)


def test_windows_trail_the_day_and_drop_older_days():
    tables = tables_of(daily_views([0, 0, 3, 9]), FIRST, FIRST + 9)
    for day, week in [(-1, 0), (0, 2), (2, 2), (3, 3), (6, 3), (7, 1), (9, 2), (40, 2)]:
        assert look(tables.as_of(FIRST + day), PRODUCT, BIG, 7)[0] == week, day
    assert look(tables.as_of(FIRST + 9), PRODUCT, BIG, 28) == (4, 0, 0, 4, 100_000)


def test_days_covered_grow_to_the_length_of_the_window():
    tables = tables_of(daily_views(range(10)), FIRST, FIRST + 9)
    covered = [days_covered(tables.as_of(FIRST + day), 7) for day in (-3, -1, 0, 1, 6, 9, 99)]
    assert covered == [0, 0, 1, 2, 7, 7, 7]


def test_an_unseen_and_a_missing_key_have_no_counts():
    events = daily_views([0, 1])
    events["brand"] = MISSING
    shop = tables_of(events, FIRST, FIRST + 1).as_of(FIRST + 1)
    assert look(shop, PRODUCT, BIG + 1, 7) == NONE
    assert look(shop, BRAND, BIG, 7) == NONE  # a product's key is not a brand's
    for table in COLUMN:
        assert look(shop, table, MISSING, 7) == NONE
    assert look(shop, ALL, 0, 7)[0] == 2


def test_events_outside_the_complete_days_are_not_counted():
    tables = tables_of(daily_views([0, 1, 2, 3]), FIRST + 1, FIRST + 2)
    assert tables.days == 2
    assert look(tables.as_of(FIRST + 9), PRODUCT, BIG, 28)[0] == 2
    assert look(tables.as_of(FIRST + 1), PRODUCT, BIG, 28)[0] == 1
    assert look(tables.as_of(FIRST), PRODUCT, BIG, 28)[0] == 0


def test_a_purchase_counts_on_its_own_day():
    events = make_events(
        [
            {"user": 1, "session": 5, "product": BIG, "time": START + DAY - SECOND},
            {
                "user": 1,
                "session": 5,
                "product": BIG,
                "time": START + DAY,
                "kind": Kind.PURCHASE,
            },
        ]
    )
    tables = tables_of(events, FIRST, FIRST + 1)
    assert look(tables.as_of(FIRST), PRODUCT, BIG, 7)[:3] == (1, 0, 0)
    assert look(tables.as_of(FIRST + 1), PRODUCT, BIG, 1)[:3] == (0, 0, 1)


def test_the_tally_grows_with_the_log():
    products = 20_000
    events = make_events([{}] * products)
    events["user"] = np.arange(products) // 10
    events["product"] = np.arange(products) - 500
    events["time"] = START + np.arange(products) * SECOND
    survey = survey_all(events, make_calendar("UTC"), default_rules(events))
    rows = survey.daily[survey.daily["table"] == PRODUCT]
    assert sorted(rows["key"].tolist()) == [k - 500 for k in range(products) if k - 500 != MISSING]
    assert set(rows["views"].tolist()) == {1}
    assert survey.days()["views"].tolist() == [products]


@settings(max_examples=40)
@given(log=crowds(), seed=st.integers(0, 99))
def test_the_survey_of_parts_combined_is_the_survey_of_the_whole(log, seed):
    calendar, rules = make_calendar(log.zone), default_rules(log.events)
    users = np.random.default_rng(seed).permutation(np.unique(log.events["user"]))
    batches = []
    for user in users:
        mine = log.events[log.events["user"] == user]
        mine = mine[np.lexsort((mine["position"], mine["time"]))]
        batches.append((mine, np.array([len(mine)])))
    combined = survey_of(batches, log.events[::-1], calendar, rules)
    whole = survey_all(log.events, calendar, rules)
    np.testing.assert_array_equal(combined.daily, whole.daily)
    assert (combined.users, combined.repeats) == (whole.users, whole.repeats)
    fields = list(whole.sessions.dtype.names)
    np.testing.assert_array_equal(
        np.sort(combined.sessions, order=fields), np.sort(whole.sessions, order=fields)
    )


@settings(max_examples=8)
@given(log=crowds(max_size=30))
def test_a_saved_table_is_read_back_as_it_was(tmp_path_factory, log):
    days = [e["day"] for e in read_log(log.events, log.zone)]
    rules = default_rules(log.events)
    tables = survey_all(log.events, make_calendar(log.zone), rules).tables(min(days), max(days))
    path = tmp_path_factory.mktemp("tables") / "shop.npz"
    tables.save(path)
    assert path.read_bytes()[:2] == b"PK"
    loaded = ShopTables.load(path)
    np.testing.assert_array_equal(loaded.daily, tables.daily)
    assert (loaded.first_day, loaded.last_day) == (tables.first_day, tables.last_day)
    for key in {*tables.daily["key"].tolist(), 123}:
        for table in (*COLUMN, ALL):
            asof = loaded.as_of(max(days)), tables.as_of(max(days))
            assert look(asof[0], table, key, 28) == look(asof[1], table, key, 28)


def test_tables_without_a_complete_day_are_saved_too(tmp_path):
    no_tables().save(tmp_path / "shop.npz")
    loaded = ShopTables.load(tmp_path / "shop.npz")
    assert loaded.days == 0
    assert look(loaded.as_of(FIRST), ALL, 0, 7) == NONE
    assert days_covered(loaded.as_of(FIRST), 7) == 0


def broken(path, how):
    good = tables_of(daily_views([0, 1, 1]), FIRST, FIRST + 1)
    if how != "missing":
        good.save(path)
    data = path.read_bytes() if how != "missing" else b""
    if how == "cut off":
        path.write_bytes(data[: len(data) // 2])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "text":
        path.write_text("day,views\n1,2\n")
    elif how == "flipped":
        middle = len(data) // 3
        path.write_bytes(data[:middle] + b"\xff" * 9 + data[middle + 9 :])
    elif how == "one array":
        with path.open("wb") as file:
            np.save(file, np.arange(3))
    elif how == "other arrays":
        np.savez(path, days=np.arange(3))
    elif how == "later format":
        with np.load(path) as file:
            columns = dict(file)
        columns["format"] = np.array(99)
        np.savez(path, **columns)


@pytest.mark.parametrize(
    "how",
    ["missing", "cut off", "empty", "text", "flipped", "one array", "other arrays", "later format"],
)
def test_a_file_that_is_no_table_is_refused_by_name(tmp_path, how):
    path = tmp_path / "shop.npz"
    broken(path, how)
    with pytest.raises(WillbuyError, match=r"shop\.npz"):
        ShopTables.load(path)


@settings(max_examples=60)
@given(log=crowds(), data=st.data())
def test_extended_tables_equal_those_counted_from_the_whole(log, data):
    days = [e["day"] for e in read_log(log.events, log.zone)]
    survey = survey_all(log.events, make_calendar(log.zone), default_rules(log.events))
    first, last = min(days), max(days)
    cut = data.draw(st.integers(first - 1, last))
    overlap = data.draw(st.integers(0, 2))
    early = survey.tables(first, cut)
    late = survey.tables(max(cut + 1 - overlap, first), last)
    extended = early.extended(late)
    whole = survey.tables(first, last)
    assert (extended.first_day, extended.last_day) == (first, last)
    np.testing.assert_array_equal(extended.daily, whole.daily)
    for key in [*CATALOGUE, 0]:
        for table in (PRODUCT, ALL):
            assert look(extended.as_of(last), table, key, 28) == look(
                whole.as_of(last), table, key, 28
            )


def test_days_that_both_have_are_kept_as_they_were_first_counted():
    early = tables_of(daily_views([0, 1]), FIRST, FIRST + 1)
    late = tables_of(daily_views([1, 1, 1, 2]), FIRST + 1, FIRST + 2)
    extended = early.extended(late)
    views = [look(extended.as_of(FIRST + day), PRODUCT, BIG, 1)[0] for day in range(3)]
    assert views == [1, 1, 1]


def test_a_gap_between_old_and_new_days_is_refused_with_its_dates():
    early = tables_of(daily_views([0]), FIRST, FIRST)
    late = tables_of(daily_views([2]), FIRST + 2, FIRST + 2)
    with pytest.raises(WillbuyError, match=r"2019-10-03.*2019-10-05"):
        early.extended(late)


def test_empty_tables_extend_and_are_extended():
    some = tables_of(daily_views([0]), FIRST, FIRST)
    assert no_tables().extended(some).daily.tolist() == some.daily.tolist()
    assert some.extended(no_tables()).daily.tolist() == some.daily.tolist()
    assert some.extended(no_tables()).last_day == FIRST


def test_mean_price_shares_and_smoothing():
    assert mean_price(Window(0, 0, 0, 4, 100_000)) == 2.5
    assert np.isnan(mean_price(NONE))
    assert share(1, 4) == 0.25
    assert np.isnan(share(0, 0))
    assert smoothed(0, 0, 0.1) == pytest.approx(0.1)  # unseen: the parent's
    assert smoothed(5, 20, 0.1) == pytest.approx(7 / 40)  # as if 20 more views at 10 %
    assert smoothed(10_000, 100_000, 0.5) == pytest.approx(0.1, abs=1e-3)
