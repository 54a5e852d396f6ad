"""The compiled fold."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType

from willbuy.compiled import build
from willbuy.events.keys import NATIVE
from willbuy.moments.sessions import survey_users
from willbuy.moments.tally import index_rows, index_slots, tally_events


@lru_cache(maxsize=1)
def fold_program() -> ModuleType:
    """The functions of this room that drivers call from Python, compiled."""
    return build(
        {
            "survey_users": survey_users,
            "index_rows": index_rows,
            "index_slots": index_slots,
            "tally_events": tally_events,
        },
        NATIVE,
    )
