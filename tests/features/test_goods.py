"""The goods a session has looked at, told as of the moment and not as of their events."""

import numpy as np
import pytest

from drive import EVERY, default_rules, replay_all, survey_all
from streams import make_events
from willbuy.events.schema import Kind
from willbuy.features.registry import built_in
from willbuy.moments.calendar import DAY, HOUR, SECOND, make_calendar

NAMES = [one.name for one in built_in()]
MIDNIGHT = 18_000 * DAY
SHOPPER, OTHERS = 7, 8


def log():
    """A session that is open while another day of the shop's counts becomes visible, at 3 h.

    On the day before the last one product 10 is viewed and never bought, on the last one it is
    bought and product 12 is only viewed.
    """
    crowd = [
        *((Kind.VIEW, 10, -2 * DAY + i * SECOND) for i in range(10)),
        *((Kind.VIEW, 10, -DAY + i * SECOND) for i in range(10)),
        *((Kind.VIEW, 12, -DAY + i * SECOND) for i in range(20)),
        *((Kind.PURCHASE, 10, -DAY + i * HOUR) for i in range(5)),
    ]
    session = [(Kind.VIEW, 10, 2 * HOUR), (Kind.VIEW, 11, 4 * HOUR)]
    return make_events(
        [
            {
                "user": user,
                "session": user,
                "kind": kind,
                "product": product,
                "price": price,
                "time": MIDNIGHT + at,
            }
            for user, price, rows in ((OTHERS, 5.0, crowd), (SHOPPER, 4.0, session))
            for kind, product, at in rows
        ]
    )


def moments(wanted=EVERY):
    events, calendar = log(), make_calendar("UTC")
    rules = default_rules(events)
    tables = survey_all(events, calendar, rules).tables(18_000 - 2, 18_000 - 1)
    X, rows = replay_all(events, calendar, rules, tables, wanted)
    mine = rows["user"] == SHOPPER
    return [dict(zip(NAMES, x.tolist(), strict=True)) for x in X[mine]]


def test_all_goods_of_a_session_are_told_as_of_the_moment():
    first, second = moments()
    assert (first["temptation"], first["most_tempting"]) == (0, 0)
    # The shop: 5 purchases, 40 views. Product 10: (5 + 20 / 8) / (20 + 20); product 11: 1 / 8.
    assert second["temptation"] == 0.1875 + 0.125
    assert second["most_tempting"] == 0.1875
    assert second["temptation_against_mean"] == pytest.approx(0.125 / 0.15625)
    assert second["best_bargain"] == second["usual_bargain"] == pytest.approx(0.8)
    assert np.isnan(second["price_against_product"])


def test_a_moment_alone_tells_of_the_same_goods():
    assert moments(EVERY._replace(latest=True)) == [pytest.approx(moments()[-1], nan_ok=True)]
