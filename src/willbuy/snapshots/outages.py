"""Days on which the log lost its purchases. Judged from that day and earlier ones only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from willbuy.moments.state import Records

LOOK_BACK = 14
"""How many earlier sound days a day is compared with, at most."""

FEWEST_DAYS = 3
"""With fewer earlier days nothing can be said."""

EXPECTED = 20.0
"""With fewer purchases expected, their absence may be chance."""

LEFT = 0.2
"""A day with less than this share of the expected purchases is an outage."""


def outage_days(days: Records) -> NDArray[np.int64]:
    """The local days on which purchases all but vanished while views went on.

    What is expected of a day is its views times the median of purchases per view over the sound
    days before it.

    Args:
        days: Counts of the whole shop by local day, ascending (array of DAILY).
    """
    rates: list[float] = []
    found: list[int] = []
    for day in days:
        views, purchases = int(day["views"]), int(day["purchases"])
        if len(rates) >= FEWEST_DAYS:
            expected = views * float(np.median(rates[-LOOK_BACK:]))
            if expected >= EXPECTED and purchases < LEFT * expected:
                found.append(int(day["day"]))
                continue
        if views:
            rates.append(purchases / views)
    return np.array(found, np.int64)
