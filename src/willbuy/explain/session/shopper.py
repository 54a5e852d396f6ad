"""One shopper's events, found in a log of any size while it is read."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from willbuy.engines.local import by_user
from willbuy.errors import WillbuyError
from willbuy.events.ahead import ahead
from willbuy.events.clean import id_key
from willbuy.events.one import canonical
from willbuy.events.schema import EVENT, MISSING
from willbuy.events.sources import Source
from willbuy.moments.state import Records
from willbuy.progress import Reporter

if TYPE_CHECKING:
    import polars as pl

    from willbuy.events.read import Chunk, EventLog

_ENDS = 4
"""Ids that share so many first or last characters with an unknown one are looked at as its near
ones."""
_MOST_NEAR = 5_000
_NAMED = 5


@dataclass(frozen=True, eq=False)
class Shopper:
    """The events of one shopper, as a log holds them.

    Attributes:
        events: Array of EVENT (n,), in the order of time and place in the log.
        raw: Their fields as the log writes them, under our names (n,).
        session: Key of the session id that was asked for.
        named: What was asked for, for people.
        log_start: Time of the log's first event: no history was to be seen before.
    """

    events: Records
    raw: tuple[Mapping[str, Any], ...]
    session: int
    named: str
    log_start: int


def find_in_log(
    log: EventLog, session: str | int | None, user: str | int | None, reporter: Reporter
) -> Shopper:
    """Read a log for one session, and keep only what its shopper did.

    With a user, the log is read once; else twice: who had the session, then what they did.

    Args:
        log: The log.
        session: The log's own id; None for events of the user that have none.
        user: The shopper's id; needed where the id is not one shopper's alone.
        reporter: Told of progress.

    Raises:
        WillbuyError: There is no such session, or several shoppers have had it.
    """
    wanted, who = _keys(session, user)
    if who is not None:
        found = _Rows("user", who, None)
        _read(log, found, "Reading the log for the shopper", reporter)
        return _shopper(found, wanted, session, user)
    first = _Rows("session", wanted, str(session))
    _read(log, first, "Reading the log for the session", reporter)
    frame = first.frame()
    users = np.unique(first.events()["user"])
    if not len(users):
        raise WillbuyError(_unknown(session, first.near))
    if len(users) > 1:
        ids = sorted({str(one) for one in frame["user"]})
        raise WillbuyError(
            f"The session id {session} was used by {len(users)} shoppers. Say which with --user: "
            f"{', '.join(ids[:_NAMED])}{', ...' if len(ids) > _NAMED else ''}."
        )
    found = _Rows("user", int(users[0]), None)
    _read(log, found, "Reading the log for its shopper", reporter)
    return _shopper(found, wanted, session, str(frame["user"][0]))


def from_fields(
    fields: Sequence[Mapping[str, object]],
    source: Source,
    session: str | int | None,
    user: str | int | None,
    log_start: int,
) -> Shopper:
    """The same from events that are at hand, with raw fields as live scoring takes them.

    Args:
        fields: One mapping an event; other shoppers' are passed over.
        source: How fields are read.
        session, user: As for `find_in_log`.
        log_start: When watching began; the first event, if that is earlier.

    Raises:
        WillbuyError: A field cannot be read, there is no such session, or several shoppers have.
    """
    wanted, who = _keys(session, user)
    events = np.zeros(len(fields), EVENT)
    for i, one in enumerate(fields):
        events[i] = canonical(one, source)[0]
        events[i]["position"] = i
    if who is None:
        users = np.unique(events["user"][events["session"] == wanted])
        if len(users) > 1:
            raise WillbuyError(
                f"The session id {session} was used by {len(users)} shoppers. Say which: user=ID."
            )
        if not len(users):
            raise WillbuyError(_unknown(session, {str(one.get("session")) for one in fields}))
        who = int(users[0])
    start = min(log_start, int(events["time"].min())) if len(events) else log_start
    mine = by_user(events[events["user"] == who])
    raw = tuple(fields[at] for at in mine["position"].tolist())
    return _checked(Shopper(mine, raw, wanted, _named(session, user), start), session)


class _Rows:
    """Keeps the rows of a log whose key is one, and ids near to a text."""

    def __init__(self, field: str, wanted: int, near_to: str | None) -> None:
        self.field, self.wanted, self.near_to = field, wanted, near_to
        self.near: set[str] = set()
        self.first_time = int(np.iinfo(np.int64).max)
        self._events: list[Records] = [np.zeros(0, EVENT)]
        self._raw: list[pl.DataFrame] = []

    def watch(self, chunk: Chunk) -> None:
        """Look at a chunk as it is read."""
        import polars as pl

        events = chunk.events
        if not len(events):
            return
        self.first_time = min(self.first_time, int(events["time"].min()))
        kept = events[self.field] == self.wanted
        if kept.any():
            self._events.append(events[kept])
            self._raw.append(chunk.raw.filter(pl.Series(kept)).cast(pl.String))
        elif self.near_to is not None and len(self.near) < _MOST_NEAR:
            ids = chunk.raw[self.field].cast(pl.String)
            begins, ends = self.near_to[:_ENDS], self.near_to[-_ENDS:]
            alike = ids.str.starts_with(begins) | ids.str.ends_with(ends)
            self.near.update(ids.filter(alike.fill_null(False)).unique().head(_MOST_NEAR))

    def events(self) -> Records:
        """Those kept, as the log has them (n,) of EVENT."""
        return np.concatenate(self._events)

    def frame(self) -> pl.DataFrame:
        """Their raw fields."""
        import polars as pl

        return pl.concat(self._raw) if self._raw else pl.DataFrame({"user": []})


def _read(log: EventLog, rows: _Rows, title: str, reporter: Reporter) -> None:
    with reporter.stage(title, log.bytes_total) as stage:
        done = 0
        for chunk in ahead(log.chunks()):
            stage.advance(chunk.bytes_read - done, rows=len(chunk.events))
            done = chunk.bytes_read
            rows.watch(chunk)


def _shopper(
    found: _Rows, wanted: int, session: str | int | None, user: str | int | None
) -> Shopper:
    events, rows = found.events(), found.frame().to_dicts()
    if not len(events):
        raise WillbuyError(f"There is no shopper {user} in the log.")
    at = {position: i for i, position in enumerate(events["position"].tolist())}
    ordered = by_user(events)
    raw = tuple(rows[at[position]] for position in ordered["position"].tolist())
    return _checked(Shopper(ordered, raw, wanted, _named(session, user), found.first_time), session)


def _checked(shopper: Shopper, session: str | int | None) -> Shopper:
    if (shopper.events["session"] == shopper.session).any():
        return shopper
    theirs = list(dict.fromkeys(str(one.get("session")) for one in reversed(shopper.raw)))
    if session is None:
        raise WillbuyError(
            "All of this shopper's events have a session id: give one with --session. The latest: "
            f"{', '.join(theirs[:_NAMED])}."
        )
    near = difflib.get_close_matches(str(session), theirs, n=1, cutoff=0.6)
    raise WillbuyError(
        f"This shopper has no session {session}. "
        + (f"Near it: {near[0]}." if near else f"Their latest: {', '.join(theirs[:_NAMED])}.")
    )


def _keys(session: str | int | None, user: str | int | None) -> tuple[int, int | None]:
    """The keys of a session (MISSING for none) and of a user, by the function that keys a log."""
    if session is None and user is None:
        raise WillbuyError(
            "Name the session: --session ID; or, where the log has no session ids, --user ID."
        )
    keys: list[int | None] = []
    for name, value in (("session", session), ("user", user)):
        key = None if value is None else id_key(str(value))
        if value is not None and (key is None or key == MISSING):
            raise WillbuyError(f"{name}: {value!r} is no id that a log can have.")
        keys.append(key)
    return (MISSING if keys[0] is None else keys[0]), keys[1]


def _named(session: str | int | None, user: str | int | None) -> str:
    of = "" if user is None else f" of shopper {user}"
    return (f"session {session}" if session is not None else "events without a session id") + of


def _unknown(session: object, ids: set[str]) -> str:
    near = difflib.get_close_matches(str(session), sorted(ids), n=3, cutoff=0.6)
    told = (
        f"Near it: {', '.join(near)}." if near else "`willbuy score` lists all sessions of a log."
    )
    return f"There is no session {session} in the log. {told}"
