"""The files of an explanation, written into a folder of their own."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from willbuy.errors import WillbuyError

Writers = Mapping[str, Callable[[Path], object]]
"""What writes each file, by the file's name."""


def check_folder(folder: Path, files: Collection[str]) -> None:
    """Refuse a place to write to that holds anything but an earlier explanation's files.

    Raises:
        WillbuyError: It is no folder, or holds something else.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise WillbuyError(f"--out {folder} is a file. Name a folder.")
    foreign = sorted({one.name for one in folder.iterdir()} - set(files))
    if foreign:
        raise WillbuyError(
            f"--out {folder} holds {foreign[0]}, which is no part of such an explanation. Name a "
            "folder that is empty or not there."
        )


def save_files(folder: Path, writers: Writers) -> None:
    """Write the files, each whole or not at all; an earlier explanation there is replaced.

    Raises:
        WillbuyError: The folder holds something else, or cannot be written to.
    """
    check_folder(folder, writers)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as made:
            for name, write in writers.items():
                write(Path(made) / name)
            folder.mkdir(exist_ok=True)
            for name in writers:
                (Path(made) / name).replace(folder / name)
    except OSError as problem:
        raise WillbuyError(
            f"Nothing can be written to {folder}: {problem.strerror or problem}. Choose another "
            "place with --out."
        ) from problem


def write_plain(content: dict[str, Any], path: Path) -> None:
    """Write explanation.json."""
    path.write_text(json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False), "utf-8")
