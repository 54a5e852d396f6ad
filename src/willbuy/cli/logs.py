"""`willbuy check` and `willbuy counts`: what a log tells without a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from willbuy.cli.options import Config, Events, Map, settings_from


def check(events: Events = None, config: Config = None, map_: Map = None) -> None:
    """Look at a log: which column is what, five mapped rows, its health, the command to run."""
    from willbuy.cli.screen import show_check
    from willbuy.events.check import check as check_log

    if not events:
        raise typer.BadParameter("Name the events: a file, several, or a folder.")
    result = check_log(events, settings_from(config, map_).source)
    show_check(result)
    if not result.command:
        raise typer.Exit(1)


def counts(
    events: Events = None,
    into: Annotated[
        Path | None,
        typer.Option(help="The folder of the run whose model is kept up.", show_default=False),
    ] = None,
    whole_days: Annotated[
        bool,
        typer.Option(
            "--whole-days",
            help="The log's first and last day are whole, though it begins or ends hours from "
            "midnight: the shop was closed.",
        ),
    ] = False,
) -> None:
    """Add new days to the shop tables of a model, so that scores see them.

    Only complete local days count, and each once: a day that is there already stays as it is.
    """
    from willbuy.cli.screen import Screen, show_counts
    from willbuy.job.counts import extend_counts

    if not events:
        raise typer.BadParameter("Name the events: a file, several, or a folder.")
    if into is None:
        raise typer.BadParameter("Name the run: --into runs/october")
    with Screen() as screen:
        tables = extend_counts(events, into, whole_days=whole_days, reporter=screen)
    show_counts(tables, into)
