"""What a moment must not depend on: the future, other sessions since, names, batches."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from drive import EVERY, default_rules, replay_all, survey_all, survey_of
from streams import BIG, DAY, HOUR, MINUTE, MISSING, SECOND, Log, crowds, make_events
from willbuy.compiled import build
from willbuy.engines.local import by_user
from willbuy.features.registry import built_in
from willbuy.moments.calendar import day_of, make_calendar, to_local
from willbuy.snapshots.replay import Replay, part_of, visible_day
from willbuy.snapshots.sampling import drawn

KEYS = ("user", "session", "product", "brand", "category", "section")


class View:
    """A log with the shop's tables and settings held fixed, so that only its events may vary."""

    def __init__(self, log):
        self.log = log
        self.calendar = make_calendar(log.zone)
        self.rules = default_rules(log.events)
        self.days = [day_of(to_local(self.calendar, int(t))) for t in log.events["time"]]
        self.tables = self.tables_of(log.events)

    def tables_of(self, events):
        survey = survey_all(events, self.calendar, self.rules)
        return survey.tables(min(self.days), max(self.days))

    def moments(self, events, tables=None, wanted=EVERY):
        """(user, session, start, ordinal) → (bytes of the features, record)."""
        if not len(events):
            return {}
        X, rows = replay_all(events, self.calendar, self.rules, tables or self.tables, wanted)
        names = rows[["user", "session", "start", "ordinal"]].tolist()
        return {name: (x.tobytes(), row) for name, x, row in zip(names, X, rows, strict=True)}


def pick(draw, found):
    names = sorted(found)
    assume(names)
    return names[draw(st.integers(0, len(names) - 1))]


def scrambled(draw, events, may):
    """The events with those where `may` holds changed, deleted, or joined by new ones."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    changed = events.copy()
    loose = np.flatnonzero(may)
    for i in loose:
        if rng.random() < 0.5:
            other = events[rng.integers(len(events))]
            for name in ("product", "brand", "category", "section", "kind"):
                changed[name][i] = other[name]
            changed["price"][i] = np.round(rng.uniform(1, 100), 2)
    keep = np.ones(len(events), bool)
    keep[loose[rng.random(len(loose)) < 0.4]] = False
    more = events[loose[rng.random(len(loose)) < 0.5]].copy()
    more["position"] += 1
    more["price"] = np.round(rng.uniform(1, 100, len(more)), 2)
    later = rng.integers(0, 3 * DAY, len(more))
    more["time"] += np.where(rng.random(len(more)) < 0.5, 0, later)
    return np.concatenate([changed[keep], more])


def after(events, row):
    """Which events stand after a moment in the order of the log."""
    same = events["time"] == row["time"]
    return (events["time"] > row["time"]) | (same & (events["position"] > row["position"]))


@settings(max_examples=1500)
@given(data=st.data(), log=crowds())
def test_nothing_after_a_moment_changes_it(data, log):
    view = View(log)
    found = view.moments(log.events)
    name = pick(data.draw, found)
    features, row = found[name]
    changed = scrambled(data.draw, log.events, after(log.events, row))
    again = view.moments(changed)
    assert again[name][0] == features
    assert again[name][1]["position"] == row["position"]


@settings(max_examples=1500)
@given(data=st.data(), log=crowds())
def test_other_sessions_of_the_shopper_since_this_one_began_change_nothing(data, log):
    view = View(log)
    found = view.moments(log.events)
    name = pick(data.draw, found)
    user, session, start, _ = name
    # The session's own events keep their ids; what is in any other of the shopper's sessions
    # from its first event on may do what it likes, and so may all that other shoppers do.
    first = found[(user, session, start, 1)][1]
    mine = log.events["user"] == user
    begun = after(log.events, first)
    others = ~mine | (mine & begun & (log.events["session"] != session))
    changed = scrambled(data.draw, log.events, others)
    assert view.moments(changed)[name][0] == found[name][0]


@settings(max_examples=1500)
@given(data=st.data(), log=crowds())
def test_days_not_yet_visible_do_not_matter_when_the_tables_are_counted_anew(data, log):
    view = View(log)
    found = view.moments(log.events)
    name = pick(data.draw, found)
    features, row = found[name]
    visible = visible_day(view.calendar, int(row["time"]), view.rules.shop_lag)
    unseen = np.array(view.days) > visible
    changed = scrambled(data.draw, log.events, unseen & after(log.events, row))
    assert view.moments(changed, view.tables_of(changed))[name][0] == features


def test_the_tables_of_visible_days_do_matter():
    view_then_look = make_events(
        [
            {"user": user, "session": 5, "product": 8, "time": 1_570_000_000 * SECOND + i * DAY}
            for i, user in enumerate([1, 2])
        ]
    )
    view = View(Log("UTC", view_then_look))
    name = (2, 5, int(view_then_look["time"][1]), 1)
    without = view.moments(view_then_look, view.tables_of(view_then_look[1:]))
    assert view.moments(view_then_look)[name][0] != without[name][0]


@settings(max_examples=200)
@given(log=crowds(), seed=st.integers(0, 2**32))
def test_renaming_keys_one_to_one_changes_no_feature(log, seed):
    rng = np.random.default_rng(seed)
    renamed = log.events.copy()
    for name in KEYS:
        old, places = np.unique(log.events[name], return_inverse=True)
        new = rng.integers(-(2**63), 2**63 - 1, len(old))
        new[old == MISSING] = MISSING
        renamed[name] = new[places]
    view = View(log)
    before = {row["position"]: x for x, row in view.moments(log.events).values()}
    renamed_moments = view.moments(renamed, view.tables_of(renamed)).values()
    assert {row["position"]: x for x, row in renamed_moments} == before


@settings(max_examples=150)
@given(log=crowds(), cuts=st.sets(st.integers(1, 3)), data=st.data())
def test_the_order_of_users_and_the_batches_they_come_in_do_not_matter(log, cuts, data):
    view = View(log)
    users = data.draw(st.permutations(np.unique(log.events["user"]).tolist()))
    edges = [0, *sorted(cut for cut in cuts if cut < len(users)), len(users)]
    batches = []
    for begin, end in pairwise(edges):
        parts = [by_user(log.events[log.events["user"] == u]) for u in users[begin:end]]
        batches.append((np.concatenate(parts), np.cumsum([len(part) for part in parts])))
    survey = survey_of(batches, log.events, view.calendar, view.rules)
    tables = survey.tables(min(view.days), max(view.days))
    np.testing.assert_array_equal(tables.daily, view.tables.daily)
    replay = Replay(built_in(), view.calendar, view.rules, tables, EVERY)
    found = {
        tuple(row[["user", "session", "start", "ordinal"]].tolist()): (x.tobytes(), row)
        for batch in batches
        for X, rows in replay(*batch)
        for x, row in zip(X, rows, strict=True)
    }
    expected = view.moments(log.events)
    assert found.keys() == expected.keys()
    for name, (x, row) in found.items():
        assert x == expected[name][0]
        np.testing.assert_equal(row.tolist(), expected[name][1].tolist())  # nan equals nan


def wanted_at(c, seed=3):
    return EVERY._replace(c=np.array([c]), seed=seed)


@settings(max_examples=150)
@given(log=crowds(), seed=st.integers(-(2**63), 2**63 - 1), low=st.floats(0.05, 3))
def test_a_moment_drawn_at_a_low_rate_is_drawn_at_a_higher_one(log, seed, low):
    view = View(log)
    every = view.moments(log.events)
    few = view.moments(log.events, wanted=wanted_at(low, seed))
    more = view.moments(log.events, wanted=wanted_at(2 * low, seed))
    assert few.keys() <= more.keys() <= every.keys()
    for name, (features, row) in few.items():
        assert features == every[name][0]
        assert row["weight"] == pytest.approx(max(1.0, name[3] / low))


@settings(max_examples=150)
@given(data=st.data(), log=crowds())
def test_whether_a_moment_is_drawn_does_not_depend_on_what_comes_later(data, log):
    view = View(log)
    name = pick(data.draw, view.moments(log.events))
    row = view.moments(log.events)[name][1]
    changed = scrambled(data.draw, log.events, after(log.events, row))
    wanted = wanted_at(1.0, data.draw(st.integers(0, 99)))
    before = view.moments(log.events, wanted=wanted)
    assert (name in view.moments(changed, wanted=wanted)) == (name in before)


def long_sessions(users, events):
    made = make_events([{}] * (users * events))
    made["user"] = np.repeat(np.arange(users), events)
    made["session"] = 77
    made["time"] = 1_570_000_000 * SECOND + np.tile(np.arange(events), users) * SECOND
    return made


def test_the_share_drawn_at_each_ordinal_is_the_rate_and_the_weights_make_up_for_it():
    users, size, c = 4000, 8, 2.0
    events = long_sessions(users, size)
    found = View(Log("UTC", events)).moments(events, wanted=wanted_at(c))
    rows = np.array([row for _, row in found.values()])
    for k in range(1, size + 1):
        at_k = rows[rows["ordinal"] == k]
        rate = min(1.0, c / k)
        spare = 4 * np.sqrt(users * rate * (1 - rate))
        assert abs(len(at_k) - users * rate) <= spare
        assert np.all(at_k["weight"] == 1 / rate)
    # Draws at one ordinal say nothing of those at another.
    has = {k: set(rows["user"][rows["ordinal"] == k].tolist()) for k in (4, 8)}
    both = len(has[4] & has[8])
    assert abs(both - users * 0.5 * 0.25) <= 4 * np.sqrt(users * 0.125 * 0.875)


@settings(max_examples=100)
@given(log=crowds(), seed=st.integers(-(2**63), 2**63 - 1), share=st.floats(0.05, 0.95))
def test_a_drawn_session_has_all_its_moments_and_another_none(log, seed, share):
    view = View(log)
    every = view.moments(log.events)
    few = view.moments(log.events, wanted=EVERY._replace(shares=np.array([share]), seed=seed))
    sessions = {name[:3] for name in few}
    assert few.keys() == {name for name in every if name[:3] in sessions}
    assert all(row["weight"] == pytest.approx(1 / share) for _, row in few.values())
    more = view.moments(
        log.events, wanted=EVERY._replace(shares=np.array([(1 + share) / 2]), seed=seed)
    )
    assert few.keys() <= more.keys()


def test_the_share_of_sessions_drawn_is_the_share_asked_for():
    events = long_sessions(4000, 3)
    wanted = EVERY._replace(shares=np.array([0.3]), seed=1)
    found = View(Log("UTC", events)).moments(events, wanted=wanted)
    assert len(found) == pytest.approx(0.3 * 12_000, abs=4 * 3 * (4000 * 0.21) ** 0.5)


def test_another_seed_draws_other_moments():
    events = long_sessions(200, 6)
    view = View(Log("UTC", events))
    one, two = (set(view.moments(events, wanted=wanted_at(1.0, seed))) for seed in (1, 2))
    assert one != two
    assert one == set(view.moments(events, wanted=wanted_at(1.0, 1)))


def test_drawn_is_one_compiled_function_of_seed_session_and_ordinal():
    compiled = build({"drawn": drawn}).drawn
    answers = [compiled(9, visit, 3, 0.5) for visit in range(64)]
    assert 16 < sum(answers) < 48
    assert answers == [compiled(9, visit, 3, 0.5) for visit in range(64)]
    assert all(compiled(9, visit, 3, 1.0) for visit in range(64))
    assert not any(compiled(9, visit, 3, 0.0) for visit in range(64))


def test_parts_are_chosen_by_a_sessions_first_event():
    begin = 1_570_000_000 * SECOND
    events = make_events(
        [
            {"user": 1, "session": s, "time": begin + t, "kind": kind}
            for s, t, kind in [
                (10, 0, 1),
                (10, HOUR, 1),  # goes on after the border
                (10, 2 * HOUR, 6),
                (11, 30 * MINUTE, 1),
                (11, 31 * MINUTE, 1),
                (12, 3 * DAY, 1),
            ]
        ]
    )
    view = View(Log("UTC", events))
    border = begin + 30 * MINUTE
    wanted = EVERY._replace(
        begins=np.array([begin, border]),
        ends=np.array([border, begin + 4 * DAY]),
        c=np.array([1e9, 1e9]),
        shares=np.ones(2),
    )
    found = view.moments(events, wanted=wanted)
    assert {(name[1], name[3]): int(row["part"]) for name, (_, row) in found.items()} == {
        (10, 1): 0,
        (10, 2): 0,
        (11, 1): 1,
        (11, 2): 1,
        (12, 1): 1,
    }
    outage = wanted._replace(outages=np.array([day_of(begin + 3 * DAY)]))
    # The last part is test: its sessions that begin on an outage day are kept apart from it.
    found = view.moments(events, wanted=outage)
    assert {(name[1], int(row["part"])) for name, (_, row) in found.items()} == {
        (10, 0),
        (11, 1),
        (12, 2),
    }
    first = wanted._replace(outages=np.array([day_of(begin)]))
    assert {name[1] for name in view.moments(events, wanted=first)} == {11, 12}
    assert part_of(outage, begin - 1, view.calendar) == -1
    assert part_of(outage, begin + 4 * DAY, view.calendar) == -1


def test_the_latest_moment_of_each_session_and_where_it_stands():
    begin = 1_570_000_000 * SECOND
    events = make_events(
        [
            {"user": BIG, "session": s, "time": begin + i * SECOND, "kind": kind}
            for i, (s, kind) in enumerate(
                [(1, 1), (1, 2), (2, 1), (2, 6), (2, 1), (3, 1), (3, 1), (3, 1), (3, 1)]
            )
        ]
    )
    view = View(Log("UTC", events))
    view.rules = view.rules._replace(max_events=3)
    found = view.moments(events, wanted=EVERY._replace(latest=True))
    assert {(n[1], n[3]): int(row["status"]) for n, (_, row) in found.items()} == {
        (1, 2): 0,
        (2, 3): 1,
        (3, 3): 2,
    }
    every = view.moments(events)
    for name, (features, row) in found.items():
        if row["status"] == 1:
            assert np.isnan(np.frombuffer(features, np.float32)).all()
        else:
            assert features == every[name][0]


@settings(max_examples=100)
@given(log=crowds())
def test_every_session_has_a_number_of_its_own(log):
    found = View(log).moments(log.events)
    sessions = {name[:3] for name in found}
    numbers = {(name[:3], int(row["visit"])) for name, (_, row) in found.items()}
    assert len(numbers) == len(sessions) == len({visit for _, visit in numbers})
