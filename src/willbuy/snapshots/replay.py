"""The second pass: history replayed, features computed at the moments that are wanted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from willbuy.features.registry import Feature
from willbuy.features.row import build_program, row
from willbuy.moments.calendar import Calendar, day_of, to_local
from willbuy.moments.fold import fold_user, over_daily_cap
from willbuy.moments.goods import tell_goods
from willbuy.moments.sessions import moments_of
from willbuy.moments.shop import Shop
from willbuy.moments.state import Records, Rules, Workspace, make_workspace
from willbuy.moments.tables import ShopTables
from willbuy.snapshots.sampling import drawn, kept, rate_at, visit_id

OPEN, BOUGHT, CAPPED, BOT = 0, 1, 2, 3
"""Where a session stands: still to be scored, bought, past the cap on events (its last score
stands), or of a likely bot."""

ROW = np.dtype(
    [
        ("visit", "i8"),  # the session's number, see `visit_id`
        ("user", "i8"),
        ("session", "i8"),  # key of the log's session id
        ("start", "i8"),
        ("time", "i8"),  # of the moment's event
        ("position", "i8"),  # that event's place in the log
        ("product", "i8"),  # and what it was about: see SEEN
        ("brand", "i8"),
        ("category", "i8"),
        ("section", "i8"),
        ("price", "f8"),
        ("weight", "f8"),  # 1 / rate
        ("ordinal", "i4"),  # how many events, the moment's among them
        ("moments", "i4"),  # how many the session has in all: to weigh it, never to learn from
        ("shop_day", "i4"),  # the last complete day that the shop features used
        ("kind", "i1"),  # of the moment's event
        ("hour", "i1"),
        ("weekday", "i1"),
        ("part", "i1"),
        ("label", "i1"),  # 1 where a purchase happens later in the session
        ("status", "i1"),
    ],
    align=True,
)
"""What is kept beside a row's features."""

_MIN_ROWS = 1 << 15

Block = tuple[NDArray[np.float32], Records]


class Wanted(NamedTuple):
    """Which moments become rows.

    Sessions that start in [begins[p], ends[p]) belong to part p. Of those that start on one of
    `outages` (local days), the ones of the last part, test, make a part of their own, the others
    none. Of its sessions the share `shares[p]` is drawn, of their moments k those at rate
    min(1, c[p] / k). With `latest` set, only the last moment of each session is a row, whether it
    bought, is capped or is still open.
    """

    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    c: NDArray[np.float64]
    shares: NDArray[np.float64]
    outages: NDArray[np.int64]
    seed: int
    latest: bool


EVERY = Wanted(
    begins=np.array([np.iinfo(np.int64).min]),
    ends=np.array([np.iinfo(np.int64).max]),
    c=np.array([np.inf]),
    shares=np.array([1.0]),
    outages=np.zeros(0, np.int64),
    seed=0,
    latest=False,
)
"""Every moment of every session, in one part."""

LATEST = EVERY._replace(latest=True)
"""The latest moment of every session."""


def part_of(wanted: Wanted, start: int, calendar: Calendar) -> int:
    """The part a session belongs to by its first event; -1 where to none."""
    for part in range(wanted.begins.size):
        if wanted.begins[part] <= start < wanted.ends[part]:
            if wanted.outages.size == 0:
                return part
            day = day_of(to_local(calendar, start))
            for outage in wanted.outages:
                if outage == day:
                    return part + 1 if part == wanted.begins.size - 1 else -1
            return part
    return -1


class Scene(NamedTuple):
    """What stays the same for all moments of a pass: local time, rules and the shop's tables.

    `last_day` is the last local day the tables cover; the shop's `day` is set at each moment.
    """

    calendar: Calendar
    rules: Rules
    shop: Shop
    last_day: int


def replay_users(
    events: Any,
    ends: NDArray[np.int64],
    first: int,
    slots: NDArray[np.int32],
    work: Workspace,
    scene: Scene,
    wanted: Wanted,
    X: Any,
    rows: Any,
    filled_rows: NDArray[np.int64],
) -> int:
    """Fold users from the `first` on and fill rows, until all are done or the room is used.

    Args:
        events, ends, first, slots, work: As for `survey_users`.
        scene: Local time, rules and tables.
        wanted: Which moments become rows.
        X: (room, features) float32, filled.
        rows: (room,) of ROW, filled. The room must hold the rows of the largest shopper.
        filled_rows: (1,) how many rows are filled.

    Returns:
        The user that comes next.
    """
    max_events = scene.rules.max_events
    filled = 0
    for u in range(first, ends.size):
        begin = ends[u - 1] if u > 0 else 0
        end = ends[u]
        if filled + (end - begin) > rows.size:
            filled_rows[0] = filled
            return u
        bot = over_daily_cap(events, begin, end, scene.calendar, scene.rules.daily_cap)
        if bot and not wanted.latest:
            continue
        n = fold_user(events, begin, end, slots, work, scene.calendar, scene.rules)
        user = events[begin].user
        for slot in range(n):
            visit = work.visits[slot]
            part = part_of(wanted, visit.start, scene.calendar)
            if part < 0:
                continue
            number = visit_id(user, visit.key, visit.start)
            if wanted.latest:
                out = rows[filled]
                out.weight = 1.0
                out.status = status_of(visit.events, visit.purchase, max_events)
                if bot:
                    out.status = BOT
                k = min(visit.events, max_events)
                fill(k, slot, number, user, part, work, scene, X[filled], out)
                filled += 1
                continue
            like = min(part, wanted.c.size - 1)  # test's outage days are drawn like test
            if not kept(wanted.seed, number, wanted.shares[like]):
                continue
            for k in range(1, moments_of(visit.events, visit.purchase, max_events) + 1):
                rate = rate_at(wanted.c[like], k)
                if drawn(wanted.seed, number, k, rate):
                    out = rows[filled]
                    out.weight = 1.0 / (rate * wanted.shares[like])
                    out.status = OPEN
                    fill(k, slot, number, user, part, work, scene, X[filled], out)
                    filled += 1
    filled_rows[0] = filled
    return int(ends.size)


def status_of(events: int, purchase: int, max_events: int) -> int:
    """Where a session stands after so many events."""
    if purchase > 0:
        return BOUGHT
    return CAPPED if events > max_events else OPEN


def fill(
    k: int,
    slot: int,
    number: int,
    user: int,
    part: int,
    work: Workspace,
    scene: Scene,
    features: Any,
    out: Any,
) -> None:
    """Write the row of one moment: after event `k` of the session in a register's slot."""
    visit = work.visits[slot]
    last = visit.offset + k - 1
    event = work.seen[last]
    time = event.time
    day = min(visible_day(scene.calendar, time, scene.rules.shop_lag), scene.last_day)
    if out.status == BOUGHT or out.status == BOT:
        features[:] = np.nan
    else:
        whole = scene.shop
        goods: Any = work.goods[visit.offset : last + 1]
        shop = Shop(day, whole.first_day, whole.slots, whole.entries, whole.answers, goods)
        tell_goods(visit, k, work, shop)
        session: Any = work.seen[visit.offset : last + 1]
        row(session, work.frozen[slot], shop, features)
    out.visit = number
    out.user = user
    out.session = visit.key
    out.start = visit.start
    out.time = time
    out.position = work.position[last]
    out.product = event.product
    out.brand = event.brand
    out.category = event.category
    out.section = event.section
    out.price = event.price
    out.kind = event.kind
    out.hour = event.hour
    out.weekday = event.weekday
    out.ordinal = k
    out.moments = moments_of(visit.events, visit.purchase, scene.rules.max_events)
    out.shop_day = day
    out.part = part
    out.label = 1 if visit.purchase > k else 0


def visible_day(calendar: Calendar, time: int, lag: int) -> int:
    """The last complete local day whose counts can be had at a time."""
    return day_of(to_local(calendar, time - lag)) - 1


@dataclass(frozen=True)
class Replay:
    """Drives the compiled second pass over batches of users.

    Attributes:
        features: The columns of X, in order.
        calendar, rules, tables: What the moments are seen with.
        wanted: Which moments become rows.
    """

    features: tuple[Feature, ...]
    calendar: Calendar
    rules: Rules
    tables: ShopTables
    wanted: Wanted

    def __call__(self, events: Records, ends: NDArray[np.int64]) -> list[Block]:
        """The rows of one batch.

        Args:
            events: (n,) of EVENT, clustered by user; a user stands in one batch only.
            ends: (users,) where each user's rows end.

        Returns:
            Blocks of X (n, features) float32 and as many records of ROW.
        """
        program = replay_program(self.features)
        shop = self.tables.as_of(self.tables.last_day)
        scene = Scene(self.calendar, self.rules, shop, self.tables.last_day)
        largest = int(np.diff(ends, prepend=0).max(initial=0))
        work = make_workspace(largest, largest)
        slots = np.zeros(largest, np.int32)
        room = max(min(_MIN_ROWS, len(events)), largest)
        filled = np.zeros(1, np.int64)
        blocks: list[Block] = []
        done = 0
        while True:  # even without users: it compiles
            X = np.empty((room, len(self.features)), np.float32)
            rows = np.zeros(room, ROW)
            done = program.replay_users(
                events, ends, done, slots, work, scene, self.wanted, X, rows, filled
            )
            n = int(filled[0])
            # Copies where most of the room stayed empty, so that it is given back.
            blocks.append((X[:n], rows[:n]) if 2 * n > room else (X[:n].copy(), rows[:n].copy()))
            if done == len(ends):
                return blocks


@lru_cache(maxsize=4)
def replay_program(features: tuple[Feature, ...]) -> ModuleType:
    """The second pass, compiled with these features."""
    return build_program(features, {"replay_users": replay_users})
