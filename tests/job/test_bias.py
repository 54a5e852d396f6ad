"""`willbuy bias` on whole runs: its figures, columns of the log, and bad input."""

import json
import shutil

import polars as pl
import pytest
from typer.testing import CliRunner

import willbuy
from pages import read
from willbuy.cli.commands import app
from willbuy.errors import WillbuyError

BIAS = "bias.json"


@pytest.fixture
def run(small_run, tmp_path):
    """A copy of the small run, to be changed."""
    return shutil.copytree(small_run.folder, tmp_path / "small")


@pytest.fixture
def run_of_copy(run, small_log, tmp_path):
    """The same, with a log of its own that has a column more: the shopper's country."""
    log = tmp_path / "log.csv"
    frame = pl.read_csv(small_log, infer_schema=False)
    country = (
        pl.col("user_id")
        .str.slice(-1)
        .replace_strict({str(at): ("at", "de", "ch")[at % 3] for at in range(10)}, default=None)
    )
    frame.with_columns(country=country).write_csv(log)
    from willbuy.events.files import fingerprint

    told = json.loads((run / "run.json").read_text())
    told |= {"inputs": [str(log)], "data_fingerprint": fingerprint([log])}
    (run / "run.json").write_text(json.dumps(told))
    return run, log


def refused(run, *by):
    before = (run / BIAS).read_bytes() if (run / BIAS).exists() else None
    with pytest.raises(WillbuyError) as problem:
        willbuy.bias(run, by)
    after = (run / BIAS).read_bytes() if (run / BIAS).exists() else None
    assert before == after
    assert not list(run.glob(".bias*"))
    return str(problem.value)


def test_every_run_tells_it_and_the_command_tells_the_same(small_run, run):
    told = json.loads((small_run.folder / BIAS).read_text("utf-8"))
    assert told == small_run.bias
    assert willbuy.bias(run) == told
    assert (run / "report.html").read_bytes() == (small_run.folder / "report.html").read_bytes()
    assert "For whom it fails" in read(run).text
    names = [one["name"] for one in told["columns"]]
    assert names == ["shopper", "section", "brand", "price", "hour", "weekday", "k"]


def test_slices_are_the_runs_own_moments(small_run):
    told = small_run.bias
    test = small_run.metrics["models"]["xgboost"]["test"]
    for column in told["columns"]:
        assert sum(one["moments"] for one in column["slices"]) == test["headline"]["moments"]
    shopper = {one["level"]: one for one in told["columns"][0]["slices"]}
    for level, one in shopper.items():
        head = test["shoppers"][level]
        assert one["moments"] == head["moments"]
        assert one["shoppers"] == head["users"]
        if "reason" not in one:
            assert one["roc_auc"] == head["roc_auc"]


def test_a_column_of_the_log_is_joined_by_position(run_of_copy):
    run, log = run_of_copy
    result = CliRunner().invoke(
        app, ["bias", str(run), "--by", "country", "--by", "event_kind", "--by", "views"]
    )
    assert result.exit_code == 0, result.output
    told = json.loads((run / BIAS).read_text("utf-8"))
    assert [one["name"] for one in told["columns"]][7:] == ["country", "event_kind", "views"]
    country = {one["level"]: one["moments"] for one in told["columns"][7]["slices"]}
    rows = pl.read_csv(log, infer_schema=False).with_row_index("position")
    test = pl.read_parquet(run / "predictions.parquet", columns=["position"])
    joined = test.with_columns(pl.col("position").cast(pl.UInt32)).join(rows, on="position")
    assert country == dict(joined["country"].value_counts().iter_rows())
    assert "country" in read(run).text


def test_a_column_that_is_nowhere_is_named_with_its_neighbours(run_of_copy):
    run, _ = run_of_copy
    said = refused(run, "contry")
    assert "--by contry" in said
    assert "did you mean country" in said
    assert "event_brand" in refused(run, "event_brnd")
    assert "what is predicted" in refused(run, "label")


def test_a_log_that_changed_or_is_gone_is_told(run_of_copy):
    run, log = run_of_copy
    with log.open("a") as file:
        file.write("\n")
    assert "has changed since the run" in refused(run, "country")
    log.unlink()
    said = refused(run, "country")
    assert "log.csv" in said
    assert "Nor can the run's log be read" in said
    assert willbuy.bias(run, ["event_kind"])  # what the run has itself needs no log


def test_a_run_of_an_older_version_is_told(run):
    for file in (run / "snapshots").glob("*.parquet"):
        frame = pl.read_parquet(file)
        frame.drop([name for name in frame.columns if name.startswith("event_")]).write_parquet(
            file
        )
    said = refused(run)
    assert "earlier version" in said
    assert "willbuy run --config" in said
    (run / BIAS).unlink()
    from willbuy.report.page import write_report

    write_report(run)
    assert "Slices not shown" in read(run).text


def test_predictions_of_other_rows_are_refused(run):
    path = run / "predictions.parquet"
    pl.read_parquet(path).reverse().write_parquet(path)
    assert "does not belong" in refused(run)


def test_what_is_no_run_is_told(tmp_path):
    assert "no run.json" in refused(tmp_path)
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "bundle.json").write_text('{"rows": "table"}')
    assert "table of sessions" in refused(tmp_path)
