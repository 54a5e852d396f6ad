"""The same functions as plain Python: what a person sees who steps through them."""

import numpy as np
from hypothesis import given, settings

from drive import default_rules, replay_all, survey_all
from streams import crowds, logs, make_events
from willbuy.engines.local import by_user, user_ends
from willbuy.features.registry import built_in
from willbuy.features.row import plain_row
from willbuy.moments.calendar import day_of, make_calendar, to_local
from willbuy.moments.fold import fold_user
from willbuy.moments.goods import tell_goods
from willbuy.moments.shop import Shop, no_answers
from willbuy.moments.state import Workspace, make_workspace
from willbuy.snapshots.replay import visible_day

COUNTED = [
    i
    for i, one in enumerate(built_in())
    if one.unit in ("yes/no", "hour", "weekday", "times", "brands", "categories", "departments")
]


def plain_moments(events, calendar, rules, tables):
    """(user, session key, start, ordinal) → the features, nothing of it compiled."""
    events = by_user(events).view(np.recarray)
    ends = user_ends(events)
    found = {}
    for begin, end in zip([0, *ends[:-1]], ends, strict=True):
        memory = make_workspace(end - begin, end - begin)
        work = Workspace(*(part.view(np.recarray) for part in memory[:-1]), memory.position)
        n = fold_user(events, begin, end, np.zeros(end - begin, np.int32), work, calendar, rules)
        for slot in range(max(n, 0)):
            visit = work.visits[slot]
            last = visit.purchase - 1 if visit.purchase else visit.events
            for k in range(1, min(last, rules.max_events) + 1):
                seen = work.seen[visit.offset : visit.offset + k]
                day = min(visible_day(calendar, seen.time[-1], rules.shop_lag), tables.last_day)
                shop = Shop(
                    day,
                    tables.first_day,
                    tables.slots.view(np.recarray),
                    tables.entries.view(np.recarray),
                    no_answers().view(np.recarray),
                    work.goods[visit.offset : visit.offset + k],
                )
                tell_goods(visit, k, work, shop)
                name = (events.user[begin], visit.key, visit.start, k)
                found[tuple(map(int, name))] = plain_row(built_in(), seen, work.frozen[slot], shop)
    return found


@settings(max_examples=25)
@given(log=crowds(max_size=40) | logs())
def test_plain_python_gives_what_the_compiled_row_gives(log):
    calendar = make_calendar(log.zone)
    rules = default_rules(log.events)
    days = [day_of(to_local(calendar, int(t))) for t in log.events["time"]]
    tables = survey_all(log.events, calendar, rules).tables(min(days), max(days))
    X, rows = replay_all(log.events, calendar, rules, tables)
    plain = plain_moments(log.events, calendar, rules, tables)
    names = [tuple(map(int, name)) for name in rows[["user", "session", "start", "ordinal"]]]
    assert sorted(names) == sorted(plain)
    for compiled, name in zip(X, names, strict=True):
        uncompiled = np.array(plain[name])
        np.testing.assert_allclose(compiled, uncompiled, rtol=1e-6, atol=1e-9)
        np.testing.assert_array_equal(compiled[COUNTED], uncompiled[COUNTED])


def test_plain_features_are_float64_numbers_in_the_order_of_the_columns():
    events = make_events([{"user": 1, "time": 1_570_000_000_000_000, "price": 0.1}])
    calendar = make_calendar("UTC")
    rules = default_rules(events)
    tables = survey_all(events, calendar, rules).tables(0, -1)
    [row] = plain_moments(events, calendar, rules, tables).values()
    names = [one.name for one in built_in()]
    assert row[names.index("price")] == 0.1
    assert row[names.index("views")] == 1.0
    assert all(type(value) is float for value in row)
