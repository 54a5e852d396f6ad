"""An explanation as files: for programs, for a spreadsheet, and as pictures."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from willbuy.errors import WillbuyError
from willbuy.events.rejects import safe_cell
from willbuy.explain.session.pictures import save_force, save_waterfall
from willbuy.explain.session.sentences import moved
from willbuy.explain.session.timeline import SessionExplanation
from willbuy.explain.session.told import plain

if TYPE_CHECKING:
    import polars as pl

FILES = ("explanation.json", "timeline.csv", "waterfall.png", "force.png")


def check_folder(folder: Path) -> None:
    """Refuse a place to write to that holds anything but an earlier explanation.

    Raises:
        WillbuyError: It is no folder, or holds something else.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise WillbuyError(f"--out {folder} is a file. Name a folder.")
    foreign = sorted({one.name for one in folder.iterdir()} - set(FILES))
    if foreign:
        raise WillbuyError(
            f"--out {folder} holds {foreign[0]}, which is no part of an explanation. Name a folder "
            "that is empty or not there."
        )


def save(told: SessionExplanation, folder: Path) -> None:
    """Write the files, each whole or not at all; an earlier explanation there is replaced.

    Raises:
        WillbuyError: The folder holds something else, or cannot be written to.
    """
    check_folder(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as made:
            content = json.dumps(plain(told), indent=1, allow_nan=False, ensure_ascii=False)
            (Path(made) / FILES[0]).write_text(content, "utf-8")
            timeline(told).write_csv(Path(made) / FILES[1])
            save_waterfall(told, Path(made) / FILES[2])
            save_force(told, Path(made) / FILES[3])
            folder.mkdir(exist_ok=True)
            for name in FILES:
                (Path(made) / name).replace(folder / name)
    except OSError as problem:
        raise WillbuyError(
            f"Nothing can be written to {folder}: {problem.strerror or problem}. Choose another "
            "place with --out."
        ) from problem


def timeline(told: SessionExplanation) -> pl.DataFrame:
    """The session's events, one a row: what came, the probability after it, and what moved it."""
    import polars as pl

    return pl.DataFrame(
        {
            "k": [one.k for one in told.steps],
            "time": [one.time.isoformat() for one in told.steps],
            "kind": [one.kind for one in told.steps],
            "product": [_cell(one.product) for one in told.steps],
            "category": [_cell(one.category) for one in told.steps],
            "brand": [_cell(one.brand) for one in told.steps],
            "price": [one.price for one in told.steps],
            "status": [one.status for one in told.steps],
            "probability": [one.probability for one in told.steps],
            "change": [one.change for one in told.steps],
            "moved": [_cell("; ".join(map(moved, one.moved))) for one in told.steps],
        },
        schema_overrides={
            "k": pl.Int64, "price": pl.Float64, "probability": pl.Float64, "change": pl.Float64,
            **dict.fromkeys(("product", "category", "brand"), pl.String),
        },
    )  # fmt: skip


def _cell(text: str | None) -> str | None:
    return None if text is None else safe_cell(text)
