"""What a simulated log is like, counted while it is written."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from willbuy.events.schema import Kind


class Marginals:
    """Counts.

    Attributes:
        rows: Of the log, with its flaws.
        shoppers, visits, buying: Shoppers, their visits, and visits with a purchase, before
            flaws.
    """

    def __init__(self) -> None:
        self.rows = self.shoppers = self.visits = self.buying = 0
        self._events = self._single = self._uncarted = self._looked_on = self._purchases = 0
        self._began_otherwise = 0
        self._kinds = np.zeros(len(Kind), np.int64)
        self._no_brand = self._no_code = 0

    def count_visits(self, events: Any) -> None:
        """Count whole visits: array of LOGGED, each visit in one piece."""
        if not len(events):
            return
        begins = np.flatnonzero(events["ordinal"] == 1)
        size = np.diff(begins, append=len(events))
        bought = events["kind"] == Kind.PURCHASE
        carted = np.logical_or.reduceat(events["kind"] == Kind.CART, begins)
        purchases = np.add.reduceat(bought, begins, dtype=np.int64)
        after = np.logical_or.reduceat(~bought & (_so_far(bought, begins) > 0), begins)
        self.shoppers += int((events["visit"][begins] == 0).sum())
        self.visits += len(begins)
        self.buying += int((purchases > 0).sum())
        self._events += len(events)
        self._single += int((size == 1).sum())
        self._purchases += int(bought.sum())
        self._uncarted += int(purchases[~carted].sum())
        self._looked_on += int(after.sum())
        self._began_otherwise += int((events["kind"][begins] != Kind.VIEW).sum())
        self._kinds += np.bincount(events["kind"], minlength=len(Kind))

    def count_rows(self, frame: pl.DataFrame) -> None:
        """Count rows of the log."""
        self.rows += len(frame)
        self._no_brand += frame["brand"].null_count()
        self._no_code += frame["category_code"].null_count()

    def told(self) -> dict[str, float]:
        """Every marginal by name: shares and means."""
        return {
            "events_per_session": self._events / self.visits,
            "sessions_of_one_event": self._single / self.visits,
            "views": self._kinds[Kind.VIEW] / self._events,
            "carts": self._kinds[Kind.CART] / self._events,
            "removals": self._kinds[Kind.REMOVE] / self._events,
            "purchases": self._kinds[Kind.PURCHASE] / self._events,
            "buying_sessions": self.buying / self.visits,
            "sessions_per_shopper": self.visits / self.shoppers,
            "purchases_without_cart": self._uncarted / max(self._purchases, 1),
            "buying_sessions_that_go_on": self._looked_on / max(self.buying, 1),
            "sessions_that_begin_with_cart_or_purchase": self._began_otherwise / self.visits,
            "no_brand": self._no_brand / self.rows,
            "no_category_code": self._no_code / self.rows,
        }


def _so_far(flags: Any, begins: Any) -> Any:
    """How many flags are set in each visit up to an event."""
    total = np.cumsum(flags)
    before = total[begins] - flags[begins]
    return total - np.repeat(before, np.diff(begins, append=len(flags)))
