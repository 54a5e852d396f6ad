import threading

import pytest

from willbuy.events.ahead import ahead


def test_all_items_come_in_order():
    assert list(ahead(range(1000))) == list(range(1000))
    assert list(ahead([None, 0, ()])) == [None, 0, ()]
    assert list(ahead([])) == []


def test_what_goes_wrong_is_raised_in_its_place():
    def items():
        yield 1
        yield 2
        raise OSError("gone")

    found = ahead(items())
    assert [next(found), next(found)] == [1, 2]
    with pytest.raises(OSError, match="gone"):
        next(found)


def test_whoever_stops_early_ends_the_thread():
    made = []

    def items():
        for i in range(10**9):
            made.append(i)
            yield i

    for item in ahead(items(), most=3):
        if item == 10:
            break
    before = len(made)
    assert before < 20
    assert not [thread for thread in threading.enumerate() if thread.name == "ahead"]
