"""From what a browser sends to a file that can be read: told by content, never by name."""

from __future__ import annotations

import codecs
import re
import shutil
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path

from willbuy.app.unpacking import MOST_UNPACKED, bomb, gunzip, unzip, workbook
from willbuy.errors import WillbuyError
from willbuy.events.files import format_of

MOST_MB = 25
"""Larger files belong on the command line."""

_HTML = re.compile(
    rb"\s*(<!--.*?-->\s*)?<(!doctype|html|head|body|table|\?xml|script)\b", re.I | re.S
)
_SEP = re.compile(rb'"?sep=(.)"?\r?\n')
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_HEAD = 4096


@dataclass(frozen=True)
class Upload:
    """A file that somebody gave.

    Attributes:
        name: As they call it.
        path: Where it lies: plain text in UTF-8, or Parquet.
        notes: What was done to it, in sentences.
    """

    name: str
    path: Path
    notes: tuple[str, ...] = ()

    def told(self, problem: object) -> str:
        """A message about the file under its own name."""
        return str(problem).replace(str(self.path), self.name)


class Room:
    """A private folder that goes away with its owner, and at the end of the process at the latest.

    Attributes:
        folder: Its place; nobody else can look into it.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="willbuy-app-"))  # for this user alone: 0700
        self.close = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    def clear(self) -> None:
        """Remove what is in it."""
        for one in self.folder.iterdir():
            one.unlink()


def receive(name: str, data: bytes, room: Room, *, most: int = MOST_UNPACKED) -> Upload:
    """Check an upload and put it into a private folder as plain text or Parquet.

    Args:
        name: As the browser calls it; nothing is read from it.
        data: Its bytes.
        room: Where it is put; what was there before is removed.
        most: Bytes that it may hold once unpacked.

    Raises:
        WillbuyError: It is no table that could be read; the message says what to do.
    """
    room.clear()
    if not data:
        raise WillbuyError("The file is empty (0 bytes). Was it fully exported?")
    if len(data) > MOST_MB << 20:
        raise WillbuyError(too_large(len(data)))
    path = room.folder / "upload"
    if data.startswith(b"PAR1"):
        path.write_bytes(data)
        _check_parquet(path, most)
        return Upload(name, path)
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        unzip(data, path, most=most)
    elif data.startswith(b"\x1f\x8b"):
        gunzip(data, path, most=most)
    elif data.startswith(b"\xd0\xcf\x11\xe0"):
        raise workbook()
    else:
        path.write_bytes(data)
    try:
        notes = _as_text(path)
        format_of(path)
    except WillbuyError as problem:
        raise WillbuyError(Upload(name, path).told(problem)) from problem
    return Upload(name, path, notes)


def too_large(size: int) -> str:
    """What to do with a file that is too large for a page."""
    return (
        f"The file has {size / (1 << 20):,.0f} MB; this page takes up to {MOST_MB} MB. Score it on "
        "the command line, where size does not matter: willbuy score RUN FILE --out scores.csv. "
        "Then upload scores.csv here to look at it."
    )


def _check_parquet(path: Path, most: int) -> None:
    """Refuse a Parquet file that unpacks to too much, by what its own footer says.

    The sizes there are of encoded values: a column of one value has almost none, however many rows
    it has. So cells count as well, each as a number.
    """
    from pyarrow import ArrowException
    from pyarrow.parquet import read_metadata

    try:
        told = read_metadata(path)
        sizes = [told.row_group(i).total_byte_size for i in range(told.num_row_groups)]
    except (ArrowException, OSError) as problem:
        raise WillbuyError("The Parquet file is broken or incomplete. Export it again.") from (
            problem
        )
    size = max(sum(sizes), 8 * told.num_rows * max(told.num_columns, 1))
    if size > most:
        raise bomb(size)


def _as_text(path: Path) -> tuple[str, ...]:
    """Make a file UTF-8 with line feeds, if it is some other text; what was done, in sentences."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(b"%PDF"):
        raise WillbuyError("This is a PDF document. Export the table itself as CSV.")
    encoding = _encoding(path, head)
    notes = []
    if encoding is not None:
        text = path.read_bytes().decode(encoding, "replace")
        path.write_text(text.removeprefix("\ufeff"), "utf-8", newline="")
        called = {"cp1252": "Windows-1252"}.get(encoding, encoding.upper())
        notes.append(f"The text was in {called}, and was converted.")
        head = path.read_bytes()[:_HEAD]
    head = head.removeprefix(codecs.BOM_UTF8)
    if _HTML.match(head):
        raise WillbuyError(
            "This is a web page (HTML), not a table. Perhaps a login page was saved in place of "
            "the file: download it again as CSV."
        )
    if head.lstrip().startswith((b"{", b"[{", b"[\n")):
        raise WillbuyError("This is JSON. Save it as CSV, one event or session a row.")
    if found := _SEP.match(head):  # a line that only Excel understands
        rest = path.read_bytes().removeprefix(codecs.BOM_UTF8)[found.end() :]
        path.write_bytes(rest)
    if b"\r" in head and b"\n" not in head:
        path.write_bytes(path.read_bytes().replace(b"\r", b"\n"))
        notes.append("Its lines ended as on old Macs, and were converted.")
    return tuple(notes)


def _encoding(path: Path, head: bytes) -> str | None:
    """The encoding of a text that is not UTF-8; None where it is, or where it is no text."""
    for mark, name in _MARKS.items():
        if head.startswith(mark):
            return name
    even, odd = head[0:_HEAD:2], head[1:_HEAD:2]
    if odd.count(0) > 0.6 * len(odd) and 0 not in even:
        return "utf-16-le"
    if even.count(0) > 0.6 * len(even) and 0 not in odd:
        return "utf-16-be"
    if b"\0" in head:
        return None
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        format_of(path)  # refuses pictures and the like before they are taken for text
        return "cp1252"
    return None
