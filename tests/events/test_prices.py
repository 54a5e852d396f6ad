"""Prices that are none say why."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.logs import read, row, write
from willbuy.events.check import check
from willbuy.events.clean import read_price
from willbuy.events.prices import (
    CURRENCY,
    MEANINGS,
    NO_NUMBER,
    THOUSANDS,
    TOO_HIGH,
    has_currency,
    why_unread,
)
from willbuy.job.health import caution_of_prices
from willbuy.settings import SourceSettings


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("$12.50", CURRENCY), ("12,50 €", CURRENCY), (" £1,234.50", CURRENCY),
        ("EUR 12.50", CURRENCY), ("99 kr.", CURRENCY), ("12.50USD", CURRENCY),
        ("₹ 1'200", CURRENCY), ("-$5", CURRENCY),
        ("1,234.50", THOUSANDS), ("1.234,50", THOUSANDS), ("1,234", THOUSANDS),
        ("12 500", THOUSANDS), ("1e12", TOO_HIGH), ("inf", TOO_HIGH), ("free", NO_NUMBER),
        ("$", NO_NUMBER), ("n.a.", NO_NUMBER), ("", NO_NUMBER), ("12 pcs", NO_NUMBER),
    ],
)  # fmt: skip
def test_the_reason_is_named(text, reason):
    assert math.isnan(read_price(text))
    assert why_unread(text) == reason


@given(st.text())
def test_every_text_that_is_no_price_has_a_reason(text):
    if math.isnan(read_price(text)):
        assert why_unread(text) in MEANINGS


@given(st.floats(-1e9, 1e9).map(str))
def test_a_number_has_no_currency(text):
    assert not has_currency(text)


def test_a_log_in_dollars_says_so_and_what_to_do(tmp_path):
    prices = ["$12.50"] * 3 + ['"12,50 €"', "9.99", "0", "", "ask us"]
    log = write(tmp_path / "log.csv", [row(price=one) for one in prices])
    found = check([log], SourceSettings())
    assert (
        "4 prices cannot be read and count as missing: the price has a currency sign ('$12.50'); "
        "write the number alone, such as 12.50."
    ) in found.notes
    assert "1 price cannot be read and counts as missing: the price is no number ('ask us')" in (
        " ".join(found.notes)
    )
    assert found.health is not None
    assert found.health.price_unreadable == 5
    assert found.health.to_dict()["price_unreadable_why"][CURRENCY] == {
        "prices": 4, "example": "$12.50",
    }  # fmt: skip


def test_a_run_warns_of_more_than_a_few(tmp_path):
    rows = [row(price="10.00 USD" if n < 3 else "10.00") for n in range(1000)]
    for kept, warned in ((1000, True), (3, True), (0, False)):
        log, _ = read(write(tmp_path / "log.csv", rows[:kept] or rows[3:]))
        told = caution_of_prices(log.health)
        assert bool(told) == warned
        assert not told or "currency sign ('10.00 USD')" in told[0]
