"""The truth of a simulated shop: reading its file, and which of a run's rows it covers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from willbuy.errors import WillbuyError
from willbuy.events.files import find_files, format_of
from willbuy.events.parquet import damage_told
from willbuy.moments.state import Records
from willbuy.snapshots.from_events import Snapshots
from willbuy.snapshots.splits import TEST

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

CEILINGS = {"learned_products": 3, "exact_filter": 2, "hidden_state": 1}
"""The probabilities in a truth and their step on the ladder, counted from the top."""

_KEYS = ("user_key", "session_key", "ordinal")
_TYPES = {
    "user_key": pl.Int64,
    "session_key": pl.Int64,
    "ordinal": pl.Int32,
    "in_ladder": pl.Boolean,
    "label": pl.Boolean,
    **dict.fromkeys(CEILINGS, pl.Float32),
}
_MANY_WRONG = 0.01
"""With a larger share of labels that differ, the truth is not that of this log."""

_IS_ONE = "Give the truth file that was written together with the simulated log."


@dataclass(frozen=True)
class Covered:
    """The rows of the test part that a truth covers.

    Attributes:
        inside: bool (n,), over the rows of the test part.
        outside: Reason → how many rows are left out for it.
        ceilings: Probabilities by the names of `CEILINGS`, each (inside,).
        disagree: How many rows inside have another label than the truth.
    """

    inside: Bools
    outside: dict[str, int]
    ceilings: dict[str, Floats]
    disagree: int

    def cautions(self) -> list[str]:
        """Whether the truth may be that of another log, in words."""
        share = self.disagree / self.inside.sum()
        if share <= _MANY_WRONG:
            return []
        return [
            f"{share:.1%} of the labels that the truth covers differ from it: it does not belong "
            "to this log, or the run cut its sessions otherwise. Do not trust the ladder. "
            + _IS_ONE
        ]


def check_truth(path: Path) -> None:
    """See that a file is a truth, before the long work begins.

    Raises:
        WillbuyError: It is missing, no Parquet file, or columns or values in it are wrong.
    """
    find_files([path])
    if format_of(path) != "parquet":
        raise WillbuyError(f"{path} is no Parquet file, so it is no truth. {_IS_ONE}")
    with damage_told(path):
        schema = pl.scan_parquet(path, glob=False).collect_schema()
    missing = [name for name in _TYPES if name not in schema]
    if missing:
        raise WillbuyError(f"{path} is no truth: it has no {', '.join(missing)}. {_IS_ONE}")
    for name, wanted in _TYPES.items():
        if schema[name] != wanted:
            raise WillbuyError(
                f"{path} is no truth: {name} is of type {schema[name]}, not {wanted}. {_IS_ONE}"
            )
    _check_values(path)


def _check_values(path: Path) -> None:
    used = pl.col("in_ladder").fill_null(True)
    sound = {name: pl.col(name).is_not_null() for name in _TYPES if name not in CEILINGS}
    sound |= {name: pl.col(name).is_between(0, 1).fill_null(False) for name in CEILINGS}
    with damage_told(path):
        wrong = (
            pl.scan_parquet(path, glob=False)
            .select((used & ~one).sum().alias(name) for name, one in sound.items())
            .collect(engine="streaming")
        )
    for name, rows in wrong.row(0, named=True).items():
        if rows:
            what = "no probability" if name in CEILINGS else "nothing"
            raise WillbuyError(
                f"{path} is damaged: {rows:,} of its rows have {what} in the column {name}. "
                "Write it again."
            )


def cover(path: Path, snapshots: Snapshots) -> Covered:
    """Find the test rows of a run in a truth that has been checked.

    Args:
        path: The truth. Of its rows only those of the test part are held.
        snapshots: Of the run.

    Raises:
        WillbuyError: A moment in the ladder stands in it twice, or it covers no row.
    """
    rows = snapshots.rows_of(TEST)
    keys = pl.DataFrame({name: rows[name.removesuffix("_key")] for name in _KEYS})
    truth = _found(path, keys, list(_TYPES))
    known = truth["in_ladder"].is_not_null().to_numpy()
    trusted = truth["in_ladder"].fill_null(False).to_numpy()
    first = _begins_its_session(rows, snapshots.survey.sessions)
    inside = trusted & first
    if not inside.any():
        _refuse(path, known)
    label = truth["label"].fill_null(False).to_numpy()
    return Covered(
        inside=inside,
        outside={
            "not_in_the_truth": int((~known).sum()),
            "not_in_the_ladder": int((known & ~trusted).sum()),
            "later_part_of_a_cut_session": int((trusted & ~first).sum()),
        },
        ceilings={name: truth[name].to_numpy()[inside].astype(np.float64) for name in CEILINGS},
        disagree=int((label != rows["label"].astype(bool))[inside].sum()),
    )


def looked_up(path: Path, rows: pl.DataFrame) -> tuple[Bools, dict[str, Floats]]:
    """Find moments of a finished run in a truth that has been checked.

    Args:
        path: The truth.
        rows: `_KEYS` and `time` of the moments, as in a run's snapshots.

    Returns:
        Which moments can be judged by it (n,), and the probabilities by the names of `CEILINGS`,
        each (inside,).

    Raises:
        WillbuyError: A moment in the ladder stands in it twice, or it covers no row.
    """
    if "time" not in pl.scan_parquet(path, glob=False).collect_schema():
        raise WillbuyError(f"{path} has no time of its moments. {_IS_ONE}")
    truth = _found(path, rows.select(_KEYS), [*_TYPES, "time"])
    # In a later part of a session that was cut, events are counted anew, so that the truth's
    # event of that number is another one, at another time.
    inside = (truth["in_ladder"].fill_null(False) & (truth["time"] == rows["time"])).to_numpy()
    if not inside.any():
        _refuse(path, truth["in_ladder"].is_not_null().to_numpy())
    return inside, {name: truth[name].to_numpy()[inside].astype(np.float64) for name in CEILINGS}


def _found(path: Path, keys: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """What a truth says of moments, in their order; null where it does not know one."""
    with damage_told(path):
        found = (
            pl.scan_parquet(path, glob=False)
            .select(columns)
            .join(keys.lazy(), on=_KEYS, how="semi")
            .collect(engine="streaming")
        )
    if found.filter(pl.col("in_ladder")).select(_KEYS).is_duplicated().any():
        raise WillbuyError(f"{path} is damaged: it has the same moment twice. Write it again.")
    # Where one id stands for several visits, several moments outside the ladder have one key.
    found = found.unique(_KEYS, keep="any")
    return keys.join(found, on=_KEYS, how="left", maintain_order="left")


def _begins_its_session(rows: Records, sessions: Records) -> Bools:
    """Which rows lie in the first session under their id.

    A session is cut when it is silent for long; the truth counts its events through, so a later
    part's ordinals are others than the truth's. Whether a part is the first is known when it
    begins, so that leaving out the others looks at nothing that happens later.
    """
    ids = ["user", "key"]
    of_rows = pl.DataFrame({"user": rows["user"], "key": rows["session"], "start": rows["start"]})
    first = (
        pl.DataFrame({name: sessions[name] for name in (*ids, "start")})
        .join(of_rows, on=ids, how="semi")
        .group_by(ids)
        .agg(pl.col("start").min().alias("first"))
    )
    joined = of_rows.join(first, on=ids, how="left", maintain_order="left")
    return (joined["start"] == joined["first"]).to_numpy()


def _refuse(path: Path, known: Bools) -> None:
    if known.any():
        raise WillbuyError(
            f"{path} knows {int(known.sum()):,} of the {len(known):,} test moments of this run, "
            "but says of none that it can be judged by (in_ladder). Simulate a shop with fewer "
            "flaws, or leave the truth out."
        )
    raise WillbuyError(
        f"{path} knows none of the {len(known):,} test moments of this run: it is the truth of "
        f"another log. {_IS_ONE}"
    )
