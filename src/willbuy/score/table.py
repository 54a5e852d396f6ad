"""Score a table of one row a session."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from willbuy.bundle.percentiles import deciles
from willbuy.bundle.table import TableBundle
from willbuy.errors import WillbuyError, check_target
from willbuy.explain.own_inputs import own_table
from willbuy.explain.row.columns import Row, RowExplanation, explain_row
from willbuy.progress import Reporter, Silent
from willbuy.score.sheet import write_scores
from willbuy.snapshots.table_file import RawTable, read_raw
from willbuy.snapshots.table_kinds import Kind, read_as

OURS = ("line", "probability", "percentile", "decile")


@dataclass(frozen=True)
class TableScores:
    """What came of scoring a table.

    Attributes:
        sessions: How many rows were scored.
        mean, highest: Of the probabilities.
        notes: What was not as in the table that the model was trained with, in sentences.
        frame: One row a session; None where they were written to a file.
    """

    sessions: int
    mean: float
    highest: float
    notes: tuple[str, ...]
    frame: pl.DataFrame | None


@dataclass(frozen=True)
class TableModel:
    """Scores tables of one row a session.

    Attributes:
        bundle: What was trained.
        folder: Where it was loaded from: the run, or its `model/`.
    """

    bundle: TableBundle = field(repr=False)
    folder: Path = field(repr=False)

    def __repr__(self) -> str:
        about = self.bundle.about
        return f"<TableModel {about.get('model_id')}: {len(self.bundle.inputs)} columns>"

    def score(
        self, table: Path | str, out: Path | str | None = None, *, reporter: Reporter | None = None
    ) -> TableScores:
        """Every row of a table.

        Args:
            table: CSV (also .csv.gz or a .zip of one) or Parquet, with the columns that the model
                was trained with, in any order; others may be there, too.
            out: A .csv or .parquet file to write the scores to, whole or not at all.
            reporter: Told of progress.

        Returns:
            How many rows, and what to know of them. Where `out` is not given, its `frame` has one
            row a session: line (in the file), the time, group and ids that the table has,
            probability, percentile and decile. These two are against the run's calibrate part;
            decile 1 is the best tenth.

        Raises:
            WillbuyError: A column is missing or holds something else now, the table cannot be
                read, or `out` not be written.
        """
        reporter = reporter or Silent()
        target = Path(out) if out is not None else None
        if target is not None:
            check_target(target, "The scores")
        with reporter.stage("Reading the table"):
            share = self.bundle.settings.bad_row_share
            raw = read_raw(table, bad_row_share=share)
            if target is not None and target.resolve() == raw.path.resolve():
                raise WillbuyError(f"{target} is the table itself; give --out another name.")
            rows, notes = self._typed(raw)
        with reporter.stage("Scoring", len(rows)):
            p = self.bundle.probability(self.bundle.features(rows))
            percentile = self.bundle.percentile(p)
        frame = pl.DataFrame(
            {
                "line": raw.line,
                **{
                    f"table.{name}" if name in OURS else name: raw.frame[name]
                    for name in self.bundle.names
                    if name in raw.frame.columns
                },
                "probability": p,
                "percentile": percentile,
                "decile": deciles(percentile),
            }
        )
        if target is not None:
            with reporter.stage("Writing the scores"):
                write_scores([frame], target)
        return TableScores(
            len(p), float(p.mean()), float(p.max()), tuple(notes),
            frame if target is None else None,
        )  # fmt: skip

    def explain(
        self, table: Path | str | None = None, *, row: int, reporter: Reporter | None = None
    ) -> RowExplanation:
        """Why the model answers as it does about one row of a table.

        Args:
            table: As for `score`; the run's own where not given. It is read whole, so that the
                row is read as `score` reads it.
            row: The `line` that `score` tells of it: in a CSV its line, from 1, the header counted
                in; in Parquet its row, from 1.
            reporter: Told of progress.

        Raises:
            WillbuyError: A column is missing or holds something else now, the table cannot be
                read, or has no such row.
        """
        reporter = reporter or Silent()
        path = own_table(self.folder) if table is None else table
        with reporter.stage("Reading the table"):
            raw = read_raw(path, bad_row_share=self.bundle.settings.bad_row_share)
            at = _find(raw, row)
            rows, notes = self._typed(raw)
        typed = rows[at]
        as_text = pl.all().cast(pl.String).str.strip_chars()
        written = raw.frame[at].select(as_text).row(0, named=True)
        values = {
            one.name: None if typed[one.name][0] is None else written[one.name]
            for one in self.bundle.inputs
        }
        names = {name: written[name] for name in self.bundle.names if name in written}
        return explain_row(self.bundle, typed, Row(row, raw.line_word, names, values), tuple(notes))

    def _typed(self, raw: RawTable) -> tuple[pl.DataFrame, list[str]]:
        """The model's columns in the types of their kinds, and what is to be told of them."""
        inputs = self.bundle.inputs
        missing = [one.name for one in inputs if one.name not in raw.frame.columns]
        if missing:
            raise _lacks(raw, missing)
        notes: list[str] = []
        if raw.rejects.total:
            notes.append(f"{raw.rejects.total:,} rows could not be read and have no score:\n"
                         + raw.rejects.explain())  # fmt: skip
        known = {one.name for one in inputs} | {
            *self.bundle.names, *self.bundle.unused, self.bundle.label,
        }  # fmt: skip
        if extra := [name for name in raw.frame.columns if name not in known]:
            shown = ", ".join(extra[:5]) + (f" and {len(extra) - 5} more" if len(extra) > 5 else "")
            notes.append(f"Columns that were not there in training are not used: {shown}.")
        columns = []
        for name, kind, written in inputs:
            read = read_as(raw.frame[name], kind, raw.separator, written)
            present = len(read.values) - read.values.null_count()
            if odd := int(read.odd.sum()):
                first = int(read.odd.arg_max() or 0)
                where = f"{raw.line_word} {raw.line[first]}: {str(raw.frame[name][first])[:40]!r}"
                if odd >= present:
                    raise WillbuyError(
                        f"{raw.path}, column {name!r}: it held a {kind} in every row when the "
                        f"model was trained; now {odd:,} of {odd + present:,} values are none, "
                        f"the first in {where}. Is it another column of that name?"
                    )
                notes.append(
                    f"{name}: {odd:,} values are no {kind} and count as missing, the first in "
                    f"{where}."
                )
            elif not present:
                notes.append(f"{name}: every value is missing.")
            if present and read.written != written and (kind == "number" or written):
                here, then = (_style(kind, one) for one in (read.written, written))
                notes.append(f"{name}: {here} here, {then} in training.")
            columns.append(read.values)
        notes += self._new_words(columns)
        return pl.DataFrame(columns), notes

    def _new_words(self, columns: list[pl.Series]) -> list[str]:
        """Which columns have words that the model learned nothing of by themselves."""
        levels = {one.name: one.levels for one in self.bundle.encoder.columns if one.levels}
        notes = []
        for values in columns:
            if values.name not in levels or values.dtype != pl.String:
                continue
            other = values.filter(values.is_not_null() & ~values.is_in(list(levels[values.name])))
            if len(other):
                words = other.unique(maintain_order=True)
                shown = ", ".join(repr(word[:40]) for word in words[:3])
                more = ", ..." if len(words) > 3 else ""
                notes.append(
                    f"{values.name}: {len(other):,} rows have one of {len(words):,} values that "
                    f"are new or were rare in training, and are read as such: {shown}{more}."
                )
        return notes


def _find(raw: RawTable, line: int) -> int:
    """The place of the row that stands in this line of the file."""
    at = int(np.searchsorted(raw.line, line))
    if at < len(raw.line) and raw.line[at] == line:
        return at
    first, last, word = int(raw.line[0]), int(raw.line[-1]), raw.line_word
    if first <= line <= last:
        raise WillbuyError(
            f"{raw.path}: no row that can be used begins in line {line:,}. `willbuy score` tells "
            "the line of each row that does."
        )
    raise WillbuyError(
        f"{raw.path} has no row in {word} {line:,}: its rows stand in {word}s {first:,} to "
        f"{last:,}."
    )


def _style(kind: Kind, written: str) -> str:
    if kind == "number":
        return f"numbers with a {written}" if written else "plain numbers"
    return f"dates written as {'ISO' if written == 'iso' else written}" if written else "dates"


def _lacks(raw: RawTable, missing: list[str]) -> WillbuyError:
    names = raw.frame.columns
    told = []
    for name in missing[:5]:
        near = difflib.get_close_matches(name, names, 1, 0.6)
        told.append(f"{name!r}" + (f" (near it: {near[0]!r})" if near else ""))
    more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
    return WillbuyError(
        f"{raw.path} lacks {len(missing)} of the columns that the model was trained with: "
        f"{', '.join(told)}{more}. Add them under these names; a value may be empty."
    )
