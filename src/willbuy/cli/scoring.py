"""`willbuy score`: how likely each session is to buy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from willbuy.cli.options import Events, Map, Own


def score(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")],
    events: Events = None,
    out: Annotated[
        Path | None,
        typer.Option(help="The file to write, .csv or .parquet.", show_default=False),
    ] = None,
    features: Own = None,
    map_: Map = None,
) -> None:
    """Score a log: how likely each session is to buy, as of its latest event.

    One row a session: ids, k (its events so far), probability, percentile and decile. These two
    are against the moments of the run's calibrate part at the same band of k (1, 2, 3-4, 5-9,
    10-19, 20 and more): percentile 90 means that nine in ten of them had no higher probability;
    decile 1 is the best tenth. A session that has bought has no probability.

    Where the run was of a table (--sessions), EVENTS is one such table, with the columns that the
    model was trained with. Columns that are new are not used, and told; missing ones are named.
    """
    from willbuy.bundle.files import holds_table
    from willbuy.cli.screen import Screen, show_scores, show_table_scores
    from willbuy.events.sources import parse_map
    from willbuy.score.model import Model, load, load_table

    if not events:
        raise typer.BadParameter("Name the events: a file, several, or a folder.")
    if out is None:
        raise typer.BadParameter("Name the file to write: --out scores.csv")
    if out.suffix not in (".csv", ".parquet"):
        raise typer.BadParameter(f"--out {out}: the name must end in .csv or .parquet.")
    if holds_table(run):
        if len(events) != 1 or map_ or features is not None:
            raise typer.BadParameter(
                f"{run} is of a table of sessions: give one table, no --map and no --features."
            )
        with Screen() as screen:
            with screen.stage("Loading the model and scoring its golden rows"):
                of_table = load_table(run)
            told = of_table.score(events[0], out, reporter=screen)
        show_table_scores(told, out)
        return
    with Screen() as screen:
        with screen.stage("Loading the model and replaying its golden moments"):
            model = load(run, features)
        assert isinstance(model, Model)
        source = model.bundle.settings.source
        if map_:
            source = parse_map(map_, source)
        scores = model.score(events, out, source=source, reporter=screen)
    show_scores(scores, out)
