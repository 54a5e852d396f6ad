"""Which runs there are, and what the pages read of one. Its files are read once while unchanged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from willbuy.job.exploring import CELLS
from willbuy.report import files
from willbuy.report.files import METRICS, Told

if TYPE_CHECKING:
    import polars as pl

_KEPT = 4
"""So many runs, and large files of runs, are kept in memory."""
_MOST = 64_000_000
"""Bytes of a JSON file; no run writes such a one."""


@dataclass(frozen=True)
class OpenRun:
    """A run that the app shows.

    Attributes:
        folder: Where it lies.
        told: The content of its JSON files; shared by all visitors, so nothing may change it.
    """

    folder: Path
    told: Told

    @property
    def name(self) -> str:
        """What the run is called."""
        return self.folder.name

    def optional(self, name: str) -> dict[str, Any] | None:
        """The content of another JSON file of the run; None where it has none that can be read."""
        path = self.folder / name
        changed = _changed(path)
        return _json(str(path), changed) if changed is not None else None

    def cells(self) -> pl.DataFrame | None:
        """The counts of explore.parquet; None where the run has none."""
        path = self.folder / CELLS
        changed = _changed(path)
        return _cells(str(path), changed) if changed is not None else None


def find(places: Sequence[Path]) -> list[Path]:
    """The runs at some places, newest first.

    Args:
        places: Folders of runs, and runs.
    """
    found: dict[Path, int] = {}
    for place in places:
        inside = [place] if (place / METRICS).is_file() else _inside(place)
        for one in inside:
            changed = _changed(one / METRICS)
            if changed is not None:
                found[one] = changed
    return sorted(found, key=lambda one: -found[one])


def _inside(place: Path) -> list[Path]:
    if not place.is_dir():
        return []
    return [one for one in place.iterdir()
            if not one.name.startswith(".") and (one / METRICS).is_file()]  # fmt: skip


def open_run(folder: Path) -> OpenRun:
    """Read a run, or take it from memory where none of its files has changed.

    Raises:
        WillbuyError: It is not whole, or of another version; the message says what to do.
    """
    # Of each file: one that is put back may be older than the others.
    changed = tuple(sorted((one.name, _changed(one)) for one in folder.glob("*.json")))
    return OpenRun(folder, _told(str(folder), changed))


def _changed(path: Path) -> int | None:
    """When a file was last written; None where it is gone, as a run may be replaced meanwhile."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def _told(folder: str, changed: tuple[tuple[str, int | None], ...]) -> Told:
    return files.read(Path(folder))


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def _cells(path: str, changed: int) -> pl.DataFrame | None:
    import polars as pl

    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError):
        return None


@st.cache_resource(max_entries=4 * _KEPT, show_spinner=False)
def _json(path: str, changed: int) -> dict[str, Any] | None:
    try:
        if Path(path).stat().st_size > _MOST:
            return None
        found = json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
