"""The frame around the pages: which run, a password, the demo run, the server's settings."""

import os
import shutil
import tomllib
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import willbuy.app.demo as demo
from app_pages import words_of
from willbuy.app import launch
from willbuy.app.charts import plain
from willbuy.app.password import VARIABLE
from willbuy.app.runs import find

ROOT = Path(__file__).parents[2]
MAIN = ROOT / "src" / "willbuy" / "app" / "main.py"


@pytest.fixture
def runs(small_run, head_run, tmp_path):
    """Two runs, the small one newer, and things that are none."""
    for at, run in enumerate((head_run, small_run)):
        folder = tmp_path / ("small" if run is small_run else "head")
        shutil.copytree(run.folder, folder, ignore=shutil.ignore_patterns("snapshots", "model"))
        os.utime(folder / "metrics.json", (1000 + at, 1000 + at))
    (tmp_path / ".half.1.x").mkdir()
    (tmp_path / "notes").mkdir()
    return tmp_path


def opened(monkeypatch, *places) -> AppTest:
    monkeypatch.setattr("sys.argv", ["main.py", *map(str, places)])
    return AppTest.from_file(str(MAIN), default_timeout=300).run()


def test_runs_are_found_newest_first(runs):
    assert [one.name for one in find([runs])] == ["small", "head"]
    assert [one.name for one in find([runs / "head"])] == ["head"]
    assert find([runs / "nowhere"]) == []


def test_the_app_opens_on_the_newest_run(runs, monkeypatch):
    test = opened(monkeypatch, runs)
    assert not test.exception
    assert "run small" in words_of(test)
    test.selectbox(key="run").select_index(1).run()
    assert "run head" in words_of(test)


def test_a_run_that_cannot_be_read_is_told(runs, monkeypatch):
    (runs / "small" / "run.json").write_text("{", "utf-8")
    test = opened(monkeypatch, runs)
    assert not test.exception
    assert "is broken" in test.error[0].value


def test_without_a_run_the_demo_is_offered(tmp_path, monkeypatch):
    test = opened(monkeypatch, tmp_path / "runs")
    assert not test.exception
    assert "There is no run" in words_of(test)
    assert test.button[0].label == "Make the demo run"


@pytest.mark.slow
def test_the_demo_is_really_made(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "EVENTS", 40_000)
    test = opened(monkeypatch, tmp_path / "runs")
    test.button[0].click().run(timeout=900)
    assert not test.exception
    assert "run demo" in words_of(test)
    assert [one.name for one in find([tmp_path / "runs"])] == ["demo"]


def test_a_password_is_asked_for_where_one_is_set(runs, monkeypatch):
    monkeypatch.setenv(VARIABLE, "open sésame")
    monkeypatch.setattr("willbuy.app.password._WAIT", 0.0)
    test = opened(monkeypatch, runs)
    assert "ROC-AUC" not in words_of(test)
    test.text_input[0].input("wrong")
    test.button[0].click().run()
    assert "not the password" in test.error[0].value
    assert "ROC-AUC" not in words_of(test)
    test.text_input[0].input("open sésame")
    test.button[0].click().run()
    assert "ROC-AUC" in words_of(test)


def test_the_server_tells_nobody_and_listens_to_this_machine():
    found = launch.settings()
    assert found["server.address"] == "127.0.0.1"
    assert found["browser.gatherUsageStats"] is False
    assert found["server.fileWatcherType"] == "none"
    assert found["server.maxUploadSize"] <= 50


def test_streamlit_run_has_the_same_settings():
    linked = tomllib.loads((ROOT / "app" / ".streamlit" / "config.toml").read_text("utf-8"))
    assert linked == tomllib.loads((MAIN.parent / "config.toml").read_text("utf-8"))


def test_text_is_shown_as_it_was_written():
    assert plain("a*b_c <i>") == "a\\*b\\_c \\<i\\>"
