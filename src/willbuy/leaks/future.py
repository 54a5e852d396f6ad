"""Proof by trial that no feature of a run looks ahead: the future is changed, and replayed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.engines.local import LocalEngine, by_user, user_ends
from willbuy.events.schema import MISSING, Kind
from willbuy.leaks.finding import Finding, Level
from willbuy.leaks.strength import Bools, Ints
from willbuy.moments.calendar import DAY
from willbuy.moments.shop import COUNTS
from willbuy.moments.state import Records
from willbuy.moments.tables import ShopTables
from willbuy.snapshots.from_events import Snapshots
from willbuy.snapshots.replay import EVERY, Replay

_CHANGED = ("product", "brand", "category", "section", "kind", "price")
_OF_MOMENT = ("user", "session", "start", "ordinal")


@dataclass(frozen=True)
class Future:
    """What came of changing the future.

    Attributes:
        moments: One of each shopper looked at; all that follows it was changed.
        events_changed, events_removed, events_added: In these shoppers' logs.
        labels_changed: Moments whose label is another in the changed log: the change was felt.
        moments_of_shop: Moments at which the shop's counts of later days were changed.
        moved: Features of which a bit moved at any moment; none should.
    """

    moments: int
    events_changed: int
    events_removed: int
    events_added: int
    labels_changed: int
    moments_of_shop: int
    moved: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {**asdict(self), "moved": list(self.moved)}

    def words(self) -> str:
        """In a sentence."""
        if self.moved:
            return f"Changing the future of {self.moments:,} moments moved {', '.join(self.moved)}."
        return (
            f"The future of {self.moments:,} moments was changed and replayed "
            f"({self.labels_changed:,} labels turned): not one bit of the features moved."
        )

    def findings(self) -> list[Finding]:
        """A certain one where anything moved."""
        if not self.moved:
            return []
        return [
            Finding(
                Level.CERTAIN, "afterwards", self.moved,
                f"{', '.join(self.moved)} look ahead.",
                f"Changing only what comes after {self.moments:,} moments changed their values.",
                "Do not trust this run. Please report it, with the settings and the features.",
                1.0,
            )
        ]  # fmt: skip


def some_shoppers(engine: LocalEngine) -> tuple[Records, Ints]:
    """The events of some shoppers, drawn by the hash that orders all of them, and their ends."""
    for events, ends in engine.map_users(lambda events, ends: (events.copy(), ends.copy())):
        return events, ends
    raise ValueError("a log without shoppers")


def changed_future(events: Records, ends: Ints, snapshots: Snapshots, seed: int) -> Future:
    """Change what comes after drawn moments, replay, and compare every bit of every feature.

    Of each shopper one moment is drawn. All later events of the shopper, and all events of other
    sessions since this one began, may turn into others, vanish, or be joined by more. The shop's
    counts of days that were not yet visible are changed in a trial of their own.

    Args:
        events, ends: Of some shoppers, as `some_shoppers` gives them.
        snapshots: Of the run.
        seed: Draws moments and changes.
    """
    rng = np.random.default_rng(seed)
    X, rows = _replayed(snapshots, snapshots.tables, events, ends)
    if not len(rows):
        return Future(0, 0, 0, 0, 0, 0, ())
    chosen = _one_each(rows["user"], rng)
    told = _Change(events, rows[chosen], snapshots.rules.daily_cap, rng)
    after = by_user(told.events)
    X2, rows2 = _replayed(snapshots, snapshots.tables, after, user_ends(after))
    places = _places(rows2, rows[chosen])
    kept = np.flatnonzero(told.used & (places >= 0))
    lost = told.used & (places < 0)
    old, new = X[chosen[kept]], X2[places[kept]]
    moved = _bits_differ(old, new)
    labels = int((rows["label"][chosen[kept]] != rows2["label"][places[kept]]).sum())
    early, X3 = _shop_changed(snapshots, events, ends, rows)
    moved |= _bits_differ(X[early], X3[early])
    names = [name for name, any_ in zip(snapshots.names, moved, strict=True) if any_]
    return Future(
        len(kept), told.changed, told.removed, told.added, labels, int(early.sum()),
        ("the moment itself",) * bool(lost.any()) + tuple(names),
    )  # fmt: skip


def _replayed(
    snapshots: Snapshots, tables: ShopTables, events: Records, ends: Ints
) -> tuple[NDArray[np.float32], Records]:
    replay = Replay(snapshots.features, snapshots.calendar, snapshots.rules, tables, EVERY)
    blocks = replay(events, ends)
    return np.concatenate([x for x, _ in blocks]), np.concatenate([r for _, r in blocks])


def _one_each(user: Ints, rng: np.random.Generator) -> Ints:
    """The place of one drawn row of each user, ascending."""
    order = rng.permutation(len(user))
    return np.sort(order[np.unique(user[order], return_index=True)[1]])


class _Change:
    """The log with another future.

    Attributes:
        events: All of it, in no order.
        used: Which moments' shoppers were changed, (moments,).
        changed, removed, added: How many events.
    """

    def __init__(
        self, events: Records, moments: Records, daily_cap: int, rng: np.random.Generator
    ) -> None:
        users = moments["user"]
        at = np.searchsorted(users, events["user"], sorter=(order := np.argsort(users)))
        at = order[np.minimum(at, len(order) - 1)]
        mine = users[at] == events["user"]
        # Twice as many events must not make a likely bot of anyone.
        size = np.bincount(at[mine], minlength=len(moments))
        self.used = size < daily_cap / 3
        may = mine & self.used[at] & _free(events, moments[at])
        loose = np.flatnonzero(may)
        made = events.copy()
        turned = loose[rng.random(len(loose)) < 0.5]
        other = events[rng.integers(0, len(events), len(turned))]
        for name in _CHANGED:
            made[name][turned] = other[name]
        keep = np.ones(len(events), bool)
        keep[loose[rng.random(len(loose)) < 0.4]] = False
        more = self._more(events, moments, rng)
        self.events = np.concatenate([made[keep], more])
        self.changed = int(keep[turned].sum())
        self.removed = int((~keep).sum())
        self.added = len(more)

    def _more(self, events: Records, moments: Records, rng: np.random.Generator) -> Records:
        """Two more events after each moment: one in its session soon, any kind, one later."""
        of = np.repeat(np.flatnonzero(self.used), 2)
        more = events[rng.integers(0, len(events), len(of))].copy()
        more["user"] = moments["user"][of]
        more["session"] = moments["session"][of]
        soon = rng.integers(0, 60 * 10**6, len(of))
        late = rng.integers(0, 3 * DAY, len(of))
        first = np.arange(len(of)) % 2 == 0
        more["time"] = moments["time"][of] + np.where(first, soon, late)
        more["position"] = events["position"].max() + 1 + np.arange(len(of))
        more["kind"][rng.random(len(of)) < 0.3] = int(Kind.PURCHASE)
        return more


def _free(events: Records, moment: Records) -> Bools:
    """Events that may be anything: after their shopper's moment, or of another session since.

    Args:
        events: (n,) of EVENT.
        moment: The moment of each event's shopper, (n,) of ROW.
    """
    same = events["time"] == moment["time"]
    after = (events["time"] > moment["time"]) | (same & (events["position"] > moment["position"]))
    named = (moment["session"] != MISSING) & (events["session"] != moment["session"])
    # At the very second of the start the order is told by the position, which is not kept.
    since = events["time"] > moment["start"]
    return np.asarray(after | (named & since))


def _places(rows: Records, wanted: Records) -> Ints:
    """Where each wanted moment stands in the rows; -1 where it does not."""
    known = {key: i for i, key in enumerate(rows[list(_OF_MOMENT)].tolist())}
    return np.array([known.get(key, -1) for key in wanted[list(_OF_MOMENT)].tolist()], np.int64)


def _shop_changed(
    snapshots: Snapshots, events: Records, ends: Ints, rows: Records
) -> tuple[Bools, NDArray[np.float32]]:
    """Moments up to a day, and the features with the counts of all later days changed."""
    tables = snapshots.tables
    if tables.days < 2:
        return np.zeros(len(rows), bool), np.zeros((len(rows), len(snapshots.names)), np.float32)
    border = int(np.median(rows["shop_day"]))
    daily = tables.daily.copy()
    later = daily["day"] > border
    for name in COUNTS:
        daily[name][later] = daily[name][later] * 3 + 1
    changed = ShopTables(daily, tables.first_day, tables.last_day)
    X, _ = _replayed(snapshots, changed, events, ends)
    return rows["shop_day"] <= border, X


def _bits_differ(a: NDArray[np.float32], b: NDArray[np.float32]) -> Bools:
    """Which columns have a bit that differs."""
    differ = np.ascontiguousarray(a).view(np.uint32) != np.ascontiguousarray(b).view(np.uint32)
    return np.asarray(differ.any(axis=0))
