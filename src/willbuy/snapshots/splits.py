"""Warm-up, train, calibrate and test: by the time of a session's first event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.errors import WillbuyError
from willbuy.moments.calendar import DAY, HOUR, Calendar, day_of, midnight, to_local
from willbuy.moments.state import Records, Rules
from willbuy.settings import SplitSettings

PARTS = ("train", "calibrate", "test")
TRAIN, CALIBRATE, TEST, TEST_OUTAGES = range(4)
"""Test sessions that begin on an outage day are kept apart: figures are given without and with."""

LONG = 28
"""From so many days on, the parts are whole weeks."""

WHOLE_DAYS = 10
"""From so many days on, the parts are whole days; shorter logs are cut by session start."""

MOST_GAP = 24 * HOUR

_MANY = 1000
_SHRINK = (1.0, 0.5, 0.25, 0.1, 0.0)
_COMPLETE_WITHIN = 3 * HOUR


@dataclass(frozen=True)
class Splits:
    """Where the parts begin and end, in microseconds UTC.

    Sessions that start in [begins[p], ends[p]) belong to part p. Between an end and the next
    border lies the gap: sessions that start there are left out, whatever became of them, since
    their end may lie beyond the border.

    Attributes:
        begins, borders, ends: (3,) for train, calibrate and test; `ends = borders - gap`.
        gap: Microseconds.
        wanted_gap: What the gap would be with buyers enough.
        log_start, log_end: Of the whole log.
        first_day, last_day: The complete local days; `last_day < first_day` where there are none.
    """

    begins: NDArray[np.int64]
    borders: NDArray[np.int64]
    ends: NDArray[np.int64]
    gap: int
    wanted_gap: int
    log_start: int
    log_end: int
    first_day: int
    last_day: int

    @property
    def censored(self) -> bool:
        """Whether some labels may lack a purchase that came after a border."""
        return self.gap < self.wanted_gap

    @property
    def complete_days(self) -> int:
        """How many complete local days the log has."""
        return max(self.last_day - self.first_day + 1, 0)

    def part(self, starts: NDArray[np.int64]) -> NDArray[np.int8]:
        """The part of sessions that start at these times; -1 where none."""
        part = np.full(len(starts), -1, np.int8)
        for p in range(len(PARTS)):
            part[(starts >= self.begins[p]) & (starts < self.ends[p])] = p
        return part

    def to_dict(self) -> dict[str, Any]:
        """Borders as ISO times, the gap in hours."""
        return {
            "log": [iso(self.log_start), iso(self.log_end)],
            "warm_up": [iso(self.log_start), iso(int(self.begins[TRAIN]))],
            **{
                name: [iso(int(self.begins[p])), iso(int(self.ends[p]))]
                for p, name in enumerate(PARTS)
            },
            "gap_hours": self.gap / HOUR,
            "wanted_gap_hours": self.wanted_gap / HOUR,
            "labels_censored": self.censored,
            "complete_days": self.complete_days,
        }


def make_splits(
    sessions: Records,
    zone: str,
    calendar: Calendar,
    rules: Rules,
    settings: SplitSettings,
    outages: NDArray[np.int64],
) -> Splits:
    """Decide the borders from the sessions of a log.

    Args:
        sessions: Array of SESSION.
        zone: IANA name, for midnights.
        calendar: The same zone.
        rules: For the silence.
        settings: Lengths of the parts and how many buyers each must keep.
        outages: Local days whose sessions are in no part.

    Raises:
        WillbuyError: There are no purchases, only purchases, or too few to split.
    """
    _check_labels(sessions)
    starts = np.sort(sessions["start"])
    log_start, log_end = int(starts[0]), int(sessions["last"].max())
    begins, borders = _borders(starts, log_end, zone, calendar, settings)
    wanted = _wanted_gap(sessions, int(begins[TRAIN]), int(borders[TRAIN]), rules)
    first_day, last_day = complete_days(log_start, log_end, zone, calendar)
    usable = sessions[~np.isin(sessions["day"], outages)]
    best: Splits | None = None
    best_has = -1
    for share in _SHRINK:
        gap = int(wanted * share)
        made = Splits(
            begins, borders, np.maximum(borders - gap, begins), gap, wanted, log_start, log_end,
            first_day, last_day,
        )  # fmt: skip
        buyers, others = _labels_in_parts(usable, made)
        has = int(min(buyers.min(), settings.min_buyers)) if others.min() else -1
        if has > best_has:  # a smaller gap only where it gains buyers
            best, best_has = made, has
        if has == settings.min_buyers:
            break
    if best is None or best_has < 1:
        counts = ", ".join(
            f"{name}: {buyers[p]} with a later purchase, {others[p]} without"
            for p, name in enumerate(PARTS)
        )
        raise WillbuyError(
            "The log is too short or has too few purchases to train and to judge a model: each "
            f"part needs sessions of both kinds ({counts}). Give a longer log."
        )
    return best


def check_times(sessions: Records) -> None:
    """Refuse a log of which a few sessions lie far from all others: a wrong clock, mostly.

    Raises:
        WillbuyError: They would make up more than half of the log's span.
    """
    starts = sessions["start"]
    if len(starts) < _MANY:
        return
    low, high = (int(time) for time in np.quantile(starts, [0.001, 0.999]))
    first, last = int(starts.min()), int(starts.max())
    if last - first > DAY and high - low < (last - first) / 2:
        raise WillbuyError(
            f"Nearly all sessions begin between {iso(low)} and {iso(high)}, but the first begins "
            f"at {iso(first)} and the last at {iso(last)}. A few rows have a wrong time; they "
            "would decide how the log is split. Remove them, or mend their clock."
        )


def _check_labels(sessions: Records) -> None:
    if not len(sessions):
        raise WillbuyError(
            "The log has no session that can be used: all shoppers exceed "
            "session.daily_event_cap, or all rows were rejected."
        )
    if not (sessions["purchase"] > 0).any():
        raise WillbuyError(
            "The log has no purchase, so there is nothing to learn. If purchases have another "
            "name there, map it: --map kind.THEIR_WORD=purchase (`willbuy check` shows the words)."
        )
    if not (sessions["moments"] > 0).any():
        raise WillbuyError(
            "Every session of the log begins with its purchase, so there is no moment before one "
            "to learn from. Give a log that holds views and cart events, too."
        )


def _borders(
    starts: NDArray[np.int64], log_end: int, zone: str, calendar: Calendar, settings: SplitSettings
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    first = day_of(to_local(calendar, int(starts[0])))
    last = day_of(to_local(calendar, log_end))
    days = last - first + 1
    if days >= WHOLE_DAYS:
        if days >= LONG:
            warm_up, calibrate, test = (
                settings.warm_up_days, settings.calibrate_days, settings.test_days,
            )  # fmt: skip
            if warm_up + calibrate + test >= days:
                raise WillbuyError(
                    f"The log has {days} days; warm-up, calibrate and test together take "
                    f"{warm_up + calibrate + test} and leave none to train on. Lower split.*_days."
                )
        else:
            warm_up = max(round(days / 5), 1)
            calibrate = test = max(round((days - warm_up) / 5), 1)
        begin = [first + warm_up, last + 1 - test - calibrate, last + 1 - test]
        begins = [midnight(zone, day) for day in begin]
    else:
        share = np.array([0.2, 0.2 + 0.8 * 0.6, 0.2 + 0.8 * 0.8])
        begins = [int(starts[int(len(starts) * at)]) for at in share]
    return np.array(begins), np.array([*begins[1:], log_end + 1])


def _wanted_gap(sessions: Records, begin: int, end: int, rules: Rules) -> int:
    train = sessions[(sessions["start"] >= begin) & (sessions["start"] < end)]
    if not len(train):
        return MOST_GAP
    length = float(np.quantile(train["last"] - train["start"], 0.99))
    return min(int(length) + rules.silence, MOST_GAP)


def _labels_in_parts(
    sessions: Records, splits: Splits
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    part = splits.part(sessions["start"])
    with_moments = sessions["moments"] > 0
    buyers = [
        int(((part == p) & with_moments & (sessions["purchase"] > 0)).sum()) for p in range(3)
    ]
    others = [
        int(((part == p) & with_moments & (sessions["purchase"] == 0)).sum()) for p in range(3)
    ]
    return np.array(buyers), np.array(others)


def complete_days(log_start: int, log_end: int, zone: str, calendar: Calendar) -> tuple[int, int]:
    """The first and last local day that a log holds whole, a quiet night at either end allowed for.

    The last lies before the first where there is none.
    """
    first = day_of(to_local(calendar, log_start))
    if log_start > midnight(zone, first) + _COMPLETE_WITHIN:
        first += 1
    last = day_of(to_local(calendar, log_end))
    if log_end < midnight(zone, last + 1) - _COMPLETE_WITHIN:
        last -= 1
    return first, last


def iso(time: int) -> str:
    """A time in microseconds UTC as ISO text."""
    return f"{np.datetime64(time, 'us').astype('datetime64[s]')}Z"


def days_between(begin: int, end: int) -> float:
    """Length of a span in days."""
    return (end - begin) / DAY
