"""The run folder: made under another name and renamed when it is whole."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from willbuy.errors import WillbuyError

ENTRIES = frozenset(
    (
        "run.json",
        "data_health.json",
        "rejected_rows.csv",
        "snapshots",
        "tuning",
        "sample_session_features.csv",
        "model",
        "metrics.json",
        "predictions.parquet",
        "explanations.json",
        "explore.parquet",
        "paths.json",
        "goods.parquet",
        "churn_strategy.json",
        "churn_summary.json",
        "audience.csv",
        "audience.parquet",
        "audit.json",
        "bias.json",
        "price.json",
        "compare.json",
        "research",
        "outputs",
        "report.html",
    )
)
"""What a run leaves. A folder that holds anything else is never replaced."""


@contextmanager
def run_folder(out: Path, name: str, force: bool, inputs: Sequence[Path] = ()) -> Iterator[Path]:
    """A folder to fill; it gets its name when the block ends well, else it is removed.

    Args:
        out: The folder of runs.
        name: Of this run.
        force: Replace a run of this name.
        inputs: Files that must not lie inside what is replaced.

    Raises:
        WillbuyError: The name is taken, or nothing can be written there.
    """
    if not name or name in (".", "..") or Path(name).name != name:
        raise WillbuyError(f"{name!r} cannot be the name of a run: it must be one folder name.")
    final = out / name
    try:
        _check_free(final, force, inputs)
        out.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(out, name)
        partial = Path(tempfile.mkdtemp(prefix=f".{name}.{os.getpid()}.", dir=out))
        partial.chmod(0o755)
    except OSError as problem:
        raise WillbuyError(
            f"Nothing can be written to {final}: {problem.strerror}. Choose another place with "
            "--out, or another --name."
        ) from problem
    try:
        yield partial
        _check_free(final, force, inputs)  # another run may have come meanwhile
        if final.exists():
            old = partial.with_name(partial.name + ".old")
            final.rename(old)
            partial.rename(final)
            shutil.rmtree(old)
        else:
            partial.rename(final)
    except OSError as problem:
        raise WillbuyError(f"Writing to {out} failed: {problem}. Nothing was kept.") from problem
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _check_free(final: Path, force: bool, inputs: Sequence[Path]) -> None:
    if not final.exists() and not final.is_symlink():
        return
    if not force:
        raise WillbuyError(
            f"{final} is there already. Give another name with --name, or replace it with --force."
        )
    if final.is_symlink() or not final.is_dir():
        raise WillbuyError(f"{final} is no folder, so --force does not replace it.")
    foreign = sorted({entry.name for entry in final.iterdir()} - ENTRIES)
    if foreign or not (final / "run.json").is_file():
        what = f"it holds {foreign[0]}" if foreign else "it has no run.json"
        raise WillbuyError(
            f"{final} is not a run ({what}), so --force does not replace it. Give another name "
            "with --name."
        )
    inside = [one for one in inputs if one.resolve().is_relative_to(final.resolve())]
    if inside:
        raise WillbuyError(
            f"{inside[0]} lies inside {final}, which --force would replace. Give another --name."
        )


def _remove_leftovers(out: Path, name: str) -> None:
    """Remove what a killed run of this name left: its process is gone."""
    for left in out.glob(f".{name}.*.*"):
        pid = left.name.removeprefix(f".{name}.").split(".")[0]
        if left.is_dir() and not left.is_symlink() and pid.isdigit() and not _runs(int(pid)):
            shutil.rmtree(left, ignore_errors=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def replace_json(path: Path, content: dict[str, Any]) -> None:
    """Put a JSON file into a run that is there already, whole or not at all.

    Raises:
        WillbuyError: It cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write_json(partial, content)
        partial.replace(path)
    except OSError as problem:
        raise WillbuyError(f"{path} cannot be written: {problem.strerror}.") from problem
    finally:
        partial.unlink(missing_ok=True)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write plain data, indented; nan is refused, since JSON has none."""
    path.write_text(json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False), "utf-8")
