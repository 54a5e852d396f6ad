"""The run folder: made under another name and renamed when it is whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from willbuy.errors import WillbuyError


@contextmanager
def run_folder(out: Path, name: str, force: bool) -> Iterator[Path]:
    """A folder to fill; it gets its name when the block ends well, else it is removed.

    Raises:
        WillbuyError: The name is taken and `force` is not set, or nothing can be written there.
    """
    if not name or name in (".", "..") or Path(name).name != name:
        raise WillbuyError(f"{name!r} cannot be the name of a run: it must be one folder name.")
    final = out / name
    if final.exists() and not force:
        raise WillbuyError(
            f"{final} is there already. Give another name with --name, or replace it with --force."
        )
    if final.exists() and not (final / "run.json").is_file():
        raise WillbuyError(
            f"{final} is not a run (it has no run.json), so --force does not replace it. Give "
            "another name with --name."
        )
    partial = out / f".{name}.partial"
    try:
        out.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
    except OSError as problem:
        raise WillbuyError(
            f"Nothing can be written to {out}: {problem.strerror}. Choose another place with --out."
        ) from problem
    try:
        yield partial
        if final.exists():
            shutil.rmtree(final)
        partial.rename(final)
    except OSError as problem:
        raise WillbuyError(f"Writing to {out} failed: {problem}. Nothing was kept.") from problem
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write plain data, indented; nan is refused, since JSON has none."""
    path.write_text(json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False), "utf-8")
