"""`willbuy simulate` from its words to its files."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections import namedtuple

import polars as pl
import pytest

import willbuy
import willbuy.cli
from willbuy.simulator import sink

SMALL = ("--events", "3_000", "--days", "4")
ENDINGS = [".csv", ".csv.gz", ".parquet"]


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Runs `willbuy simulate` in a folder of its own; gives the exit code and what it said."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr("sys.argv", ["willbuy", "simulate", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            willbuy.cli.main()
        said = capsys.readouterr()
        return stop.value.code or 0, said.out + said.err

    return run


def refused(answer, folder, *parts, keeps=()):
    """One message that says these parts; no file is left but those that were there."""
    code, said = answer
    plain = " ".join("".join(one for one in said if one not in "│╭╮╰╯─").split())
    assert code in (1, 2)
    for part in parts:
        assert part in plain
    assert "Traceback" not in said
    assert sorted(one.name for one in folder.iterdir()) == sorted(keeps)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_log_and_its_truth(command, tmp_path, ending):
    beside = ("--truth", "truth.parquet", "--beliefs", "beliefs.parquet")
    code, said = command(*SMALL, "--out", f"shop{ending}", *beside)
    assert code == 0
    files = ["beliefs.parquet", f"shop{ending}", "truth.parquet"]
    assert sorted(one.name for one in tmp_path.iterdir()) == files
    assert set(files) <= set(said.split())
    assert "Simulated, not real data." in said
    (told,) = [line for line in said.splitlines() if line.startswith("Next: ")]
    assert told == f"Next: willbuy run shop{ending} --truth truth.parquet"
    path = tmp_path / f"shop{ending}"
    log = (
        pl.read_parquet(path)
        if ending == ".parquet"
        else pl.read_csv(path, truncate_ragged_lines=True)
    )
    assert 2_000 < len(log) < 5_000
    assert len(pl.read_parquet(tmp_path / "truth.parquet")) > 1_000


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_seed_gives_the_same_bytes(command, tmp_path, ending):
    words = (*SMALL, "--truth", "truth.parquet", "--beliefs", "beliefs.parquet")
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        time.sleep(1.1 * (name == "b"))  # a clock must not come into it
        assert command(*words, "--seed", seed, "--out", name + ending)[0] == 0
        for beside in ("truth", "beliefs"):
            (tmp_path / f"{beside}.parquet").rename(tmp_path / f"{name}.{beside}")
    for kind in (ending, ".truth", ".beliefs"):
        a, b, c = ((tmp_path / f"{name}{kind}").read_bytes() for name in "abc")
        assert a == b
        assert a != c


def test_a_clean_log_has_no_flaw(command, tmp_path):
    assert command(*SMALL, "--clean", "--out", "shop.csv")[0] == 0
    assert (tmp_path / "shop.csv").read_bytes().endswith(b"\n")
    log = pl.read_csv(tmp_path / "shop.csv")
    assert (log["price"] > 0).all()
    assert log["user_session"].null_count() == 0
    assert log["user_id"].max() < 500_100_000  # no bots


def test_a_shown_world_is_the_one_that_is_used(command, tmp_path):
    code, text = command("--show-world")
    assert code == 0
    (tmp_path / "mine.toml").write_text(text)
    assert command(*SMALL, "--out", "usual.csv")[0] == 0
    assert command(*SMALL, "--out", "shown.csv", "--world", "mine.toml")[0] == 0
    assert (tmp_path / "usual.csv").read_bytes() == (tmp_path / "shown.csv").read_bytes()
    (tmp_path / "mine.toml").write_text("start = 2019-10-01\n[goods]\nbrand_missing = 1.0\n")
    assert command(*SMALL, "--out", "other.csv", "--world", "mine.toml", "--clean")[0] == 0
    log = pl.read_csv(tmp_path / "other.csv", schema_overrides={"brand": pl.String})
    assert log["brand"].null_count() == len(log)
    assert log["event_time"][0].startswith("2019-10-01 ")


def test_from_python_as_well(command, tmp_path):
    done = willbuy.simulate(tmp_path / "python.parquet", events=3_000, days=4)
    assert isinstance(done, willbuy.Simulated)
    assert done.path == tmp_path / "python.parquet"
    assert done.truth_path is None
    assert done.events == len(pl.read_parquet(done.path))
    assert command(*SMALL, "--out", "words.parquet")[0] == 0
    assert done.path.read_bytes() == (tmp_path / "words.parquet").read_bytes()


def test_a_file_that_was_there_is_replaced_whole(command, tmp_path):
    (tmp_path / "shop.csv").write_bytes(b"something else\n" * 200_000)
    assert command(*SMALL, "--out", "shop.csv")[0] == 0
    assert command(*SMALL, "--out", "fresh.csv")[0] == 0
    assert (tmp_path / "shop.csv").read_bytes() == (tmp_path / "fresh.csv").read_bytes()


def test_a_folder_that_is_not_there_is_made(command, tmp_path):
    assert command(*SMALL, "--out", "logs/of/today/shop.csv")[0] == 0
    assert (tmp_path / "logs" / "of" / "today" / "shop.csv").is_file()


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ([], ["--out shop.csv"]),
        (["--out", "shop.csv", "--events", "-5"], ["--events", "than or equal to 1"]),
        (["--out", "shop.csv", "--events", "0"], ["--events", "than or equal to 1"]),
        (["--out", "shop.csv", "--events", "many"], ["--events", "integer"]),
        (["--out", "shop.csv", "--events", "3_000_000_000"], ["3,000,000,000", "2,000,000,000"]),
        (["--out", "shop.csv", "--days", "4000"], ["--days", "4,000", "3,660"]),
        (["--out", "shop.csv", "--days", "0"], ["--days", "than or equal to 1"]),
        (["--out", "shop.csv", "--seed", "-1"], ["--seed", "than or equal to 0"]),
        (["--out", "shop.csv", "--seed", "5_000_000_000"], ["--seed", "4294967295"]),
        (["--out", "shop.txt"], ["shop.txt", ".csv, .csv.gz or .parquet"]),
        (["--out", "shop"], ["shop", ".csv, .csv.gz or .parquet"]),
        (["--out", "shop.csv", "--truth", "truth.csv"], ["truth.csv", ".parquet"]),
        (["--out", "shop.parquet", "--truth", "./shop.parquet"], ["same file", "shop.parquet"]),
        (["--out", "shop.csv", "--beliefs", "b.csv"], ["--beliefs b.csv", ".parquet"]),
        (["--out", "shop.csv", "--world", "no.toml"], ["no world file no.toml"]),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(command, tmp_path, words, parts):
    refused(command(*words), tmp_path, *parts)


def test_a_wrong_world_is_refused_by_name(command, tmp_path):
    (tmp_path / "mine.toml").write_text("[behaviour]\nbuyy = [1, 2, 3]\n")
    refused(
        command("--out", "shop.csv", "--world", "mine.toml"), tmp_path,
        "mine.toml", "behaviour.buyy", "behaviour.buy?", keeps=["mine.toml"],
    )  # fmt: skip


def test_what_does_not_fit_on_the_disk_is_told_before_the_work(command, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(sink.shutil, "disk_usage", lambda _: usage(10**11, 9 * 10**10, 10**10))
    answer = command("--out", "shop.csv", "--events", "1_000_000_000")
    refused(answer, tmp_path, "shop.csv", "135.0 GB", "10.0 GB free")
    answer = command("--out", "shop.csv", "--events", "70_000_000", "--truth", "truth.parquet")
    refused(answer, tmp_path, "shop.csv", "12.6 GB", "10.0 GB free")  # both together


def test_a_path_that_cannot_be_written_is_told(command, tmp_path):
    (tmp_path / "file").write_text("no folder")
    answer = command("--out", "file/shop.csv", *SMALL)
    refused(answer, tmp_path, "file/shop.csv cannot be written", keeps=["file"])
    (tmp_path / "shop.csv").mkdir()
    refused(
        command("--out", "shop.csv", *SMALL), tmp_path, "shop.csv is a folder",
        keeps=["file", "shop.csv"],
    )  # fmt: skip


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_folder_that_is_read_only_is_told(command, tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    answer = command("--out", "locked/shop.csv", *SMALL)
    refused(answer, tmp_path, "locked/shop.csv cannot be written", keeps=["locked"])


def test_when_the_truth_cannot_be_written_no_log_is_left_either(command, tmp_path, monkeypatch):
    (tmp_path / "shop.csv").write_text("of yesterday")
    monkeypatch.setattr("willbuy.simulator.truth.Ladder.rows", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        command(*SMALL, "--out", "shop.csv", "--truth", "truth.parquet")
    assert [one.name for one in tmp_path.iterdir()] == ["shop.csv"]
    assert (tmp_path / "shop.csv").read_text() == "of yesterday"


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is another thing there")
@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_within_seconds_and_leaves_nothing(tmp_path, which):
    code = "from willbuy.cli import main; main()"
    words = "simulate --events 20_000_000 --out big.csv --truth truth.parquet"
    with subprocess.Popen(
        [sys.executable, "-c", code, *shlex.split(words)],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            until = time.monotonic() + 120
            while not _begun(tmp_path):
                assert process.poll() is None
                assert time.monotonic() < until
                time.sleep(0.05)
            process.send_signal(which)
            told = time.monotonic()
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 128 + which
    assert time.monotonic() - told < 30
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def _begun(folder):
    """Whether some of the log stands in its temporary file."""
    sizes = [file.stat().st_size for file in folder.glob(".partial-*/*.csv")]
    return sum(sizes) > 1_000_000


def test_the_space_it_needs_is_about_what_it_takes(command, tmp_path):
    for ending in ENDINGS:
        path = tmp_path / f"shop{ending}"
        assert command("--events", "40_000", "--days", "10", "--out", path.name)[0] == 0
        # Small logs compress better.
        assert 0.25 < path.stat().st_size / sink.bytes_of(40_000, path) < 1.2
