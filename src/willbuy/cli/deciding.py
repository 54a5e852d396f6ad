"""`willbuy segments`: sessions by intent and behaviour, and what to do about them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from willbuy.cli.options import Own

if TYPE_CHECKING:
    from willbuy.decide.plan import Plan


def segments(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run on a log.")],
    margin: Annotated[
        str | None,
        typer.Option(
            metavar="SHARE",
            help="Of a sale, the share of the price that is earned: 30% or 0.3.  [default: the "
            "run's settings, else 30% as a placeholder]",
            show_default=False,
        ),
    ] = None,
    cost: Annotated[
        float | None,
        typer.Option(
            help="Of acting on one session, in the log's currency.  [default: the run's settings, "
            "else 1 as a placeholder]",
            show_default=False,
        ),
    ] = None,
    offer: Annotated[
        str | None,
        typer.Option(
            metavar="SHARE",
            help="Share of the price that acting gives away, also to those who would have bought "
            "anyway.",
            show_default=False,
        ),
    ] = None,
    lift: Annotated[
        str | None,
        typer.Option(
            metavar="SHARE",
            help="By how much acting raises the probability, relative to itself: with 10%, 5 % "
            "becomes 5.5 %. An assumption, unless --measured. Of a test give the interval, both "
            "ends: 3%,13%.",
            show_default=False,
        ),
    ] = None,
    measured: Annotated[
        bool, typer.Option("--measured", help="The lift comes from a randomised test.")
    ] = False,
    audience: Annotated[
        Path | None,
        typer.Option(
            help="Write the test part's sessions that did not buy, with segment and action: .csv "
            "or .parquet.",
            show_default=False,
        ),
    ] = None,
    features: Own = None,
) -> None:
    """Group a run's sessions by intent and behaviour, and say what acting on them must bring.

    A probability is not a gain: without --lift you are told how large a lift would have to be,
    and how many sessions a test of it takes. With it, what acting brings, judged by what
    happened in the test part.

    Writes RUN/churn_strategy.json and RUN/churn_summary.json anew, and the report.
    """
    from willbuy.cli.screen import Screen
    from willbuy.decide.evidence import Evidence
    from willbuy.job.deciding import decide_again

    if measured and lift is None:
        raise typer.BadParameter("--measured says where a lift comes from: give it with --lift 8%")
    ends = None if lift is None else _lift(lift)
    with Screen() as screen:
        made = decide_again(
            run,
            margin=_share(margin, "--margin"),
            cost=cost,
            offer=_share(offer, "--offer"),
            lift=ends,
            evidence=Evidence.MEASURED if measured else Evidence.ASSUMPTION,
            audience=audience,
            features=features,
            reporter=screen,
        )
    _show(made, run)


def _share(text: str | None, option: str) -> float | None:
    """The number that a share such as 30% or 0.3 says."""
    if text is None:
        return None
    plain = text.strip().removesuffix("%").strip()
    try:
        number = float(plain)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise typer.BadParameter(f"{option} {text}: write a share as 30% or 0.3.")
    if text.strip().endswith("%"):
        return number / 100
    if abs(number) > 1:
        raise typer.BadParameter(
            f"{option} {text}: that would be {number:.0%}. Write {plain}% if you mean {plain} of a "
            "hundred."
        )
    return number


def _lift(text: str) -> float | tuple[float, float]:
    """The lift that is written, or both ends of its interval: 3%,13%."""
    first, *others = (_share(one, "--lift") or 0.0 for one in text.split(","))
    if len(others) > 1:
        raise typer.BadParameter(f"--lift {text}: give one share, or both ends: 3%,13%.")
    return (first, others[0]) if others else first


def _show(made: Plan, run: Path) -> None:
    from rich.table import Table

    from willbuy.cli.screen import console
    from willbuy.report.todo import lift_words, line_words
    from willbuy.report.words import count, told

    terms, drop = made.strategy.terms, made.summary.drop_off
    table = Table(box=None, pad_edge=False, header_style="bold")
    gain = [] if terms.lift is None else ["gain by the lift"]
    for name in ("segment", "entered", "bought", "at stake", "acting pays above", *gain,
                 "recommended"):  # fmt: skip
        table.add_column(name, justify="left" if name in ("segment", "recommended") else "right")
    bought = {one["segment"]: one["bought"]["value"] for one in made.summary.segments}
    for one in made.strategy.segments:
        share, lift = bought[one.segment], one.break_even_lift
        table.add_row(
            one.segment,
            f"{one.entered:,}",
            "-" if share is None else f"{share:.1%}",
            f"{one.at_stake:,.0f}",
            "-" if lift is None else f"+{lift:.0%}",
            *([told(one.expected_gain.model_dump(), count)] if gain else []),
            one.recommended,
        )
    console.print(table)
    if drop.left is not None and drop.left.value is not None:
        console.print(
            f"\n{drop.reached:,} sessions were likely to buy at some moment "
            f"(probability {drop.line:.0%} and more); {drop.left.value:.0%} of them left, with "
            f"{drop.at_stake:,.0f} at stake.",
        )
    if terms.placeholders:
        what = "are placeholders" if len(terms.placeholders) > 1 else "is a placeholder"
        console.print(
            f"The {' and the '.join(terms.placeholders)} {what}: give your own with "
            + " and ".join(f"--{one}" for one in terms.placeholders)
            + ".",
            style="yellow",
        )
    profit = made.strategy.profit
    if profit is not None:
        brings = (
            f"acting from a probability of {profit['threshold']:.1%} on brings "
            f"{told(profit['gain'], count)} on {profit['acted']:,} sessions"
            if profit["threshold"] is not None
            else profit["reason"]
        )
        lifted = lift_words(terms.model_dump())
        console.print(f"With a lift of {lifted}: {brings}. {line_words(profit) or ''}")
        console.print(made.strategy.gain_note)
    console.print(f"\n{run}/churn_strategy.json  churn_summary.json  report.html")
