"""`willbuy explain`, and what it writes."""

import json

import polars as pl
import pytest
from typer.testing import CliRunner

import willbuy
from willbuy.cli.commands import app
from willbuy.explain.session.files import FILES, save


@pytest.fixture(scope="module")
def session(small_run, small_log):
    predicted = pl.read_parquet(small_run.folder / "predictions.parquet")
    at = predicted.filter(pl.col("ordinal") == 4)["position"][1]
    return pl.read_csv(small_log, infer_schema=False)["user_session"][at]


def run(*words):
    return CliRunner().invoke(app, ["explain", *map(str, words)], env={"COLUMNS": "200"})


def test_on_the_screen_and_nothing_is_written(small_run, session, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = sorted(small_run.folder.rglob("*"))
    done = run(small_run.folder, "--session", session, "--at", 2, "--counterfactual")
    assert done.exit_code == 0, done.output
    told = willbuy.load(small_run.folder).explain(session=session, at=2)
    assert f"{100 * told.probability:.1f}%" in done.output
    for sentence in told.sentences:
        assert sentence in done.output
    assert "What would have had to be different" in done.output
    assert "The model's view, not an effect" in done.output
    assert not list(tmp_path.iterdir())
    assert sorted(small_run.folder.rglob("*")) == before


def test_out_holds_the_same_for_programs(small_run, session, tmp_path):
    out = tmp_path / "deep" / "why"
    words = (small_run.folder, "--session", session, "--target", 0.5, "--out", out)
    assert run(*words).exit_code == 0
    assert sorted(one.name for one in out.iterdir()) == sorted(FILES)
    assert [one.name for one in out.parent.iterdir()] == ["why"]
    told = json.loads((out / "explanation.json").read_text())
    points = sum(one["points"] for one in told["terms"])
    assert points == pytest.approx(told["probability"] - told["base_probability"], abs=1e-12)
    assert told["counterfactual"]["target"] == 0.5
    assert "not an effect" in told["counterfactual"]["note"]
    rows = pl.read_csv(out / "timeline.csv")
    assert rows["probability"].to_list() == [one["probability"] for one in told["events"]]
    for name in ("waterfall.png", "force.png"):
        assert (out / name).read_bytes()[1:4] == b"PNG"
    assert run(*words).exit_code == 0  # an earlier explanation is replaced


def test_a_folder_of_something_else_is_left_alone(small_run, session, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    done = run(small_run.folder, "--session", session, "--out", tmp_path)
    assert done.exit_code == 1
    assert "thesis.txt" in str(done.exception)
    assert [one.name for one in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_sheet_runs_no_text_of_the_log(small_run, tmp_path):
    fields = {"time": 1_711_900_800_000_000, "kind": "view", "user": 1, "session": 2}
    told = willbuy.load(small_run.folder).explain([{**fields, "brand": "=1+1"}], session=2)
    save(told, tmp_path / "why")
    assert pl.read_csv(tmp_path / "why" / "timeline.csv")["brand"].to_list() == ["'=1+1"]


def test_a_picture_leaves_others_figures_alone(small_run, tmp_path):
    import matplotlib.pyplot as plt

    mine = plt.figure()
    try:
        fields = {"time": 1_711_900_800_000_000, "kind": "view", "user": 1, "session": 2}
        model = willbuy.load(small_run.folder)
        save(model.explain([{**fields, "product": "$ or $"}], session=2), tmp_path / "why")
        assert plt.get_fignums() == [mine.number]
        assert not mine.axes
    finally:
        plt.close(mine)


def test_no_session_is_told(tmp_path):
    (tmp_path / "bundle.json").write_text("{}")
    assert "Name the session" in run(tmp_path).output
