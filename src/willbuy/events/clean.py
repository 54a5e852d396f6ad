"""Cleaning: what a raw text means, as plain functions of one value.

Batch applies them to the distinct values of a column, live to the one value at hand, so the
two cannot differ. Nothing is invented: what says nothing becomes None.
"""

from __future__ import annotations

import math
import re
import unicodedata

from willbuy.events.keys import key

NOTHING = frozenset(
    {"", "-", "null", "none", "nan", "nat", "n/a", "<na>", "\\n", "(none)", "(null)"}
    | {"(not set)", "not set", "unknown", "undefined", "(unknown)"}
)
"""Words, in lower case, by which logs say that they have no value."""

_SEPARATORS = ">|/."
_MANGLED = re.compile(r"[+-]?\d\.\d+[eE]\+?\d+|[+-]?\d[eE]\+\d+|\d+\.0")
_WHOLE = re.compile(r"([1-9]\d{0,15}|0)\.0")
_PRICE = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_DECIMAL_COMMA = re.compile(r"\d+,\d{1,2}")


HIGHEST_PRICE = 1e9
"""What is above it is a mistake, and would drown the sums of all other prices."""


def clean_text(raw: str | None) -> str | None:
    """A brand or one level of a category: one spelling for what is one thing.

    >>> clean_text("  Le  Creuset "), clean_text("(not set)")
    ('le creuset', None)
    """
    if raw is None:
        return None
    text = raw
    while True:  # twice nearly always: folding can undo the normal form
        folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
        if folded == text:
            break
        text = folded
    return None if text in NOTHING else text


def clean_path(raw: str | None) -> tuple[str, ...]:
    """The levels of a category path, outermost first.

    The separator is the first of ``>``, ``|``, ``/`` and ``.`` that the text uses.

    >>> clean_path("Home > Kitchen.Tools"), clean_path("electronics.smartphone")
    (('home', 'kitchen.tools'), ('electronics', 'smartphone'))
    """
    text = clean_text(raw)
    if text is None:
        return ()
    separator = next((c for c in _SEPARATORS if c in text), ">")
    levels = (clean_text(level) for level in text.split(separator))
    return tuple(level for level in levels if level is not None)


def clean_id(raw: str | None) -> str | None:
    """An id, trimmed; a whole number that went through a float column gets its digits back.

    >>> clean_id(" 541312140.0 "), clean_id("null"), clean_id("a1 ")
    ('541312140', None, 'a1')
    """
    if raw is None:
        return None
    text = raw.strip()
    if len(text) <= 11 and text.lower() in NOTHING:
        return None
    whole = _WHOLE.fullmatch(text)
    if whole and int(whole[1]) < 1 << 53:  # up to here a float is exact
        return whole[1]
    return text


def is_mangled(raw: str | None) -> bool:
    """Whether an id lost digits on its way, as in ``2.05E+18``: it names nothing any more."""
    text = clean_id(raw)
    return text is not None and _MANGLED.fullmatch(text) is not None


def id_key(raw: str) -> int | None:
    """The key of a raw id; None where the id is mangled."""
    return None if is_mangled(raw) else key(clean_id(raw))


def clean_price(raw: str | float | None) -> float:
    """A price above zero, or nan. ``12,50`` is read as 12.50; ``1,234`` is not guessed at.

    >>> clean_price("35.79"), clean_price("0.00"), clean_price("12,50")
    (35.79, nan, 12.5)
    """
    value = read_price(raw)
    return value if value > 0 else math.nan


def read_price(raw: str | float | None) -> float:
    """The number that a price text stands for; nan where it is none, or no price can be so high."""
    if raw is None:
        return math.nan
    if isinstance(raw, str):
        text = raw.strip()
        if _DECIMAL_COMMA.fullmatch(text):
            text = text.replace(",", ".")
        elif not _PRICE.fullmatch(text):
            return math.nan
        raw = text
    value = float(raw)
    return value if abs(value) <= HIGHEST_PRICE else math.nan
