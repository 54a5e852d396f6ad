"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from willbuy.settings import Settings

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
