"""Clustering by user keeps everything, in one order, however it is done."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from willbuy.engines import cluster
from willbuy.engines.local import by_user, user_ends
from willbuy.events.schema import EVENT


def made(users, times):
    events = np.zeros(len(users), EVENT)
    events["user"], events["time"], events["position"] = users, times, np.arange(len(users))
    return events


LOGS = st.lists(
    st.tuples(st.sampled_from([-(2**63), -7, -2, 0, 1, 5, 2**62]), st.integers(0, 4)), max_size=60
)


@given(rows=LOGS)
def test_each_users_events_stand_together_by_time_then_place(rows):
    events = made([user for user, _ in rows], [time for _, time in rows])
    found = by_user(events)
    assert sorted(found["position"].tolist()) == list(range(len(rows)))
    ends = user_ends(found)
    assert len(ends) == len({user for user, _ in rows})
    for mine in np.split(found, ends[:-1]) if rows else []:
        assert len(set(mine["user"].tolist())) == 1
        order = list(zip(mine["time"].tolist(), mine["position"].tolist(), strict=True))
        assert order == sorted(order)


@given(rows=LOGS, parts=st.integers(1, 9))
def test_parts_one_after_the_other_are_the_whole(rows, parts):
    events = made([user for user, _ in rows], [time for _, time in rows])
    out, ends = np.empty(len(events), EVENT), np.zeros(parts, np.int64)
    cluster.cluster_program().deal(events, parts, out, ends)
    pieces = [by_user(out[begin:end]) for begin, end in zip([0, *ends[:-1]], ends, strict=True)]
    assert (np.concatenate(pieces) == by_user(events)).all()


@pytest.mark.parametrize("users", [1, 5_000, 60_000])
def test_many_users_at_once(users):
    rng = np.random.default_rng(1)
    events = made(rng.integers(0, users, 120_000), np.sort(rng.integers(0, 10**6, 120_000)))
    found = by_user(events)
    again = found[np.argsort(found["user"], kind="stable")]
    assert (again == events[np.argsort(events["user"], kind="stable")]).all()
