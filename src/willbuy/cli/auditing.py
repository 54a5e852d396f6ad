"""`willbuy audit`: where a table leaks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from willbuy.leaks.finding import Audit

_LOOKS = {"certain": "bold red", "likely": "yellow", "suspicious": "cyan"}


def audit(
    table: Annotated[
        Path, typer.Argument(metavar="TABLE", help="CSV, .csv.gz, .zip of one CSV, or Parquet.")
    ],
    label: Annotated[
        str, typer.Option(help="The column that says what happened.", show_default=False)
    ],
    time: Annotated[
        str | None, typer.Option(help="The column of each row's moment.", show_default=False)
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            help="The column whose equal values belong together, such as the shopper.",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            help="The column that says train or test; found by its name if not given.",
            show_default=False,
        ),
    ] = None,
    events: Annotated[
        list[Path] | None,
        typer.Option(
            help="The log that the table was made from: a file or a folder. Shows what was known "
            "at each row's moment; needs --time and a column that names the session.",
            show_default=False,
        ),
    ] = None,
    map_: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="OURS=THEIRS",
            help="Columns and words of the log, as for `run`.",
            show_default=False,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="How the log is read: a TOML file or a run.json.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the findings to .html, .md or .json.", show_default=False),
    ] = None,
) -> None:
    """Find where a table leaks: what its columns, rows and split know that they should not.

    Findings are certain, likely or suspicious, each with its evidence and its fix. Exit code 1
    if any is certain, 2 if the audit could not be made.
    """
    from willbuy.cli.options import settings_from
    from willbuy.cli.screen import Screen, console, show_error
    from willbuy.errors import WillbuyError, check_target
    from willbuy.leaks.audit import audit as audit_table
    from willbuy.leaks.told import ENDINGS, write

    if out is not None and out.suffix not in ENDINGS:
        raise typer.BadParameter(f"--out {out}: the name must end in {', '.join(ENDINGS)}.")
    try:
        if out is not None:
            check_target(out, "The audit")
        with Screen() as screen:
            done = audit_table(
                table,
                label,
                time=time,
                group=group,
                split=split,
                events=events,
                settings=settings_from(config, map_),
                reporter=screen,
            )
        if out is not None:
            write(done, out)
    except WillbuyError as problem:  # 1 says that the table leaks
        show_error(str(problem))
        raise typer.Exit(2) from problem
    show(done)
    if out is not None:
        console.print(str(out), style="bold", soft_wrap=True)
    if done.certain:
        raise typer.Exit(1)


def show(audit: Audit) -> None:
    """The findings, the surest first."""
    from rich.text import Text

    from willbuy.cli.screen import console, hanging
    from willbuy.leaks.told import NOTHING, counts, headline

    console.print()
    console.print(hanging("", headline(audit)))
    for one in audit.findings:
        console.print()
        word = one.level.word
        console.print(Text(f"{word.upper()}  ", _LOOKS[word]) + Text(one.what, "bold"))
        console.print(hanging("  ", one.evidence))
        console.print(hanging("  Fix: ", one.fix, "dim"))
    console.print()
    if audit.findings:
        console.print(f"Findings: {counts(audit)}.")
    else:
        console.print(hanging("", NOTHING))
    for note in audit.notes:
        console.print(hanging("- ", note, "dim"))


def in_short(audit: dict[str, Any]) -> str:
    """The audit of a run's own snapshots (audit.json), in two sentences."""
    found = [f"{n} {level}" for level, n in audit["counts"].items() if n]
    told = f"Signs of leaks: {', '.join(found)} (audit.json)." if found else "No sign of a leak."
    return f"{audit['future']['words']} {told}"
