"""`willbuy price`: what a price cut would bring."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from willbuy.cli.options import Own


def price(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run on a log.")],
    cut: Annotated[
        str,
        typer.Option(help="Taken off every price of the scope: 10% or 0.1.", show_default=False),
    ],
    scope: Annotated[
        str | None,
        typer.Option(
            help="Which products: category=electronics, brand=samsung or price=20-50.  "
            "[default: all]",
            show_default=False,
        ),
    ] = None,
    margin: Annotated[
        str | None,
        typer.Option(
            help="Share of the present price that is left after costs, such as 0.3; without it "
            "the break-even margin is told and no margin.",
            show_default=False,
        ),
    ] = None,
    elasticity: Annotated[
        str | None,
        typer.Option(
            metavar="LOW,HIGH",
            help="A range of your own for the elasticity of purchases per view (-2,-0.5): used "
            "instead of an estimate and called an assumption.",
            show_default=False,
        ),
    ] = None,
    features: Own = None,
) -> None:
    """Tell what a price cut would bring: conversion, units, revenue, margin, and on what it rests.

    The elasticity comes from price changes within products, compared with other products on the
    same day. Its checks are shown; where one fails the estimate is withheld, and only a range
    that you give is worked with. Beside it stands what the model answers at lower prices, which
    is no effect. Writes RUN/price.json and renews the report. Needs the extra causal.
    """
    from willbuy.cli.screen import Screen
    from willbuy.decide.price.answer import Question
    from willbuy.decide.price.cut import parse_cut, parse_margin
    from willbuy.decide.price.scope import parse_range, parse_scope
    from willbuy.job.pricing import price_run

    question = Question(
        parse_cut(cut),
        parse_scope(scope),
        None if margin is None else parse_margin(margin),
        None if elasticity is None else parse_range(elasticity, "--elasticity", "-2,-0.5", ","),
    )
    with Screen() as screen:
        found = price_run(run, question, features=features, reporter=screen)
    show(found, run)


def show(found: dict[str, Any], run: Path) -> None:
    """The answer, what it rests on, and what is no part of it."""
    from rich.table import Table

    from willbuy.cli.screen import console, hanging
    from willbuy.decide.price.words import consequence_rows, headline, notes

    console.print()
    console.print(hanging("", headline(found), "bold"))
    console.print()
    grid = Table("", "now", "after", "change", box=None, pad_edge=False)
    for column in grid.columns[1:]:
        column.justify = "right"
    for row in consequence_rows(found):
        grid.add_row(*row)
    console.print(grid)
    console.print()
    for one in found["checks"]:
        console.print(
            hanging("  passed  " if one["passed"] else "  FAILED  ",
                    f"{one['name']}: {one['words']}",
                    "dim" if one["passed"] else "yellow")
        )  # fmt: skip
    console.print()
    for note in notes(found):
        console.print(hanging("- ", note))
    console.print(str(run / "price.json"), style="bold", soft_wrap=True)
