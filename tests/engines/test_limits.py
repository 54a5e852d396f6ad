"""A log larger than the memory, a full disk, a kill in the middle, rows out of order."""

import os
import signal
import subprocess
import sys
import time
from typing import NamedTuple

import polars as pl
import pytest

import willbuy
from quick import QUICK, as_file
from willbuy.errors import WillbuyError

WHENCE = ("position",)
CLI = [sys.executable, "-c", "from willbuy.cli import main; main()"]


def snapshots(run):
    return pl.read_parquet(run.folder / "snapshots" / "*.parquet").drop(WHENCE)


@pytest.mark.slow
def test_rows_out_of_order_give_the_same_snapshots(small_log, tmp_path):
    log = pl.read_csv(small_log, infer_schema=False)
    # Of events of one second the log's own order decides; here each has a second of its own.
    log = log.unique(["user_id", "event_time"], keep="first", maintain_order=True)
    paths = tmp_path / "sorted.csv", tmp_path / "shuffled.csv"
    log.write_csv(paths[0])
    log.sample(fraction=1, shuffle=True, seed=4).write_csv(paths[1])
    one, two = (willbuy.run(path, settings=QUICK, out=tmp_path) for path in paths)
    assert not two.health["reading"]["in_time_order"]
    assert snapshots(one).equals(snapshots(two), null_equal=True)
    assert one.metrics["models"] == two.metrics["models"]


def test_a_full_disk_is_one_message_and_leaves_nothing(small_log, tmp_path, monkeypatch):
    monkeypatch.setattr("willbuy.engines.local.MOST_PART", 5_000)
    monkeypatch.setattr("willbuy.engines.local.shutil.disk_usage", lambda _: Disk(1000))
    with pytest.raises(WillbuyError, match="of temporary space"):
        willbuy.run(small_log, out=tmp_path / "runs")
    assert list((tmp_path / "runs").iterdir()) == []


class Disk(NamedTuple):
    free: int


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 3 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small file system")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_fills_up_on_the_way(small_log, tiny_disk, monkeypatch):
    monkeypatch.setattr("willbuy.engines.local.MOST_PART", 5_000)
    monkeypatch.setattr("willbuy.engines.local.shutil.disk_usage", lambda _: Disk(10**12))
    with pytest.raises(WillbuyError, match=r"Make room, or choose another place with --out"):
        willbuy.run(small_log, out=tiny_disk / "runs")
    assert list((tiny_disk / "runs").iterdir()) == []


def test_a_disk_that_is_full_when_the_snapshots_come(small_log, tiny_disk):
    command = [*CLI, "run", str(small_log), "--out", str(tiny_disk / "runs")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "Make room" in " ".join(ended.stderr.split())
    assert list((tiny_disk / "runs").iterdir()) == []


def test_killed_in_the_middle_it_starts_again(small_log, tmp_path, tmp_path_factory):
    config = as_file(QUICK, tmp_path_factory.mktemp("settings"))
    command = [*CLI, "run", str(small_log), "--out", str(tmp_path), "--name", "mine"]
    command += ["--config", str(config)]
    killed = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    patience = time.monotonic() + 120
    while not list(tmp_path.glob(".mine.*/snapshots/train-*.parquet")):
        assert killed.poll() is None
        assert time.monotonic() < patience
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert list(tmp_path.glob(".mine.*"))
    subprocess.run(command, check=True, capture_output=True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert not list((tmp_path / "mine").glob(".*"))


LIMITED = """
import resource, sys
from pathlib import Path
from willbuy.bundle.golden import Keeper
from willbuy.engines.local import LocalEngine
from willbuy.events.read import open_log
from willbuy.features.registry import built_in
from willbuy.moments.calendar import make_calendar
from willbuy.moments.survey import DailyCounts
from willbuy.progress import Silent
from willbuy.settings import Settings
from willbuy.snapshots.from_events import from_events

limit, path, folder = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
settings = Settings(threads=2)
settings.sampling.max_train_rows = settings.sampling.max_judge_rows = 200_000
log = open_log([path], settings.source, bad_row_share=settings.bad_row_share)
keeper, counts = Keeper(), DailyCounts(make_calendar(settings.timezone))
with LocalEngine(log, folder, settings.workers, 800_000_000) as engine:
    engine.load(Silent(), [keeper.watch, lambda chunk: counts.add(chunk.events)])
    assert engine.spilled
    found = from_events(
        engine, counts, tuple(built_in()), settings, Silent(), folder / "snapshots", folder
    )
print(len(found.rows_of(0)))
"""


@pytest.mark.slow
def test_a_log_far_larger_than_the_memory_it_may_have(tmp_path):
    """From the log to snapshots, in a process that is refused more than the limit."""
    log = willbuy.simulate(tmp_path / "shop.csv", events=24_000_000, seed=1).path
    limit = 2_200_000_000  # of it, compiled code and libraries take a third
    assert log.stat().st_size > 1.4 * limit
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(limit), str(log), str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout) == pytest.approx(200_000, rel=0.02)
