"""Drives the two passes over arrays of EVENT."""

import numpy as np

from willbuy.engines.local import by_user, user_ends
from willbuy.features.registry import built_in
from willbuy.moments.calendar import DAY, HOUR, MINUTE
from willbuy.moments.state import Rules
from willbuy.moments.survey import DailyCounts, combine, survey_batch
from willbuy.snapshots.replay import Replay, Wanted

EVERY = Wanted(
    begins=np.array([0]),
    ends=np.array([2**62]),
    c=np.array([1e9]),
    shares=np.array([1.0]),
    outages=np.zeros(0, np.int64),
    seed=0,
    latest=False,
)


def default_rules(events, **changes):
    rules = Rules(
        30 * MINUTE, 6 * HOUR, 24 * HOUR, 500, 1000, 14 * DAY, 3 * HOUR, int(events["time"].min())
    )
    return rules._replace(**changes)


def survey_all(events, calendar, rules):
    clustered = by_user(events)
    return survey_of([(clustered, user_ends(clustered))], events, calendar, rules)


def survey_of(batches, events, calendar, rules):
    """The survey of batches of users, which together are all events."""
    counts = DailyCounts(calendar)
    counts.add(events)
    return combine([survey_batch(*batch, calendar, rules) for batch in batches], counts)


def replay_all(events, calendar, rules, tables, wanted=EVERY, features=None):
    events = by_user(events)
    replay = Replay(tuple(features or built_in()), calendar, rules, tables, wanted)
    blocks = replay(events, user_ends(events))
    return np.concatenate([x for x, _ in blocks]), np.concatenate([r for _, r in blocks])
