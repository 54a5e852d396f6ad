"""What every bundle has in common: bundle.json, and files that are what they were."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from willbuy.errors import WillbuyError
from willbuy.settings import Settings, parse_settings

FORMAT = 2
LIBRARIES = (
    "willbuy", "numpy", "numba", "polars", "scikit-learn", "xgboost-cpu", "shap", "matplotlib",
)  # fmt: skip
TABLE = "table"
"""What `rows` in bundle.json says of a model of tables; that of a log does not say."""


def sealed(folder: Path, names: Sequence[str]) -> dict[str, Any]:
    """What bundle.json begins with: format, versions, and the hashes of these files."""
    files = {name: file_sha256(folder / name) for name in names}
    return {
        "format": FORMAT,
        "model_id": hashlib.sha256("".join(files.values()).encode()).hexdigest()[:16],
        "sha256": files,
        "versions": {name: version(name) for name in LIBRARIES},
        "python": platform.python_version(),
    }


def write_told(folder: Path, told: Mapping[str, Any]) -> None:
    """Write bundle.json, which holds a hash of its own content as well."""
    whole = {**told, "seal": _seal(told)}
    (folder / "bundle.json").write_text(json.dumps(whole, indent=1), "utf-8")


def read_told(folder: Path) -> dict[str, Any]:
    """The content of bundle.json; a WillbuyError where it is of another format or was changed."""
    try:
        told: dict[str, Any] = json.loads((folder / "bundle.json").read_text("utf-8"))
    except ValueError as problem:
        raise WillbuyError(
            f"The bundle {folder} is damaged: bundle.json is no JSON ({problem})."
        ) from problem
    if told["format"] != FORMAT:
        raise WillbuyError(
            f"{folder} is a bundle of format {told['format']}; this version of willbuy reads "
            f"format {FORMAT}. Train the model again."
        )
    if told.pop("seal", None) != _seal(told):
        raise WillbuyError(
            f"The bundle {folder} is damaged: bundle.json is not what it was. Nothing in it is "
            "to be changed by hand; train the model again."
        )
    return told


def _seal(told: Mapping[str, Any]) -> str:
    plain = json.dumps(told, sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()


def check_sealed(folder: Path, told: Mapping[str, Any], names: Sequence[str]) -> None:
    """Refuse a bundle whose files are not what they were."""
    for name in names:
        if not (folder / name).is_file():
            raise WillbuyError(f"The bundle {folder} is damaged: {name} is not there.")
        if file_sha256(folder / name) != told["sha256"][name]:
            raise WillbuyError(f"The bundle {folder} is damaged: {name} is not what it was.")


@contextmanager
def damage_told(folder: Path) -> Iterator[None]:
    """Whatever fails while a bundle is read is told as its damage."""
    try:
        yield
    except WillbuyError:
        raise
    except Exception as problem:  # a damaged file can fail in any library that reads it
        raise WillbuyError(f"The bundle {folder} is damaged: {problem!r}.") from problem


def is_table(told: Mapping[str, Any]) -> bool:
    """Whether a bundle.json is of a model of tables."""
    return told.get("rows") == TABLE


def holds_table(folder: Path) -> bool:
    """Whether a run, or the bundle in it, is of a table; false where that cannot be told."""
    try:
        told = json.loads((find_bundle(folder) / "bundle.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(told, dict) and is_table(told)


def share(value: object) -> float:
    """The value if it lies within 0 and 1; a ValueError if not."""
    if not isinstance(value, float) or not 0 <= value <= 1:
        raise ValueError(f"{value!r} is no share")
    return value


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def load_settings_of(folder: Path) -> Settings:
    """The settings that a bundle was trained with.

    Raises:
        WillbuyError: They cannot be read.
    """
    path = folder / "bundle.json"
    if holds_table(folder):
        raise WillbuyError(
            f"The model in {folder} is of a table of sessions: it has no shop tables, nor anything "
            "else that comes from a log of events."
        )
    try:
        return parse_settings(json.loads(path.read_text("utf-8"))["settings"], str(path))
    except (OSError, KeyError, ValueError) as problem:
        raise WillbuyError(f"The bundle {folder} is damaged: {problem!r}.") from problem


def find_bundle(folder: Path) -> Path:
    """The folder that holds bundle.json: the one given, or `model/` in it."""
    for place in (folder, folder / "model"):
        if (place / "bundle.json").is_file():
            return place
    if not folder.exists():
        found = (p.parent.parent.name for p in folder.parent.glob("*/model/bundle.json"))
        others = sorted(name for name in found if not name.startswith("."))  # one being made
        hint = f" Runs there: {', '.join(others)}." if others else ""
        raise WillbuyError(f"There is no run folder {folder}.{hint}")
    raise WillbuyError(f"{folder} is no run folder: it has no model/bundle.json.")
