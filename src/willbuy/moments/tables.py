"""The shop's daily counts: kept as a file, read as of a midnight."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from willbuy.errors import WillbuyError
from willbuy.moments.program import fold_program
from willbuy.moments.shop import COUNTS, EMPTY, ENTRY, SLOT, Shop, no_answers
from willbuy.moments.state import GOODS, Records
from willbuy.moments.tally import DAILY, merged

FORMAT = 1
"""Version of the file format of `ShopTables.save`."""


class ShopTables:
    """Daily counts of a shop, complete days only, that can be asked as of any midnight.

    Attributes:
        daily: Array of DAILY, ordered by table, key, day.
        first_day, last_day: The complete local days it covers; `last_day < first_day` where
            there are none.
    """

    def __init__(self, daily: Records, first_day: int, last_day: int) -> None:
        inside = (daily["day"] >= first_day) & (daily["day"] <= last_day)
        self.daily = merged([daily if inside.all() else daily[inside]])
        self.first_day = first_day
        self.last_day = last_day
        self.slots, self.entries = self._indexed()

    @property
    def days(self) -> int:
        """How many complete days are counted."""
        return max(self.last_day - self.first_day + 1, 0)

    def _indexed(self) -> tuple[Records, Records]:
        daily = self.daily
        entries = np.zeros(max(len(daily), 1), ENTRY)
        changes = np.ones(len(daily), bool)
        changes[1:] = (daily["key"][1:] != daily["key"][:-1]) | (
            daily["table"][1:] != daily["table"][:-1]
        )
        begins = np.flatnonzero(changes)
        ends = np.append(begins[1:], len(daily))[: len(begins)]
        if len(daily):
            entries["day"] = daily["day"]
            for name in COUNTS:
                running = np.cumsum(daily[name])
                before = np.repeat((running - daily[name])[begins], ends - begins)
                entries[name] = running - before
        slots = np.zeros(1 << max(int(2 * len(begins)).bit_length(), 1), SLOT)
        slots["table"] = EMPTY
        fold_program().index_slots(
            slots, daily["table"][begins], daily["key"][begins], begins, ends
        )
        return slots, entries

    def as_of(self, day: int) -> Shop:
        """The shop when `day` is the last visible complete day (or the last one counted)."""
        day = min(day, self.last_day)
        goods: Any = np.zeros(0, GOODS)
        return Shop(day, self.first_day, self.slots, self.entries, no_answers(), goods)

    def extended(self, later: ShopTables) -> ShopTables:
        """These days and the later ones; days that both have are kept as they are here.

        Raises:
            WillbuyError: There is a day between the two that neither has counted.
        """
        if self.days == 0:
            return later
        if later.first_day > self.last_day + 1:
            raise WillbuyError(
                f"The shop tables end on {_date(self.last_day)} and the new counts begin on "
                f"{_date(later.first_day)}. Give the days between them first."
            )
        new = later.daily[later.daily["day"] > self.last_day]
        return ShopTables(
            np.concatenate([self.daily, new]), self.first_day, max(self.last_day, later.last_day)
        )

    def save(self, path: Path) -> None:
        """Write the counts as one `.npz` of plain arrays."""
        columns = {name: np.ascontiguousarray(self.daily[name]) for name in DAILY.names or ()}
        with path.open("wb") as file:
            columns["format"] = np.array(FORMAT)
            columns["span"] = np.array([self.first_day, self.last_day])
            np.savez_compressed(file, allow_pickle=False, **columns)

    @classmethod
    def load(cls, path: Path) -> ShopTables:
        """Read what `save` wrote.

        Raises:
            WillbuyError: The file is not there or of another format.
        """
        return cls(*load_counts(path))


def load_counts(path: Path) -> tuple[Records, int, int]:
    """The counts that `ShopTables.save` wrote, to be read as they are.

    Returns:
        Array of DAILY, ordered by table, key, day; the first and the last day it covers.

    Raises:
        WillbuyError: The file is not there or of another format.
    """
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            if int(file["format"]) != FORMAT:
                raise WillbuyError(
                    f"{path} has format {int(file['format'])} of shop tables; this version "
                    f"of willbuy reads format {FORMAT}. Train the model again."
                )
            daily = np.zeros(len(file["key"]), DAILY)
            for name in DAILY.names or ():
                daily[name] = file[name]
            first, last = (int(day) for day in file["span"])
    except (
        OSError, ValueError, KeyError, TypeError, AttributeError, EOFError,
        zipfile.BadZipFile, zlib.error,
    ) as problem:  # fmt: skip
        raise WillbuyError(f"The shop tables {path} cannot be read: {problem}.") from problem
    return daily, first, last


def no_tables() -> ShopTables:
    """The tables of a log without a complete day."""
    return ShopTables(np.zeros(0, DAILY), 0, -1)


def _date(day: int) -> str:
    return str(np.datetime64(day, "D"))
