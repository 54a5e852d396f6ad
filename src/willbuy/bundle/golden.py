"""Golden moments: raw events with the features and the probability they must give.

They travel with the bundle. Loading replays them, so a version, a machine or an edited feature
that would give other numbers is found before it scores anybody. Shoppers and sessions are
renamed: no feature depends on their names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from willbuy.engines.local import by_user, user_ends
from willbuy.errors import WillbuyError
from willbuy.events.keys import mix_all
from willbuy.events.one import canonical
from willbuy.events.schema import EVENT, MISSING, Kind
from willbuy.moments.state import Records

if TYPE_CHECKING:
    import polars as pl

    from willbuy.events.read import Chunk

MOMENTS = 200
"""How many are kept."""

TOLERANCE = 1e-6
"""Relative; processors differ in the last bits of powers and logarithms."""

_USERS = 300
_EVENTS_PER_USER = 200
_FIELDS = ("product", "category", "path", "brand", "price")


class Keeper:
    """Keeps the raw events of a few shoppers while a log is read: those of the lowest hash."""

    def __init__(self) -> None:
        self._rows: pl.DataFrame | None = None
        self._limit = 1 << 63  # of the hash as an unsigned number; halved as shoppers come

    def watch(self, chunk: Chunk) -> None:
        """Look at a chunk as it is read."""
        import polars as pl

        users = chunk.events["user"]
        kept = mix_all(users, 0) < np.uint64(self._limit)
        new = chunk.raw.filter(pl.Series(kept)).with_columns(
            pl.Series("position", chunk.events["position"][kept]),
            pl.Series("micros", chunk.events["time"][kept]),
            pl.Series("kind_number", chunk.events["kind"][kept]),
            pl.Series("user_key", users[kept]),
            pl.Series("session_key", chunk.events["session"][kept]),
        )
        # Copied: a filtered text column would keep all of its chunk in memory.
        new = pl.DataFrame(new.to_dict(as_series=False), schema=new.schema)
        rows = new if self._rows is None else pl.concat([self._rows, new])
        while rows["user_key"].n_unique() > 2 * _USERS:
            self._limit //= 2
            rows = rows.filter(
                pl.Series(mix_all(rows["user_key"].to_numpy(), 0) < np.uint64(self._limit))
            )
        self._rows = rows

    def golden(
        self,
        rows: Records,
        features_at: Callable[[NDArray[np.int64]], NDArray[np.float32]],
        probability: Callable[[NDArray[np.float32], NDArray[np.integer]], NDArray[np.float64]],
    ) -> Golden:
        """The golden moments among these rows.

        Args:
            rows: Array of ROW (n,).
            features_at: Places among them, ascending → their features, float32 (m, F).
            probability: Features and events so far → calibrated probabilities.
        """
        import polars as pl

        assert self._rows is not None
        events = self._rows
        sizes = events.group_by("user_key").len()
        small = sizes.filter(pl.col("len") <= _EVENTS_PER_USER)["user_key"].to_numpy()
        candidates = np.flatnonzero(np.isin(rows["user"], small))
        order = np.argsort(mix_all(rows["visit"][candidates] + rows["ordinal"][candidates], 0))
        chosen = np.sort(candidates[order[:MOMENTS]])
        last = (
            pl.DataFrame({"user_key": rows["user"][chosen], "until": rows["time"][chosen]})
            .group_by("user_key")
            .max()
        )
        events = (
            events.join(last, on="user_key")
            .filter(pl.col("micros") <= pl.col("until"))
            .sort("position")
        )
        place = {position: i for i, position in enumerate(events["position"])}
        moments = np.array([place[at] for at in rows["position"][chosen].tolist()], np.int64)
        X = features_at(chosen)
        return Golden(_renamed(events), moments, X, probability(X, rows["ordinal"][chosen]))


@dataclass(frozen=True)
class Golden:
    """Raw events of renamed shoppers, and what some of their moments must give.

    Attributes:
        events: One row an event, in the order of the log: user, session, micros, kind and the
            raw text of product, category, path, brand and price.
        moments: (n,) rows of `events` after which the moments lie.
        X: float32 (n, F).
        probability: float64 (n,).
    """

    events: pl.DataFrame
    moments: NDArray[np.int64]
    X: NDArray[np.float32]
    probability: NDArray[np.float64]

    def canonical(self) -> Records:
        """The events, cleaned and keyed by the code that serves live."""
        made = np.zeros(len(self.events), EVENT)
        for i, row in enumerate(self.events.iter_rows(named=True)):
            fields: dict[str, Any] = {name: row[name] for name in _FIELDS}
            one = canonical(
                {
                    **fields,
                    "user": row["user"],
                    "session": row["session"],
                    "time": row["micros"],
                    "kind": Kind(row["kind"]),
                }
            )
            made[i] = one[0]
        made["position"] = np.arange(len(made))
        return made

    def clustered(self) -> tuple[Records, NDArray[np.int64]]:
        """The canonical events by user, and where each user ends."""
        events = by_user(self.canonical())
        return events, user_ends(events)

    def compare(
        self, names: list[str], X: NDArray[np.float32], probability: NDArray[np.float64]
    ) -> None:
        """Raise WillbuyError naming the first feature that differs, or the probability."""
        compare(names, (self.X, X), (self.probability, probability))

    def save(self, folder: Path, names: list[str]) -> None:
        """Write two Parquet files."""
        import polars as pl

        self.events.write_parquet(folder / "golden_events.parquet")
        pl.DataFrame(
            {
                **{name: self.X[:, i] for i, name in enumerate(names)},
                " moment": self.moments,
                " probability": self.probability,
            }
        ).write_parquet(folder / "golden_moments.parquet")

    @classmethod
    def load(cls, folder: Path, names: list[str]) -> Golden:
        """Read what `save` wrote."""
        import polars as pl

        moments = pl.read_parquet(folder / "golden_moments.parquet")
        return cls(
            pl.read_parquet(folder / "golden_events.parquet"),
            moments[" moment"].to_numpy(),
            moments.select(names).to_numpy().reshape(len(moments), len(names)),
            moments[" probability"].to_numpy(),
        )


def compare(
    names: Sequence[str],
    features: tuple[NDArray[np.float32], NDArray[np.float32]],
    probability: tuple[NDArray[np.float64], NDArray[np.float64]],
    what: str = "moments",
) -> None:
    """Raise WillbuyError naming the first feature that is not what it was, or the probability.

    Args:
        names: Of the F features.
        features: When the model was trained, and now; each (n, F).
        probability: Likewise; each (n,).
        what: What the rows are.
    """
    was, now = features
    for i, name in enumerate(names):
        far = _differs(was[:, i], now[:, i])
        if far.any():
            at = int(np.argmax(far))
            raise WillbuyError(
                f"The bundle does not replay here: the feature {name} differs at "
                f"{int(far.sum())} of {len(now)} golden {what} (first: {was[at, i]!s} when "
                f"the model was trained, {now[at, i]!s} now). Its definition or a library has "
                "changed; train the model again, or load it with the version of willbuy "
                "that its bundle.json names."
            )
    far = _differs(*probability)
    if far.any():
        raise WillbuyError(
            f"The bundle does not replay here: all features agree, but the probability "
            f"differs at {int(far.sum())} of {len(far)} golden {what}. Train the model again."
        )


def _differs(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray(
        ~np.isclose(one, other, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True), np.bool_
    )


def _renamed(events: pl.DataFrame) -> pl.DataFrame:
    """Other names for shoppers and sessions: one for each key, however its raw text varied."""
    import polars as pl

    def name(key: str, prefix: str) -> pl.Expr:
        number = pl.col(key).rank("dense").cast(pl.String)
        return pl.when(pl.col(key) != MISSING).then(pl.lit(prefix) + number)

    return events.select(
        name("user_key", "shopper-").alias("user"),
        name("session_key", "session-").alias("session"),
        "micros",
        pl.col("kind_number").alias("kind"),
        *_FIELDS,
    )
