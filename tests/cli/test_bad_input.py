"""Bad input: one clear message that names the file and the fix, no half-written folder."""

import gzip
import zipfile
from pathlib import Path

import polars as pl
import pytest

import willbuy.cli
from quick import QUICK, as_file

HEADER = (
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
)


def row(second=0, kind="view", user=1, product=1):
    time = f"2019-10-01 00:{second // 60:02}:{second % 60:02} UTC"
    return f"{time},{kind},{product},2053013555631882655,electronics.phone,acme,10.0,{user},s{user}"


def write(path, *lines):
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    return path


@pytest.fixture
def willbuy_command(monkeypatch, capsys, tmp_path):
    """Runs the command in a folder of its own; gives the exit code and what it said."""
    monkeypatch.chdir(tmp_path)

    def command(*words):
        monkeypatch.setattr("sys.argv", ["willbuy", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            willbuy.cli.main()
        said = capsys.readouterr()
        return stop.value.code or 0, " ".join((said.out + said.err).split())

    return command


def missing_file(folder):
    write(folder / "events_2019.csv", row())
    return folder / "events_2020.csv", ["events_2020.csv", "events_2019.csv"]


def empty(folder):
    (folder / "empty.csv").touch()
    return folder / "empty.csv", ["empty.csv", "empty"]


def header_only(folder):
    return write(folder / "header.csv"), ["header.csv", "no rows"]


def missing_columns(folder):
    path = folder / "columns.csv"
    path.write_text("ts,visitor,sku\n2020-01-01 00:00:00,1,2\n")
    return path, ["columns.csv", "kind", "--map time=ts", "--map user=visitor", "sku"]


def unmapped(folder):
    path = folder / "other.csv"
    path.write_text("ts,visitor,event,item\n1569888000,1,addtocart,2\n1569888060,1,view,3\n")
    return path, ["other.csv", "--map time=ts", "--map kind=event", "kind.addtocart=cart"]


def no_purchase(folder):
    return write(folder / "views.csv", *(row(i, user=i) for i in range(60))), ["no purchase"]


def only_purchases(folder):
    path = write(folder / "bought.csv", *(row(i, "purchase", user=i) for i in range(60)))
    return path, ["begins with its purchase"]


def too_few_purchases(folder):
    rows = [row(i, user=i) for i in range(60)] + [row(70, "purchase", user=3)]
    return write(folder / "few.csv", *rows), ["too few purchases", "longer log"]


def wrong_separator(folder):
    path = write(folder / "semi.csv", row())
    settings = folder / "my.toml"
    settings.write_text('[source]\nseparator = ";"\n')
    return (path, "--config", settings), ["semi.csv", "','"]


def not_utf8(folder):
    path = folder / "latin.csv"
    path.write_bytes((HEADER + "\n" + row() + "\n").encode() + b"caf\xe9," + row(1).encode())
    return path, ["latin.csv", "UTF-8"]


def utf16(folder):
    path = folder / "excel.csv"
    path.write_bytes((HEADER + "\n" + row() + "\n").encode("utf-16"))
    return path, ["excel.csv", "UTF-16"]


def folder_without_data(folder):
    (folder / "logs").mkdir()
    (folder / "logs" / "notes.docx").touch()
    return folder / "logs", ["logs", "notes.docx"]


def unknown_time_format(folder):
    lines = [row(i).replace("2019-10-01", "1st of October") for i in range(5)]
    return write(folder / "times.csv", *lines), ["times.csv", "event_time", "time_format"]


def broken_rows(folder):
    rows = [row(i, user=i) if i % 5 < 3 else "2019-10-01 00:00:00 UTC,view" for i in range(200)]
    return write(folder / "broken.csv", *rows), ["broken.csv", "80 of 200", "too few fields"]


def a_pdf(folder):
    path = folder / "report.csv"
    path.write_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n")
    return path, ["report.csv", "PDF"]


def a_zip_of_two(folder):
    path = folder / "two.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.csv", HEADER + "\n")
        file.writestr("b.csv", HEADER + "\n")
    return path, ["two.zip", "a.csv", "b.csv"]


def a_cut_off_gz(folder):
    path = folder / "cut.csv.gz"
    whole = gzip.compress("\n".join([HEADER, *(row(i, user=i) for i in range(999))]).encode())
    path.write_bytes(whole[: len(whole) // 2])
    return path, ["cut.csv.gz"]


def unknown_setting(folder):
    settings = folder / "my.toml"
    settings.write_text("[sesion]\nmax_events = 3\n")
    return (write(folder / "e.csv", row()), "--config", settings), ["my.toml", "sesion"]


def unknown_zone(folder):
    settings = folder / "my.toml"
    settings.write_text('timezone = "Europe/Atlantis"\n')
    return (write(folder / "e.csv", row()), "--config", settings), ["my.toml", "Europe/Atlantis"]


@pytest.mark.parametrize(
    "make",
    [
        missing_file, empty, header_only, missing_columns, unmapped, no_purchase, only_purchases,
        too_few_purchases, wrong_separator, not_utf8, utf16, folder_without_data,
        unknown_time_format, broken_rows, a_pdf, a_zip_of_two, a_cut_off_gz, unknown_setting,
        unknown_zone,
    ],
)  # fmt: skip
def test_one_clear_message_and_nothing_left(willbuy_command, tmp_path, make):
    words, told = make(tmp_path)
    before = set(tmp_path.rglob("*"))
    code, said = willbuy_command("run", *(words if isinstance(words, tuple) else (words,)))
    assert code != 0
    assert "Error: " in said
    assert "Traceback" not in said
    for part in told:
        assert part in said
    assert {p for p in set(tmp_path.rglob("*")) - before if p != tmp_path / "runs"} == set()


def test_a_run_name_that_is_taken(willbuy_command, small_log, tmp_path):
    (tmp_path / "runs" / "small").mkdir(parents=True)
    code, said = willbuy_command("run", small_log)
    assert code != 0
    assert "--name" in said
    assert "--force" in said
    # What is no run is never replaced, not even with --force.
    (tmp_path / "runs" / "small" / "thesis.txt").write_text("mine")
    code, said = willbuy_command("run", small_log, "--force")
    assert code != 0
    assert (tmp_path / "runs" / "small" / "thesis.txt").exists()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc, where none may write")
def test_a_folder_that_cannot_be_written(willbuy_command, small_log):
    code, said = willbuy_command("run", small_log, "--out", "/proc/self/runs")
    assert code != 0
    assert "/proc/self/runs" in said
    assert "--out" in said


def test_a_path_that_is_a_file(willbuy_command, small_log, tmp_path):
    (tmp_path / "taken").touch()
    code, said = willbuy_command("run", small_log, "--out", tmp_path / "taken")
    assert code != 0
    assert "taken" in said
    assert "--out" in said


@pytest.mark.parametrize("name", ["../up", "a/b", "..", ""])
def test_a_name_is_one_folder_name(willbuy_command, small_log, name):
    code, said = willbuy_command("run", small_log, f"--name={name or ' /'}")
    assert code != 0
    assert "name" in said


def test_score_refuses_what_it_cannot_do(willbuy_command, small_log, small_run, tmp_path):
    code, said = willbuy_command("score", small_run.folder, small_log)
    assert (code, "--out" in said) == (2, True)
    code, said = willbuy_command("score", small_run.folder, small_log, "--out", "scores.xlsx")
    assert (code, ".parquet" in said) == (2, True)
    code, said = willbuy_command("score", tmp_path / "none", small_log, "--out", "s.csv")
    assert code == 1
    assert "no run folder" in said
    code, said = willbuy_command("score", small_run.folder, small_log, "--out", "no/where/s.csv")
    assert code == 1
    assert "no/where" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--lift", "8"], "8%"),
        (["--lift", "nan"], "30%"),
        (["--lift", "3%,8%,13%"], "3%,13%"),
        (["--lift", "3%,13"], "13%"),
        (["--margin", "30"], "30%"),
        (["--cost", "nan"], "cost"),
        (["--lift", "13%,3%"], "low end first"),
    ],
)
def test_segments_refuses_numbers_that_cannot_be(willbuy_command, small_run, words, told):
    before = (small_run.folder / "churn_strategy.json").read_bytes()
    code, said = willbuy_command("segments", small_run.folder, *words)
    assert code != 0
    assert told in said
    assert "Traceback" not in said
    assert (small_run.folder / "churn_strategy.json").read_bytes() == before


def test_a_few_bad_rows_are_kept_aside_and_the_run_goes_on(willbuy_command, small_log, tmp_path):
    lines = small_log.read_text().splitlines()
    lines[100] = "not a row"
    lines[200] = lines[200].replace(lines[200].split(",")[0], "yesterday")
    (tmp_path / "log.csv").write_text("\n".join(lines) + "\n")
    config = as_file(QUICK, tmp_path)
    code, said = willbuy_command("run", "log.csv", "--name", "x", "--config", config)
    assert code == 0
    assert "2 rows rejected" in said
    rejected = pl.read_csv(tmp_path / "runs" / "x" / "rejected_rows.csv")
    assert rejected["line"].to_list() == [101, 201]
    assert rejected["reason"].to_list() == ["too few fields", "unreadable time"]
