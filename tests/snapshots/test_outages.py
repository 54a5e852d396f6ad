"""Days without purchases are found without looking ahead."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from willbuy.moments.tally import DAILY
from willbuy.snapshots.outages import outage_days


def days(views, purchases):
    made = np.zeros(len(views), DAILY)
    made["day"] = 100 + np.arange(len(views))
    made["views"], made["purchases"] = views, purchases
    return made


def test_a_day_whose_purchases_vanish_is_found():
    found = outage_days(days([5000] * 8, [100, 90, 110, 100, 3, 95, 0, 105]))
    assert found.tolist() == [104, 106]


def test_a_quiet_day_is_no_outage():
    assert outage_days(days([5000, 5000, 5000, 900], [100, 90, 110, 16])).size == 0


def test_few_expected_purchases_may_vanish_by_chance():
    assert outage_days(days([100] * 6, [2, 2, 2, 0, 2, 0])).size == 0


def test_an_outage_does_not_lower_what_is_expected_of_the_next_day():
    found = outage_days(days([5000] * 9, [100, 100, 100, 1, 1, 1, 1, 1, 1]))
    assert found.tolist() == [103, 104, 105, 106, 107, 108]


@given(
    st.lists(st.tuples(st.integers(0, 9000), st.integers(0, 300)), min_size=2, max_size=40),
    st.data(),
)
def test_later_days_change_nothing(log, data):
    views, purchases = zip(*log, strict=True)
    cut = data.draw(st.integers(1, len(log)))
    whole = outage_days(days(views, purchases))
    part = outage_days(days(views[:cut], purchases[:cut]))
    assert whole[whole < 100 + cut].tolist() == part.tolist()
