"""Keys: the int64 by which features know a user, a product, a brand, a category.

An integer id is itself. Any other text becomes a hash of our own, written down here so that it
never changes with a library: FNV-1a (64 bits) over the UTF-8 bytes, finished by splitmix64,
with the top bit set. So hashes are negative, ids are not, and the two never meet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from willbuy.compiled import Function, unique_name
from willbuy.events.schema import MISSING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt
    import polars as pl

    Keys = npt.NDArray[np.int64]

_MASK = (1 << 64) - 1
_FNV_START = 0xCBF29CE484222325
_FNV_PRIME = 0x100000001B3

_LOW = np.uint64(0xFFFFFFFF)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_11, _27, _30, _31, _32 = (np.uint64(n) for n in (11, 27, 30, 31, 32))


def key(value: str | int | None) -> int:
    """The key of one cleaned value; ``MISSING`` for none, empty or blank.

    >>> key("541312140"), key(None), key("samsung")
    (541312140, -1, -1204551154527421166)
    """
    if value is None:
        return MISSING
    text = str(value)
    if text.isascii() and text.isdigit() and (text[0] != "0" or len(text) == 1):
        number = int(text) if len(text) <= 19 else _MASK
        if number < 1 << 63:
            return number
    if not text or text.isspace():
        return MISSING
    h = _FNV_START
    for byte in text.encode("utf-8", "surrogatepass"):
        h = ((h ^ byte) * _FNV_PRIME) & _MASK
    h = ((h ^ (h >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    h = ((h ^ (h >> 27)) * 0x94D049BB133111EB) & _MASK
    h = (h ^ (h >> 31)) | (1 << 63)
    return h - (1 << 64) if h != _MASK else MISSING - 1


def product(a: np.uint64, b: np.uint64) -> np.uint64:
    """``a * b`` modulo 2**64, by halves, so that plain numpy has no overflow to warn of."""
    a_low, b_low = a & _LOW, b & _LOW
    low = a_low * b_low
    cross = ((a >> _32) * b_low & _LOW) + ((b >> _32) * a_low & _LOW) + (low >> _32)
    return ((cross & _LOW) << _32) | (low & _LOW)


NATIVE: dict[Function, tuple[str, list[Function]]] = {
    product: (f"def {unique_name(product)}(a, b):\n    return a * b", [])
}
"""For `compiled.build`: compiled, a 64-bit product wraps; plain Python has to take it by halves."""


def mix(x: int) -> np.int64:
    """Splitmix64's next value after the state ``x``: one-to-one, and every bit depends on all.

    Plain and compiled give the same bits: only ``np.uint64`` arithmetic that cannot overflow.
    """
    z = np.uint64(np.int64(x))
    low = (z & _LOW) + (_GOLDEN & _LOW)
    z = ((((z >> _32) + (_GOLDEN >> _32) + (low >> _32)) & _LOW) << _32) | (low & _LOW)
    z = product(z ^ (z >> _30), _FIRST)
    z = product(z ^ (z >> _27), _SECOND)
    return np.int64(z ^ (z >> _31))


def mix_all(keys: Keys, seed: int) -> npt.NDArray[np.uint64]:
    """Hash 64-bit keys to 64 well-mixed bits.

    Args:
        keys: Any integers, int64, any shape.
        seed: Another seed gives an unrelated hash.

    Returns:
        uint64, same shape: the first output of SplitMix64 (Steele, Lea & Flood 2014, "Fast
        splittable pseudorandom number generators") started at ``key xor splitmix64(seed)``.
    """
    start = _finish(np.array([seed % 2**64], dtype=np.uint64))
    return _finish(np.ascontiguousarray(keys, dtype=np.int64).view(np.uint64) ^ start)


def _finish(state: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    z = state + _GOLDEN
    z = (z ^ (z >> _30)) * _FIRST
    z = (z ^ (z >> _27)) * _SECOND
    return z ^ (z >> _31)


def unit(h: int) -> float:
    """A hash as a number in [0, 1): its upper 53 bits. Plain and compiled alike."""
    return float(np.uint64(np.int64(h)) >> _11) * (1.0 / 9007199254740992.0)


def unit_all(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.float64]:
    """`unit` of many hashes."""
    return (hashes >> _11).astype(np.float64) * (1.0 / 9007199254740992.0)


def keys_of(series: pl.Series) -> Keys:
    """``key`` of every value of a column of cleaned text or of integers."""
    return keys_by(series, key)[0]


_TENS = np.array([np.iinfo(np.int64).max, 0, *(10**n for n in range(1, 19))], dtype=np.int64)
"""The least number that a text of so many digits can stand for, unless it is padded."""


def keys_by(
    series: pl.Series, one: Callable[[str], int | None]
) -> tuple[Keys, npt.NDArray[np.bool_] | None]:
    """The keys of a text column, with the rows whose text ``one`` refuses, if there are any.

    Canonical ids and plain text go the fast way. What may need more thought (blanks, signs,
    spreadsheet numbers, words like "null") is looked at by ``one``, each distinct text once.
    """
    import polars as pl

    if series.dtype != pl.String:
        series = series.cast(pl.String)
    if not _looks_like_numbers(series):
        return _text_keys(series, one)
    numbers = series.cast(pl.Int64, strict=False).fill_null(MISSING).to_numpy()
    lengths = series.str.len_bytes().fill_null(0).to_numpy()
    canonical = numbers >= _TENS[np.minimum(lengths, 19)]  # false for "007", "+5" and "-5"
    canonical &= lengths <= 19
    canonical |= lengths == 0
    if canonical.all():
        return numbers, None
    rest = np.flatnonzero(~canonical)
    keys = numbers.copy()
    keys[rest], refused = _text_keys(series.gather(rest), one)
    if refused is None:
        return keys, None
    all_refused = np.zeros(len(keys), dtype=np.bool_)
    all_refused[rest] = refused
    return keys, all_refused


def _looks_like_numbers(series: pl.Series) -> bool:
    head = series.head(64).drop_nulls()
    return head.str.contains(r"^\d+$").sum() * 2 >= max(len(head), 1)


def _text_keys(
    series: pl.Series, one: Callable[[str], int | None]
) -> tuple[Keys, npt.NDArray[np.bool_] | None]:
    from willbuy.events.loops import compiled

    keys = np.empty(len(series), dtype=np.int64)
    unsure = np.zeros(len(series), dtype=np.bool_)
    data, lengths = joined(series)
    if not compiled("keys_loop")(data, lengths, keys, unsure):
        return keys, None
    rows = np.flatnonzero(unsure)
    texts = series.gather(rows)
    found = {text: one(text) for text in cast("list[str]", texts.unique().to_list())}
    keys[rows] = [MISSING if (k := found[text]) is None else k for text in texts.to_list()]
    if None not in found.values():
        return keys, None
    refused = np.zeros(len(series), dtype=np.bool_)
    refused[rows] = [found[text] is None for text in texts.to_list()]
    return keys, refused


def joined(series: pl.Series) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32]]:
    """A text column as one run of UTF-8 bytes and the length of each value (0 for null)."""
    text = series.str.join("").item() or ""
    lengths = series.str.len_bytes().fill_null(0).to_numpy()
    return np.frombuffer(text.encode("utf-8"), dtype=np.uint8), lengths
