"""A user's table, numbers and words, as the float columns that a model takes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from willbuy.errors import WillbuyError
from willbuy.models.folds import user_folds
from willbuy.models.table_columns import Column, encode, learn, rated, unmet
from willbuy.moments.calendar import DAY
from willbuy.snapshots.table_split import earliest

if TYPE_CHECKING:
    import polars

FOLDS = 5

BLOCKS = 20
"""Into so many blocks of days, at most, train is cut where rows have a time."""

_FORBIDDEN = str.maketrans({"[": "(", "]": ")", "<": " under "})
"""XGBoost refuses these in the name of a column."""


@dataclass(frozen=True, eq=False)
class Encoder:
    """A fitted way from a table to floats.

    A missing value is nan in all columns that its column becomes. A level never seen in fitting
    is treated as the rare ones: 0 for each level, or their common rate and share. Infinities are
    missing. Columns that were not there in fitting are left alone.

    Attributes:
        columns: One for each column of the table, in order.
    """

    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The F float columns, each name once, as XGBoost allows them."""
        names: list[str] = []
        taken: set[str] = set()
        for column in self.columns:
            for name in column.names:
                plain = told = name.translate(_FORBIDDEN)
                again = 2
                while told in taken:
                    told, again = f"{plain} ({again})", again + 1
                taken.add(told)
                names.append(told)
        return tuple(names)

    def transform(self, frame: polars.DataFrame) -> NDArray[np.float32]:
        """Encode rows that were not fitted on.

        Args:
            frame: n rows with at least the columns of fitting, in any order.

        Returns:
            float32 (n, F), nan where missing.

        Raises:
            WillbuyError: if a column is missing, or holds words where it held numbers.
        """
        X = np.empty((frame.height, len(self.names)), dtype=np.float32)
        at = 0
        for column in self.columns:
            encoded = encode(column, _find(frame, column.name))
            X[:, at : at + encoded.shape[1]] = encoded
            at += encoded.shape[1]
        return X

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists, words and numbers; JSON keeps every bit of them."""
        return {
            "columns": [
                {
                    name: list(value) if isinstance(value, tuple) else value
                    for name, value in asdict(column).items()
                }
                for column in self.columns
            ]
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Encoder:
        """Rebuild what `to_dict` gave, with identical answers."""
        return cls(
            tuple(
                Column(
                    name=column["name"],
                    kind=column["kind"],
                    levels=tuple(column["levels"]),
                    rate=tuple(column["rate"]),
                    share=tuple(column["share"]),
                )
                for column in plain["columns"]
            )
        )


class Encoding(NamedTuple):
    """An encoder and the rows it was fitted on, as a model may learn from them.

    Attributes:
        encoder: Fitted on all rows; for rows to come.
        X: float32 (n, F), nan where missing. Where labels are used, each row is encoded without
            its own fold: ``encoder.transform`` of the same rows would tell them their labels.
    """

    encoder: Encoder
    X: NDArray[np.float32]


def fit_encoder(
    frame: polars.DataFrame,
    y: NDArray[np.bool_],
    *,
    seed: int,
    groups: Sequence[Hashable] | NDArray[Any] | None = None,
    time: NDArray[np.int64] | None = None,
) -> Encoding:
    """Learn how to encode a table, and encode it without telling any row its own label.

    Numbers stay numbers: trees split them as they are, and what is missing stays so. Words with
    at most 12 levels become a column a level; names of months and weekdays their
    place as well. Others become two columns: target means smoothed to the base rate
    (Micci-Barreca 2001), cross-fitted over `FOLDS` folds, and the share of rows, cross-fitted
    too, so that a level seen once looks to its own row as an unseen one will look. Whole numbers
    that look like codes (`table_columns`) keep their number and get these two columns beside it.

    With a time, a row is encoded from rows of days before its block of days instead, as a row to
    come will be: up to `BLOCKS` blocks of whole days (UTC), a group being of the block of its
    first row. To the first block no level has been met yet.

    Args:
        frame: n rows; columns: numbers, Boolean, String or Categorical; nulls anywhere.
        y: Labels (n,).
        seed: Deals the folds.
        groups: Keys (n,), for example shoppers, that no two folds share; without them each row
            is its own.
        time: Microseconds UTC (n,), when each row was.

    Returns:
        The encoder and the encoded rows.

    Raises:
        WillbuyError: if a column is neither numbers nor words.
    """
    y = np.asarray(y).astype(np.bool_)
    parts: list[NDArray[np.float32]] = []
    columns: list[Column] = []
    deal: list[_Fold] | None = None
    for series in frame:
        column = learn(series, y)
        columns.append(column)
        if not column.tells_labels:
            parts.append(encode(column, series))
            continue
        if deal is None:
            keys = _codes(groups, len(y))
            deal = _folds(keys, y, seed) if time is None else _blocks(keys, time)
        crossed = np.empty((len(y), len(column.names)), dtype=np.float32)
        for mine, known in deal:
            without = (
                rated(column, series.filter(known), y[known])
                if known.any()
                else unmet(column, float(y[mine].mean()))
            )
            crossed[mine] = encode(without, series.filter(mine))
        parts.append(crossed)
    X = np.hstack(parts) if parts else np.empty((frame.height, 0), dtype=np.float32)
    return Encoding(Encoder(tuple(columns)), X)


class _Fold(NamedTuple):
    """Rows to encode (n,), and the rows that this is learned from (n,)."""

    mine: NDArray[np.bool_]
    known: NDArray[np.bool_]


def _folds(keys: NDArray[np.int64], y: NDArray[np.bool_], seed: int) -> list[_Fold]:
    fold = user_folds(keys, y, folds=FOLDS, seed=seed)
    return [_Fold(fold == held, fold != held) for held in range(FOLDS) if (fold == held).any()]


def _blocks(keys: NDArray[np.int64], time: NDArray[np.int64]) -> list[_Fold]:
    day = earliest(keys, time) // DAY
    begins = np.unique(np.sort(day)[np.arange(BLOCKS) * len(day) // BLOCKS])
    block = np.searchsorted(begins, day, side="right") - 1
    return [_Fold(block == at, time < begin * DAY) for at, begin in enumerate(begins)]


def _codes(groups: Sequence[Hashable] | NDArray[Any] | None, rows: int) -> NDArray[np.int64]:
    if groups is None:
        return np.arange(rows, dtype=np.int64)
    place: dict[Hashable, int] = {}
    return np.array([place.setdefault(key, len(place)) for key in groups], dtype=np.int64)


def _find(frame: polars.DataFrame, name: str) -> polars.Series:
    import difflib

    if name in frame.columns:
        return frame.get_column(name)
    near = difflib.get_close_matches(name, frame.columns, n=3, cutoff=0.5)
    hint = f" Near it: {', '.join(near)}." if near else ""
    raise WillbuyError(f'The table has no column "{name}", which the model needs.{hint}')
