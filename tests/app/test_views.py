"""Every page of every kind of run: what is said, and that nothing fails."""

import json
import os
import shutil

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from app_pages import view_of, words_of
from willbuy.app import runs
from willbuy.app.cells import hours_as_one
from willbuy.errors import WillbuyError
from willbuy.report.answer import cards
from willbuy.report.files import read
from willbuy.report.findings import flagged_words
from willbuy.report.words import count, percent, told

VIEWS = ("overview", "explore", "who", "model")
MODEL_VIEWS = ("Ranking", "Calibration", "How early", "Best possible", "Tuning",
               "Other models", "Features", "Audit", "Settings")  # fmt: skip
EXPLORE_VIEWS = ("Conversion", "How sessions go on", "Single features")
OPTIONAL = ("explanations.json", "audit.json", "bias.json", "churn_strategy.json",
            "churn_summary.json", "explore.parquet", "paths.json")  # fmt: skip


@pytest.fixture(scope="module")
def old_run(small_run, tmp_path_factory):
    """A run as earlier versions left it: without what came later."""
    folder = tmp_path_factory.mktemp("old") / "old"
    folder.mkdir()
    for one in small_run.folder.glob("*.json"):
        if one.name not in OPTIONAL:
            shutil.copy(one, folder)
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    for model in metrics["models"].values():
        for block in ("curves", "lift", "calibration", "flagged_early", "days"):
            del model["test"][block]
    del metrics["drift"]
    (folder / "metrics.json").write_text(json.dumps(metrics), "utf-8")
    return folder


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("kind", ["small_run", "head_run", "table_run", "old_run"])
def test_a_page_is_shown_whatever_the_run_has(view, kind, request):
    run = request.getfixturevalue(kind)
    test = view_of(view, getattr(run, "folder", run))
    assert not test.exception
    assert test.title[0].value
    assert not test.error


@pytest.mark.parametrize("kind", ["small_run", "head_run", "table_run", "old_run"])
def test_every_view_of_the_model_is_shown(kind, request):
    run = request.getfixturevalue(kind)
    test = view_of("model", getattr(run, "folder", run))
    for view in MODEL_VIEWS:
        test.button_group(key="view").set_value(view).run()
        assert not test.exception, view
        assert test.button_group(key="view").value == view
        assert words_of(test)


@pytest.mark.parametrize("kind", ["small_run", "head_run", "table_run", "old_run"])
def test_every_view_of_explore_is_shown(kind, request):
    run = request.getfixturevalue(kind)
    test = view_of("explore", getattr(run, "folder", run))
    for view in EXPLORE_VIEWS:
        test.button_group(key="explore-view").set_value(view).run()
        assert not test.exception, view
        assert not test.error, view


def test_where_sessions_of_a_segment_go_next_can_be_chosen(small_run):
    test = view_of("who", small_run.folder)
    box = test.selectbox(key="onward")
    box.select_index(1).run()
    assert not test.exception
    assert f"Of sessions that came into “{box.options[1]}”" in words_of(test)


def test_the_overview_says_what_the_report_says(small_run):
    said, run = words_of(view_of("overview", small_run.folder)), read(small_run.folder)
    for card in cards(run):
        assert card.short in said
        assert all(text.strip() in said for text in card.text)
    assert flagged_words(run.test["flagged_early"]) in said
    assert count(run.summary["at_stake"]) in said


def test_what_is_missing_is_told_in_words(old_run):
    test = view_of("explore", old_run)
    for view in EXPLORE_VIEWS:
        test.button_group(key="explore-view").set_value(view).run()
        assert "earlier version" in words_of(test), view
    assert "earlier version" in words_of(view_of("who", old_run))


def test_a_short_log_is_called_a_smoke_test_on_every_page(head_run):
    for view in VIEWS:
        assert "Smoke test" in words_of(view_of(view, head_run.folder))


def test_filters_of_explore_are_linked(small_run):
    test = view_of("explore", small_run.folder)
    sessions, conversion, _ = test.metric
    parts = read(small_run.folder).metrics["parts"]["test"]
    assert sessions.value == count(parts["sessions"])
    assert conversion.value == percent(parts["buying_sessions"] / parts["sessions"])
    test.multiselect(key="returning").select("returning").run()
    returning = int(test.metric[0].value.replace(",", ""))
    test.multiselect(key="returning").set_value(["new"]).run()
    new = int(test.metric[0].value.replace(",", ""))
    assert new + returning == parts["sessions"]
    test.slider(key="hour").set_range(3, 3).run()
    assert int(test.metric[0].value.replace(",", "")) < new


def test_no_session_left_is_told(small_run):
    test = view_of("explore", small_run.folder)
    sections = test.multiselect(key="section").options
    test.multiselect(key="section").set_value([sections[0]])
    test.multiselect(key="brand").set_value([test.multiselect(key="brand").options[0]])
    test.multiselect(key="price").set_value([test.multiselect(key="price").options[0]])
    test.multiselect(key="weekday").set_value(["Monday"])
    test.slider(key="hour").set_range(3, 3).run()
    assert not test.exception
    assert not test.metric
    assert "Take back one of the choices" in words_of(test)


def test_a_name_in_a_log_is_no_markup(small_run, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(small_run.folder, folder, ignore=shutil.ignore_patterns("snapshots", "model"))
    evil = "<img src=x onerror=alert(1)> [a](javascript:b) **c**"
    strategy = json.loads((folder / "churn_strategy.json").read_text("utf-8"))
    strategy["rules"]["behaviour"][0]["name"] = evil
    (folder / "churn_strategy.json").write_text(json.dumps(strategy), "utf-8")
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    metrics["cautions"].append(evil)
    (folder / "metrics.json").write_text(json.dumps(metrics), "utf-8")
    test = view_of("overview", folder)
    written = "\n".join(one.value for one in test.markdown)
    assert "\\<img" in written
    assert "<img" not in written.replace("\\<img", "")
    assert all(not one.proto.allow_html for one in test.markdown)


def test_figures_have_their_intervals(small_run):
    run = read(small_run.folder)
    test = view_of("model", small_run.folder)
    table = test.table[0].value.to_string().replace("\\", "")
    assert told(run.test["headline"]["roc_auc"]) in table


def test_a_run_that_goes_away_while_it_is_looked_for_is_none(tmp_path, monkeypatch):
    here, gone = tmp_path / "here", tmp_path / "gone"
    here.mkdir()
    (here / "metrics.json").write_text("{}", "utf-8")
    monkeypatch.setattr(runs, "_inside", lambda place: [gone, here])
    assert runs.find([tmp_path]) == [here]
    with pytest.raises(WillbuyError):
        runs.open_run(gone)


def test_a_file_that_was_replaced_is_read_anew_however_old_it_is(small_run, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(small_run.folder, folder, ignore=shutil.ignore_patterns("snapshots", "model"))
    assert runs.open_run(folder).told.strategy["terms"]["cost"] == 1
    path = folder / "churn_strategy.json"
    strategy = json.loads(path.read_text("utf-8"))
    strategy["terms"]["cost"] = 3
    path.write_text(json.dumps(strategy), "utf-8")
    os.utime(path, (1, 1))
    assert runs.open_run(folder).told.strategy["terms"]["cost"] == 3


_CELL = {"section": "home", "brand": "acme", "price": "under 20", "hour": 0, "weekday": 0,
         "returning": False, "sessions": 30_000, "buyers": 3_000, "expected": 3_000.0}  # fmt: skip
_STEPS = [[{"from": "view", "to": "left", "sessions": 9, "buyers": 0}], []]


def _explored(hours, share, sessions, steps):
    """The page Explore of a run that has only what the page needs."""
    from types import SimpleNamespace

    import polars as pl

    from willbuy.app.views import explore

    metrics = {"sampling": {"session_share": {"test": share}}}
    told = SimpleNamespace(simulated=False, smoke=False, table=False, reasons=None, metrics=metrics,
                           about={"settings": {}})  # fmt: skip
    cells = pl.DataFrame(hours)
    paths = {"sessions": sessions, "steps": steps}
    explore.show(SimpleNamespace(told=told, cells=lambda: cells, optional=lambda name: paths))


def explored(hours=(0,), share=1.0, sessions=9, steps=_STEPS):
    given = {"hours": [{**_CELL, "hour": hour} for hour in hours], "share": share,
             "sessions": sessions, "steps": steps}  # fmt: skip
    test = AppTest.from_function(_explored, kwargs=given)
    test.default_timeout = 300
    return test.run()


def paths_of(test):
    return test.button_group(key="explore-view").set_value("How sessions go on").run()


def test_a_test_part_without_moments_is_told():
    test = paths_of(explored(hours=(0,), sessions=0, steps=[[], []]))
    assert not test.exception
    assert "no session of the test part has a moment" in words_of(test)


def test_hours_told_in_fours_are_asked_for_in_fours():
    test = explored(hours=range(0, 24, 4))
    test.slider(key="hour").set_range(4, 8).run()
    assert not test.exception
    assert test.slider(key="hour").step == 4
    assert test.metric[0].value == count(2 * _CELL["sessions"])
    test.slider(key="hour").set_range(20, 20).run()
    assert test.metric[0].value == count(_CELL["sessions"])


def test_single_hours_are_no_fours():
    few = pl.DataFrame({"hour": [0, 4], "sessions": [30, 40]})
    assert hours_as_one(None, few) == 1
    many = pl.DataFrame({"hour": [0, 4, 5], "sessions": [100_000] * 3})
    assert hours_as_one({}, many) == 1
    assert hours_as_one({}, many.head(2)) == 4
    assert hours_as_one({"hours_as_one": 1}, many.head(2)) == 1  # the run knows better


def test_sessions_of_a_drawn_test_part_are_called_drawn():
    test = explored(share=0.25)
    assert "drew 25% of the test part's sessions" in words_of(test)
    assert "drawn" in test.metric[0].delta
    assert "9 drawn sessions leave" in words_of(paths_of(test))
    whole = explored()
    assert "drawn" not in words_of(whole)
    assert "drawn" not in words_of(paths_of(whole))
