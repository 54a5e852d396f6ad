"""A row's explanation as files: for programs, and as pictures."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from willbuy.explain.answer import NOTE, plain_answer
from willbuy.explain.answer_files import save_files, write_plain
from willbuy.explain.answer_pictures import save_force, save_waterfall
from willbuy.explain.row.columns import RowExplanation

SCHEMA = 1

FILES = ("explanation.json", "waterfall.png", "force.png")


def save(told: RowExplanation, folder: Path) -> None:
    """Write the files, each whole or not at all; an earlier explanation there is replaced.

    Raises:
        WillbuyError: The folder holds something else, or cannot be written to.
    """
    writers = (
        partial(write_plain, plain(told)),
        partial(save_waterfall, told),
        partial(save_force, told),
    )
    save_files(folder, dict(zip(FILES, writers, strict=True)))


def plain(told: RowExplanation) -> dict[str, Any]:
    """Plain numbers and texts, ready for JSON; docs/explain-one.md says what each entry is."""
    return {
        "schema": SCHEMA,
        "note": f"{NOTE} A column's term is the sum of those of the features made of it.",
        "line": told.row.line,
        "names": dict(told.row.names),
        **plain_answer(told),
        "notes": list(told.notes),
    }
