"""The audit of a table: every check, in order, and what they found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from willbuy.errors import WillbuyError
from willbuy.leaks.anchors import anchors, in_columns
from willbuy.leaks.derived import alone, derived
from willbuy.leaks.disguise import disguised
from willbuy.leaks.encoders import encoders
from willbuy.leaks.finding import Audit, Finding, Level, ranked
from willbuy.leaks.log import beside
from willbuy.leaks.names import named
from willbuy.leaks.order import order
from willbuy.leaks.pairs import MOST_COLUMNS, pairs
from willbuy.leaks.pipeline import fitted
from willbuy.leaks.scalers import before_and_after, check_before, interpolated, standardised
from willbuy.leaks.splits import groups, nearly, repeats, rich_rows
from willbuy.leaks.table import Table, load
from willbuy.leaks.together import together
from willbuy.leaks.totals import totals
from willbuy.progress import Reporter, Silent
from willbuy.settings import Settings

FEW_ROWS = 100


def audit(
    table: Any,
    label: str,
    *,
    time: str | None = None,
    group: str | None = None,
    split: str | None = None,
    events: Sequence[Path | str] | Path | str | None = None,
    before: Any = None,
    pipeline: Any = None,
    settings: Settings | None = None,
    reporter: Reporter | None = None,
) -> Audit:
    """Look for leaks in a table: what its columns, rows and split know that they should not.

    Args:
        table: A file (CSV, .csv.gz, .zip of one CSV, Parquet), or a polars or pandas frame.
        label: The column that says what happened, of two values.
        time: The column with each row's moment.
        group: The column whose equal values belong together, such as the shopper.
        split: The column that says which rows are train and which test; found by its name where
            not given.
        events: The log that the table was made from. Then columns are compared with what the
            log says was known at each row's moment. Needs `time`, and a column that names the
            session.
        before: The same rows before scaling and filling, as a file or a frame.
        pipeline: A fitted scikit-learn object. Never a file.
        settings: How the log is read and sessions are cut.
        reporter: Told of progress.

    Returns:
        The findings, the surest first.

    Raises:
        WillbuyError: The table, a column or the log cannot be used.

    >>> import polars as pl
    >>> rows = range(200)
    >>> shop = pl.DataFrame({"views": [i % 7 for i in rows], "bought": [i % 4 == 0 for i in rows]})
    >>> shop = shop.with_columns(orders=pl.col("bought").cast(int) * 2)
    >>> [(one.level.word, one.columns) for one in audit(shop, "bought").findings]
    [('certain', ('orders',))]
    """
    reporter = reporter or Silent()
    with reporter.stage("Reading the table"):
        told = load(table, label, time, group, split)
        told_before = load(before, label, time, group, split) if before is not None else None
    if told_before is not None:
        check_before(told, told_before)
    if told.rows < FEW_ROWS:
        told.notes.append(f"Only {told.rows} rows: most leaks cannot be told from chance.")
    findings: list[Finding] = []
    if events is not None:
        paths = [events] if isinstance(events, (str, Path)) else list(events)
        log = beside(told, paths, settings or Settings(), reporter)
        told.notes.append(
            f"{log.found:,} rows were compared with the log, by time and {log.session}."
        )
        if lost := len(log.rows) - log.found:
            told.notes.append(
                f"{lost:,} of {len(log.rows):,} rows have no session in the log and were not "
                "compared with it."
            )
        findings += [*totals(told, log), *anchors(told, log)]
    else:
        told.notes.append(
            "Without the log (--events) nobody can show what was known at a row's moment."
        )
        findings += in_columns(told)
    findings += examine(told, findings, reporter)
    if told_before is not None:
        findings += before_and_after(told, told_before)
    if pipeline is not None:
        findings += _of_pipeline(told, pipeline)
    return Audit(
        ranked(findings), told.rows, told.positives, len(told.features), tuple(told.notes), label,
        told.name,
    )  # fmt: skip


def examine(
    table: Table, known: Iterable[Finding], reporter: Reporter, paired: int = MOST_COLUMNS
) -> list[Finding]:
    """Every check that needs the table only.

    Args:
        table: The table.
        known: Findings already made; their columns are not told again by their names.
        reporter: Told of progress.
        paired: Of so many columns at most, those that tell most alone, all pairs are looked at.
    """
    findings: list[Finding] = []
    with reporter.stage("Every column alone"):
        findings += encoders(table)
        by_label = {name for one in findings for name in one.columns}
        found = alone(table)
        findings += (one for one in derived(table, found) if not by_label.intersection(one.columns))
        sure = _columns(findings)
        told = sure | _columns(known)
        findings += named(table, found, told)
        findings += disguised(table, found, sure)
    with reporter.stage("Columns together"):
        findings += pairs(table, found, _columns(findings), paired)
        findings += together(table, _columns([*findings, *known]))
    with reporter.stage("Splits, copies and scalers"):
        rich = rich_rows(table)
        findings += [*groups(table), *repeats(table, rich), *nearly(table, rich)]
        findings += [*standardised(table), *interpolated(table)]
    if table.time is not None:
        with reporter.stage("A random split beside one by time"):
            findings += order(table, _columns([*findings, *known]))
    return findings


def _columns(findings: Iterable[Finding]) -> set[str]:
    """The columns of certain and likely findings, those on scaling apart."""
    return {
        name
        for one in findings
        if one.level != Level.SUSPICIOUS and one.kind not in ("scaler", "resampled", "group")
        for name in one.columns
    }


def _of_pipeline(table: Table, pipeline: Any) -> list[Finding]:
    if isinstance(pipeline, (str, bytes, Path)):
        raise WillbuyError(
            "A pipeline is given as an object, not as a file: reading a pickle runs what is in it."
        )
    return list(fitted(table, pipeline))
