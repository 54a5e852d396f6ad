"""`willbuy explain` of a run of a table: why one row has its probability."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from willbuy.explain.row.columns import RowExplanation

_SHOWN = 10
"""Columns on the screen, the strongest; explanation.json has all."""


def explain_table_row(
    run: Path, tables: Sequence[Path], row: int | None, foreign: Sequence[str], out: Path | None
) -> None:
    """Tell of one row, and write it where that is asked for.

    Args:
        run: The run, of a table.
        tables: One table at most; the run's own where there is none.
        row: Its line in the file.
        foreign: Options that were given and are for runs of events.
        out: A folder for the files; None for none.
    """
    from willbuy.cli.screen import Screen, console, hanging
    from willbuy.explain.answer_files import check_folder
    from willbuy.explain.row.files import FILES, save
    from willbuy.score.model import load_table

    if foreign:
        raise typer.BadParameter(
            f"{run} is of a table of sessions, which has no events to go through, so "
            f"{' and '.join(foreign)} cannot be. Name a row: willbuy explain {run} TABLE --row N."
        )
    if row is None:
        raise typer.BadParameter(
            f"{run} is of a table of sessions. Name the row: --row N, the line of the file that "
            "`willbuy score` tells with each probability."
        )
    if len(tables) > 1:
        raise typer.BadParameter(f"{run} is of a table of sessions: give one table.")
    if out is not None:
        check_folder(out, FILES)
    with Screen() as screen:
        with screen.stage("Loading the model and scoring its golden rows"):
            model = load_table(run)
        told = model.explain(tables[0] if tables else None, row=row, reporter=screen)
        if out is not None:
            with screen.stage("Drawing"):
                save(told, out)
    _show(told)
    for note in told.notes:
        console.print(hanging("! ", note, "yellow"))
    if out is not None:
        console.print(hanging("", f"Written to {out}: {', '.join(FILES)}."))


def _show(told: RowExplanation) -> None:
    from rich.text import Text

    from willbuy.cli.screen import console
    from willbuy.explain.sentences import percent, valued

    names = ", ".join(f"{name} {valued(value, '')}" for name, value in told.row.names.items())
    named = f" ({names})" if names else ""
    flagged = "flagged" if told.flagged else "not flagged"
    console.print(
        Text(
            f"{told.row.line_word.capitalize()} {told.row.line:,}{named}: the probability of "
            f"{told.outcome} is {percent(told.probability)}: {flagged} (threshold "
            f"{percent(told.threshold)}); {told.percentile:.0f}% of the sessions of the calibrate "
            "part are not higher. Before anything is known the model says "
            f"{percent(told.base_probability)}."
        )
    )
    for sentence in told.sentences:
        console.print(Text(f"  {sentence}"))
    console.print()
    console.print(_table(told))
    console.print()


def _table(told: RowExplanation) -> Table:
    from rich.table import Table
    from rich.text import Text

    from willbuy.explain.sentences import points, valued

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("column", overflow="fold")
    table.add_column("value", overflow="fold")
    table.add_column("points", justify="right")
    table.add_column("log-odds", justify="right")
    for one in told.terms[:_SHOWN]:
        value = valued(one.value, one.unit) if one.unit else ""
        figures = points(one.points).removesuffix(" points"), f"{one.log_odds:+.3f}"
        table.add_row(Text(one.label), Text(value), *figures, style=None if one.unit else "dim")
    rest = told.terms[_SHOWN:]
    if rest:
        both = sum(one.points for one in rest), sum(one.log_odds for one in rest)
        table.add_row(
            f"{len(rest)} others", "", points(both[0]).removesuffix(" points"), f"{both[1]:+.3f}",
            style="dim",
        )  # fmt: skip
    return table
