"""`willbuy run` and `willbuy tune`: the whole job."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from willbuy.cli.options import Config, Events, Map, Own, settings_from

if TYPE_CHECKING:
    from willbuy.settings import Settings


def run(
    events: Events = None,
    out: Annotated[Path, typer.Option(help="The folder of runs.")] = Path("runs"),
    name: Annotated[
        str | None,
        typer.Option(
            help="Of this run's folder; the file's own name if empty.", show_default=False
        ),
    ] = None,
    config: Config = None,
    features: Own = None,
    truth: Annotated[
        Path | None,
        typer.Option(
            help="The truth file of a simulated shop: the models' figures are told beside the "
            "best that anyone could reach.",
            show_default=False,
        ),
    ] = None,
    tune: Annotated[
        str | None,
        typer.Option(
            metavar="TRIALS|TIME",
            help="Search for better settings of both models within train: so many trials of the "
            "trees (30), or for so long (15m, 0.5h). The test part tells what it bought. "
            "`willbuy tune` goes on with it.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Decides every draw.  [default: 0]", show_default=False)
    ] = None,
    map_: Map = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a run of this name.")] = False,
    memory: Annotated[
        str | None,
        typer.Option(
            help="Reading and replay stay within so much, like 4GB; what does not fit goes "
            "through temporary files in --out. Changes no figure.  [default: by what is free]",
            show_default=False,
        ),
    ] = None,
    sessions: Annotated[
        bool,
        typer.Option(
            "--sessions",
            help="EVENTS is one table that has a row a session already, with the answer in "
            "--label.",
        ),
    ] = False,
    label: Annotated[
        str | None,
        typer.Option(
            help="With --sessions: the column that says whether the session bought (TRUE / FALSE, "
            "yes / no, 1 / 0).",
            show_default=False,
        ),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(
            help="With --sessions: the column that says when. The model is then judged on later "
            "sessions than it learned from; without it nothing is told of the future.",
            show_default=False,
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            help="With --sessions: the column whose equal values stay in one part, such as the "
            "shopper.",
            show_default=False,
        ),
    ] = None,
    trials: Annotated[
        int,
        typer.Option(
            min=0,
            help="With --sessions: try so many settings of the trees, judged within the train "
            "part; 0 keeps the defaults.",
        ),
    ] = 0,
) -> None:
    """Do the whole job: events, features, a trained and calibrated model, its figures.

    Writes one folder, runs/NAME, and nothing outside it. Every other setting stands in a TOML
    file; `willbuy settings` prints all of them with their meaning.

    With --sessions, EVENTS is a table of one row a session: types are found, missing values and
    categories handled, and the same models, calibration and figures follow.
    """
    from willbuy.cli.screen import Screen, show_run
    from willbuy.engines.memory import parse_memory
    from willbuy.job.about import default_name
    from willbuy.job.job import recorded
    from willbuy.job.job import run as run_job
    from willbuy.models.study import parse_budget

    settings = settings_from(config, map_, seed)
    budget = None if tune is None else parse_budget(tune)
    columns = (label, time, group, trials)
    given = {
        "--features": features, "--truth": truth, "--map": map_, "--memory": memory,
        "--tune": tune,
    }  # fmt: skip
    if _run_sessions(events, sessions, columns, settings, config, out, name, force, given):
        return
    with Screen() as screen:
        if not events and config is not None and config.suffix == ".json":
            before = recorded(config, features, screen)
            events, truth, budget = before.events, truth or before.truth, budget or before.tune
            name = name or f"{config.resolve().parent.name}-again"
        if not events:
            raise typer.BadParameter("Name the events: a file, several, or a folder.")
        done = run_job(
            events,
            settings=settings,
            features=features,
            truth=truth,
            tune=budget,
            out=out,
            name=name or default_name(events),
            force=force,
            memory=None if memory is None else parse_memory(memory),
            reporter=screen,
        )
    show_run(done, events)


def _run_sessions(
    events: list[Path] | None,
    sessions: bool,
    columns: tuple[str | None, str | None, str | None, int],
    settings: Settings,
    config: Path | None,
    out: Path,
    name: str | None,
    force: bool,
    given: Mapping[str, object],
) -> bool:
    """Run a table of sessions, if this is what was asked for; false if not."""
    from willbuy.cli.screen import Screen, show_table_run
    from willbuy.job.table_job import recorded_table, run_table

    before = None
    if not events and config is not None and config.suffix == ".json":
        with Screen() as screen:
            before = recorded_table(config, screen)
    if before is None and not sessions:
        if any(columns):
            raise typer.BadParameter(
                "--label, --time, --group and --trials go with --sessions; for a log: --tune 30"
            )
        return False
    for option, value in given.items():
        if value:
            instead = "; a table is tuned by --trials" if option == "--tune" else ""
            raise typer.BadParameter(
                f"{option} is for a log of events, not for --sessions{instead}."
            )
    if before is not None:
        table, columns = before.table, before[1:]
        name = name or (f"{config.resolve().parent.name}-again" if config else None)
    else:
        if not events or len(events) != 1:
            raise typer.BadParameter("--sessions takes one table: one CSV or Parquet file.")
        table = events[0]
    label, time, group, trials = columns
    if label is None:
        raise typer.BadParameter(
            "Name the column that says whether the session bought: --label COLUMN"
        )
    with Screen() as screen:
        done = run_table(
            table, label, time=time, group=group, trials=trials, settings=settings, out=out,
            name=name, force=force, reporter=screen,
        )  # fmt: skip
    show_table_run(done, table)
    return True


def tune(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run on a log.")],
    trials: Annotated[
        int | None,
        typer.Option(min=1, help="So many trials, beside those made.", show_default=False),
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(help="Or trials for so long.", show_default=False)
    ] = None,
    features: Own = None,
) -> None:
    """Go on searching for better settings of a run's models, and make the run anew with the best.

    Trials are judged on windows of time within the train part; the test part is looked at once,
    at the end, and tells what tuning bought. They are kept in RUN/tuning/study.log as they are
    made: a search that is stopped goes on with the same command, and several searches come to
    what one would have.

    The run is read from its log again and put in its place when it is whole. Days that `willbuy
    counts` added to its model have to be added again.
    """
    from willbuy.cli.screen import Screen, errors, show_run
    from willbuy.job.tune_run import tune_run
    from willbuy.models.study import Budget

    if (trials is None) == (minutes is None) or (minutes is not None and minutes <= 0):
        raise typer.BadParameter("Say how long: either --trials 30 or --minutes 15.")
    budget = Budget(trials, None if minutes is None else 60 * minutes)
    try:
        with Screen() as screen:
            done = tune_run(run, budget, features=features, reporter=screen)
    except KeyboardInterrupt:
        errors.print(f"The trials that came to an end are kept in {run}/tuning.")
        raise
    show_run(done, [Path(one) for one in done.about["inputs"]])
