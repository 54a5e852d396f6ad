"""The loops over raw bytes that are worth compiling: keys, times, and where lines end.

They are written as plain functions of arrays and compiled when first used, so that importing
this room does not import numba. Their arithmetic wraps, as compiled arithmetic does.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Ints = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]

PLAIN, QUOTED, STRAY, OPEN = 0, 1, 2, 3
"""How a line uses quotes: not, well, in the middle of a field, without an end."""

ABSOLUTE, LOCAL, UNREADABLE = 0, 1, 2
"""What a time is: with a zone, without one, not a time."""

_FNV_START = np.uint64(0xCBF29CE484222325)
_FNV_PRIME = np.uint64(0x100000001B3)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_TOP = np.uint64(1 << 63)
_ONES = np.uint64(0xFFFFFFFFFFFFFFFF)
_27, _30, _31 = np.uint64(27), np.uint64(30), np.uint64(31)


@cache
def compiled(name: str) -> Callable[..., Any]:
    """One of this module's loops, compiled, and kept on disk for the next process."""
    import numba

    loop: Callable[..., Any] = numba.njit(cache=True, nogil=True)(globals()[name])
    return loop


def keys_loop(data: Bytes, lengths: npt.NDArray[np.uint32], keys: Ints, unsure: Flags) -> int:
    """Fill ``keys``; flag and count the rows whose text may need cleaning first."""
    stop = np.int64(0)
    flagged = 0
    for row in range(len(lengths)):
        n = np.int64(lengths[row])
        start = stop
        stop = start + n
        if n == 0:
            keys[row] = -1
            continue
        first = data[start]
        last = data[stop - 1]
        digit = 48 <= first <= 57
        if digit and n <= 19 and (first != 48 or n == 1):
            number = np.uint64(0)
            whole = True
            for i in range(start, stop):
                d = np.uint64(data[i]) - np.uint64(48)
                if d > np.uint64(9):
                    whole = False
                    break
                number = number * np.uint64(10) + d
            if whole and number < _TOP:
                keys[row] = np.int64(number)
                continue
        doubt = first <= 32 or first >= 128 or last <= 32 or last >= 128  # blanks to trim?
        if digit and n > 2:  # a number as a spreadsheet or a float column writes it?
            second = data[start + 1]
            doubt = doubt or (last == 48 and data[stop - 2] == 46)
            doubt = doubt or second == 46
            # 2E+18; the plus tells it from an id like 3e41...
            doubt = doubt or ((second == 69 or second == 101) and data[start + 2] == 43)
        elif first == 43 or first == 45:  # a sign
            doubt = True
        elif n <= 9:  # a word for "nothing"? They start with one of ( < N U \ n u
            doubt = (
                doubt
                or first == 40
                or first == 60
                or first == 78
                or first == 85
                or first == 92
                or first == 110
                or first == 117
            )
        if doubt:
            unsure[row] = True
            flagged += 1
            continue
        h = _FNV_START
        for i in range(start, stop):
            h = (h ^ np.uint64(data[i])) * _FNV_PRIME
        h = (h ^ (h >> _30)) * _FIRST
        h = (h ^ (h >> _27)) * _SECOND
        h = (h ^ (h >> _31)) | _TOP
        keys[row] = np.int64(h) if h != _ONES else -2
    return flagged


def times_loop(data: Bytes, lengths: npt.NDArray[np.uint32], micros: Ints, status: Bytes) -> None:
    """Read ISO 8601 times: ``2019-10-01[T ]00:00[:00[.123]][ ][Z|UTC|GMT|+hh[:mm]]``."""
    stop = np.int64(0)
    for row in range(len(lengths)):
        start = stop
        stop = start + np.int64(lengths[row])
        micros[row] = 0
        status[row] = 2
        end = stop
        while end > start and data[end - 1] <= 32:
            end -= 1
        while start < end and data[start] <= 32:
            start += 1
        if end - start < 10:
            continue
        good = True
        for i in range(10):
            c = data[start + i]
            if i == 4 or i == 7:
                good = good and (c == 45 or c == 47) and c == data[start + 4]
            else:
                good = good and 48 <= c <= 57
        if not good:
            continue
        s = start
        year = (
            (np.int64(data[s]) - 48) * 1000
            + (np.int64(data[s + 1]) - 48) * 100
            + (np.int64(data[s + 2]) - 48) * 10
            + (np.int64(data[s + 3]) - 48)
        )
        month = (np.int64(data[s + 5]) - 48) * 10 + np.int64(data[s + 6]) - 48
        day = (np.int64(data[s + 8]) - 48) * 10 + np.int64(data[s + 9]) - 48
        if month < 1 or month > 12 or day < 1:
            continue
        most = 31
        if month == 4 or month == 6 or month == 9 or month == 11:
            most = 30
        elif month == 2:
            leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
            most = 29 if leap else 28
        if day > most:
            continue
        y = year - 1 if month <= 2 else year  # Hinnant's days from civil, years from March
        era = y // 400
        of_era = y - era * 400
        of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
        days = era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468
        total = days * 86_400_000_000
        at = start + 10
        if at == end:
            micros[row] = total
            status[row] = 1
            continue
        if (data[at] != 32 and data[at] != 84 and data[at] != 116) or end - at < 6:
            continue
        at += 1
        unit = np.int64(3_600_000_000)
        for part in range(3):  # hours, minutes and perhaps seconds
            if part > 0:
                if at >= end or data[at] != 58:
                    good = part == 2
                    break
                at += 1
            if end - at < 2:
                good = False
                break
            tens = np.int64(data[at]) - 48
            ones = np.int64(data[at + 1]) - 48
            value = tens * 10 + ones
            if tens < 0 or tens > 9 or ones < 0 or ones > 9 or value >= (24 if part == 0 else 60):
                good = False
                break
            total += value * unit
            unit //= 60
            at += 2
        if not good:
            continue
        if at < end and (data[at] == 46 or data[at] == 44):  # a fraction; below 1 us is cut
            at += 1
            digits = 0
            scale = np.int64(100_000)
            while at < end and 48 <= data[at] <= 57:
                total += (np.int64(data[at]) - 48) * scale
                scale //= 10
                digits += 1
                at += 1
            if digits == 0:
                continue
        while at < end and data[at] == 32:
            at += 1
        left = end - at
        if left == 0:
            micros[row] = total
            status[row] = 1
            continue
        c = data[at]
        if left == 1:
            good = c == 90 or c == 122  # Z
        elif left == 3 and data[at + 2] > 57:
            utc = c == 85 and data[at + 1] == 84 and data[at + 2] == 67
            good = utc or (c == 71 and data[at + 1] == 77 and data[at + 2] == 84)  # GMT
        elif (c == 43 or c == 45) and (left == 3 or left == 5 or left == 6):
            colon = left == 6
            good = not colon or bool(data[at + 3] == 58)
            offset = np.int64(0)
            places = 0
            for i in range(at + 1, end):
                if colon and i == at + 3:
                    continue
                d = np.int64(data[i]) - 48
                good &= bool(0 <= d <= 9)
                offset = offset * 10 + d
                places += 1
            if places == 2:
                offset *= 100
            minutes = offset // 100 * 60 + offset % 100
            good &= bool(offset % 100 < 60) and bool(minutes <= 1080)
            total -= minutes * 60_000_000 if c == 43 else -minutes * 60_000_000
        else:
            good = False
        if good:
            micros[row] = total
            status[row] = 0


def tally_loop(data: Bytes, separator: int) -> tuple[int, int, int]:
    """How many line ends, separators and quotes there are."""
    ends = 0
    separators = 0
    quotes = 0
    for i in range(len(data)):
        c = data[i]
        ends += c == 10
        separators += c == separator
        quotes += c == 34
    return ends, separators, quotes


def lines_loop(
    data: Bytes, separator: int, starts: Ints, fields: npt.NDArray[np.int32], quoting: Bytes
) -> None:
    """For each line where it starts, its number of fields (0 when blank) and its quotes."""
    row = 0
    start = 0
    count = 1
    style = 0
    fresh = True  # at the start of a field
    inside = False  # within quotes
    closed = False  # just behind a closing quote
    blank = True
    n = len(data)
    for i in range(n + 1):
        c = data[i] if i < n else 10
        if c == 10:
            if i == n and start == n:
                break
            starts[row] = start
            fields[row] = 0 if blank else count
            quoting[row] = 3 if inside else style
            row += 1
            start = i + 1
            count = 1
            style = 0
            fresh = True
            inside = False
            closed = False
            blank = True
            continue
        if c != 32 and c != 9 and c != 13:
            blank = False
        if inside:
            if c == 34:
                if i + 1 < n and data[i + 1] == 34 and not closed:
                    closed = True  # the first of a doubled quote
                elif closed:
                    closed = False
                else:
                    inside = False
                    closed = True
            continue
        if c == separator:
            count += 1
            fresh = True
            closed = False
        elif c == 34 and fresh:
            inside = True
            fresh = False
            if style == 0:
                style = 1
        else:
            if c == 34 or (closed and c != 13):
                style = 2
            fresh = False
