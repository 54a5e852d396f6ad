"""The model's answers for sessions that did not happen, by the code that answers real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from willbuy.bundle.model import Bundle
from willbuy.explain.session.parts import Part
from willbuy.explain.session.shopper import Shopper
from willbuy.moments.state import Records
from willbuy.snapshots.replay import LATEST, OPEN, Replay

_EVENTS = 200_000
"""So many are replayed at a time, about."""


@dataclass(frozen=True, eq=False)
class Instead:
    """A shopper's past, and any session in the place of the one that came.

    Attributes:
        bundle: The model.
        shopper: All of the shopper's events.
        part: The session, and the moment up to which it is replaced.
    """

    bundle: Bundle
    shopper: Shopper
    part: Part

    @cached_property
    def events(self) -> Records:
        """The session's own events up to the moment, exact repeats left out (k,) of EVENT."""
        events = self.shopper.events
        inside = np.isin(events["position"], self.part.rows["position"][: self.part.at])
        own: Records = events[inside]
        return own

    @cached_property
    def others(self) -> Records:
        """The shopper's events of other sessions."""
        events, session = self.shopper.events, self.part.session
        mine = events["session"] == self.shopper.session
        mine &= (events["time"] >= session["start"]) & (events["time"] <= session["last"])
        others: Records = events[~mine]
        return others

    def probabilities(self, sessions: Sequence[Records]) -> NDArray[np.float64]:
        """What the model answers after the last event of each of these sessions (m,).

        nan where the events would not be one open session: where the fold cuts it, takes an event
        for a repeat, or the shopper for a bot.
        """
        found = np.full(len(sessions), np.nan)
        begin = 0
        while begin < len(sessions):
            end, size = begin, 0
            while end < len(sessions) and (end == begin or size < _EVENTS):
                size += len(self.others) + len(sessions[end])
                end += 1
            found[begin:end] = self._batch(sessions[begin:end])
            begin = end
        return found

    def _batch(self, sessions: Sequence[Records]) -> NDArray[np.float64]:
        shoppers = []
        for number, session in enumerate(sessions):
            past = self.others[self.others["time"] <= session["time"][-1]]
            events = np.concatenate([past, session])
            events = events[np.lexsort((events["position"], events["time"]))]
            events["user"] = number  # each a shopper of their own: no feature knows the name
            shoppers.append(events)
        ends = np.cumsum([len(one) for one in shoppers])
        bundle = self.bundle
        rules = bundle.rules(self.shopper.log_start)
        blocks = Replay(bundle.features, bundle.calendar, rules, bundle.tables, LATEST)(
            np.concatenate(shoppers), ends
        )
        X = np.concatenate([block for block, _ in blocks])
        rows = np.concatenate([rows for _, rows in blocks])
        last = np.array([one["position"][-1] for one in sessions])
        size = np.array([len(one) for one in sessions])
        whole = (rows["position"] == last[rows["user"]]) & (rows["ordinal"] == size[rows["user"]])
        whole &= rows["status"] == OPEN
        found = np.full(len(sessions), np.nan)
        found[rows["user"][whole]] = bundle.probability(X[whole], rows["ordinal"][whole])
        return found
