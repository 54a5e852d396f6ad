"""`willbuy price` on a run, as a person meets it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pages import SECTIONS, read
from willbuy.bundle.model import load_bundle
from willbuy.decide.price.answer import Question
from willbuy.decide.price.cut import parse_cut
from willbuy.decide.price.scenario import _asked, _cases, _drawn, _events_of
from willbuy.decide.price.scope import parse_scope
from willbuy.errors import WillbuyError
from willbuy.events.read import open_log
from willbuy.job.pricing import price_run
from willbuy.progress import Silent

WILLBUY = Path(sys.executable).with_name("willbuy")


@pytest.fixture(scope="module")
def run(small_run, tmp_path_factory):
    """A copy, so that other tests' run keeps its report."""
    return shutil.copytree(small_run.folder, tmp_path_factory.mktemp("priced") / "run")


def test_the_answer_is_told_kept_and_in_the_report(run):
    words = ["price", run, "--cut", "10%", "--margin", "0.3", "--elasticity=-2,-0.5"]
    done = subprocess.run([WILLBUY, *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "assumption" in said
    assert "scenario" in said
    assert "Break-even margin" in said
    found = json.loads((run / "price.json").read_text())
    assert found["schema"] == 1
    assert found["after"]["units"]["change"]["high"] == pytest.approx(0.9**-2 - 1)
    page = read(run)
    assert page.ids == [*SECTIONS[:-1], "priced", SECTIONS[-1]]
    assert "What a price cut would bring" in page.text
    assert not list(run.glob(".price*"))


def test_product_days_are_the_logs(run, small_log):
    """Counted by Polars straight from the file, but for the repeats that the run removed."""
    found = price_run(run, Question(0.1, given=(-1.0, -1.0)))
    log = pl.read_csv(small_log, truncate_ragged_lines=True).unique()
    day = pl.col("event_time").str.slice(0, 10)
    test = log.with_columns(day).filter(pl.col("event_time") > "2024-03-28")
    views = (test["event_type"] == "view").sum() * 30 / found["test_days"]
    assert found["test_days"] == 7
    assert found["before"]["views"] == pytest.approx(views, rel=0.005)


def test_the_scenario_without_a_cut_is_the_runs_own_prediction(run):
    bundle = load_bundle(run)
    predictions = pl.read_parquet(run / "predictions.parquet")
    moments = _drawn(run, predictions["event_product"].drop_nulls().unique()).head(400)
    told = json.loads((run / "run.json").read_text())
    log = open_log(told["inputs"], bundle.settings.source)
    events = _events_of(log, moments, Silent())
    known = dict(predictions.select("position", "probability").iter_rows())
    expected = [known[at] for at in moments["position"]]
    np.testing.assert_allclose(_asked(bundle, _cases(events, moments, 0.0)), expected, rtol=1e-6)
    cases = _cases(events, moments, 0.5)
    assert (cases["price"] != _cases(events, moments, 0.0)["price"]).any()


@pytest.mark.parametrize(
    ("scope", "hint"), [("category=nothing.like.it", "category"), ("price=1-2", "Usual prices")]
)
def test_what_is_refused_leaves_nothing(run, scope, hint):
    (run / "price.json").unlink(missing_ok=True)
    with pytest.raises(WillbuyError, match=hint):
        price_run(run, Question(parse_cut("10%"), parse_scope(scope)))
    assert not (run / "price.json").exists()


def test_a_run_of_a_table_is_refused(table_run, tmp_path):
    with pytest.raises(WillbuyError, match="is of a table of sessions"):
        price_run(table_run.folder, Question(0.1))
    with pytest.raises(WillbuyError, match="no run"):
        price_run(tmp_path, Question(0.1))


def test_a_log_that_has_changed_is_refused(run, tmp_path):
    told = json.loads((run / "run.json").read_text())
    copy = shutil.copytree(run, tmp_path / "run")
    (copy / "run.json").write_text(json.dumps({**told, "data_fingerprint": "other"}))
    with pytest.raises(WillbuyError, match="has changed"):
        price_run(copy, Question(0.1))
