"""A table for the terminal and for Markdown alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table


@dataclass(frozen=True)
class Sheet:
    """A table: its title, its columns, its rows of text, and what is to be said below it."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def rich(self) -> Table:
        """For the terminal; the first column is text, the others are numbers."""
        table = Table(title=self.title, title_justify="left", caption=self.note or None)
        table.caption_justify = "left"
        for at, column in enumerate(self.columns):
            table.add_column(column, justify="right" if at else "left")
        for row in self.rows:
            table.add_row(*row)
        return table

    def markdown(self) -> str:
        """The same for a page."""
        lines = [
            f"**{self.title}**",
            "",
            f"| {' | '.join(self.columns)} |",
            "|---|" + "--:|" * (len(self.columns) - 1),
            *(f"| {' | '.join(row)} |" for row in self.rows),
        ]
        return "\n".join([*lines, *(["", self.note] if self.note else [])]) + "\n"


def figure(one: Mapping[str, Any], digits: int = 4, sign: str = "") -> str:
    """A figure with its interval, as text."""
    if one["value"] is None:
        return "-"
    value = f"{one['value']:{sign}.{digits}f}"
    if one["low"] is None:
        return value
    return f"{value} [{one['low']:{sign}.{digits}f}, {one['high']:{sign}.{digits}f}]"
