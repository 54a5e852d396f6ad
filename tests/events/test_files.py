"""Files that are no logs: one message each, with the file's name and the fix."""

import gzip
import zipfile

import polars as pl
import pytest

from events.logs import HEADER, good_rows, gz, read, row, write, zipped
from willbuy.errors import WillbuyError
from willbuy.events import streams
from willbuy.events.files import find_files
from willbuy.events.read import open_log
from willbuy.settings import SourceSettings

GOOD = "\n".join([HEADER, *good_rows(50)]).encode() + b"\n"


def refused(paths, *told, **settings):
    with pytest.raises(WillbuyError) as stop:
        read(*(paths if isinstance(paths, list) else [paths]), **settings)
    for part in told:
        assert part in str(stop.value)


def test_files_in_a_folder_are_found_sorted(tmp_path):
    for name in ("b.csv", "a.CSV", "sub/c.csv.gz", "sub/d.parquet", "e.tsv", "f.txt", "g.zip"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for name in ("_SUCCESS", ".hidden.csv", "notes.md", "_log/x.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [str(p.relative_to(tmp_path)) for p in find_files([tmp_path])]
    expected = ["a.CSV", "b.csv", "e.tsv", "f.txt", "g.zip", "sub/c.csv.gz", "sub/d.parquet"]
    assert found == expected
    assert find_files([tmp_path / "b.csv", str(tmp_path / "a.CSV")]) == [
        tmp_path / "b.csv",
        tmp_path / "a.CSV",
    ]


def test_missing_files(tmp_path):
    write(tmp_path / "2019-Oct.csv", [row()])
    refused(tmp_path / "2019-oct.csv", "2019-oct.csv", "2019-Oct.csv")
    refused(tmp_path / "none" / "x.csv", "does not exist either")
    refused([], "No events file")
    refused([tmp_path, tmp_path / "2019-Oct.csv"], "named 2 times")


def test_folders_without_data(tmp_path):
    refused(tmp_path, "no data file", "It is empty")
    (tmp_path / "thesis.docx").touch()
    refused(tmp_path, "thesis.docx", "Parquet")


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("empty.csv", b"", "empty (0 bytes)"),
        ("bom.csv", b"\xef\xbb\xbf", "holds nothing"),
        ("header.csv", HEADER.encode(), "no rows"),
        ("header2.csv", HEADER.encode() + b"\r\n\r\n", "no rows"),
        ("blank.csv", b"\n" + GOOD, "first line"),
        ("report.csv", b"%PDF-1.7\n", "PDF"),
        ("book.csv", b"\xd0\xcf\x11\xe0\xa1\xb1", "Excel"),
        ("nul.csv", GOOD + b"\0\1\2", "NUL"),
        ("u16.csv", GOOD.decode().encode("utf-16"), "iconv -f UTF-16"),
        ("x.csv.gz", GOOD, "not a .gz file"),
        ("x.parquet", GOOD, "not a .parquet file"),
        ("bad.parquet", b"PAR1" + GOOD, "damaged"),
        ("one.csv", b"a\n1\n", "only one column"),
        ("twice.csv", GOOD.replace(b"category_code", b"price", 1), "price"),
    ],
)
def test_files_that_are_no_logs(tmp_path, name, data, told):
    (tmp_path / name).write_bytes(data)
    refused(tmp_path / name, name, told)


def test_text_in_another_encoding_is_told_by_line_and_byte(tmp_path):
    lines = good_rows(30)
    lines[20] = row(brand="café")
    path = tmp_path / "latin.csv"
    path.write_bytes("\n".join([HEADER, *lines]).encode("latin-1"))
    column = lines[20].index("é") + 1
    refused(path, f"latin.csv is not UTF-8: line 22, byte {column} is 0xe9", "iconv -f WINDOWS")


def test_text_in_another_encoding_far_into_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "BLOCK", 5_000)
    lines = good_rows(3_000)
    lines[2_990] = row(brand="café")
    path = tmp_path / "latin.csv"
    path.write_bytes("\n".join([HEADER, *lines]).encode("latin-1"))
    refused(path, "line 2992")


def test_archives(tmp_path):
    refused(zipped(tmp_path / "two.zip", a__csv=GOOD, b__csv=GOOD), "two.zip", "a.csv, b.csv")
    refused(zipped(tmp_path / "none.zip"), "none.zip", "nothing")
    refused(zipped(tmp_path / "book.csv", **{"[Content_Types].xml": b"x"}), "Excel")
    refused(zipped(tmp_path / "pdf.zip", a__csv=b"%PDF-1.7"), "pdf.zip", "PDF")
    whole = zipped(tmp_path / "good.zip", a__csv=GOOD).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[:200])
    refused(tmp_path / "cut.zip", "cut.zip", "Download it again")


def test_what_a_mac_adds_to_an_archive_is_passed_over(tmp_path):
    with zipfile.ZipFile(tmp_path / "mac.zip", "w") as archive:
        archive.writestr("log.csv", GOOD)
        archive.writestr("__MACOSX/._log.csv", b"\0")
    assert len(read(tmp_path / "mac.zip")[1]) == 50


def test_a_truncated_gz(tmp_path):
    whole = gzip.compress(GOOD * 50, mtime=0)
    (tmp_path / "cut.csv.gz").write_bytes(whole[:-20])
    refused(tmp_path / "cut.csv.gz", "cut.csv.gz", "truncated", "Download it again")


def test_what_unpacks_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "BOMB_FROM", 1 << 20)
    monkeypatch.setattr(streams, "BLOCK", 1 << 18)
    lines = (row() + "\n").encode() * 60_000
    for path in (
        gz(tmp_path / "bomb.csv.gz", GOOD + lines),
        zipped(tmp_path / "bomb.zip", log__csv=GOOD + lines),
    ):
        refused(path, path.name, "times its size")


def test_a_line_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "BLOCK", 1 << 12)
    monkeypatch.setattr(streams, "LONGEST_LINE", 1 << 14)
    path = write(tmp_path / "log.csv", [*good_rows(3000), "x" * (1 << 16)])
    refused(path, "log.csv", "line feeds")


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_separators_are_found(tmp_path, separator):
    path = tmp_path / "log.csv"
    path.write_bytes(GOOD.replace(b",", separator.encode()))
    assert len(read(path)[1]) == 50
    assert len(read(path, separator=separator)[1]) == 50
    refused(path, "log.csv", f"{separator!r}", separator=",")


def test_a_separator_of_ones_own(tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes(GOOD.replace(b",", b"~"))
    refused(path, "log.csv", "separator=CHARACTER")
    assert len(read(path, separator="~")[1]) == 50


def test_files_of_one_log_must_have_the_same_columns(tmp_path):
    write(tmp_path / "a.csv", [row()])
    write(tmp_path / "b.csv", [row() + ",1"], header=HEADER + ",more")
    refused(tmp_path, "b.csv", "adds more")
    write(tmp_path / "b.csv", [row()], header=HEADER.replace("brand", "marke"))
    refused(tmp_path, "b.csv", "lacks brand", "adds marke")


def test_an_unmapped_log_fails_with_the_guess_ready_to_paste(tmp_path):
    path = tmp_path / "shop.csv"
    path.write_text("ts,visitor,action,sku\n1569888000,7,Product Added,3\n1569888001,7,wave,3\n")
    refused(
        path,
        "shop.csv",
        "Columns found: ts, visitor, action, sku",
        "--map time=ts --map kind=action --map user=visitor --map product=sku",
        "--map 'kind.Product Added=cart'",
        "wave",
        "willbuy check",
    )
    path.write_text("ts,action\n1569888000,view\n")
    refused(path, "Missing, and required: user", "--map user=YOUR_COLUMN")


def test_the_time_format_must_be_known(tmp_path):
    path = write(tmp_path / "log.csv", [row(event_time="01.10.2019 08:30")])
    refused(path, "log.csv", "event_time", "'01.10.2019 08:30'", "time_format")
    assert len(read(path, time_format="%d.%m.%Y %H:%M")[1]) == 1


def test_parquet_without_rows(tmp_path):
    frame = pl.DataFrame({name: [] for name in HEADER.split(",")})
    frame.write_parquet(tmp_path / "none.parquet")
    refused(tmp_path / "none.parquet", "none.parquet", "no rows")


def test_nothing_is_written_beside_the_files(tmp_path):
    path = gz(tmp_path / "log.csv.gz", GOOD)
    log = open_log([path], SourceSettings())
    list(log.chunks())
    assert list(tmp_path.iterdir()) == [path]
