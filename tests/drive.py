"""Drives the two passes over arrays of EVENT.

NOTE: `survey(batches)` became `combine(survey_batch(events, ends, calendar, rules) for ...)`, and
`Replay.blocks` became calling a `Replay(features, calendar, rules, tables, wanted)` with
(events, ends) of a batch.
"""

import numpy as np

from willbuy.engines.local import by_user, user_ends
from willbuy.features.registry import built_in
from willbuy.moments.calendar import DAY, HOUR, MINUTE
from willbuy.moments.state import Rules
from willbuy.moments.survey import combine, survey_batch
from willbuy.snapshots.replay import Replay, Wanted

EVERY = Wanted(np.array([0]), np.array([2**62]), np.array([1e9]), np.zeros(0, np.int64), 0, False)


def default_rules(events, **changes):
    rules = Rules(
        30 * MINUTE, 6 * HOUR, 24 * HOUR, 500, 1000, 14 * DAY, 3 * HOUR, int(events["time"].min())
    )
    return rules._replace(**changes)


def survey_all(events, calendar, rules):
    events = by_user(events)
    return combine([survey_batch(events, user_ends(events), calendar, rules)])


def replay_all(events, calendar, rules, tables, wanted=EVERY, features=None):
    events = by_user(events)
    replay = Replay(tuple(features or built_in()), calendar, rules, tables, wanted)
    blocks = replay(events, user_ends(events))
    return np.concatenate([x for x, _ in blocks]), np.concatenate([r for _, r in blocks])
