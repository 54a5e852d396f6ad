"""Unpacking what a stranger uploads: never more than it may be, whatever the archive says."""

from __future__ import annotations

import gzip
import io
import lzma
import zipfile
import zlib
from pathlib import Path
from typing import IO

from willbuy.errors import WillbuyError

MOST_UNPACKED = 250 << 20
"""Bytes that an upload may hold once unpacked."""

MOST_RATIO = 200
"""A log of events packs to a tenth; what packs to less than this share of itself is a bomb."""

RATIO_FROM = 1 << 20
"""Below this size nothing is a bomb: a few rows that repeat pack very well."""

_PIECE = 1 << 20
_PACKED = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"7z\xbc\xaf", b"\x28\xb5\x2f\xfd", b"Rar!")
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, OSError)
_BOOKS = (".ods", ".numbers")


def unzip(data: bytes, target: Path, *, most: int = MOST_UNPACKED) -> None:
    """Write the one file of a zip archive.

    Args:
        data: The archive.
        target: The file to write.
        most: Bytes that it may hold.

    Raises:
        WillbuyError: It is a workbook, a bomb, damaged, locked, or holds not exactly one file.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            info = _member(archive)
            if info.file_size > most or _swells(info.file_size, max(info.compress_size, 1)):
                raise bomb(info.file_size)
            with archive.open(info) as entry:
                _copy(entry, target, len(data), most)
    except _DAMAGE as problem:
        if isinstance(problem, OSError) and problem.errno is not None:
            raise  # the disk's; damage that bz2 finds has no number
        raise WillbuyError("The zip file is broken or incomplete. Make it again.") from problem


def gunzip(data: bytes, target: Path, *, most: int = MOST_UNPACKED) -> None:
    """Write what a gzip file holds.

    Args:
        data: The file.
        target: The file to write.
        most: Bytes that it may hold.

    Raises:
        WillbuyError: It is a bomb or damaged.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as entry:
            _copy(entry, target, len(data), most)
    except (gzip.BadGzipFile, zlib.error, EOFError) as problem:
        raise WillbuyError("The .gz file is broken or incomplete. Make it again.") from problem


def bomb(size: int | None = None) -> WillbuyError:
    """What to say of a file that unpacks to more than it may."""
    told = f" ({size / (1 << 20):,.0f} MB)" if size is not None else ""
    return WillbuyError(
        f"The file would unpack to far more than it should{told}, so it was not unpacked. If it is "
        "a log of events, unpack it yourself and score it on the command line: "
        "willbuy score RUN FILE --out scores.csv"
    )


def _member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    infos = [one for one in archive.infolist() if not one.is_dir()]
    names = [one.filename for one in infos]
    if "xl/workbook.xml" in names or any(name.lower().endswith(_BOOKS) for name in names):
        raise workbook()
    if "[Content_Types].xml" in names or "mimetype" in names:
        raise WillbuyError("This is an office document, not a table. Save its table as CSV.")
    infos = [one for one in infos if not _hidden(one.filename)]
    if len(infos) != 1:
        raise WillbuyError(
            f"The zip file holds {len(infos)} files. It must hold exactly one CSV: upload that."
        )
    if infos[0].flag_bits & 1:
        raise WillbuyError("The zip file is locked with a password. Unpack it first.")
    return infos[0]


def workbook() -> WillbuyError:
    """How to get a CSV out of a workbook."""
    return WillbuyError(
        "This is an Excel workbook. Open it, choose File > Save as > 'CSV UTF-8 (comma "
        "delimited)', and upload that file. Ids of 16 digits and more lose their last digits in "
        "Excel: take the CSV from where the workbook came from, if you can."
    )


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "_")) for part in name.split("/"))


def _swells(size: int, packed: int) -> bool:
    return size > RATIO_FROM and size > MOST_RATIO * packed


def _copy(entry: IO[bytes] | gzip.GzipFile, target: Path, packed: int, most: int) -> None:
    size = 0
    with target.open("wb") as file:
        while piece := entry.read(_PIECE):
            if not size and piece.startswith(_PACKED):
                raise WillbuyError("There is an archive inside the archive. Upload the CSV itself.")
            size += len(piece)
            if size > most or _swells(size, packed):
                raise bomb()
            file.write(piece)
