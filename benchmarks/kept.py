"""The rows of a log, kept in a folder, so that one contender after another can learn from them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl

from willbuy.engines.local import LocalEngine
from willbuy.events.keys import mix_all
from willbuy.events.read import open_log
from willbuy.features.registry import all_features
from willbuy.job.sessions import returning
from willbuy.job.truth import check_truth, cover
from willbuy.moments.calendar import make_calendar
from willbuy.moments.survey import DailyCounts
from willbuy.progress import Reporter
from willbuy.settings import Settings
from willbuy.snapshots.blocks import Blocks, gather, whole
from willbuy.snapshots.from_events import Snapshots, from_events
from willbuy.snapshots.splits import PARTS, TEST, TRAIN
from willbuy.snapshots.store import PartFiles

MOMENTS = "moments.parquet"
_ABOUT = "about.json"


@dataclass(frozen=True)
class Kept:
    """What training and judging ask of `Snapshots`, read back from a folder.

    Attributes:
        folder: Where `keep` left it.
        most: Of train only so many rows, drawn as whole sessions by a hash; all where None.
    """

    folder: Path
    most: int | None = None

    @property
    def names(self) -> list[str]:
        """The column names."""
        found: list[str] = self._about["names"]
        return found

    @property
    def gap(self) -> int:
        """Microseconds before the end of a part in which no session of it begins."""
        return int(self._about["gap"])

    @cached_property
    def _about(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / _ABOUT).read_text("utf-8"))
        return found

    def blocks(self, part: int, names: Sequence[str] | None = None) -> Blocks:
        """The features of one part, or some of them."""
        files = sorted(self.folder.glob(f"{PARTS[part]}-*.parquet"))
        found = PartFiles(tuple(files), tuple(names or self.names))
        return found if part != TRAIN or self.most is None else [gather(found, self._places)]

    def array(self, part: int, names: Sequence[str] | None = None) -> np.ndarray:
        """The same as one array."""
        return whole(self.blocks(part, names))

    def rows_of(self, part: int) -> np.ndarray:
        """The rows without their features, array of ROW."""
        rows = self._all(part)
        return rows if part != TRAIN or self.most is None else rows[self._places]

    def _all(self, part: int) -> np.ndarray:
        return np.load(self.folder / f"{PARTS[part]}.npy")

    @cached_property
    def _places(self) -> np.ndarray:
        visit, code = np.unique(self._all(TRAIN)["visit"], return_inverse=True)
        order = np.argsort(mix_all(visit, 0), kind="stable")
        drawn = np.zeros(len(visit), dtype=bool)
        drawn[order[np.cumsum(np.bincount(code)[order]) <= self.most]] = True
        return np.flatnonzero(drawn[code])


def keep(log: Path, truth: Path | None, folder: Path, settings: Settings, told: Reporter) -> None:
    """Make a log's rows, as a run does, and keep them.

    Beside train, calibrate and test, `MOMENTS` holds what is to be known of each test row: keys,
    label, slices, and where there is a truth, the ceilings (null outside the ladder).
    """
    folder.mkdir(parents=True, exist_ok=True)
    opened = open_log([log], settings.source)
    counts = DailyCounts(make_calendar(settings.timezone))
    with TemporaryDirectory() as name:
        scratch = Path(name)
        with LocalEngine(opened, scratch, settings.workers) as engine:
            engine.load(told, [lambda chunk: counts.add(chunk.events)])
            snapshots = from_events(
                engine, counts, tuple(all_features(None)), settings, told, folder, scratch
            )
        for at, part in enumerate(PARTS):
            np.save(folder / f"{part}.npy", snapshots.rows_of(at))
        about = {"names": snapshots.names, "gap": int(snapshots.splits.gap)}
        (folder / _ABOUT).write_text(json.dumps(about))
        moments(log, truth, snapshots).write_parquet(folder / MOMENTS)


def moments(log: Path, truth: Path | None, snapshots: Snapshots) -> pl.DataFrame:
    """The test rows, without features."""
    rows = snapshots.rows_of(TEST)
    fields = ("user", "visit", "ordinal", "moments", "weight", "label")
    frame = pl.DataFrame({name: rows[name] for name in fields}).with_columns(
        pl.col("label").cast(pl.Boolean),
        section=sections(log, rows),
        returning=pl.Series(returning(rows, snapshots.survey.sessions)),
    )
    if truth is None:
        return frame
    check_truth(truth)
    covered = cover(truth, snapshots)
    places = np.flatnonzero(covered.inside)
    for name, p in covered.ceilings.items():
        found = np.full(len(rows), np.nan)
        found[places] = p
        frame = frame.with_columns(pl.Series(name, found).fill_nan(None))
    return frame


def sections(log: Path, rows: Any) -> pl.Series:
    """The department, the first level of the category, of each moment's event."""
    read = pl.read_csv if log.suffix == ".csv" else pl.read_parquet
    events = read(log, columns=["category_code", "user_id"])[rows["position"]]
    assert (events["user_id"].to_numpy() == rows["user"]).all()
    return events["category_code"].str.split(".").list.first().fill_null("none")
