"""Replay of a log by the model of a bundle, to hold live scores against."""

import numpy as np

from drive import EVERY
from willbuy.engines.local import by_user, user_ends
from willbuy.snapshots.replay import Replay


def replayed(bundle, events):
    """Features and probabilities at every moment, by the event's place in the log."""
    events = by_user(events)
    rules = bundle.rules(int(events["time"].min()))
    replay = Replay(bundle.features, bundle.calendar, rules, bundle.tables, EVERY)
    blocks = replay(events, user_ends(events))
    X = np.concatenate([x for x, _ in blocks])
    rows = np.concatenate([r for _, r in blocks])
    p = bundle.probability(X, rows["ordinal"])
    return {int(at): (X[i], p[i], rows[i]) for i, at in enumerate(rows["position"])}
