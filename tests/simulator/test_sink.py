"""A file is there whole, or not at all."""

import gzip
import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
from collections import namedtuple

import numpy as np
import polars as pl
import pytest

from willbuy.errors import WillbuyError
from willbuy.simulator import sink as module
from willbuy.simulator.sink import Sink, bytes_of, check_place

ENDINGS = [".csv", ".csv.gz", ".parquet"]


def frame(rows=1_000, seed=0):
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "time": [f"2024-03-01 {i // 3600:02}:00:05 UTC" for i in range(rows)],
            "id": rng.integers(10**18, 2 * 10**18, rows),
            "brand": pl.Series(["samsung", None]).gather(rng.integers(0, 2, rows)),
            "price": np.round(rng.lognormal(4, 2, rows), 2),
            "user": np.arange(rows) + 500_000_000,
            "session": [f"{i:08x}-0000" for i in range(rows)],
        }
    )


def read(path):
    return pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path)


def fill(path, frames, *, problem=None):
    with Sink(path, frame().schema) as sink:
        for one in frames:
            sink.write(one)
        if problem is not None:
            raise problem


def left_in(folder):
    return sorted(entry.name for entry in folder.iterdir())


@pytest.fixture(autouse=True)
def no_writer_is_left():
    yield
    assert not [one for one in threading.enumerate() if one.name.startswith("write ")]


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_written_reads_back_equal(tmp_path, ending):
    path = tmp_path / f"log{ending}"
    frames = [frame(seed=i) for i in range(8)]
    with Sink(path, frames[0].schema) as sink:
        for one in [frames[0].clear(), *frames, frames[0].clear()]:
            sink.write(one)
    assert read(path).equals(pl.concat(frames))
    assert left_in(tmp_path) == [path.name]
    umask = os.umask(0)
    os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask


def test_csv_looks_like_a_shops_export(tmp_path):
    row = {"time": "2024-03-01 00:00:05 UTC", "id": 2053013555631882655, "brand": None}
    rows = pl.DataFrame([{**row, "price": 35.0, "session": "a"}, {**row, "price": 7.5}])
    with Sink(tmp_path / "log.csv", rows.schema) as sink:
        sink.write(rows)
    assert (tmp_path / "log.csv").read_bytes() == (
        b"time,id,brand,price,session\n"
        b"2024-03-01 00:00:05 UTC,2053013555631882655,,35.00,a\n"
        b"2024-03-01 00:00:05 UTC,2053013555631882655,,7.50,\n"
    )


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_rows_are_a_file_too(tmp_path, ending):
    path = tmp_path / f"log{ending}"
    with Sink(path, frame().schema, cut_last_line=True):
        pass
    assert read(path).columns == frame().columns
    assert read(path).height == 0


@pytest.mark.parametrize("rows", [1, 1_000])
def test_the_last_line_is_cut_off_in_mid_field(tmp_path, rows):
    whole = frame(rows).write_csv(float_precision=2)
    texts = {}
    for ending in ENDINGS[:2]:
        path = tmp_path / f"log{ending}"
        with Sink(path, frame().schema, cut_last_line=True) as sink:
            for part in frame(rows).iter_slices(400):
                sink.write(part)
        data = path.read_bytes()
        texts[ending] = (gzip.decompress(data) if ending == ".csv.gz" else data).decode()
    assert texts[".csv"] == texts[".csv.gz"] == whole[: whole.rindex(",") - 1]
    assert texts[".csv"].rsplit(",", 1)[1] == str(500_000_000 + rows - 1)[:-1]


def test_parquet_has_no_line_to_cut(tmp_path):
    path = tmp_path / "log.parquet"
    with Sink(path, frame().schema, cut_last_line=True) as sink:
        sink.write(frame())
    assert read(path).equals(frame())


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("problem", [KeyboardInterrupt, SystemExit, WillbuyError, ValueError])
def test_an_exception_leaves_nothing_and_the_older_file_as_it_was(tmp_path, ending, problem):
    path = tmp_path / f"log{ending}"
    path.write_bytes(b"older")
    with pytest.raises(problem):
        fill(path, [frame(seed=i) for i in range(5)], problem=problem)
    assert path.read_bytes() == b"older"
    assert left_in(tmp_path) == [path.name]


def test_an_older_file_is_replaced_when_all_is_written(tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes(b"older")
    with Sink(path, frame().schema) as sink:
        sink.write(frame())
        sink.finish()
        assert path.read_bytes() == b"older"
    assert read(path).equals(frame())


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("ending", ENDINGS)
def test_ctrl_c_leaves_nothing(tmp_path, ending):
    code = """
        import sys
        from pathlib import Path
        import polars as pl
        from willbuy.simulator.sink import Sink
        frame = pl.DataFrame({"a": range(100_000), "b": 1.5})
        with Sink(Path(sys.argv[1]), frame.schema) as sink:
            for i in range(10**9):
                sink.write(frame)
                if i == 5:
                    print("going", flush=True)
    """
    done = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), tmp_path / f"log{ending}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert done.stdout.readline() == "going\n"
    done.send_signal(signal.SIGINT)
    _, said = done.communicate(timeout=30)
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert done.returncode == -signal.SIGINT
    assert left_in(tmp_path) == []


@pytest.fixture
def full_disk():
    """Files can grow to 64 KB and no further."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("frames", [1, 1_000])
def test_a_disk_that_fills_up_is_one_message(tmp_path, ending, frames, full_disk):
    path = tmp_path / f"log{ending}"
    path.write_bytes(b"older")
    with pytest.raises(WillbuyError, match=r"cannot be written: .*large.* Nothing was") as told:
        fill(path, [frame(20_000)] * frames)
    assert str(told.value).startswith(str(path))
    assert len(str(told.value).splitlines()) == 1
    assert path.read_bytes() == b"older"
    assert left_in(tmp_path) == [path.name]


def test_two_files_come_both_or_not_at_all(tmp_path, full_disk):
    def both():
        with (
            Sink(tmp_path / "large.csv", frame().schema) as large,
            Sink(tmp_path / "small.csv", frame().schema) as small,
        ):
            large.write(frame(20_000))
            small.write(frame(10))
            large.finish()
            small.finish()

    with pytest.raises(WillbuyError, match=r"large\.csv"):
        both()
    assert left_in(tmp_path) == []


def test_a_frame_of_another_shape_is_refused(tmp_path):
    with pytest.raises(pl.exceptions.SchemaError):
        fill(tmp_path / "log.csv", [frame().select("price")])
    assert left_in(tmp_path) == []


def test_a_folder_that_goes_away_is_one_message(tmp_path):
    with pytest.raises(WillbuyError, match="cannot be written: No such file"):
        Sink(tmp_path / "gone" / "log.csv", frame().schema).__enter__()


def test_check_place_makes_the_folder_and_leaves_no_file(tmp_path):
    check_place(tmp_path / "new" / "logs" / "log.csv", 10**6)
    assert left_in(tmp_path / "new" / "logs") == []


@pytest.mark.parametrize("name", ["log.txt", "log", "log.csv.zip", "log.CSV.xz"])
def test_an_unknown_ending_is_refused(tmp_path, name):
    with pytest.raises(WillbuyError, match=r"must end in \.csv, \.csv\.gz or \.parquet"):
        check_place(tmp_path / name, 0)
    with pytest.raises(WillbuyError, match="must end in"):
        Sink(tmp_path / name, frame().schema)
    with pytest.raises(WillbuyError, match="must end in"):
        bytes_of(1, tmp_path / name)


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WillbuyError, match=r"cannot be written: (File exists|Not a directory)"):
        check_place(tmp_path / "file" / "log.csv", 0)
    with pytest.raises(WillbuyError, match=r"cannot be written: (File exists|Not a directory)"):
        check_place(tmp_path / "file" / "below" / "log.csv", 0)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(WillbuyError, match="is a folder"):
        check_place(tmp_path / "folder.csv", 0)


def test_a_disk_with_too_little_room_is_told_before_the_work(tmp_path, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: usage(2.5e9))
    path = tmp_path / "log.csv"
    check_place(path, bytes_of(10_000_000, path))
    with pytest.raises(WillbuyError, match=r"about 5\.\d GB, and there are 2\.5 GB free"):
        check_place(path, bytes_of(42_000_000, path))
    check_place(tmp_path / "log.csv.gz", bytes_of(42_000_000, tmp_path / "log.csv.gz"))
