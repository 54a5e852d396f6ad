"""Rows that cannot be used: counted by reason and kept for a side file, never just dropped."""

from __future__ import annotations

import csv
import io
import re
import zlib
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CUT_OFF = "cut off"
TOO_FEW = "too few fields"
TOO_MANY = "too many fields"
OPEN_QUOTE = "line break in quotes"
UNREADABLE_TIME = "unreadable time"
IMPOSSIBLE_TIME = "impossible time"
NO_USER = "no user"
MANGLED_ID = "mangled id"

MEANINGS = {
    CUT_OFF: "the file ends in the middle of the row; download or export it again",
    TOO_FEW: "the row has fewer fields than the header",
    TOO_MANY: "the row has more fields than the header; is the separator inside a text?",
    OPEN_QUOTE: "a quoted text runs over the end of its line, which is not supported",
    UNREADABLE_TIME: "the time is empty, not in the log's format, or was skipped by the clocks",
    IMPOSSIBLE_TIME: "the time lies before 2000 or after 2099; is the unit right?",
    NO_USER: "the row does not say who; is another column the user?",
    MANGLED_ID: "a spreadsheet cut the id's digits (2.05E+18); export again as text",
}
"""What each reason means, and what to do about it."""

FORMULA = r"^ *[=+\-@\t\r]"
"""How a cell begins that a spreadsheet takes for a formula; some trim blanks first."""


def safe_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + text if re.match(FORMULA, text) else text


class Rejects:
    """The rejected rows of a log, compressed in memory until they are written."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.examples: dict[str, tuple[str, int, str]] = {}
        self._packed: list[bytes] = []
        self._packer = zlib.compressobj(1)

    @property
    def total(self) -> int:
        """How many rows were rejected."""
        return self.counts.total()

    def add(self, file: str, line: int, reason: str, text: str) -> None:
        """Keep one row. ``line`` counts from 1 with the header; in Parquet it is the row."""
        self.counts[reason] += 1
        self.examples.setdefault(reason, (file, line, text))
        row = io.StringIO()
        csv.writer(row, lineterminator="\n").writerow(
            [safe_cell(file), line, reason, safe_cell(text)]
        )
        self._packed.append(self._packer.compress(row.getvalue().encode("utf-8", "replace")))

    def explain(self) -> str:
        """The counts by reason, each with what it means and one example."""
        lines = []
        for reason, count in self.counts.most_common():
            file, line, text = self.examples[reason]
            lines.append(f"  {count:,} {reason}: {MEANINGS[reason]}")
            lines.append(f"    for example {file}, line {line}: {text[:160]}")
        return "\n".join(lines)

    def write(self, path: Path) -> None:
        """Write ``rejected_rows.csv`` (file, line, reason, text), whole or not at all."""
        partial = path.with_name(path.name + ".partial")
        try:
            with partial.open("wb") as file:
                file.write(b"file,line,reason,text\n")
                for data in self._unpacked():
                    file.write(data)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def _unpacked(self) -> Iterator[bytes]:
        unpacker = zlib.decompressobj()
        for packed in (*self._packed, self._packer.copy().flush()):
            yield unpacker.decompress(packed)
        yield unpacker.flush()
