"""`willbuy report`, `willbuy features` and `willbuy settings`: what there is, shown."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from willbuy.cli.options import Config, Own, settings_from


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")],
) -> None:
    """Build the report of a run again: one page, report.html, from the run's JSON files.

    The page opens offline and loads nothing. Every run writes it at its end.
    """
    from willbuy.cli.screen import show_report
    from willbuy.report.page import write_report

    show_report(write_report(run))


def features(own: Own = None) -> None:
    """List every feature: name, label, unit and meaning."""
    from willbuy.cli.screen import show_features
    from willbuy.features.registry import all_features

    show_features(all_features(own))


def settings(config: Config = None) -> None:
    """Print every setting as TOML, with its meaning and its default."""
    from willbuy.settings import as_toml

    typer.echo(as_toml(settings_from(config)), nl=False)


def app(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[RUN]...",
            help="Runs, or folders of runs.  [default: runs]",
            show_default=False,
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="The address to listen at; 0.0.0.0 lets others in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port there.")] = 8501,
) -> None:
    """Serve the app: a run told to people who don't code, in the browser.

    It opens on the newest run, or offers to make a demo run. With WILLBUY_APP_PASSWORD set, it
    asks for that password. Needs the extra app.
    """
    from willbuy.app.launch import launch
    from willbuy.cli.screen import console

    where = f"http://{host}:{port}"
    launch(runs or [], host, port, lambda: console.print(f"The app is at {where}; Ctrl-C ends it."))
