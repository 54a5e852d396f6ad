"""One row of a table explained: what each of its columns adds to the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from willbuy.bundle.percentiles import deciles
from willbuy.bundle.table import TableBundle, once
from willbuy.explain.answer import CALIBRATION, Answer
from willbuy.explain.exact import exact
from willbuy.explain.sentences import Term, sentences

if TYPE_CHECKING:
    import polars as pl

UNIT = "value"
"""A column of a user's does not say what its values count."""


@dataclass(frozen=True)
class Row:
    """A row of a table, as its file has it.

    Attributes:
        line: Where it stands, from 1: the header counts in a CSV, and not in Parquet.
        line_word: What `line` counts: "line" or "row".
        names: What names it: the time, the group and ids that the file has, as written.
        values: Column → its value as written, without blanks around it; None where the model
            takes it as missing.
    """

    line: int
    line_word: str
    names: Mapping[str, str | None]
    values: Mapping[str, str | None]


@dataclass(frozen=True, eq=False)
class RowExplanation(Answer):
    """Why the model answers as it does about one row of a table, which is a whole session.

    A term is a column's: the sum of what the features add that were made of it. Its value is a
    text, as written in the file.

    Attributes:
        row: Which one.
        notes: What was not as in the table that the model was trained with, in sentences.
    """

    outcome: ClassVar[str] = "a purchase in the session"

    row: Row
    notes: tuple[str, ...]

    @property
    def place(self) -> str:
        """The row, for people."""
        return f"for {self.row.line_word} {self.row.line:,}"


def explain_row(
    bundle: TableBundle, typed: pl.DataFrame, row: Row, notes: tuple[str, ...] = ()
) -> RowExplanation:
    """Explain one row.

    Args:
        bundle: The model.
        typed: The row alone, its columns in the types of their kinds.
        row: As its file has it.
        notes: To be told with it.
    """
    told = exact(bundle, bundle.features(typed), once(1))
    log_odds = dict.fromkeys((one.name for one in bundle.inputs), 0.0)
    points = dict(log_odds)
    *added, closing = told.terms[0].tolist()
    *changed, closed = told.points[0].tolist()
    for name, adds, changes in zip(bundle.owners, added, changed, strict=True):
        log_odds[name] += adds
        points[name] += changes
    terms = [
        *(Term(name, name, UNIT, row.values[name], log_odds[name], points[name])
          for name in log_odds),
        Term(*CALIBRATION, None, closing, closed),
    ]  # fmt: skip
    terms.sort(key=lambda one: -abs(one.points))
    percentile = bundle.percentile(told.probability)
    return RowExplanation(
        probability=float(told.probability[0]),
        base_probability=told.base_probability,
        threshold=bundle.threshold,
        percentile=float(percentile[0]),
        decile=int(deciles(percentile)[0]),
        terms=tuple(terms),
        sentences=sentences(terms),
        row=row,
        notes=notes,
    )
