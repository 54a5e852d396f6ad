"""`willbuy simulate`: a made-up shop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


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
    beliefs: Annotated[
        Path | None,
        typer.Option(
            help="Write here (.parquet), for the same moments, how likely each hidden state of the "
            "shopper is, by the events so far.",
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
            beliefs=beliefs,
            reporter=screen,
        )
    show_simulated(done)
