"""A user's table, numbers and words, as the float columns that a model takes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from willbuy.errors import WillbuyError
from willbuy.models.folds import user_folds

if TYPE_CHECKING:
    import polars

Floats = NDArray[np.float64]

FEW_LEVELS = 12
"""A column of words with more levels than this is told by rates, not by a column a level."""

RARE = 10
"""Levels in fewer rows than this are one: they, and levels never seen, get what they share."""

SMOOTH = 20.0
"""The rate of a level is drawn to the rate of all by as many rows as this."""

FOLDS = 5

_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FORBIDDEN = str.maketrans({"[": "(", "]": ")", "<": " under "})
"""XGBoost refuses these in the name of a column."""


@dataclass(frozen=True)
class Column:
    """What becomes of one column of the table.

    Attributes:
        name: As in the table.
        kind: ``number``: itself, also of true and false. ``order``: the place of a month's or
            weekday's name in its year or week. ``levels``: 1 or 0 for each of ``levels``.
            ``rates``: the smoothed share of positives among the rows of this level, and the
            level's share of all rows.
        levels: The words that are told apart; RARE ones are not among them.
        rate: Of ``rates`` only: one number a level, then that of every other level.
        share: Likewise.
    """

    name: str
    kind: Literal["number", "order", "levels", "rates"]
    levels: tuple[str, ...] = ()
    rate: tuple[float, ...] = ()
    share: tuple[float, ...] = ()

    @property
    def names(self) -> list[str]:
        """Of the float columns that it becomes."""
        if self.kind == "levels":
            return [f"{self.name} = {level}" for level in self.levels]
        if self.kind == "rates":
            return [f"{self.name}: rate", f"{self.name}: share of rows"]
        return [self.name]


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
            encoded = _encode(column, _find(frame, column.name))
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
) -> Encoding:
    """Learn how to encode a table, and encode it without telling any row its own label.

    Numbers stay numbers: trees split them as they are, and what is missing stays so. Words with
    at most `FEW_LEVELS` levels become a column a level, names of months and weekdays their
    place, others two columns: target means smoothed to the base rate (Micci-Barreca 2001),
    cross-fitted over `FOLDS` folds, and the share of rows, cross-fitted too, so that a level
    seen once looks to its own row as an unseen one will look.

    Args:
        frame: n rows, F' columns: numbers, Boolean, String or Categorical; nulls anywhere.
        y: Labels (n,).
        seed: Deals the folds.
        groups: Keys (n,), for example shoppers, that no two folds share; without them each row
            is its own.

    Returns:
        The encoder and the encoded rows.

    Raises:
        WillbuyError: if a column is neither numbers nor words.
    """
    y = np.asarray(y).astype(np.bool_)
    parts: list[NDArray[np.float32]] = []
    columns: list[Column] = []
    fold: NDArray[np.int64] | None = None
    for series in frame:
        column = _learn(series, y)
        columns.append(column)
        if column.kind != "rates":
            parts.append(_encode(column, series))
            continue
        if fold is None:
            fold = user_folds(_codes(groups, len(y)), y, folds=FOLDS, seed=seed)
        crossed = np.empty((len(y), 2), dtype=np.float32)
        for held in range(FOLDS):
            mine = fold == held
            if mine.any():
                without = _rates(series.filter(~mine), y[~mine], column.levels)
                crossed[mine] = _encode(without, series.filter(mine))
        parts.append(crossed)
    X = np.hstack(parts) if parts else np.empty((frame.height, 0), dtype=np.float32)
    return Encoding(Encoder(tuple(columns)), X)


def _learn(series: polars.Series, y: NDArray[np.bool_]) -> Column:
    import polars as pl

    if series.dtype.is_numeric() or series.dtype in (pl.Boolean, pl.Null):
        return Column(series.name, "number")
    if not isinstance(series.dtype, (pl.String, pl.Categorical, pl.Enum)):
        raise WillbuyError(
            f'Column "{series.name}" is of type {series.dtype}, which is neither numbers nor '
            "words. Turn it into numbers (a time, for example, into an hour and a weekday), or "
            "leave it out."
        )
    counts = series.cast(pl.String).drop_nulls().value_counts().sort(series.name)
    words = counts.get_column(series.name).to_list()
    if len(words) > 1 and any(
        all(_place(word, order) is not None for word in words) for order in (_MONTHS, _DAYS)
    ):
        return Column(series.name, "order")
    usual = tuple(counts.filter(pl.col("count") >= RARE).get_column(series.name))
    if len(words) <= FEW_LEVELS:
        return Column(series.name, "levels", usual)
    return _rates(series, y, usual)


def _rates(series: polars.Series, y: NDArray[np.bool_], levels: tuple[str, ...]) -> Column:
    """The rates and shares of these levels, and of all others together, in these rows."""
    code = _match(series, levels)
    known = code >= 0
    rows = np.bincount(code[known], minlength=len(levels) + 1)
    positives = np.bincount(code[known], y[known], minlength=len(levels) + 1)
    base = float(y.mean()) if len(y) else 0.0
    rate = (positives + SMOOTH * base) / (rows + SMOOTH)
    share = rows / max(len(y), 1)
    # What is rare is rare one by one, however many levels of the kind there are.
    share[-1] = 0.0
    return Column(series.name, "rates", levels, tuple(rate.tolist()), tuple(share.tolist()))


def _encode(column: Column, series: polars.Series) -> NDArray[np.float32]:
    """One column of the table: float32 (n, one or more), nan where missing."""
    if column.kind == "number":
        return _numbers(series)[:, None]
    if column.kind == "order":
        return _places(series)[:, None]
    code = _match(series, column.levels)
    missing = code < 0
    if column.kind == "levels":
        told = (code[:, None] == np.arange(len(column.levels))).astype(np.float32)
    else:
        told = np.array([column.rate, column.share], dtype=np.float32).T[code]
    told[missing] = np.nan
    return np.asarray(told)


def _numbers(series: polars.Series) -> NDArray[np.float32]:
    import polars as pl

    numbers = series.cast(pl.Float64, strict=False)
    lost = series.is_not_null() & numbers.is_null()
    if lost.any():
        row = int(lost.arg_true()[0])
        raise WillbuyError(
            f'Column "{series.name}" held numbers when the model was fitted; row {row + 1} now '
            f'holds "{series[row]}". Mend the value, or leave it empty.'
        )
    with np.errstate(over="ignore"):  # beyond float32 is as good as infinite
        told: NDArray[np.float32] = numbers.to_numpy().astype(np.float32)
    told[~np.isfinite(told)] = np.nan
    return told


def _places(series: polars.Series) -> NDArray[np.float32]:
    """The place, from 1, of each name of a month or weekday; nan where it is none."""
    import polars as pl

    words = series.cast(pl.String)
    place: dict[str, float | None] = {}
    for word in words.drop_nulls().unique():
        month, day = _place(word, _MONTHS), _place(word, _DAYS)
        place[word] = month if month is not None else day
    told = words.replace_strict(place, default=None, return_dtype=pl.Float32)
    return np.asarray(told.to_numpy(), dtype=np.float32)


def _place(word: str, order: tuple[str, ...]) -> float | None:
    """Where a name, or its first three letters or more, stands, from 1; None if nowhere."""
    word = word.strip().rstrip(".").lower()
    places = [at for at, name in enumerate(order, 1) if len(word) >= 3 and name.startswith(word)]
    return float(places[0]) if places else None


def _match(series: polars.Series, levels: tuple[str, ...]) -> NDArray[np.int64]:
    """Place of each row's level among these; their number for another one; -1 if missing."""
    import polars as pl

    words = series.cast(pl.String)
    place = {level: at for at, level in enumerate(levels)}
    code = words.replace_strict(place, default=len(levels), return_dtype=pl.Int64)
    return np.where(words.is_null().to_numpy(), -1, code.fill_null(-1).to_numpy())


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
