"""What reading found out about a log, in numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from willbuy.events.prices import Unread
from willbuy.events.schema import MISSING

if TYPE_CHECKING:
    import numpy.typing as npt

    from willbuy.events.batch import Counts
    from willbuy.events.rejects import Rejects

_ENTITIES = ("session", "product", "brand", "category", "section")


@dataclass
class ReadHealth:
    """The health of a log, complete once all of it has been read."""

    rows: int = 0
    events: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    price_not_positive: int = 0
    unread_prices: Unread = field(default_factory=Unread)
    mangled_categories: int = 0
    kinds_read: dict[str, str] = field(default_factory=dict)
    unknown_words: dict[str, int] = field(default_factory=dict)
    unknown_events: int = 0
    """Events whose word for the kind nobody mapped; they count as other."""
    first_time: int | None = None
    last_time: int | None = None
    rows_out_of_order: int = 0
    _latest: int | None = field(default=None, repr=False)

    @property
    def in_time_order(self) -> bool:
        """Whether no row is earlier than the row before it."""
        return self.rows_out_of_order == 0

    @property
    def price_unreadable(self) -> int:
        """Events whose price is written, and is none."""
        return self.unread_prices.counts.total()

    @property
    def price_missing(self) -> int:
        """Events without a usable price, whatever the reason."""
        return self.missing.get("price", 0)

    @property
    def missing_share(self) -> dict[str, float]:
        """For each field the share of events that do not have it."""
        return {name: count / max(self.events, 1) for name, count in self.missing.items()}

    def add(self, events: npt.NDArray[np.void], rows: int) -> None:
        """Count the events of one block, which had so many rows."""
        self.rows += rows
        self.events += len(events)
        for name in _ENTITIES:
            absent = int(np.count_nonzero(events[name] == MISSING))
            self.missing[name] = self.missing.get(name, 0) + absent
        absent = int(np.count_nonzero(np.isnan(events["price"])))
        self.missing["price"] = self.missing.get("price", 0) + absent
        if len(events):
            times = events["time"]
            before = times[0] if self._latest is None else self._latest
            self.rows_out_of_order += int(np.count_nonzero(np.diff(times, prepend=before) < 0))
            self._latest = int(times[-1])
            first, last = int(times.min()), int(times.max())
            self.first_time = first if self.first_time is None else min(first, self.first_time)
            self.last_time = last if self.last_time is None else max(last, self.last_time)

    def update(self, counts: Counts, rejects: Rejects) -> None:
        """Take over what cleaning counted."""
        self.rejected = dict(rejects.counts.most_common())
        self.price_not_positive = counts.price_not_positive
        self.unread_prices = counts.unread_prices
        self.mangled_categories = counts.mangled_categories
        self.missing["path"] = counts.path_missing
        self.kinds_read = {word: kind.name.lower() for word, kind in counts.kinds.items()}
        unknown = Counter({w or "": n for w, n in counts.words.items() if w not in counts.kinds})
        self.unknown_words = dict(unknown.most_common(20))
        self.unknown_events = unknown.total()

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values for ``data_health.json``."""
        return {
            "rows": self.rows,
            "events": self.events,
            "rejected": self.rejected,
            "missing": self.missing,
            "missing_share": {k: round(v, 6) for k, v in self.missing_share.items()},
            "price_missing": self.price_missing,
            "price_not_positive": self.price_not_positive,
            "price_unreadable": self.price_unreadable,
            "price_unreadable_why": self.unread_prices.to_dict(),
            "mangled_categories": self.mangled_categories,
            "kinds_read": self.kinds_read,
            "unknown_events": self.unknown_events,
            "unknown_words": self.unknown_words,
            "first_time": _iso(self.first_time),
            "last_time": _iso(self.last_time),
            "in_time_order": self.in_time_order,
            "rows_out_of_order": self.rows_out_of_order,
        }


def _iso(micros: int | None) -> str | None:
    return None if micros is None else datetime.fromtimestamp(micros / 1e6, UTC).isoformat()
