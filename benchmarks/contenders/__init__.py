"""One question to several tools: ten plain features of every session of a log.

A session is what (user, session id) names; rows that lack one of the two are left out, and
nothing else is: no rules for bots, no repeats removed, no session cut short. So all contenders
have the same work, and their answers can be compared. Features of whole sessions like these say
who bought, not who will; they are here to be timed, not to learn from.

Every contender is a module that is run in a process of its own:

    python -m contenders.by_duckdb FILE OUT.parquet --memory 8GB --threads 2

and leaves `COLUMNS`, one row a session in any order. None of them needs the session's id in the
answer: user and start, and the features beside them, are enough to compare.
"""

from __future__ import annotations

import argparse
from pathlib import Path

COLUMNS = (
    "user",
    "start",  # the session's first event, UTC
    "views",
    "carts",
    "purchases",
    "products",  # distinct
    "brands",  # distinct
    "mean_price",  # of the events with a price above zero
    "max_price",
    "seconds",  # from the first event to the last
    "hour",  # of the first event, UTC
    "bought_before",  # purchases of this shopper earlier than the session's first event
)


def given(about: str | None) -> argparse.Namespace:
    """What a contender is told: `file`, `out`, `memory` (as 8GB) and `threads`."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("file", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--memory", default="8GB", help="for those that can be told")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()
