"""`willbuy run --sessions` and `willbuy score` on the command line."""

import json
import shutil

import polars as pl
import pytest
from typer.testing import CliRunner

from quick import QUICK, as_file
from session_tables import write_table
from willbuy.cli.commands import app
from willbuy.errors import WillbuyError

runner = CliRunner()


def called(*words):
    return runner.invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    path = tmp_path_factory.mktemp("sessions") / "shop.csv"
    write_table(path, 1500)
    return path


@pytest.fixture(scope="module")
def ran(small):
    config = as_file(QUICK, small.parent)
    told = called("run", small, "--sessions", "--label", "bought", "--time", "started",
                  "--config", config, "--out", small.parent / "runs")  # fmt: skip
    assert told.exit_code == 0, told.output
    return small.parent / "runs" / "shop"


def test_run_score_and_report(small, ran, tmp_path):
    told = called("score", ran, small, "--out", tmp_path / "scores.csv")
    assert told.exit_code == 0, told.output
    assert "1,500 sessions scored" in told.output
    assert len(pl.read_csv(tmp_path / "scores.csv")) == 1500
    assert called("report", ran).exit_code == 0


def test_run_json_repeats_the_run(ran):
    told = called("run", "--config", ran / "run.json", "--out", ran.parent)
    assert told.exit_code == 0, told.output
    again = ran.parent / "shop-again"
    one, two = (json.loads((run / "metrics.json").read_text()) for run in (ran, again))
    assert one == two
    about = json.loads((again / "run.json").read_text())
    assert about["table"]["time"] == "started"


def test_a_changed_table_is_told(small, ran, tmp_path):
    config = tmp_path / "run.json"
    about = json.loads((ran / "run.json").read_text())
    about["data_fingerprint"] = "0" * 64
    config.write_text(json.dumps(about))
    told = called("run", "--config", config, "--out", tmp_path, "--name", "n")
    assert told.exit_code == 0, told.output
    assert "The table has changed" in told.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--sessions"], "--label COLUMN"),
        (["--label", "bought"], "go with --sessions"),
        (["--sessions", "--label", "bought", "--truth", "t.parquet"], "--truth is for a log"),
        (["more.csv", "--sessions", "--label", "bought"], "takes one table"),
    ],
)
def test_words_that_do_not_go_together(small, words, said):
    told = called("run", small, *words)
    assert told.exit_code == 2
    assert said in " ".join(told.output.replace("│", " ").split())


def test_scoring_a_table_takes_no_map(small, ran, tmp_path):
    told = called("score", ran, small, "--map", "time=ts", "--out", tmp_path / "s.csv")
    assert told.exit_code == 2


def test_a_table_given_as_a_log_is_answered_with_the_way(small, tmp_path):
    told = called("run", small, "--out", tmp_path)
    assert isinstance(told.exception, WillbuyError)
    assert "--sessions --label" in str(told.exception)


def test_help_teaches():
    told = called("run", "--help").output
    for word in ("--sessions", "--label", "--time", "--group", "--trials"):
        assert word in told


def test_the_real_table_from_the_command_line(shoppers, tmp_path):
    copy = tmp_path / "online_shoppers_intention.csv"
    shutil.copy(shoppers, copy)
    told = called("run", copy, "--sessions", "--label", "Revenue", "--out", tmp_path / "runs",
                  "--config", as_file(QUICK, tmp_path))  # fmt: skip
    assert told.exit_code == 0, told.output
    assert "12,330 sessions, of which 1,908 (15.5%) buy" in told.output
    run = tmp_path / "runs" / "online_shoppers_intention"
    told = called("score", run, copy, "--out", tmp_path / "scores.parquet")
    assert told.exit_code == 0, told.output
    assert len(pl.read_parquet(tmp_path / "scores.parquet")) == 12_330
