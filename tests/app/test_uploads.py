"""What people upload: every file is read, or refused with a message that says what to do."""

import gc
import io
import zipfile

import polars as pl
import pytest

from app import files
from willbuy.app.scoring import header, holds_scores, look, mapped, read_scores, source_for
from willbuy.app.uploads import MOST_MB, Room, receive
from willbuy.errors import WillbuyError
from willbuy.settings import SourceSettings


@pytest.fixture
def room():
    made = Room()
    yield made
    made.close()


def read(room, data, name="events.csv"):
    return receive(name, data, room)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (files.PDF, "PDF"),
        (files.HTML, "web page"),
        (b"\n  <html lang='en'><table></table></html>", "web page"),
        (files.workbook(), "CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "Excel workbook"),
        (files.bomb(), "unpack to far more"),
        (files.lying_bomb(), "zip file is broken|unpack to far more"),
        (files.gz_bomb(), "unpack to far more"),
        (files.zipped(files.zipped(files.TEXT.encode())), "archive inside"),
        (files.zipped(files.TEXT.encode())[:-30], "broken or incomplete"),
        (b"\x1f\x8b\x08\x00" + b"junk" * 10, "broken or incomplete"),
        (b"PAR1 and then nothing of the kind", "Parquet file is broken"),
        (b'[{"time": 1}]', "JSON"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "a picture"),
        (b"a,b\n1,\x00\x01\x02\n", "not text"),
        (b"x" * ((MOST_MB << 20) + 1), "willbuy score"),
    ],
)
def test_what_is_no_table_is_refused_with_the_way_out(room, data, word):
    with pytest.raises(WillbuyError, match=word) as told:
        read(room, data)
    assert str(room.folder) not in str(told.value)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_zip_is_told_however_it_was_packed(room, method):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        archive.writestr("events.csv", files.TEXT)
    data = bytearray(made.getvalue())
    begin = 30 + len("events.csv")  # of what was packed, behind the entry's header
    data[begin : begin + 60] = b"\xff" * 60
    with pytest.raises(WillbuyError, match="zip file is broken"):
        read(room, bytes(data))


def test_a_zip_of_two_files_says_so(room):
    made = io.BytesIO(files.zipped(b"a,b\n1,2\n", "one.csv"))
    with zipfile.ZipFile(made, "a") as archive:
        archive.writestr("two.csv", "a,b\n")
    with pytest.raises(WillbuyError, match="2 files"):
        read(room, made.getvalue())


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encodings_and_separators_make_no_difference(room, encoding, separator):
    text = files.TEXT.replace("acme", "café").replace(",", separator)
    upload = read(room, text.encode(encoding))
    found = look(upload, SourceSettings())
    assert found.source is not None
    assert found.source.name == "REES46"
    assert [row["brand"] for row in found.rows[:2]] == ["café", "café"]
    assert bool(upload.notes) == (not encoding.startswith("utf-8"))


@pytest.mark.parametrize("pack", [files.zipped, __import__("gzip").compress])
def test_packed_files_are_unpacked(room, pack):
    assert look(read(room, pack(files.TEXT.encode())), SourceSettings()).health.events == 4


def test_parquet_is_read(room):
    made = io.BytesIO()
    pl.read_csv(files.TEXT.encode(), infer_schema=False).write_parquet(made)
    assert look(read(room, made.getvalue()), SourceSettings()).health.events == 4


def test_a_parquet_file_of_ever_the_same_values_is_a_bomb(room):
    made = io.BytesIO()
    pl.select(pl.repeat("same", 50_000).alias(f"column {i}") for i in range(20)).write_parquet(made)
    assert len(made.getvalue()) < 100_000
    with pytest.raises(WillbuyError, match="unpack to far more"):
        receive("events.parquet", made.getvalue(), room, most=4 << 20)


def test_excels_own_first_line_is_passed_over(room):
    text = "sep=;\r\n" + files.TEXT.replace(",", ";")
    assert look(read(room, text.encode()), SourceSettings()).health.events == 4


def test_lines_of_an_old_mac_are_lines(room):
    assert look(read(room, files.TEXT.replace("\n", "\r").encode()), SourceSettings()).rows


def test_ids_that_excel_mangled_are_counted_and_explained(room):
    text = files.TEXT.replace(",7,s-1", ",2.05E+18,s-1")
    found = look(read(room, text.encode()), SourceSettings())
    assert found.health.rejected == {"mangled id": 3}
    assert any("mangled id" in note for note in found.on_health)


def test_a_log_of_nothing_but_mangled_ids_says_how_to_mend_it(room):
    text = files.TEXT.replace(",7,s-1", ",2.05E+18,s-1").replace(",8,s-2", ",2.05E+18,s-2")
    found = look(read(room, text.encode()), SourceSettings())
    assert not found.command
    assert any("export again as text" in note for note in found.on_health)


def test_a_foreign_header_is_guessed_and_can_be_corrected(room):
    text = files.TEXT.replace(files.HEADER, "when,what,sku,cat,path,make,cost,who,visit_no")
    upload = read(room, text.encode())
    found = look(upload, SourceSettings())
    assert found.guess is not None
    assert "user" in found.guess.missing
    columns = {**found.guess.columns, "user": "who", "session": "visit_no"}
    checked = look(upload, mapped(SourceSettings(), columns))
    assert checked.health.events == 4


def test_a_mapping_without_a_required_column_is_refused():
    with pytest.raises(WillbuyError, match="kind and user"):
        mapped(SourceSettings(), {"time": "t", "kind": None, "user": None})
    with pytest.raises(WillbuyError, match="cannot be time and user at once"):
        mapped(SourceSettings(), {"time": "t", "kind": "k", "user": "t"})


def test_the_runs_own_mapping_is_used_where_its_columns_are_there(room):
    head = header(read(room, b"a,b,c\n1,2,3\n"))
    own = SourceSettings(columns={"time": "a", "kind": "b", "user": "c"})
    assert source_for(head, own) is own
    other = SourceSettings(columns={"time": "z", "kind": "b", "user": "c"}, zone="Europe/Berlin")
    assert source_for(head, other) == SourceSettings(zone="Europe/Berlin")


def test_a_file_of_scores_is_known(room):
    assert holds_scores(header(read(room, b"user,probability,percentile,decile\n1,0.5,90,1\n")))
    assert not holds_scores(header(read(room, files.TEXT.encode())))


@pytest.mark.parametrize("values", [[True], [[0.5]], [None]])
def test_scores_of_parquet_that_are_no_numbers_are_told(room, values):
    made = io.BytesIO()
    frame = pl.DataFrame({"probability": values, "percentile": [90.0], "decile": [1]})
    frame.write_parquet(made)
    upload = read(room, made.getvalue(), "scores.parquet")
    if values == [None]:
        assert read_scores(upload).frame["probability"].to_list() == [None]
    else:
        with pytest.raises(WillbuyError, match=r"scores\.parquet: the column probability"):
            read_scores(upload)


def test_messages_call_the_file_by_its_own_name(room):
    with pytest.raises(WillbuyError, match=r"my file\.csv has a header but no rows") as told:
        header(read(room, b"a,b\n", "my file.csv"))
    assert str(room.folder) not in str(told.value)


def test_the_folder_is_private_and_goes_away_with_its_owner():
    room = Room()
    folder = room.folder
    read(room, files.TEXT.encode())
    assert folder.stat().st_mode & 0o777 == 0o700
    read(room, b"a,b\n1,2\n")
    assert [one.read_bytes() for one in folder.iterdir()] == [b"a,b\n1,2\n"]
    del room
    gc.collect()
    assert not folder.exists()
