"""The shopper's last visit, rhythm and time since the last purchase, told in small stories.

`test_oracle` holds all of it against the slow implementation on random logs.
"""

import numpy as np
import pytest

from drive import default_rules, replay_all
from streams import make_events
from willbuy.events.schema import Kind
from willbuy.features.registry import built_in
from willbuy.moments.calendar import DAY, SECOND, make_calendar
from willbuy.moments.tables import no_tables

START = 1_570_000_000 * SECOND
NAMES = [one.name for one in built_in()]
A, B, C, D = 1, 2, 3, 4


def asked(*steps, at):
    """The features at the first moment of session `at`, of one shopper's events.

    Each is (seconds after START, session, kind[, product[, price]]).
    """
    made = [
        {
            "user": 7,
            "time": START + round(second * SECOND),
            "session": session,
            "kind": kind,
            "product": more[0] if more else 10,
            "price": more[1] if len(more) > 1 else 5.0,
        }
        for second, session, kind, *more in steps
    ]
    events, calendar = make_events(made), make_calendar("UTC")
    X, rows = replay_all(events, calendar, default_rules(events), no_tables())
    [place] = np.flatnonzero((rows["session"] == at) & (rows["ordinal"] == 1))
    return dict(zip(NAMES, X[place].tolist(), strict=True))


def test_a_new_shopper_has_no_last_visit():
    found = asked((0, A, Kind.VIEW), at=A)
    assert np.isnan(found["last_visit_events"])
    assert np.isnan(found["last_visit_price"])
    assert np.isnan(found["previous_break"])
    assert (found["began_where_left"], found["events_since_purchase"]) == (0, 0)


def test_the_last_visit_is_told_by_itself():
    found = asked(
        (0, A, Kind.VIEW, 10, 5.0),
        (39, A, Kind.CART, 10, 5.0),
        (50, A, Kind.VIEW, 11, 8.0),
        (90, A, Kind.VIEW, -1, np.nan),
        (86_400, B, Kind.VIEW, 11, 4.0),
        at=B,
    )
    assert found["last_visit_events"] == 4
    assert found["last_visit_duration"] == 90
    assert found["last_visit_carts"] == 1
    assert found["last_visit_moves"] == 2
    assert found["last_visit_long_looks"] == 1  # 40 seconds; the one of 39 is none
    assert found["last_visit_bought"] == 0
    assert found["last_visit_price"] == 8
    assert found["price_against_last_visit"] == 0.5
    assert (found["began_where_left"], found["on_last_product"]) == (1, 1)


def test_of_two_sessions_at_once_the_last_visit_is_the_one_that_began_last():
    steps = [
        (0, A, Kind.VIEW, 10),
        (10, B, Kind.VIEW, 20),
        (20, A, Kind.CART, 11),
        (30, B, Kind.VIEW, 21),
        (40, A, Kind.PURCHASE, 11),
        (86_400, C, Kind.VIEW, 21),
    ]
    found = asked(*steps, at=C)
    assert (found["last_visit_events"], found["last_visit_duration"]) == (2, 20)
    assert (found["last_visit_carts"], found["last_visit_bought"]) == (0, 0)
    assert found["began_where_left"] == 1
    # B saw of A only what stood before B's own first event.
    assert asked(*steps, at=B)["last_visit_events"] == 1


def test_a_session_is_not_its_own_last_visit():
    events = [(0, A, Kind.VIEW), (5, A, Kind.VIEW, 11), (9, A, Kind.VIEW, 12)]
    found = asked(*events, (86_400, B, Kind.VIEW), (86_401, B, Kind.VIEW, 13), at=B)
    assert found["last_visit_events"] == 3


def test_a_purchase_begins_the_count_anew():
    day = DAY / SECOND
    steps = [
        (0, A, Kind.CART),
        (day, B, Kind.CART),
        (day + 1, B, Kind.PURCHASE),
        (day + 2, B, Kind.CART),
        (2 * day, C, Kind.VIEW),
        (3 * day, D, Kind.VIEW),
    ]
    half = 0.5 ** (1 / 14)
    before, since = asked(*steps, at=B), asked(*steps, at=D)
    assert before["carts_since_purchase"] == pytest.approx(half)
    assert before["sessions_since_purchase"] == pytest.approx(half)
    assert since["sessions_since_purchase"] == pytest.approx(half)  # C; B began before
    assert since["carts_since_purchase"] == pytest.approx(half**2, rel=1e-4)
    assert since["events_since_purchase"] == pytest.approx(half**2 + half, rel=1e-4)


def test_the_break_before_the_last_visit_and_the_usual_one():
    hours = [0, 1, 1 + 3, 1 + 3 + 7]
    steps = [(3600 * h, s, Kind.VIEW) for h, s in zip(hours, (A, B, C, D), strict=True)]
    found = asked(*steps, at=D)
    assert found["previous_break"] == pytest.approx(3 / 24)
    # log2(1 + 1) and log2(1 + 3), the later one worth a little more; now log2(1 + 7).
    assert found["usual_break"] == pytest.approx(1.5, abs=0.01)
    assert found["break_against_usual"] == pytest.approx(1.5, abs=0.01)
