"""Several simulated shops, their rows kept in a folder: what is told of one shop may be chance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

import willbuy
from kept import MOMENTS, Kept, keep
from willbuy.job.train import margin_of
from willbuy.models.boosted import fit_boosted
from willbuy.progress import Silent
from willbuy.settings import Settings
from willbuy.snapshots.splits import CALIBRATE, TEST, TRAIN

WORLDS = Path(__file__).parent / "worlds"


@dataclass(frozen=True)
class Shop:
    """The rows of a shop's month.

    Attributes:
        name: World and seed.
        folder: Where its rows are; benchmarks may keep more there.
    """

    name: str
    folder: Path

    @property
    def kept(self) -> Kept:
        """Its rows."""
        return Kept(self.folder)

    @cached_property
    def moments(self) -> pl.DataFrame:
        """What is known of each test moment."""
        return pl.read_parquet(self.folder / MOMENTS)

    def margins(self) -> tuple[np.ndarray, np.ndarray]:
        """Log-odds of calibrate's and test's rows by the trees as a run fits them."""
        file, kept, settings = self.folder / "margins.npz", self.kept, Settings()
        if not file.exists():
            rows = kept.rows_of(TRAIN)
            model = fit_boosted(
                kept.blocks(TRAIN), rows["label"].astype(bool), rows["weight"], rows["start"],
                kept.names, seed=settings.seed, threads=settings.workers,
            )  # fmt: skip
            np.savez(file, *(margin_of(model, kept.blocks(part)) for part in (CALIBRATE, TEST)))
        found = np.load(file)
        return found["arr_0"], found["arr_1"]

    def returning(self, part: int) -> np.ndarray:
        """Whether the shopper's history, as a moment knows it, holds an earlier visit (n,)."""
        return ~np.isnan(self.kept.array(part, ["since_last_visit"])[:, 0])


def shops(out: Path, events: int, seeds: int, worlds: tuple[str, ...]) -> Iterator[Shop]:
    """The shops one after another; those whose rows stand in the folder are not made again."""
    for seed in range(seeds):
        for world in worlds:
            folder = out / f"{world}-{seed}-{events}"
            if not (folder / MOMENTS).exists():
                with TemporaryDirectory() as scratch:
                    log, settings = Path(scratch) / "log.parquet", Settings()
                    given = None if world == "default" else WORLDS / f"{world}.toml"
                    willbuy.simulate(log, events=events, seed=seed, world=given)
                    keep(log, None, folder, settings, Silent())
            yield Shop(f"{world} {seed}", folder)
