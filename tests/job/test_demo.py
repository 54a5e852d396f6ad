"""The demo and finished runs, opened from Python."""

import shutil

import pytest

import willbuy
from willbuy.job.demo import LOG, NAME


def test_a_finished_run_is_opened_as_it_was_handed_out(small_run):
    opened = willbuy.open_run(small_run.folder)
    for one in ("folder", "metrics", "health", "about", "audit", "bias"):
        assert getattr(opened, one) == getattr(small_run, one), one
    assert opened.read("churn_strategy.json")["segments"]


def test_what_is_no_run_is_said(small_run, tmp_path):
    with pytest.raises(willbuy.WillbuyError, match="no run"):
        willbuy.open_run(tmp_path / "absent")
    with pytest.raises(willbuy.WillbuyError, match=r"price\.json cannot be read"):
        small_run.read("price.json")


def test_a_demo_that_is_there_is_opened_and_not_made_again(small_run, tmp_path):
    shutil.copytree(small_run.folder, tmp_path / NAME)
    assert willbuy.demo(tmp_path, events=1).metrics == small_run.metrics
    assert not (tmp_path / LOG).exists()


@pytest.mark.slow
def test_a_demo_that_is_not_there_is_made_with_its_truth(tmp_path):
    made = willbuy.demo(tmp_path / "runs", events=20_000)
    assert made.folder == tmp_path / "runs" / NAME
    assert "ladder" in made.metrics
    assert made.about["inputs"] == [str((tmp_path / "runs" / LOG).resolve())]
