"""The commands. Each is a thin layer over what Python users call."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from willbuy.cli.auditing import audit

if TYPE_CHECKING:
    from willbuy.settings import Settings

app = typer.Typer(
    name="willbuy",
    help="Will this session buy? From raw clickstream to a calibrated purchase probability.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog="Begin with: willbuy check EVENTS.csv, then willbuy run EVENTS.csv",
)

Events = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="EVENTS",
        help="Files or a folder: CSV, .csv.gz, .zip of one CSV, Parquet.",
        show_default=False,
    ),
]
Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="OURS=THEIRS",
        help="Which column is what (time=ts, user=visitor) and which word means what "
        "(kind.addtocart=cart). Repeatable.",
        show_default=False,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        help="Settings: a TOML file (see `willbuy settings`), or the run.json of an earlier run.",
        show_default=False,
    ),
]
Own = Annotated[
    Path | None,
    typer.Option("--features", help="A Python file with features of your own.", show_default=False),
]


def _example(*lines: str) -> str:
    return "Examples:\n\n" + "\n\n".join(f"  {line}" for line in lines)


@app.command(
    epilog=_example(
        "willbuy run 2019-Oct.csv",
        "willbuy run logs/ --name october --config my.toml",
        "willbuy run events.csv --map time=ts --map user=visitor --map kind=event",
        "willbuy run --config runs/october/run.json   (repeats that run)",
        "willbuy run 2019-Oct.csv --tune 30",
        "willbuy run shop.csv --truth truth.parquet   (a simulated shop and its truth)",
        "willbuy run sessions.csv --sessions --label bought --time started --group visitor",
    )
)
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


app.command(
    epilog=_example(
        "willbuy audit sessions.csv --label bought",
        "willbuy audit sessions.csv --label bought --time started --group user_id",
        "willbuy audit runs/october/sample_session_features.csv --label purchase_later "
        "--time time --events 2019-Oct.csv",
        "willbuy audit sessions.parquet --label bought --out audit.html",
    )
)(audit)


@app.command(
    epilog=_example(
        "willbuy tune runs/october --trials 30",
        "willbuy tune runs/october --minutes 45",
    )
)
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


@app.command(epilog=_example("willbuy report runs/october"))
def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")],
) -> None:
    """Build the report of a run again: one page, report.html, from the run's JSON files.

    The page opens offline and loads nothing. Every run writes it at its end.
    """
    from willbuy.cli.screen import show_report
    from willbuy.report.page import write_report

    show_report(write_report(run))


@app.command(
    epilog=_example(
        "willbuy check 2019-Oct.csv",
        "willbuy check events.csv --map time=ts --map user=visitor",
    )
)
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


@app.command(
    epilog=_example(
        "willbuy score runs/october new.csv --out scores.csv",
        "willbuy score runs/october new.csv --out scores.parquet",
        "willbuy score runs/sessions new_sessions.csv --out scores.csv   (a run of --sessions)",
    )
)
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


@app.command(
    epilog=_example(
        "willbuy counts yesterday.csv --into runs/october",
        "willbuy counts logs/november/ --into runs/october",
    )
)
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


@app.command(
    epilog=_example(
        "willbuy simulate --events 1000000 --out shop.csv",
        "willbuy simulate --events 10_000_000 --days 62 --seed 7 --out shop.parquet",
        "willbuy simulate --out shop.csv --truth truth.parquet",
        "willbuy simulate --show-world > my_world.toml   (change what you like in it)",
        "willbuy simulate --out shop.csv --world my_world.toml",
    )
)
def simulate(
    events: Annotated[
        int, typer.Option(min=1, help="About how many; 1_000_000 may be written so.")
    ] = 1_000_000,
    days: Annotated[int, typer.Option(min=1, help="How many days the log covers.")] = 31,
    seed: Annotated[int, typer.Option(min=0, help="Decides every draw.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(help="The file to write: .csv, .csv.gz or .parquet.", show_default=False),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(
            help="Write here (.parquet), for the moments of the log, the best probabilities that "
            "anyone could know.",
            show_default=False,
        ),
    ] = None,
    world: Annotated[
        Path | None,
        typer.Option(help="A TOML file with another world (see --show-world).", show_default=False),
    ] = None,
    clean: Annotated[
        bool, typer.Option("--clean", help="Leave out the flaws that real logs have.")
    ] = False,
    show_world: Annotated[
        bool,
        typer.Option("--show-world", help="Print the world as TOML, with its meaning, and stop."),
    ] = False,
) -> None:
    """Make up a shop and write its log: as many events as wanted, and what could be known of it.

    This is not real data: shoppers, goods and prices are invented, and a model trained on them
    says nothing about any real shop. It is for trying things at any size, and for judging a model
    against the best that is possible, which only a simulated shop can tell: give the file of
    --truth to `willbuy run` and each figure stands beside its ceiling.

    The log has REES46's columns and is in time order. It has the flaws of real logs, too: repeated
    rows, missing or shared session ids, prices of 0, bots, a day without purchases, a last line
    that is cut off. The same settings and seed give the same log.
    """
    if show_world:
        from willbuy.simulator.world import World, as_toml

        typer.echo(as_toml(World()), nl=False)
        return
    if out is None:
        raise typer.BadParameter("Name the file to write: --out shop.csv")

    from willbuy.cli.screen import Screen, show_simulated
    from willbuy.simulator.simulate import simulate as simulate_shop

    with Screen() as screen:
        done = simulate_shop(
            out,
            events=events,
            days=days,
            seed=seed,
            world=world,
            clean=clean,
            truth=truth,
            reporter=screen,
        )
    show_simulated(done)


@app.command(epilog=_example("willbuy features", "willbuy features --features my_features.py"))
def features(own: Own = None) -> None:
    """List every feature: name, label, unit and meaning."""
    from willbuy.cli.screen import show_features
    from willbuy.features.registry import all_features

    show_features(all_features(own))


@app.command(
    epilog=_example("willbuy settings > my.toml", "willbuy run events.csv --config my.toml")
)
def settings(config: Config = None) -> None:
    """Print every setting as TOML, with its meaning and its default."""
    from willbuy.settings import as_toml

    typer.echo(as_toml(settings_from(config)), nl=False)


def _version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"willbuy {version('willbuy')}")
        raise typer.Exit


@app.callback()
def _all(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    pass


def settings_from(
    config: Path | None, map_: list[str] | None = None, seed: int | None = None
) -> Settings:
    """The settings of a file, with what the command line changes."""
    from willbuy.events.sources import parse_map
    from willbuy.settings import Settings, load_settings

    settings = load_settings(config) if config is not None else Settings()
    changes: dict[str, object] = {}
    if map_:
        changes["source"] = parse_map(map_, settings.source)
    if seed is not None:
        changes["seed"] = seed
    return settings.model_copy(update=changes)
