"""Times: from whatever a log writes to microseconds since 1970 in UTC.

A format is ``iso`` (ISO 8601 and its habits, such as `` UTC`` at the end), ``s``, ``ms`` or ``us``
(numbers since 1970), ``datetime`` (a typed Parquet column), or a strptime pattern.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import polars as pl

from willbuy.errors import WillbuyError
from willbuy.events.keys import joined
from willbuy.events.loops import LOCAL, UNREADABLE, compiled

if TYPE_CHECKING:
    import numpy.typing as npt

FIRST = 946_684_800_000_000
"""2000-01-01. What is earlier, or not before ``END``, is no time of a shop's event."""
END = 4_102_444_800_000_000
"""2100-01-01."""

UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NUMBER = re.compile(r"\d{1,18}(\.\d*)?")
_DIRECTIVE = re.compile(r"%(.)")


def find_format(sample: pl.Series) -> str | None:
    """The format that reads at least half of a sample; None if there is none.

    Numbers are told apart by size: as seconds, milliseconds or microseconds only one lies
    between 2000 and 2100.
    """
    if isinstance(sample.dtype, pl.Datetime):
        return "datetime"
    texts = sample.drop_nulls()
    if texts.is_empty():
        return None
    for form in ("iso", "s", "ms", "us"):
        micros = to_micros(texts, form, "UTC")
        if is_possible(micros.fill_null(0).to_numpy()).sum() * 2 >= len(texts):
            return form
    return None


def is_possible(micros: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which times lie in [2000, 2100)."""
    possible: npt.NDArray[np.bool_] = (micros >= FIRST) & (micros < END)
    return possible


def check_zone(zone: str) -> None:
    """Refuse a time zone that nobody knows."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise WillbuyError(
            f"There is no time zone {zone!r}. Use an IANA name such as Europe/Berlin or UTC."
        ) from error


def to_micros(series: pl.Series, form: str, zone: str) -> pl.Series:
    """Microseconds since 1970 in UTC of a column of times; null where it cannot be read.

    A time without a zone is local to ``zone``. Of an hour that comes twice (clocks go back) the
    first is meant; one that never was (clocks go forward) cannot be read.
    """
    if isinstance(series.dtype, pl.Datetime):
        if series.dtype.time_zone is None:
            return _from_local(series.cast(pl.Datetime("us")), zone)
        return series.dt.epoch("us")
    text = series if series.dtype == pl.String else series.cast(pl.String)
    if form in UNITS:
        whole = text.cast(pl.Int64, strict=False)
        longest = 19 - len(str(UNITS[form]))  # digits that cannot overflow
        digits = whole.is_not_null() & (text.str.len_bytes() <= longest) & (whole >= 0)
        micros = pl.select(
            pl.when(digits & ~text.str.starts_with("+")).then(whole * UNITS[form])
        ).to_series()
    elif form in ("iso", "datetime"):
        return _iso(text, zone)
    elif not set(_DIRECTIVE.findall(form.replace(".%f", ""))) - set("YmdHMS"):
        read = text.str.to_datetime(
            form.replace(".%f", "%.f"), time_unit="us", strict=False, exact=True
        )
        micros = _from_local(read, zone)
    else:
        micros = pl.repeat(None, len(text), dtype=pl.Int64, eager=True)
    return _patched(micros, text, form, zone)


def one_time(value: str | int | datetime, form: str, zone: str) -> int | None:
    """Microseconds of one time: an integer is microseconds already, a text is in ``form``."""
    if isinstance(value, int):
        return value
    if isinstance(value, datetime):
        return _micros(value, zone)
    if form in ("iso", "datetime"):
        return _one_iso(value, zone)
    return _one_text(value, form, zone)


def _patched(micros: pl.Series, text: pl.Series, form: str, zone: str) -> pl.Series:
    """Let the function for one value decide about what the fast way could not read."""
    odd = micros.is_null() & text.is_not_null()
    if not odd.any():
        return micros
    found = {t: _one_text(t, form, zone) for t in text.filter(odd).unique()}
    patch = pl.Series([found[t] for t in text.filter(odd)], dtype=pl.Int64)
    return micros.scatter(odd.arg_true(), patch)


def _one_text(text: str, form: str, zone: str) -> int | None:
    text = text.strip()
    if form in UNITS:
        if not _NUMBER.fullmatch(text):
            return None
        number = float(text) if "." in text else int(text)
        micros = round(number * UNITS[form])
        return micros if micros < 1 << 63 else None
    try:
        return _micros(datetime.strptime(text, form), zone)
    except ValueError:
        return None


def _micros(value: datetime, zone: str) -> int | None:
    if value.tzinfo is None:
        value = value.replace(tzinfo=ZoneInfo(zone), fold=0)
        if value.astimezone(UTC).astimezone(value.tzinfo).replace(tzinfo=None) != value.replace(
            tzinfo=None
        ):
            return None  # the clocks jumped over it
    return (value - _EPOCH) // _MICROSECOND


def _from_local(series: pl.Series, zone: str) -> pl.Series:
    if zone != "UTC":
        series = series.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return series.dt.epoch("us")


def _read_iso(
    data: npt.NDArray[np.uint8], lengths: npt.NDArray[np.uint32]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    micros = np.empty(len(lengths), dtype=np.int64)
    status = np.empty(len(lengths), dtype=np.uint8)
    compiled("times_loop")(data, lengths, micros, status)
    return micros, status


def _iso(text: pl.Series, zone: str) -> pl.Series:
    micros, status = _read_iso(*joined(text))
    times = pl.Series(micros)
    if zone != "UTC" and (local := status == LOCAL).any():
        rows = np.flatnonzero(local)
        moved = _from_local(times.gather(rows).cast(pl.Datetime("us")), zone)
        times = times.scatter(rows, moved)
    if not (unread := status == UNREADABLE).any():
        return times
    return times.scatter(np.flatnonzero(unread), None)


def _one_iso(text: str, zone: str) -> int | None:
    data = text.encode("utf-8", "surrogatepass")
    micros, status = _read_iso(
        np.frombuffer(data, dtype=np.uint8), np.array([len(data)], dtype=np.uint32)
    )
    if status[0] == UNREADABLE:
        return None
    if status[0] == LOCAL and zone != "UTC":
        return _micros(datetime(1970, 1, 1) + timedelta(microseconds=int(micros[0])), zone)
    return int(micros[0])
