"""`willbuy compare`: other models on a run's moments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer


def compare(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run on a log.")],
    models: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,NAME",
            help="Of logistic, xgboost, session2vec (XGBoost with vectors of products learnt from "
            "sessions), tabnet, tabm, gru, transformer, blend. xgboost is always among them.  "
            "[default: all]",
            show_default=False,
        ),
    ] = None,
    rows: Annotated[
        int,
        typer.Option(
            min=1000,
            help="About so many of train's moments are learnt from, sessions whole, drawn by a "
            "hash: the same for every model, and the same again.",
        ),
    ] = 200_000,
    curve: Annotated[
        bool,
        typer.Option("--curve", help="Also train each on 10 % and 30 % of them."),
    ] = False,
) -> None:
    """Hold other models against the boosted trees, on the moments of a finished run.

    Each learns from the same moments, stops by the last days of train, is calibrated as the run's
    own models are, and is judged once on test; differences are paired, with intervals. Trained
    models stay in RUN/research: the same command goes on where it was stopped. Writes
    RUN/compare.json and renews the report. The nets need the extra deep; the run's own model
    stays what it is.
    """
    from willbuy.cli.screen import Screen, console, show_report
    from willbuy.job.comparing import MODELS, compare_run

    names = MODELS if models is None else [one.strip() for one in models.split(",") if one.strip()]
    with Screen() as screen:
        found = compare_run(run, names, rows=rows, curve=curve, reporter=screen)
    show(found)
    console.print(f"All figures: {run / 'compare.json'}", soft_wrap=True)
    show_report(run / "report.html")


def show(found: dict[str, Any]) -> None:
    """The table, the learning curve and the verdict."""
    from rich.table import Table

    from willbuy.cli.screen import console, hanging
    from willbuy.report.bench import (
        ceiling_rows,
        cost_rows,
        curve_rows,
        difference_rows,
        model_rows,
    )

    def shown(head: list[str], rows: list[list[str]]) -> None:
        grid = Table(*head, box=None, pad_edge=False)
        for column in grid.columns[1:]:
            column.justify = "right"
        for row in rows:
            grid.add_row(*row)
        console.print(grid)
        console.print()

    console.print()
    make: Callable[[dict[str, Any]], tuple[list[str], list[list[str]]] | None]
    for make in (model_rows, difference_rows, cost_rows, ceiling_rows, curve_rows):
        if (made := make(found)) is not None:
            shown(*made)
    for one in found["verdict"]:
        console.print(hanging("- ", one))
    for name, model in found["models"].items():
        for note in model["fit"].get("notes", []):
            console.print(hanging("- ", f"{found['models'][name]['title']}: {note}", "dim"))
