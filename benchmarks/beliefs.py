"""Trees that are given what the filter of the ladder's third step believes of the shopper.

The filter is told the parameters of the shop; trees have to learn what follows from them. Given
its beliefs as columns, they need no memory of their own. So where such trees are as good as the
filter, what our features lack is memory, and the parts of the belief say of what.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
from scipy.special import expit

from kept import Kept
from willbuy.models.boosted import fit_boosted
from willbuy.settings import Settings
from willbuy.simulator.beliefs import KEYS, PARTS
from willbuy.snapshots.splits import TEST, TRAIN

NONE, ALL, ALONE = "beliefs_none", "beliefs_all", "beliefs_alone"
GIVEN = {
    NONE: "willbuy's features alone",
    **{f"beliefs_{part}": f"... and the {part}" for part in PARTS},
    ALL: "... and all parts",
    ALONE: "all parts alone",
}
"""Contender → what it learns from."""


class Beliefs:
    """The rows of a log beside what is believed at each of them.

    Args:
        kept: The rows.
        path: The beliefs, as `willbuy simulate --beliefs` writes them.

    Attributes:
        kept: The rows.
        names: The M columns of the beliefs.
        known: Which rows of train something is believed at (n,): those that the ladder covers.
    """

    def __init__(self, kept: Kept, path: Path) -> None:
        self.kept = kept
        self.names = [name for name in pl.read_parquet_schema(path) if name not in KEYS]
        self._found = {part: self._of(part, path) for part in (TRAIN, TEST)}
        self.known = ~np.isnan(self._found[TRAIN]).any(axis=1)

    def columns(self, name: str) -> list[str]:
        """The beliefs that a contender is given."""
        if name in (ALL, ALONE):
            return self.names
        part = name.removeprefix("beliefs_")
        return [one for one in self.names if one.startswith(f"{part}_")]

    def array(self, part: int, name: str) -> np.ndarray:
        """What a contender sees of a part's rows: of train's those that are `known`."""
        places = [self.names.index(one) for one in self.columns(name)]
        found = self._found[part][:, places]
        seen = found if name == ALONE else np.hstack([self.kept.array(part), found])
        return seen[self.known] if part == TRAIN else seen

    def _of(self, part: int, path: Path) -> np.ndarray:
        """float32 (n, M), nan where nothing is believed.

        A row and a moment of the shop are the same where their time is the same, too: where a
        session was cut, its later part counts its events anew.
        """
        rows = self.kept.rows_of(part)
        fields = {"user_key": "user", "session_key": "session", "ordinal": "ordinal"}
        asked = pl.DataFrame({key: rows[field] for key, field in fields.items()}).with_columns(
            time=pl.Series(rows["time"]).cast(pl.Datetime("us", "UTC"))
        )
        moment = asked.columns
        found = (
            pl.scan_parquet(path)
            .filter("in_ladder")
            .join(asked.lazy(), on=moment, how="semi")
            .collect(engine="streaming")
        )
        joined = asked.join(found, on=moment, how="left", maintain_order="left", validate="1:1")
        return joined.select(self.names).fill_null(np.nan).to_numpy()


def contenders(
    beliefs: Beliefs, names: Iterable[str], settings: Settings
) -> Iterator[tuple[str, np.ndarray, int]]:
    """Some of `GIVEN`: the name, the probabilities of the test rows, and how many rows it learns.

    All are fitted on the same rows by the same settings, and none is calibrated.
    """
    rows = beliefs.kept.rows_of(TRAIN)[beliefs.known]
    for name in names:
        own = [] if name == ALONE else beliefs.kept.names
        model = fit_boosted(
            beliefs.array(TRAIN, name), rows["label"].astype(bool), rows["weight"], rows["start"],
            [*own, *(f"believed_{one}" for one in beliefs.columns(name))],
            seed=settings.seed, threads=settings.workers, params=settings.model.params,
        )  # fmt: skip
        yield name, expit(model.margin(beliefs.array(TEST, name))), len(rows)
