"""The samples in data/: what they say they are, and what their commands give."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import willbuy
from willbuy.features.registry import built_in

DATA = Path(__file__).parents[2] / "data"
EVENTS, SESSIONS = DATA / "sample_events.csv", DATA / "sample_session_features.csv"


def test_the_sample_of_events_is_what_its_command_gives(tmp_path):
    """The command of `make samples`, to the byte."""
    made = willbuy.simulate(tmp_path / "events.csv", events=5_000, days=14)
    assert made.path.read_bytes() == EVENTS.read_bytes()


def test_the_sample_of_sessions_is_of_that_log():
    sessions = pl.read_csv(SESSIONS)
    names = [one.name for one in built_in()]
    assert sessions.columns == ["session", "time", *names, "purchase_later"]
    times = pl.read_csv(EVENTS, truncate_ragged_lines=True)["event_time"].str.slice(0, 19)
    assert set(sessions["time"].str.slice(0, 19).str.replace("T", " ")) <= set(times)
    assert sessions["session"].is_unique().all()
    assert set(sessions["purchase_later"]) == {0, 1}


@pytest.mark.slow
def test_a_run_on_the_sample_of_events_leaves_the_sample_of_sessions(tmp_path):
    """To the precision of float32: another processor may round its last digits differently."""
    run = willbuy.run(EVENTS, out=tmp_path, name="sample")
    left = pl.read_csv(run.folder / SESSIONS.name)
    assert_frame_equal(left, pl.read_csv(SESSIONS), check_exact=False, rel_tol=1e-5, abs_tol=1e-6)
