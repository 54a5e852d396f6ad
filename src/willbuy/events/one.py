"""One event at a time, with the same cleaning and keys as whole files, for live scoring."""

from __future__ import annotations

import math
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from willbuy.errors import WillbuyError
from willbuy.events.batch import path_keys
from willbuy.events.clean import HIGHEST_PRICE, clean_price, clean_text, id_key
from willbuy.events.keys import key
from willbuy.events.schema import EVENT, MISSING, Kind
from willbuy.events.sources import Source
from willbuy.events.times import END, FIRST, one_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

PLAIN = Source(columns={})
"""Times in ISO 8601, UTC where they name no zone, and the words that all logs share."""

_ids = lru_cache(maxsize=1 << 16)(id_key)
_paths = lru_cache(maxsize=1 << 14)(path_keys)
_known = frozenset(
    ("time", "kind", "user", "session", "product", "category", "path", "brand", "price", "position")
)


@lru_cache(maxsize=1 << 14)
def _brand(raw: str) -> int:
    return key(clean_text(raw))


def canonical(fields: Mapping[str, object], source: Source = PLAIN) -> npt.NDArray[np.void]:
    """One event, as an array of one row, from its raw fields under our names.

    ``time`` is a text in the source's format, a datetime, or an int of microseconds since 1970;
    ``kind`` a ``Kind`` or the log's word for it (an unknown word is ``OTHER``); ids are text or
    int; what is missing is None, empty, or left out. ``position`` is the place of arrival.

    Raises:
        WillbuyError: if an event of these fields would have been rejected in a file.
    """
    if not fields.keys() <= _known:
        unknown = ", ".join(sorted(str(name) for name in fields.keys() - _known))
        raise WillbuyError(
            f"An event has no field {unknown}. Its fields are: {', '.join(sorted(_known))}."
        )
    get = fields.get
    time = _time(get("time"), source)
    user = _id("user", get("user"))
    if user == MISSING:
        raise WillbuyError("user: the event does not say who. Give a user id.")
    path, section = _paths(_text("path", get("path")))
    raw_category = get("category")
    category: int | None = MISSING
    if raw_category is not None:
        category = _ids(_id_text("category", raw_category))
    raw_brand = _text("brand", get("brand"))
    event = np.zeros(1, dtype=EVENT)  # zeros: the padding too is the same bytes every time
    event[0] = (
        time,
        user,
        _id("session", get("session")),
        _id("product", get("product")),
        MISSING if raw_brand is None else _brand(raw_brand),
        path if category is None or category == MISSING else category,
        section,
        _price(get("price")),
        _position(get("position", 0)),
        _kind(get("kind"), source),
    )
    return event


def _time(value: object, source: Source) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, str, datetime, np.integer)):
        raise WillbuyError(
            f"time: {value!r} is no time. Give text, a datetime, or microseconds since 1970."
        )
    if isinstance(value, np.integer):
        value = int(value)
    try:
        micros = one_time(value, source.time_format, source.zone)
    except OverflowError:
        micros = None
    if micros is None:
        raise WillbuyError(
            f"time: {value!r} cannot be read as {source.time_format!r} in zone {source.zone}."
        )
    if not FIRST <= micros < END:
        raise WillbuyError(
            f"time: {value!r} lies before 2000 or after 2099. A number is microseconds since 1970."
        )
    return micros


def _id_text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return str(value)
    raise WillbuyError(f"{name}: {value!r} is no id. Give text or a whole number.")


def _id(name: str, value: object) -> int:
    if value is None:
        return MISSING
    found = _ids(_id_text(name, value))
    if found is None:
        raise WillbuyError(
            f"{name}: {value!r} is an id that lost its digits in a spreadsheet or a float."
        )
    return found


def _text(name: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise WillbuyError(f"{name}: {value!r} is no text.")


def _price(value: object) -> float:
    if value is None or isinstance(value, str):
        return clean_price(value)
    if isinstance(value, (int, float, np.integer, np.floating)):
        sane = -HIGHEST_PRICE <= value <= HIGHEST_PRICE  # compared before float() can overflow
        return clean_price(float(value) if sane else math.nan)
    raise WillbuyError(f"price: {value!r} is no price. Give a number, or nothing.")


def _position(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise WillbuyError(f"position: {value!r} is no place. Give a whole number.")
    return int(value)


def _kind(value: object, source: Source) -> Kind:
    if isinstance(value, Kind):
        return value
    if value is None or isinstance(value, str):
        return source.kind(value) or Kind.OTHER
    raise WillbuyError(f"kind: {value!r} is no kind. Give a word such as 'view'.")
