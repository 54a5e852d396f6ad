"""`willbuy bias`: for whom a run's model fails."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def bias(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run on a log.")],
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="Cut by this column, too: of the run's snapshots, or of its log. Repeatable.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Tell for whom a run's model fails: slices of its test moments, one column or two at a time.

    New and returning shoppers, departments, brands, price bands, hours, weekdays and events so
    far. A finding is a gap that chance does not explain, all looks accounted for. Writes
    RUN/bias.json, and the report anew. Every run does so at its end.
    """
    from willbuy.cli.screen import Screen, console, show_report
    from willbuy.job.bias import NAME
    from willbuy.job.bias import bias as told_of

    with Screen() as screen:
        told = told_of(run, by or (), reporter=screen)
    show(told)
    console.print(f"All slices: {run / NAME}", soft_wrap=True)
    show_report(run / "report.html")


def show(told: dict[str, Any]) -> None:
    """The findings, the most harmful first."""
    from willbuy.cli.screen import console, hanging

    console.print()
    if "reason" in told:
        console.print(f"Nothing is told: {told['reason']}.")
        return
    for one in told["findings"]:
        console.print(hanging("! ", one["words"], "yellow"))
    console.print(hanging("", told["words"]))
    for column in told["columns"]:
        if column["note"]:
            console.print(hanging("- ", f"{column['title']}: {column['note']}", "dim"))
    reasons = {column["parity"].get("reason") for column in told["columns"]}
    if len(reasons) == 1 and (reason := reasons.pop()):
        console.print(hanging("- ", f"Parity and equalised odds are left out: {reason}.", "dim"))


def in_one(told: dict[str, Any]) -> str:
    """For whom a run's model fails (bias.json), in short."""
    if "reason" in told:
        return f"For whom it fails is not told: {told['reason']}."
    worst = f" {told['findings'][0]['words']}" if told["findings"] else ""
    return f"For whom it fails: {told['words']}{worst}"
