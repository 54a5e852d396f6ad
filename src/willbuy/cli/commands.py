"""The commands, and an example of each in its help. What they do stands in the modules beside."""

from __future__ import annotations

from typing import Annotated

import typer

from willbuy.cli.auditing import audit
from willbuy.cli.comparing import compare
from willbuy.cli.deciding import segments
from willbuy.cli.explaining import explain
from willbuy.cli.failing import bias
from willbuy.cli.logs import check, counts
from willbuy.cli.pricing import price
from willbuy.cli.running import run, tune
from willbuy.cli.scoring import score
from willbuy.cli.showing import app as show_app
from willbuy.cli.showing import features, report, settings
from willbuy.cli.simulating import simulate

app = typer.Typer(
    name="willbuy",
    help="Will this session buy? From raw clickstream to a calibrated purchase probability.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog="Begin with: willbuy check EVENTS.csv, then willbuy run EVENTS.csv",
)

START, LOOK, ACT = "To begin with", "To look closer", "To act on it"
BETTER, BESIDE = "To do better", "Beside it"


def _example(*lines: str) -> str:
    return "Examples:\n\n" + "\n\n".join(f"  {line}" for line in lines)


app.command(
    rich_help_panel=START,
    epilog=_example(
        "willbuy check 2019-Oct.csv",
        "willbuy check events.csv --map time=ts --map user=visitor",
    ),
)(check)
app.command(
    rich_help_panel=START,
    epilog=_example(
        "willbuy run 2019-Oct.csv",
        "willbuy run logs/ --name october --config my.toml",
        "willbuy run events.csv --map time=ts --map user=visitor --map kind=event",
        "willbuy run --config runs/october/run.json   (repeats that run)",
        "willbuy run 2019-Oct.csv --tune 30",
        "willbuy run shop.csv --truth truth.parquet   (a simulated shop and its truth)",
        "willbuy run sessions.csv --sessions --label bought --time started --group visitor",
    ),
)(run)
app.command(rich_help_panel=START, epilog=_example("willbuy report runs/october"))(report)
app.command(
    rich_help_panel=START,
    name="app",
    epilog=_example(
        "willbuy app",
        "willbuy app runs/october --port 8600",
        "WILLBUY_APP_PASSWORD=... willbuy app --host 0.0.0.0",
    ),
)(show_app)
app.command(
    rich_help_panel=LOOK,
    epilog=_example(
        "willbuy explain runs/october --session 26dd6e6e-4dac-4778-8d2c-92e149dab885",
        "willbuy explain runs/october new.csv --session 26dd6e6e-4dac-4778-8d2c-92e149dab885 "
        "--at 3 --out why",
        "willbuy explain runs/october --session 26dd6e6e-4dac-4778-8d2c-92e149dab885 "
        "--counterfactual",
        "willbuy explain runs/sessions new_sessions.csv --row 20   (a run of a table)",
    ),
)(explain)
app.command(
    rich_help_panel=LOOK,
    epilog=_example(
        "willbuy bias runs/october",
        "willbuy bias runs/october --by country --by device",
    ),
)(bias)
app.command(
    rich_help_panel=LOOK,
    epilog=_example(
        "willbuy audit sessions.csv --label bought",
        "willbuy audit sessions.csv --label bought --time started --group user_id",
        "willbuy audit runs/october/sample_session_features.csv --label purchase_later "
        "--time time --events 2019-Oct.csv",
        "willbuy audit sessions.parquet --label bought --out audit.html",
    ),
)(audit)
app.command(
    rich_help_panel=ACT,
    epilog=_example(
        "willbuy segments runs/october --margin 25% --cost 0.40",
        "willbuy segments runs/october --margin 25% --cost 0.40 --lift 3%,13% --measured",
        "willbuy segments runs/october --audience audience.csv",
    ),
)(segments)
app.command(
    rich_help_panel=ACT,
    epilog=_example(
        "willbuy price runs/october --cut 10%",
        "willbuy price runs/october --cut 10% --scope category=electronics --margin 0.3",
        "willbuy price runs/october --cut 5% --scope price=20-50 --elasticity=-2,-0.5",
    ),
)(price)
app.command(
    rich_help_panel=ACT,
    epilog=_example(
        "willbuy score runs/october new.csv --out scores.csv",
        "willbuy score runs/october new.csv --out scores.parquet",
        "willbuy score runs/sessions new_sessions.csv --out scores.csv   (a run of --sessions)",
    ),
)(score)
app.command(
    rich_help_panel=ACT,
    epilog=_example(
        "willbuy counts yesterday.csv --into runs/october",
        "willbuy counts logs/november/ --into runs/october",
    ),
)(counts)
app.command(
    rich_help_panel=BETTER,
    epilog=_example(
        "willbuy tune runs/october --trials 30",
        "willbuy tune runs/october --minutes 45",
    ),
)(tune)
app.command(
    rich_help_panel=BETTER,
    epilog=_example(
        "willbuy compare runs/october",
        "willbuy compare runs/october --models logistic,xgboost,tabm,blend --rows 50000",
        "willbuy compare runs/october --curve   (how much more data would bring)",
        "willbuy compare runs/october --models logistic,xgboost,blend   (needs no torch)",
    ),
)(compare)
app.command(
    rich_help_panel=BESIDE,
    epilog=_example(
        "willbuy simulate --events 1000000 --out shop.csv",
        "willbuy simulate --events 10_000_000 --days 62 --seed 7 --out shop.parquet",
        "willbuy simulate --out shop.csv --truth truth.parquet",
        "willbuy simulate --show-world > my_world.toml   (change what you like in it)",
        "willbuy simulate --out shop.csv --world my_world.toml",
    ),
)(simulate)
app.command(
    rich_help_panel=BESIDE,
    epilog=_example("willbuy features", "willbuy features --features my_features.py"),
)(features)
app.command(
    rich_help_panel=BESIDE,
    epilog=_example("willbuy settings > my.toml", "willbuy run events.csv --config my.toml"),
)(settings)


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
