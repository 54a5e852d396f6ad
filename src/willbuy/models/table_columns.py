"""What one column of a user's table becomes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from willbuy.errors import WillbuyError

if TYPE_CHECKING:
    import polars

FEW_LEVELS = 12
"""A column of words with more levels than this is told by rates, not by a column a level."""

CODES = 3, 50
"""Whole numbers from 1 with so many levels are taken for codes, as of a region or a browser."""

RARE = 10
"""Levels in fewer rows than this are one: they, and levels never seen, get what they share."""

SMOOTH = 20.0
"""The rate of a level is drawn to the rate of all by as many rows as this."""

_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Column:
    """What becomes of one column of the table.

    Attributes:
        name: As in the table.
        kind: ``number``: itself, also of true and false. ``levels``: 1 or 0 for each of
            ``levels``. ``order``, names of months or weekdays: the place in the year or week,
            and ``levels``. ``rates``: the smoothed share of positives among the rows of this
            level, and the level's share of all rows. ``codes``: the number, and ``rates``.
        levels: The words or codes that are told apart; `RARE` ones are not among them.
        rate: Of ``rates`` and ``codes``: one number a level, then that of every other level.
        share: Likewise.
    """

    name: str
    kind: Literal["number", "levels", "order", "rates", "codes"]
    levels: tuple[str, ...] = ()
    rate: tuple[float, ...] = ()
    share: tuple[float, ...] = ()

    @property
    def names(self) -> list[str]:
        """Of the float columns that it becomes."""
        itself = [] if self.kind in ("levels", "rates") else [self.name]
        if self.kind in ("rates", "codes"):
            return [*itself, f"{self.name}: rate", f"{self.name}: share of rows"]
        return [*itself, *(f"{self.name} = {level}" for level in self.levels)]

    @property
    def tells_labels(self) -> bool:
        """Whether labels went into it."""
        return self.kind in ("rates", "codes")


def learn(series: polars.Series, y: NDArray[np.bool_]) -> Column:
    """What this column, with these labels (n,), becomes; WillbuyError if it can become nothing."""
    import polars as pl

    name = series.name
    if series.dtype in (pl.Boolean, pl.Null):
        return Column(name, "number")
    numeric = series.dtype.is_numeric()
    if not numeric and not isinstance(series.dtype, (pl.String, pl.Categorical, pl.Enum)):
        raise WillbuyError(
            f'Column "{name}" is of type {series.dtype}, which is neither numbers nor words. '
            "Turn it into numbers (a time, for example, into an hour and a weekday), or leave it "
            "out."
        )
    if numeric and not _look_like_codes(series):
        return Column(name, "number")
    counts = _words(series).drop_nulls().value_counts().sort(name)
    usual = tuple(counts.filter(pl.col("count") >= RARE).get_column(name))
    if numeric:
        return rated(Column(name, "codes", usual), series, y)
    words = counts.get_column(name).to_list()
    for order in (_MONTHS, _DAYS):
        if len(words) > 1 and all(_place(word, order) is not None for word in words):
            return Column(name, "order", usual)
    if len(words) <= FEW_LEVELS:
        return Column(name, "levels", usual)
    return rated(Column(name, "rates", usual), series, y)


def _look_like_codes(numbers: polars.Series) -> bool:
    """Whole numbers from 1 (a count would know 0) with few levels."""
    low, high = CODES
    levels = numbers.drop_nulls().unique().to_numpy().astype(np.float64)
    whole = np.isfinite(levels).all() and (levels >= 1).all() and (levels % 1 == 0).all()
    return bool(whole) and low <= len(levels) <= high


def rated(column: Column, series: polars.Series, y: NDArray[np.bool_]) -> Column:
    """The column with the rates and shares of its levels, and of all others, in these rows."""
    code = _match(series, column.levels)
    known = code >= 0
    rows = np.bincount(code[known], minlength=len(column.levels) + 1)
    positives = np.bincount(code[known], y[known], minlength=len(column.levels) + 1)
    base = float(y.mean()) if len(y) else 0.0
    rate = (positives + SMOOTH * base) / (rows + SMOOTH)
    share = rows / max(len(y), 1)
    # What is rare is rare one by one, however many levels of the kind there are.
    share[-1] = 0.0
    return replace(column, rate=tuple(rate.tolist()), share=tuple(share.tolist()))


def unmet(column: Column, base: float) -> Column:
    """The column before any of its levels was met, where the rate of all is `base`."""
    size = len(column.levels) + 1
    return replace(column, rate=(base,) * size, share=(0.0,) * size)


def encode(column: Column, series: polars.Series) -> NDArray[np.float32]:
    """One column of the table: float32 (n, one or more), nan where missing."""
    if column.kind == "number":
        return _numbers(series)[:, None]
    code = _match(series, column.levels)
    if column.tells_labels:
        told = np.array([column.rate, column.share], dtype=np.float32).T[code]
    else:
        told = (code[:, None] == np.arange(len(column.levels))).astype(np.float32)
    told[code < 0] = np.nan
    if column.kind == "codes":
        told = np.column_stack([_numbers(series), told])
    elif column.kind == "order":
        told = np.column_stack([_places(series), told])
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

    words = _words(series)
    place = {level: at for at, level in enumerate(levels)}
    code = words.replace_strict(place, default=len(levels), return_dtype=pl.Int64)
    return np.where(words.is_null().to_numpy(), -1, code.fill_null(-1).to_numpy())


def _words(series: polars.Series) -> polars.Series:
    """The levels as words; 3 and 3.0 are one."""
    import polars as pl

    if series.dtype.is_float():
        whole = series.fill_nan(None).cast(pl.Int64, strict=False)
        return whole.cast(pl.String).zip_with(
            whole.cast(pl.Float64) == series, series.cast(pl.String)
        )
    return series.cast(pl.String)
