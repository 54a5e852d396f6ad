"""Finding the files of a log, and telling early what is wrong with one."""

from __future__ import annotations

import difflib
import hashlib
import zipfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from willbuy.errors import WillbuyError

if TYPE_CHECKING:
    from collections.abc import Sequence

Format = Literal["csv", "gz", "zip", "parquet"]

ENDINGS = (
    *(".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz"),
    *(".zip", ".parquet", ".pq"),
)
_PRINTED_END = 64 << 10
_WHAT = "CSV, .csv.gz, .zip of one CSV, .tsv, .txt or Parquet"
_FOREIGN = {
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save it as CSV",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"7z\xbc\xaf": "a 7z archive; unpack it first",
    b"BZh": "a bzip2 file; unpack it first",
    b"\x28\xb5\x2f\xfd": "a zstd file; unpack it first",
    b"SQLite format 3": "an SQLite database",
    b"ARROW1": "an Arrow file; save it as Parquet",
}


def find_files(paths: Sequence[Path | str]) -> list[Path]:
    """The files of a log: those named, and for a folder all data files below it, sorted."""
    if not paths:
        raise WillbuyError("No events file is named. Name a file, several, or a folder.")
    files: list[Path] = []
    for path in (Path(p) for p in paths):
        if path.is_dir():
            files += _in_folder(path)
        elif path.is_file():
            files.append(path)
        else:
            raise WillbuyError(f"There is no file {path}.{_near(path)}")
    for path, times in Counter(f.resolve() for f in files).items():
        if times > 1:
            raise WillbuyError(f"{path} is named {times} times. Name every file once.")
    return files


def _in_folder(folder: Path) -> list[Path]:
    below = sorted(p for p in folder.rglob("*") if p.is_file())
    seen = [p for p in below if not any(_hidden(n) for n in p.relative_to(folder).parts)]
    files = [p for p in seen if p.name.lower().endswith(ENDINGS)]
    if not files:
        found = ", ".join(p.name for p in seen[:5]) + (", ..." if len(seen) > 5 else "")
        raise WillbuyError(
            f"The folder {folder} holds no data file ({_WHAT}). "
            + (f"Found: {found}." if seen else "It is empty.")
        )
    return files


def _hidden(name: str) -> bool:
    return name.startswith((".", "_"))


def _near(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f" The folder {folder} does not exist either."
    names = [p.name for p in folder.iterdir() if p.is_file() and not _hidden(p.name)]
    near = difflib.get_close_matches(path.name, names, n=3, cutoff=0.5)
    return f" Near it: {', '.join(near)}." if near else ""


def fingerprint(files: Sequence[Path]) -> str:
    """A hash of each file's name, size, and first and last 64 KB, in the order given.

    It costs nothing and notices every export that was cut, extended or made again; a byte
    changed in the middle of a large file it does not.
    """
    digest = hashlib.sha256()
    for path in files:
        size = path.stat().st_size
        digest.update(f"{path.name}\0{size}\0".encode("utf-8", "surrogateescape"))
        with path.open("rb") as file:
            digest.update(file.read(_PRINTED_END))
            file.seek(max(size - _PRINTED_END, 0))
            digest.update(file.read())
    return digest.hexdigest()


def format_of(path: Path) -> Format:
    """What a file is, by its first bytes and not by its name; refuses what is no log."""
    try:
        with path.open("rb") as file:
            head = file.read(65_536)
    except OSError as error:
        raise WillbuyError(f"{path} cannot be read: {error.strerror}.") from error
    if not head:
        raise WillbuyError(f"{path} is empty (0 bytes). Was it fully downloaded or exported?")
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise WillbuyError(f"{path} is {what}, not a log of events ({_WHAT}).")
    if head.startswith(b"\x1f\x8b"):
        return "gz"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        member(path)
        return "zip"
    if head.startswith(b"PAR1"):
        return "parquet"
    if path.suffix.lower() in (".parquet", ".pq", ".gz", ".zip"):
        raise WillbuyError(
            f"{path} is not a {path.suffix} file: its first bytes say otherwise. "
            "Was it fully downloaded? If it is plain text, rename it to .csv."
        )
    check_text(path, head)
    return "csv"


def check_text(path: Path, head: bytes) -> None:
    """Refuse what is not text, or text in UTF-16."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise WillbuyError(
            f"{path} is UTF-16, not UTF-8 (a spreadsheet's 'Unicode text'?). Convert it: "
            f"iconv -f UTF-16 -t UTF-8 {path.name} > utf8.csv"
        )
    if b"\0" in head:
        raise WillbuyError(
            f"{path} is not text: byte {head.index(0)} is a NUL. "
            f"It is a binary file, or UTF-16. Give a log of events ({_WHAT})."
        )
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise WillbuyError(f"{path} holds {what}, not a log of events.")


def member(path: Path) -> zipfile.ZipInfo:
    """The one CSV of a zip file."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [i for i in archive.infolist() if not i.is_dir()]
    except (zipfile.BadZipFile, OSError) as error:
        raise WillbuyError(
            f"{path} is a broken or truncated zip file. Download it again."
        ) from error
    names = [i.filename for i in infos]
    if "[Content_Types].xml" in names:
        raise WillbuyError(f"{path} is an office document (Excel?). Save it as CSV.")
    infos = [i for i in infos if not any(_hidden(p) for p in Path(i.filename).parts)]
    if len(infos) != 1:
        found = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "") or "nothing"
        raise WillbuyError(
            f"{path} must hold exactly one CSV, but holds {len(infos)} files: {found}. "
            "Unpack it into a folder and give the folder."
        )
    if infos[0].flag_bits & 1:
        raise WillbuyError(f"{path} is protected by a password. Unpack it first.")
    return infos[0]


def unreadable_text(path: Path, data: bytes, first_line: int) -> WillbuyError | None:
    """What to say of the first byte that is not UTF-8, and in which line; None if all is well."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = first_line + data.count(b"\n", 0, error.start)
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        return WillbuyError(
            f"{path} is not UTF-8: line {line}, byte {column} is 0x{data[error.start]:02x}. "
            "It is probably Windows-1252 or Latin-1. Convert it: "
            f"iconv -f WINDOWS-1252 -t UTF-8 {path.name} > utf8.csv"
        )
    return None
