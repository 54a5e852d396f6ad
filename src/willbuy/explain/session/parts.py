"""The sessions behind a log's session id, and which moment of them is asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from willbuy.bundle.model import Bundle
from willbuy.errors import WillbuyError
from willbuy.explain.session.shopper import Shopper
from willbuy.moments.state import Records
from willbuy.moments.survey import survey_batch
from willbuy.snapshots.replay import EVERY, Replay


@dataclass(frozen=True, eq=False)
class Part:
    """One session, as the fold cuts it, and its moments.

    Attributes:
        number, of: Which of the sessions behind the id, from 1, and how many these are.
        session: Record of SESSION.
        X: Features of its moments, float32 (m, F).
        rows: Array of ROW (m,), by ordinal from 1.
        at: The ordinal of the moment that is asked for.
    """

    number: int
    of: int
    session: Records
    X: NDArray[np.float32]
    rows: Records
    at: int


def find_part(bundle: Bundle, shopper: Shopper, at: int | None, started: int | None = None) -> Part:
    """The session and the moment that are asked for, replayed with the shopper's whole past.

    Args:
        bundle: The model.
        shopper: Its events.
        at: The moment is after this event of the id, from 1, exact repeats not counted; the
            last moment before a purchase where not given.
        started: Only the session that began then (microseconds) is meant, of those behind the
            id; `at` then counts its own events.

    Raises:
        WillbuyError: There is no such moment.
    """
    ends = np.array([len(shopper.events)])
    rules = bundle.rules(shopper.log_start)
    survey = survey_batch(shopper.events, ends, bundle.calendar, rules)
    if len(survey.bots):
        raise WillbuyError(
            f"The shopper of {shopper.named} has more than {rules.daily_cap:,} events on one day: "
            "a likely bot, which gets no probability."
        )
    sessions = survey.sessions[survey.sessions["key"] == shopper.session]
    meant = np.arange(len(sessions))
    if started is not None:
        meant = np.flatnonzero(sessions["start"] == started)
        if not len(meant):
            raise WillbuyError(f"The {shopper.named} has no session that began at that time.")
    within, k = _moment(sessions[meant], at, shopper.named, rules.max_events)
    chosen = int(meant[within])
    blocks = Replay(bundle.features, bundle.calendar, rules, bundle.tables, EVERY)(
        shopper.events, ends
    )
    X = np.concatenate([block for block, _ in blocks])
    rows = np.concatenate([rows for _, rows in blocks])
    session = sessions[chosen]
    mine = (rows["session"] == shopper.session) & (rows["start"] == session["start"])
    return Part(chosen + 1, len(sessions), session, X[mine], rows[mine], k)


def _moment(sessions: Records, at: int | None, named: str, most: int) -> tuple[int, int]:
    """Which of the sessions, and the ordinal within it."""
    moments, events = sessions["moments"], sessions["events"]
    if not moments.any():
        raise WillbuyError(
            f"The {named} starts with its purchase: there is no moment before it, and so nothing "
            "to explain."
        )
    if at is None:
        chosen = int(np.flatnonzero(moments)[-1])
        return chosen, int(moments[chosen])
    before = np.cumsum(events) - events
    total = int(events.sum())
    if not 1 <= at <= total:
        raise WillbuyError(f"The {named} has {total:,} events: --at goes from 1 to {total:,}.")
    chosen = int(np.searchsorted(before, at, side="left")) - 1
    k, last = at - int(before[chosen]), int(moments[chosen])
    if k <= last:
        return chosen, k
    bought = int(sessions["purchase"][chosen])
    why = (
        f"not before its purchase (event {int(before[chosen]) + bought})"
        if bought and bought <= most
        else f"past the cap of {most:,} events"
    )
    until = int(before[chosen]) + last
    raise WillbuyError(
        f"Event {at} of the {named} is {why}: there is nothing to predict. "
        + (f"--at {until} is its last moment." if last else "It is its session's first event.")
    )
