"""One event at a time: the same fold and the same features, stepped at each click."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.bundle.model import Bundle
from willbuy.bundle.percentiles import deciles
from willbuy.errors import WillbuyError
from willbuy.events.one import canonical
from willbuy.events.schema import EVENT, MISSING
from willbuy.features.registry import Feature
from willbuy.features.row import build_program
from willbuy.moments.calendar import day_of, to_local
from willbuy.moments.fold import REPEATED, step
from willbuy.moments.history import blank
from willbuy.moments.state import GOODS, HISTORY, SEEN, VISIT, Records, Rules, Workspace
from willbuy.snapshots.replay import (
    BOT,
    BOUGHT,
    CAPPED,
    OPEN,
    ROW,
    Scene,
    fill,
    status_of,
    visible_day,
)
from willbuy.snapshots.sampling import visit_id

STATUS = {OPEN: "open", BOUGHT: "bought", CAPPED: "capped", BOT: "bot"}

_FIRST_ROOM = 8
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Score:
    """What is known of a session after an event.

    Attributes:
        user, session: As given with the event.
        k: Events of the session up to now.
        status: `open`; `bought`, after which there is nothing to predict; `capped`, past the
            cap on events, where the last score stands; `bot`, above the daily cap.
        probability: Of a purchase later in this session; None once bought or for a bot.
        percentile, decile: Against the calibrate part, sessions of the same length so far;
            decile 1 is the best tenth.
        shop_day: The last complete local day whose counts were used; None where none is covered.
    """

    user: object
    session: object
    k: int
    status: str
    probability: float | None
    percentile: float | None
    decile: int | None
    shop_day: date | None


def click(event: Any, n: int, work: Workspace, scene: Scene, features: Any, rows: Any) -> int:
    """Fold one event and, where its session is open, compute its features.

    Args:
        event: (1,) of EVENT.
        n: Sessions in the shopper's register.
        work: The shopper's memory, with room.
        scene: Local time, rules, tables.
        features: (F,) float32, filled.
        rows: (1,) of ROW, filled.

    Returns:
        The register index, or REPEATED.
    """
    slot = step(event[0], n, work, scene.calendar, scene.rules)
    if slot == REPEATED:
        return slot
    visit = work.visits[slot]
    out = rows[0]
    out.status = status_of(visit.events, visit.purchase, scene.rules.max_events)
    if out.status == OPEN:
        number = visit_id(event[0].user, visit.key, visit.start)
        fill(visit.events, slot, number, event[0].user, 0, work, scene, features, out)
    else:
        day = visible_day(scene.calendar, event[0].time, scene.rules.shop_lag)
        out.shop_day = min(day, scene.last_day)
    return slot


@lru_cache(maxsize=4)
def click_program(features: tuple[Feature, ...]) -> ModuleType:
    """The live step, compiled with these features."""
    return build_program(features, {"click": click})


class Shopper:
    """The live state of one shopper: history, open sessions and their events.

    All of it is plain arrays of records. Room grows as needed; sessions that can no longer go on
    are dropped when room is short.
    """

    def __init__(self) -> None:
        self.n = 0
        self.room = np.array([_FIRST_ROOM], np.int64)
        self.work = Workspace(
            np.zeros(1, HISTORY),
            np.zeros(1, VISIT),
            np.zeros(1, HISTORY),
            np.zeros(_FIRST_ROOM, SEEN),
            np.zeros(_FIRST_ROOM, GOODS),
            np.zeros(_FIRST_ROOM, np.int64),
        )
        blank(self.work.history.view(np.recarray)[0])
        self.last: list[Score | None] = [None]
        self.latest = 0
        self.day = -1
        self.events_today = 0

    def make_room(self, time: int, rules: Rules) -> None:
        """Drop sessions that are over; see that one more session, and a row in each, fit.

        What is over is judged by the latest time the shopper was met, so that an event that
        arrives late finds the same sessions whatever room there is.
        """
        self.latest = max(self.latest, time)
        visits = self.work.visits[: self.n]
        silence = np.where(visits["key"] == MISSING, rules.silence, rules.id_silence)
        alive = (self.latest - visits["last"] < silence) & (
            self.latest - visits["start"] < rules.max_span
        )
        full = visits["events"] >= self.room[: self.n]
        if alive.all() and self.n < len(self.room) and not full.any():
            return
        kept = np.flatnonzero(alive)
        room = np.where(full[kept], 2 * self.room[kept], self.room[kept])
        spare = max(len(kept), 1)  # slots for sessions to come
        self._lay_out(kept, np.append(room, np.full(spare, _FIRST_ROOM)))

    def _lay_out(self, kept: NDArray[np.int64], room: NDArray[np.int64]) -> None:
        offsets = np.append(0, np.cumsum(room))
        old = self.work
        visits, frozen = np.zeros(len(room), VISIT), np.zeros(len(room), HISTORY)
        rows = int(offsets[-1])
        seen, goods = np.zeros(rows, SEEN), np.zeros(rows, GOODS)
        position = np.zeros(rows, np.int64)
        visits[: len(kept)] = old.visits[kept]
        frozen[: len(kept)] = old.frozen[kept]
        for new, slot in enumerate(kept):
            begin, n = int(old.visits[slot]["offset"]), int(old.visits[slot]["events"])
            for one, before in (seen, old.seen), (goods, old.goods), (position, old.position):
                one[offsets[new] : offsets[new] + n] = before[begin : begin + n]
        visits["offset"] = offsets[:-1]
        self.last = [self.last[slot] for slot in kept] + [None] * (len(room) - len(kept))
        self.work = Workspace(old.history, visits, frozen, seen, goods, position)
        self.room = room
        self.n = len(kept)


class Scorer:
    """Scores live, event by event, from state kept in this process.

    It keeps every shopper it has met, until `forget`, and is not to be used from several threads
    at once.

    Args:
        bundle: The model.
        since: When watching began, microseconds UTC: what could be known of shoppers' pasts
            starts there. The first event's time where not given.
    """

    def __init__(self, bundle: Bundle, since: int | None = None) -> None:
        self._bundle = bundle
        self._source = bundle.source
        self._shoppers: dict[int, Shopper] = {}
        self._program = click_program(bundle.features)
        self._features: NDArray[np.float32] = np.zeros((1, len(bundle.features)), np.float32)
        self._row = np.zeros(1, ROW)
        self._scene: Scene | None = None
        self._count = 0
        if since is not None:
            self._scene = self._scene_from(since)
        # Compiled now, not while the first shopper waits.
        nobody = Shopper()
        event = np.zeros(1, EVENT)
        self._program.click(
            event, 0, nobody.work, self._scene_from(0), self._features[0], self._row
        )

    @property
    def features(self) -> NDArray[np.float32]:
        """The features (F,) of the last moment that was scored."""
        return np.asarray(self._features[0])

    def update(self, event: Mapping[str, object]) -> Score:
        """Take one event in and score its session.

        Args:
            event: Raw fields, cleaned and keyed as in batch: `time` (microseconds, ISO text or
                datetime), `kind`, `user`, and where known `session`, `product`, `category`,
                `path`, `brand`, `price`. Events are taken in the order they arrive; one that is
                earlier than its session's last is placed at its end.

        Raises:
            WillbuyError: A field cannot be read; the message names it. Nothing has changed.
        """
        if event.get("kind") is None:
            raise WillbuyError("kind: the event does not say what happened, such as view or cart.")
        record = canonical(event, self._source)
        record["position"] = self._count
        self._count += 1
        return self.take(record, event.get("user"), event.get("session"))

    def take(self, record: Records, user: object = None, session: object = None) -> Score:
        """The same for an event that is canonical already: (1,) of EVENT, or one record."""
        one = np.zeros(1, EVENT)
        one[0] = record if record.ndim == 0 else record[0]
        time, key = int(one["time"][0]), int(one["user"][0])
        scene = self._scene
        if scene is None:
            scene = self._scene = self._scene_from(time)
        shopper = self._shoppers.get(key)
        if shopper is None:
            shopper = self._shoppers[key] = Shopper()
        if self._over_cap(shopper, time, scene):
            day = min(visible_day(scene.calendar, time, scene.rules.shop_lag), scene.last_day)
            return Score(user, session, 0, STATUS[BOT], None, None, None, self._date(day))
        shopper.make_room(time, scene.rules)
        slot = self._program.click(
            one, shopper.n, shopper.work, scene, self._features[0], self._row
        )
        if slot == REPEATED:
            return self._repeated(shopper, one, scene)
        if slot == shopper.n:
            shopper.n += 1
            shopper.last[slot] = None
        score = self._score(shopper, slot, user, session)
        shopper.last[slot] = score
        return score

    def forget(self, before: int) -> int:
        """Drop all shoppers whose latest event lies before a time, microseconds UTC.

        They are then new to the scorer when they come back. State is a few kilobytes a shopper.

        Returns:
            How many were dropped.
        """
        gone = [key for key, one in self._shoppers.items() if one.latest < before]
        for key in gone:
            del self._shoppers[key]
        return len(gone)

    def _score(self, shopper: Shopper, slot: int, user: object, session: object) -> Score:
        row, k = self._row[0], int(shopper.work.visits[slot]["events"])
        status = STATUS[int(row["status"])]
        before = shopper.last[slot]
        if row["status"] == OPEN:
            events = np.array([k], np.int32)
            p = self._bundle.probability(self._features, events)
            percentile = self._bundle.percentiles(p, events)
            return Score(
                user, session, k, status, float(p[0]), float(percentile[0]),
                int(deciles(percentile)[0]), self._date(row["shop_day"]),
            )  # fmt: skip
        if row["status"] == CAPPED and before is not None:
            return replace(before, status=status)
        return Score(user, session, k, status, None, None, None, self._date(row["shop_day"]))

    def _date(self, day: int) -> date | None:
        if day < self._bundle.tables.first_day:
            return None
        return date.fromordinal(_EPOCH + int(day))

    def _repeated(self, shopper: Shopper, event: Records, scene: Scene) -> Score:
        """The standing score of the session that an exact repeat belongs to."""
        from willbuy.moments.fold import find_visit

        visits = shopper.work.visits.view(np.recarray)
        slot = find_visit(visits, shopper.n, event.view(np.recarray)[0], scene.rules)
        before = shopper.last[slot]
        assert before is not None
        return before

    def _over_cap(self, shopper: Shopper, time: int, scene: Scene) -> bool:
        today = int(day_of(to_local(scene.calendar, time)))
        if shopper.day != today:
            shopper.day, shopper.events_today = today, 0
        shopper.events_today += 1
        return shopper.events_today > scene.rules.daily_cap

    def _scene_from(self, log_start: int) -> Scene:
        tables = self._bundle.tables
        return Scene(
            self._bundle.calendar,
            self._bundle.rules(log_start),
            tables.as_of(tables.last_day),
            tables.last_day,
        )
