"""Train, calibrate and test of a table: by time where there is one, else by a hash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.errors import WillbuyError
from willbuy.events.keys import mix_all, unit_all
from willbuy.snapshots.session_table import SessionTable
from willbuy.snapshots.splits import PARTS, iso

SHARES = (0.6, 0.8)
"""Where calibrate and test begin."""

LEAST = 2
"""Each part needs so many sessions of each kind."""

NO_FUTURE = (
    "Without a time, sessions are dealt to the parts by a hash: the figures say how well the model "
    "does on other sessions of the same days, and nothing of the future. Give --time to learn that."
)


@dataclass(frozen=True)
class TableSplit:
    """Which part each row is in.

    Attributes:
        part: int8 (n,): 0 train, 1 calibrate, 2 test; -1 where it is in none.
        by: What decided.
        begins: Where each part begins, microseconds UTC (3,); None by hash.
        late: Rows left out: their group belongs to an earlier part than their own time.
        told: How it was split, in a sentence.
    """

    part: NDArray[np.int8]
    by: str
    begins: tuple[int, int, int] | None
    late: int
    told: str

    def to_dict(self) -> dict[str, Any]:
        """For metrics.json; times as ISO text."""
        found: dict[str, Any] = {"by": self.by, "told": self.told, "late_rows": self.late}
        if self.begins is not None:
            found |= {name: iso(at) for name, at in zip(PARTS, self.begins, strict=True)}
        return found


def split_table(table: SessionTable, seed: int) -> TableSplit:
    """Deal the rows of a table to the parts, groups whole.

    By time, a group belongs to the part of its first row; its rows after that part's end are left
    out, since whoever trains at that border cannot have them. All rows of one time fall together,
    so parts are near 60, 20 and 20 % where times repeat. By hash, of the group, else of the row's
    number, nothing is stratified.

    Raises:
        WillbuyError: A part has too few sessions of a kind.
    """
    split = _by_hash(table, seed) if table.time is None else _by_time(table, table.time)
    counts = {
        name: (int(table.y[split.part == p].sum()), int((~table.y[split.part == p]).sum()))
        for p, name in enumerate(PARTS)
    }
    if min(min(both) for both in counts.values()) < LEAST:
        told = ", ".join(f"{name}: {yes} that buy, {no} that do not"
                         for name, (yes, no) in counts.items())  # fmt: skip
        raise WillbuyError(
            f"{table.path} is too small to train and to judge a model: its {len(table.y):,} rows "
            f"are split into three parts, and each needs sessions of both kinds ({told}). Give a "
            "larger table: some hundred sessions that buy, at least."
        )
    return split


def _by_hash(table: SessionTable, seed: int) -> TableSplit:
    key = np.arange(len(table.y)) if table.group is None else table.group
    place = unit_all(mix_all(key, seed))
    part = np.searchsorted(np.array(SHARES), place, side="right").astype(np.int8)
    what = "row's number" if table.group is None else f"{table.group_name}, groups whole"
    told = f"Split by a hash of the {what}, near 60 / 20 / 20 %. {NO_FUTURE}"
    return TableSplit(part, "hash", None, 0, told)


def earliest(group: NDArray[np.int64], time: NDArray[np.int64]) -> NDArray[np.int64]:
    """The time of the first row of each row's group (n,)."""
    keys, code = np.unique(group, return_inverse=True)
    first = np.full(len(keys), np.iinfo(np.int64).max)
    np.minimum.at(first, code, time)
    return first[code]


def _by_time(table: SessionTable, time: NDArray[np.int64]) -> TableSplit:
    first = time if table.group is None else earliest(table.group, time)
    times, rows = np.unique(first, return_counts=True)
    before = np.concatenate([[0], np.cumsum(rows)[:-1]]) / len(first)
    begins = [int(times[np.argmin(np.abs(before - share))]) for share in SHARES]
    part = np.searchsorted(np.array(begins), first, side="right").astype(np.int8)
    own = np.searchsorted(np.array(begins), time, side="right")
    late = own > part
    part[late] = -1
    told = f"Split by {table.time_name}, near 60 / 20 / 20 %: train is earliest, test latest."
    if table.group is not None:
        told += (
            f" Each {table.group_name} is in one part only, that of its first row; {late.sum():,} "
            "of its rows after that part's end are left out."
        )
    return TableSplit(part, "time", (int(times[0]), begins[0], begins[1]), int(late.sum()), told)
