"""What the columns of a table hold: numbers, truth values, text or dates, by their values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import polars as pl

from willbuy.events.times import END, FIRST, to_micros

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["number", "boolean", "text", "date", "time"]
"""A date is a time that is always midnight."""

MISSING_WORDS = ("", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "?", "-")
"""In a column of numbers, truth values or dates these, in any case, say that there is no value. In
a column of text only the empty one does: the others may be names."""

TRUE_WORDS = ("true", "t", "yes", "y")
FALSE_WORDS = ("false", "f", "no", "n")
_TRUTHS = {**dict.fromkeys(TRUE_WORDS, True), **dict.fromkeys(FALSE_WORDS, False)}

ODD_SHARE = 0.05
"""A column is of a kind if all its values are, but for so many, which are then missing and told."""

PLAIN, COMMA, THOUSANDS = "", "decimal comma", "comma between thousands"
"""The styles of numbers: 1234.5, 1.234,5 and 1,234.5."""

_SAMPLE = 1000
_FORMATS = (
    "iso",
    *(f"%d.%m.%Y{clock}" for clock in ("", " %H:%M", " %H:%M:%S")),
    *(f"%d/%m/%Y{clock}" for clock in ("", " %H:%M", " %H:%M:%S")),
    *(f"%m/%d/%Y{clock}" for clock in ("", " %H:%M", " %H:%M:%S")),
    "%Y/%m/%d",
    "%Y%m%d",
)
_DECIMAL_COMMA = r"^[+-]?(\d{1,3}(\.\d{3})+|\d+),\d+$|^[+-]?\d+$|^[+-]?\d{1,3}(\.\d{3})+$"
_THOUSANDS = r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$|^[+-]?\d+(\.\d+)?$"


@dataclass(frozen=True)
class Column:
    """What is known of a column of a table.

    Attributes:
        name: In the file.
        kind: What it holds.
        left_out: Why it is no feature; None if it is one.
        missing: Rows without a value.
        distinct: Different values.
        notes: What was done to it, in words.
        written: How its numbers or dates are written, as in `Read`.
        is_id: Whether it is left out because it names rows.
    """

    name: str
    kind: Kind
    left_out: str | None
    missing: int
    distinct: int
    notes: tuple[str, ...] = ()
    written: str = ""
    is_id: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "notes": list(self.notes)}

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls(**{**plain, "notes": tuple(plain["notes"])})


@dataclass(frozen=True)
class Read:
    """A column's values in the type of its kind.

    Attributes:
        values: Float64, Boolean, String, or Datetime in microseconds UTC; null where missing.
        kind: What they are.
        odd: Boolean: where there was a value that is none of this kind; it is now missing.
        written: How the text was read: a number's style, a date's format; "" where it is of
            its own type or there is only one way.
        notes: The same in words, where that is worth telling.
    """

    values: pl.Series
    kind: Kind
    odd: pl.Series
    written: str = ""
    notes: tuple[str, ...] = ()


def find_kind(raw: pl.Series, separator: str | None) -> Read:
    """The kind that fits a column.

    Args:
        raw: As `read_raw` gives it.
        separator: Between the columns of the file: a comma there cannot stand in a number that
            is not quoted.
    """
    kinds: tuple[Kind, ...] = ("boolean", "number", "time")
    for kind in kinds:
        read = read_as(raw, kind, separator)
        seen = len(raw) - read.values.null_count()
        odd = int(read.odd.sum())
        if seen and odd <= ODD_SHARE * (seen + odd):
            return read
    return read_as(raw, "text", separator)


def read_as(raw: pl.Series, kind: Kind, separator: str | None, written: str = "") -> Read:
    """A column as a kind that is known already; what does not fit is missing and marked odd.

    Args:
        raw: As `read_raw` gives it.
        kind: What it holds.
        separator: As for `find_kind`.
        written: How it was written where the kind was found; another way is taken only where that
            one does not read every value, so that a few rows are not read by a guess of their own.
    """
    if kind == "text":
        return _text(raw)
    if kind == "boolean":
        return _truths(raw)
    if kind == "number":
        return _numbers(raw, separator, written)
    return _times(raw, written)


def _text(raw: pl.Series) -> Read:
    text = _stripped(raw).replace("", None)
    return Read(text, "text", _none(raw))


def _truths(raw: pl.Series) -> Read:
    if raw.dtype == pl.Boolean:
        return Read(raw, "boolean", _none(raw))
    if raw.dtype != pl.String:
        return _unread(raw, "boolean", pl.Boolean())
    text = present(raw.str.to_lowercase())
    values = text.replace_strict(_TRUTHS, default=None, return_dtype=pl.Boolean)
    return Read(values, "boolean", text.is_not_null() & values.is_null())


def _numbers(raw: pl.Series, separator: str | None, written: str) -> Read:
    if raw.dtype.is_numeric():
        values = raw.cast(pl.Float64)
        values = pl.select(pl.when(values.is_finite()).then(values)).to_series().alias(raw.name)
        return Read(values, "number", _none(raw))
    if raw.dtype != pl.String:
        return _unread(raw, "number", pl.Float64())
    text = present(raw)
    # A comma that separates columns is not the decimal one as well, as a rule.
    styles = [PLAIN, *((THOUSANDS, COMMA) if separator == "," else (COMMA, THOUSANDS))]
    styles.sort(key=lambda style: style != written)
    best, how = _styled(text, styles[0]), styles[0]
    commas = text.str.contains(",", literal=True).any()
    for style in styles[1:]:
        if best.null_count() == text.null_count():
            break
        if style != PLAIN and not commas:
            continue
        values = _styled(text, style)
        if values.null_count() < best.null_count():
            best, how = values, style
    notes = (how,) * (how != PLAIN)
    return Read(best, "number", text.is_not_null() & best.is_null(), how, notes)


def _styled(text: pl.Series, style: str) -> pl.Series:
    """Numbers of one style, null where one is not."""
    if style == COMMA:
        text = text.set(~text.str.contains(_DECIMAL_COMMA), None)
        text = text.str.replace_all(".", "", literal=True).str.replace(",", ".")
    elif style == THOUSANDS:
        text = text.set(~text.str.contains(_THOUSANDS), None)
        text = text.str.replace_all(",", "", literal=True)
    return _finite(text)


def _times(raw: pl.Series, written: str) -> Read:
    if raw.dtype in (pl.Date, pl.Datetime):
        return _as_times(raw.cast(pl.Datetime("us")) if raw.dtype == pl.Date else raw, "", ())
    if raw.dtype != pl.String:
        return _unread(raw, "time", pl.Datetime("us"))
    text = present(raw)
    read = _as_times(text, written, ()) if written else _unread(text, "time", pl.Datetime("us"))
    if not read.odd.any():
        return read
    form, sure = date_format(text)
    if form is None:
        return read
    note = "" if form == "iso" else f"dates written as {form}"
    if not sure:
        note += ", the day before the month as far as one can tell"
    other = _as_times(text, form, (note,) * bool(note))
    return other if other.values.null_count() < read.values.null_count() else read


def _as_times(raw: pl.Series, written: str, notes: tuple[str, ...]) -> Read:
    micros = to_micros(raw, written or "datetime", "UTC")
    possible = pl.select(pl.when((micros >= FIRST) & (micros < END)).then(micros)).to_series()
    values = possible.cast(pl.Datetime("us")).alias(raw.name)
    midnight = (possible.drop_nulls() % 86_400_000_000 == 0).all()
    kind: Kind = "date" if midnight else "time"
    return Read(values, kind, raw.is_not_null() & values.is_null(), written, notes)


def date_format(text: pl.Series) -> tuple[str | None, bool]:
    """The format that reads a column of dates, and whether day and month are sure.

    Returns:
        The format, None where none reads nearly all; false where day and month could as well be
        the other way round.
    """
    sample = text.drop_nulls().unique(maintain_order=True).head(_SAMPLE)
    reads: list[tuple[int, str]] = []
    for form in _FORMATS if len(sample) else ():
        micros = to_micros(sample, form, "UTC")
        found = int(((micros >= FIRST) & (micros < END)).sum())
        if found >= (1 - ODD_SHARE) * len(sample):
            reads.append((found, form))
            if form == "iso":
                break
    if not reads:
        return None, True
    most = max(found for found, _ in reads)
    best = [form for found, form in reads if found == most]
    return best[0], len(best) == 1


def _unread(raw: pl.Series, kind: Kind, dtype: pl.DataType) -> Read:
    values = pl.repeat(None, len(raw), dtype=dtype, eager=True).alias(raw.name)
    return Read(values, kind, raw.is_not_null())


def _finite(text: pl.Series) -> pl.Series:
    values = text.cast(pl.Float64, strict=False)
    return pl.select(pl.when(values.is_finite()).then(values)).to_series().alias(text.name)


def _stripped(raw: pl.Series) -> pl.Series:
    return (raw if raw.dtype == pl.String else raw.cast(pl.String)).str.strip_chars()


def present(raw: pl.Series) -> pl.Series:
    """Text without blanks around it; null where it says that there is no value."""
    text = _stripped(raw.fill_nan(None) if raw.dtype.is_float() else raw)
    return text.set(text.str.to_lowercase().is_in(MISSING_WORDS), None)


def _none(raw: pl.Series) -> pl.Series:
    return pl.repeat(False, len(raw), dtype=pl.Boolean, eager=True)


def shown(values: Sequence[object], most: int = 5) -> str:
    """Some values as a person reads them."""
    more = ", ..." if len(values) > most else ""
    return ", ".join(repr(str(value)[:40]) for value in values[:most]) + more
