"""What an audit says: findings, each with its evidence and its fix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

SCHEMA = 1
"""Version of `Audit.to_dict`."""


class Level(IntEnum):
    """How sure a finding is."""

    CERTAIN = 0
    LIKELY = 1
    SUSPICIOUS = 2

    @property
    def word(self) -> str:
        """In small letters, as people read it."""
        return self.name.lower()


@dataclass(frozen=True)
class Finding:
    """One leak, or a sign of one.

    Attributes:
        level: How sure it is.
        kind: Which of `KINDS`.
        columns: The columns it is about; none where it is about rows.
        what: The finding, in a sentence.
        evidence: The figures it rests on, in words.
        fix: What to do.
        strength: Ranks findings of one level; larger is worse.
        figures: The evidence as plain numbers.
    """

    level: Level
    kind: str
    columns: tuple[str, ...]
    what: str
    evidence: str
    fix: str
    strength: float = 0.0
    figures: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "level": self.level.word,
            "kind": self.kind,
            "columns": list(self.columns),
            "what": self.what,
            "evidence": self.evidence,
            "fix": self.fix,
            "figures": {name: float(value) for name, value in self.figures.items()},
        }


KINDS = {
    "label": "A column derived from the label",
    "pair": "Two columns that give the label together",
    "together": "Columns that are too good together",
    "afterwards": "A column that can only be known afterwards",
    "group": "The same group on both sides of a split",
    "duplicates": "Rows repeated, or nearly, on both sides of a split",
    "resampled": "Resampling before the split",
    "order": "A random split where time matters",
    "encoder": "An encoding that has seen the row's own label",
    "scaler": "Fitted on all rows",
    "anchor": "Positives and negatives taken at different moments",
    "disguise": "The label or an id in disguise",
}
"""Kinds of finding, with their meaning."""


@dataclass(frozen=True)
class Audit:
    """What was found in a table.

    Attributes:
        findings: The surest first.
        rows, positives: Of the table.
        columns: How many columns were looked at: constant ones tell nothing.
        notes: What was not looked at, and why; what else is worth knowing.
        label: The name of the label.
        table: What was audited, in a word: a file's name, or "table".
    """

    findings: tuple[Finding, ...]
    rows: int
    positives: int
    columns: int
    notes: tuple[str, ...]
    label: str
    table: str = "table"

    def at(self, level: Level) -> tuple[Finding, ...]:
        """The findings of one level."""
        return tuple(one for one in self.findings if one.level == level)

    @property
    def certain(self) -> bool:
        """Whether any finding is certain."""
        return bool(self.at(Level.CERTAIN))

    def to_dict(self) -> dict[str, Any]:
        """As plain data, described in docs/audit.md."""
        return {
            "schema": SCHEMA,
            "table": self.table,
            "label": self.label,
            "rows": self.rows,
            "positives": self.positives,
            "columns": self.columns,
            "counts": {level.word: len(self.at(level)) for level in Level},
            "findings": [one.to_dict() for one in self.findings],
            "notes": list(self.notes),
        }


def ranked(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The surest first, the strongest first among equals."""
    return tuple(sorted(findings, key=lambda one: (one.level, -one.strength)))
