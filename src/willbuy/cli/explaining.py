"""`willbuy explain`: why the model answers as it does about one session, or one row of a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from willbuy.cli.options import Events, Map, Own

if TYPE_CHECKING:
    from rich.table import Table

    from willbuy.explain.session.counterfactual import Counterfactual
    from willbuy.explain.session.timeline import SessionExplanation, Step

_STATUS = {
    "repeat": "an exact repeat: does not count",
    "purchase": "the purchase: nothing is left to predict",
    "after": "after the purchase",
    "capped": "past the cap on events: the last answer stands",
}
_MOVES = 2


def explain(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")],
    events: Events = None,
    session: Annotated[
        str | None, typer.Option(help="The session's id in the log.", show_default=False)
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(
            help="The shopper's id: where several had this session id, or the log has none.",
            show_default=False,
        ),
    ] = None,
    at: Annotated[
        int | None,
        typer.Option(
            help="Explain the moment after this event, from 1. The last one before a purchase "
            "where not given.",
            show_default=False,
        ),
    ] = None,
    counterfactual: Annotated[
        bool,
        typer.Option(
            "--counterfactual", help="Search for what would have had to be different, too."
        ),
    ] = False,
    target: Annotated[
        float | None,
        typer.Option(
            help="The probability that this is to cross; the model's threshold where not given.",
            show_default=False,
        ),
    ] = None,
    row: Annotated[
        int | None,
        typer.Option(
            help="Where the run was of a table (--sessions): the row, by its `line` as `willbuy "
            "score` tells it. A CSV's header is line 1.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="A folder for explanation.json, waterfall.png and force.png, and timeline.csv of "
            "a session.",
            show_default=False,
        ),
    ] = None,
    features: Own = None,
    map_: Map = None,
) -> None:
    """Tell why the model answers as it does about one session, event by event.

    EVENTS is the log that holds the session; the run's own where it is not given. All that the
    session's shopper did is replayed, so the probabilities are those of the run. Points are
    percentage points of the probability; with what the model says before anything is known, they
    add up to its answer.

    What would have had to be different is the model's view of other events, not an effect.

    Where the run was of a table (--sessions), EVENTS is one such table, the run's own where it is
    not given, and --row N names the row. It is told column by column.
    """
    from willbuy.bundle.files import holds_table
    from willbuy.cli.explaining_row import explain_table_row
    from willbuy.cli.screen import Screen
    from willbuy.events.sources import parse_map
    from willbuy.explain.answer_files import check_folder
    from willbuy.explain.session.files import FILES, save
    from willbuy.score.model import Model, load

    if holds_table(run):
        of_events = {
            "--session": session, "--user": user, "--at": at, "--target": target,
            "--counterfactual": counterfactual or None, "--features": features, "--map": map_,
        }  # fmt: skip
        foreign = [name for name, value in of_events.items() if value is not None]
        explain_table_row(run, events or [], row, foreign, out)
        return
    if row is not None:
        raise typer.BadParameter(
            f"--row names a row of a table of sessions, and {run} is of a log of events. Name the "
            "session: --session ID."
        )
    if session is None and user is None:
        raise typer.BadParameter("Name the session: --session ID.")
    if out is not None:
        check_folder(out, FILES)
    with Screen() as screen:
        with screen.stage("Loading the model and replaying its golden moments"):
            model = load(run, features)
        assert isinstance(model, Model)
        source = model.bundle.settings.source
        told = model.explain(
            events,
            session=session,
            user=user,
            at=at,
            counterfactual=counterfactual,
            target=target,
            source=parse_map(map_, source) if map_ else source,
            reporter=screen,
        )
        if out is not None:
            with screen.stage("Drawing"):
                save(told, out)
    _show(told, model.bundle.settings.timezone)
    if out is not None:
        _say(f"\nWritten to {out}: explanation.json, timeline.csv, waterfall.png, force.png.")


def _show(told: SessionExplanation, zone: str) -> None:
    from willbuy.cli.screen import console
    from willbuy.explain.sentences import percent

    part = f", part {told.part} of {told.parts}" if told.parts > 1 else ""
    flagged = "flagged" if told.flagged else "not flagged"
    days = sorted({step.time.astimezone(ZoneInfo(zone)).date() for step in told.steps})
    when = f"{days[0]}, times in {zone}" if len(days) == 1 else f"times in {zone}"
    _say(f"The {told.named}{part} ({when}):\n")
    console.print(_table(told, zone, "%H:%M:%S" if len(days) == 1 else "%Y-%m-%d %H:%M:%S"))
    _say(
        f"\nAfter event {told.k} the probability of a purchase later in this session is "
        f"{percent(told.probability)}: {flagged} (threshold {percent(told.threshold)}); "
        f"{told.percentile:.0f}% of the moments at this length are not higher. Before anything is "
        f"known the model says {percent(told.base_probability)}."
    )
    for sentence in told.sentences:
        _say(f"  {sentence}")
    if told.counterfactual is not None:
        _show_ways(told.counterfactual)


def _table(told: SessionExplanation, zone: str, form: str) -> Table:
    from rich.table import Table
    from rich.text import Text

    from willbuy.explain.sentences import percent, points

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("k", justify="right")
    table.add_column("time")
    table.add_column("event", overflow="fold")
    table.add_column("probability", justify="right")
    table.add_column("points", justify="right")
    table.add_column("what moved it", overflow="fold")
    for step in told.steps:
        known = step.probability is not None
        table.add_row(
            "" if step.k is None else str(step.k),
            step.time.astimezone(ZoneInfo(zone)).strftime(form),
            Text(_event(step)),
            percent(step.probability) if step.probability is not None else "",
            "" if step.change is None else points(step.change).removesuffix(" points"),
            Text(_moves(step) if known else _STATUS[step.status]),
            style="bold" if step.k == told.k else None if known else "dim",
        )
    return table


def _event(step: Step) -> str:
    what = [step.product, step.brand, step.category]
    price = [] if step.price is None else [f"{step.price:,.2f}"]
    return " ".join([step.kind, *(one for one in what if one), *price])


def _moves(step: Step) -> str:
    from willbuy.explain.sentences import moved

    return "\n".join(map(moved, step.moved[:_MOVES]))


def _show_ways(found: Counterfactual) -> None:
    from willbuy.explain.sentences import percent
    from willbuy.explain.session.counterfactual import NOTE

    way = "at or above" if found.up else "below"
    _say(f"\nWhat would have had to be different for {way} {percent(found.target)}:")
    if not found.reached:
        _say(
            f"  Among {found.tried:,} sessions at most three edits away, none. Nearest:"
            if found.ways
            else "  No edit makes another session that could have been."
        )
    for one in found.ways:
        edits = "; ".join(edit.words for edit in one.edits)
        _say(f"  {percent(one.probability)}: {edits}")
    if found.prices is not None:
        seen = "its range so far" if found.prices_seen else "a tenth less and more"
        _say(
            f"  Prices tried for the last product: {found.prices[0]:,.2f} to "
            f"{found.prices[1]:,.2f} ({seen})."
        )
    _say(f"  {NOTE}")


def _say(text: str) -> None:
    from rich.text import Text

    from willbuy.cli.screen import console

    console.print(Text(text))
