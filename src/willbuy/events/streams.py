"""Text files as a stream of blocks that end at a line's end, unpacked on the way."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from willbuy.errors import WillbuyError
from willbuy.events.files import check_text, format_of, member

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK = 16 << 20
"""Bytes read at a time: large enough to be quick, small enough that memory is used again."""
LONGEST_LINE = 8 << 20
BOMB_FROM = 256 << 20
"""From this size on, what unpacks to more than ``BOMB_RATIO`` times its size is refused."""
BOMB_RATIO = 250

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Header:
    """The first line of a file."""

    names: list[str]
    separator: str


@contextmanager
def opened(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """A text file's unpacked bytes, and the file on disk that they come from."""
    form = format_of(path)
    with path.open("rb") as raw:
        if form == "gz":
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield unpacked, raw  # type: ignore[misc]
        elif form == "zip":
            with zipfile.ZipFile(raw) as archive, archive.open(member(path)) as entry:
                yield entry, raw
        else:
            yield raw, raw


def blocks(path: Path) -> Iterator[tuple[bytes, int]]:
    """The file in blocks of whole lines, and how far into the file on disk each one reaches.

    The header is part of the first block, a byte order mark is not. A block that does not end
    with a line feed is the file's last.
    """
    with opened(path) as (file, raw):
        data = _read(path, file)
        check_text(path, data[:65_536])
        data = data.removeprefix(_BOM)
        if not data:
            raise WillbuyError(f"{path} holds nothing. Was it fully downloaded or exported?")
        total = 0
        while data:
            total += len(data)
            if total > BOMB_FROM and total > BOMB_RATIO * max(raw.tell(), 1):
                raise WillbuyError(
                    f"{path} unpacks to over {BOMB_RATIO} times its size. That is no log of "
                    "events; if it is, unpack it yourself first."
                )
            yield data, raw.tell()
            data = _read(path, file)


def first_lines(path: Path, size: int = 256 << 10) -> bytes:
    """The first whole lines of a file."""
    with opened(path) as (file, _):
        data = _read(path, file, size)
    check_text(path, data[:65_536])
    data = data.removeprefix(_BOM)
    if not data:
        raise WillbuyError(f"{path} holds nothing. Was it fully downloaded or exported?")
    return data


def _read(path: Path, file: IO[bytes], size: int | None = None) -> bytes:
    size = size or BLOCK
    try:
        data = file.read(size)
        if len(data) == size and not data.endswith(b"\n"):
            rest = file.readline(LONGEST_LINE)
            if len(rest) == LONGEST_LINE and not rest.endswith(b"\n"):
                raise WillbuyError(
                    f"{path} has a line of over {LONGEST_LINE >> 20} MB. "
                    "Are its lines ended by line feeds?"
                )
            data += rest
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        raise WillbuyError(
            f"{path} is truncated or damaged: it cannot be unpacked to its end ({error}). "
            "Download it again."
        ) from error
    return data


def header_of(path: Path, line: bytes, wanted: str | None) -> Header:
    """The names in a header line, and the separator between them."""
    try:
        text = line.decode("utf-8").strip("\r\n")
    except UnicodeDecodeError as error:
        from willbuy.events.files import unreadable_text

        raise unreadable_text(path, line, 1) or error from error
    if not text.strip():
        raise WillbuyError(f"The first line of {path} is blank. It must name the columns.")
    wanted = "\t" if wanted in ("tab", "\\t") else wanted
    found = max(SEPARATORS, key=lambda c: _count(text, c))
    if _count(text, found) == 0 and (wanted is None or _count(text, wanted) == 0):
        raise WillbuyError(
            f"{path} has only one column, {text[:80]!r}: none of comma, semicolon, tab and pipe "
            "is in its first line. If another character stands between the columns of a log, say "
            "so: --map separator=CHARACTER. A table of sessions needs one of these four."
        )
    if wanted is not None and wanted != found and _count(text, wanted) < _count(text, found):
        raise WillbuyError(
            f"{path}: the columns are separated by {SEPARATORS[found]} ({found!r}), but the "
            f"settings say {wanted!r}. Leave separator empty, or use {found!r}."
        )
    separator = wanted or found
    if len(separator) != 1 or not separator.isascii():
        raise WillbuyError(f"The separator must be one ASCII character, not {separator!r}.")
    names = [n.strip() for n in next(csv.reader(io.StringIO(text), delimiter=separator))]
    return Header(names, separator)


def _count(text: str, separator: str) -> int:
    return len(next(csv.reader(io.StringIO(text), delimiter=separator))) - 1
