import pytest

from willbuy.engines.memory import free_memory, parse_memory
from willbuy.errors import WillbuyError


@pytest.mark.parametrize(
    ("text", "amount"),
    [("4GB", 4e9), ("2.5 gb", 2.5e9), ("800M", 8e8), ("1TiB", 1e12), ("600000000", 6e8)],
)
def test_amounts_are_read_as_people_write_them(text, amount):
    assert parse_memory(text) == amount


@pytest.mark.parametrize("text", ["", "much", "4 bananas", "-4GB", "1e9"])
def test_what_is_no_amount_is_said(text):
    with pytest.raises(WillbuyError, match="4GB or 800MB"):
        parse_memory(text)


def test_next_to_nothing_is_refused():
    with pytest.raises(WillbuyError, match="too little"):
        parse_memory("20MB")


def test_some_memory_is_free_but_not_all():
    import psutil

    assert 0 < free_memory() < psutil.virtual_memory().total
