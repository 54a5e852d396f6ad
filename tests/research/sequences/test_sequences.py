"""The sessions of a run event by event are those of its snapshots."""

import json
import shutil

import numpy as np
import polars as pl
import pytest

from willbuy.errors import WillbuyError
from willbuy.events.schema import Kind
from willbuy.progress import Silent
from willbuy.research.sequences import NO_PART, sequences_of
from willbuy.snapshots.splits import PARTS

IDS = ["user_key", "session_key", "start", "ordinal"]


@pytest.fixture(scope="module")
def sequences(bench_run):
    return sequences_of(bench_run, Silent())


def flat(sequences):
    """Every event that is a moment, with what its row is found by."""
    frames = []
    for sessions, steps in sequences.blocks():
        of = np.repeat(np.arange(len(sessions)), sessions["events"])
        ordinal = np.arange(len(steps)) - np.repeat(
            np.cumsum(sessions["events"]) - sessions["events"], sessions["events"]
        )
        frame = pl.DataFrame({name: steps[name] for name in steps.dtype.names})
        frame = frame.with_columns(
            user_key=pl.Series(sessions["user"][of]),
            session_key=pl.Series(sessions["session"][of]),
            start=pl.Series(sessions["start"][of]),
            part=pl.Series(sessions["part"][of]),
            ordinal=pl.Series(ordinal + 1).cast(pl.Int32),
            moments=pl.Series(sessions["moments"][of]),
        )
        frames.append(frame.filter(pl.col("ordinal") <= pl.col("moments")))
    return pl.concat(frames)


def rows_of(run, part):
    kept = [*IDS, "time", "position"]
    kept += [f"event_{name}" for name in ("kind", "product", "price", "hour", "brand")]
    files = sorted(run.glob(f"snapshots/{part}-*.parquet"))
    rows = pl.concat(pl.read_parquet(file, columns=kept) for file in files)
    return rows.with_columns(pl.col("start", "time").to_physical())


@pytest.mark.parametrize("part", PARTS)
def test_every_row_is_the_event_of_its_ordinal(bench_run, sequences, part):
    rows = rows_of(bench_run, part)
    mine = flat(sequences).filter(pl.col("part") == PARTS.index(part))
    assert len(mine) == len(rows) > 1000
    both = rows.join(mine, on=IDS, how="left", validate="1:1", maintain_order="left")
    assert (both["time"] == both["time_right"]).all()
    assert (both["position"] == both["position_right"]).all()
    assert both["event_product"].fill_null(-1).equals(both["product"], check_names=False)
    assert both["event_price"].equals(both["price"].fill_nan(None), check_names=False)
    kinds = {kind.name.lower(): int(kind) for kind in Kind}
    assert both["event_kind"].replace_strict(kinds, return_dtype=pl.Int8).equals(both["kind"])
    assert both["event_hour"].equals(both["hour"], check_names=False)
    names = both["brand"].replace_strict(
        sequences.names.brand, default=None, return_dtype=pl.String
    )
    assert both["event_brand"].equals(names, check_names=False)


def test_the_shoppers_past_is_there(sequences):
    """Sessions of the warm-up, and what came with and after a purchase."""
    parts, kinds = [], []
    for sessions, steps in sequences.blocks():
        parts.append(sessions["part"])
        kinds.append(steps["kind"])
        assert int(sessions["events"].sum()) == len(steps)
        bought = sessions["purchase"] > 0
        places = sessions["purchase"] - 1 + np.cumsum(sessions["events"]) - sessions["events"]
        assert (steps["kind"][places[bought]] == Kind.PURCHASE).all()
    assert (np.concatenate(parts) == NO_PART).sum() > 100
    assert (np.concatenate(kinds) == Kind.PURCHASE).sum() > 100


def test_the_second_time_it_is_only_read(bench_run, sequences):
    before = {path: path.stat().st_mtime_ns for path in sequences.folder.iterdir()}
    sequences_of(bench_run, Silent())
    assert before == {path: path.stat().st_mtime_ns for path in sequences.folder.iterdir()}


def test_little_memory_changes_nothing(bench_run, sequences, tmp_path):
    run = tmp_path / "again"
    shutil.copytree(bench_run, run, ignore=shutil.ignore_patterns("research"))
    again = sequences_of(run, Silent(), memory=1)
    one, other = flat(sequences), flat(again)
    assert one.equals(other)


def test_a_log_that_changed_is_told(bench_run, tmp_path):
    run = tmp_path / "changed"
    shutil.copytree(bench_run, run, ignore=shutil.ignore_patterns("research"))
    about = json.loads((run / "run.json").read_text())
    about["data_fingerprint"] = "another"
    (run / "run.json").write_text(json.dumps(about))
    with pytest.raises(WillbuyError, match=r"has changed since.*repeat the run"):
        sequences_of(run, Silent())
