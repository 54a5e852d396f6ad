"""Tuning of a log: searched within train, told on test, repeated and gone on with."""

import json

import pytest

import willbuy
from pages import SECTIONS, read
from quick import quick
from willbuy.errors import WillbuyError
from willbuy.job.job import recorded
from willbuy.job.tune_run import tune_run
from willbuy.models.study import Budget
from willbuy.models.tuning import SPACE
from willbuy.progress import Silent
from willbuy.report.page import write_report
from willbuy.settings import load_settings


@pytest.fixture(scope="module")
def start():
    settings = quick()
    settings.model.params = {
        **{"max_depth": 10, "min_child_weight": 0.1, "reg_lambda": 0.0},
        **{"learning_rate": 0.5, "rounds": 60, "patience": 10},
    }
    settings.sampling.max_train_rows = 6_000
    return settings


@pytest.fixture(scope="module")
def timed(small_log, start, tmp_path_factory):
    """A clock that stops after the first trial, that of the settings given."""
    out, tune = tmp_path_factory.mktemp("runs"), Budget(seconds=1e-6)
    return willbuy.run(small_log, settings=start, tune=tune, out=out, name="tuned")


@pytest.fixture(scope="module")
def tuned(timed):
    """Three more trials."""
    before = read(timed.folder)  # the folder is replaced
    return before, tune_run(timed.folder, "3")


def test_a_run_by_the_clock_records_its_trials(timed, tuned):
    assert timed.about["tune"]["trials"] == 1
    bought = timed.metrics["tuning"]["models"]["xgboost"]["bought"]
    assert bought == {"reason": "no settings that were tried were taken instead of those given"}
    assert "Tuning bought nothing: no settings" in tuned[0].text


@pytest.mark.slow
def test_a_run_repeats_its_trials_in_one_go(tuned, tmp_path):
    tuned = tuned[1]
    told = recorded(tuned.folder / "run.json", None, Silent())
    assert told.tune == Budget(trials=4)
    settings = load_settings(tuned.folder / "run.json")
    again = willbuy.run(told.events, settings=settings, tune=told.tune, out=tmp_path)
    assert again.metrics == tuned.metrics
    assert (again.folder / "model" / "booster.ubj").read_bytes() == (
        tuned.folder / "model" / "booster.ubj"
    ).read_bytes()


def test_the_search_is_told(timed, tuned):
    first, both = (run.metrics["tuning"] for run in (timed, tuned[1]))
    trees = both["models"]["xgboost"]
    assert trees["trials"] == len(trees["history"]) == 4
    assert trees["history"][:1] == first["models"]["xgboost"]["history"]
    assert trees["history"][0]["settings"]["max_depth"] == 10  # as given, outside of the space
    assert trees["given"] == trees["history"][0]["settings"]
    whole = [one["loss"] for one in trees["history"] if not one["pruned"]]
    choice = trees["choice"]
    assert trees["history"][choice["best"]]["loss"] == min(whole)
    assert trees["history"][choice["taken"]]["loss"] == trees["loss"] < trees["loss_given"]
    assert trees["loss_given"] == whole[0]
    taken = trees["history"][choice["taken"]]["leaves"]
    assert taken == min(trees["history"][at]["leaves"] for at in choice["alike"])
    fit = tuned[1].metrics["models"]["xgboost"]["fit"]["settings"]
    assert {name: fit[name] for name in SPACE} == trees["chosen"]
    assert fit["patience"] == 10
    logistic = both["models"]["logistic"]
    assert {one["settings"]["shape"] for one in logistic["history"]} == {"lines", "splines", "bins"}
    fit = tuned[1].metrics["models"]["logistic"]["fit"]
    assert {"C": fit["C"], "shape": fit["shape"]} == logistic["chosen"]


def test_it_is_searched_before_calibrate_begins(tuned):
    metrics = tuned[1].metrics
    found = metrics["tuning"]
    assert found["rows"]["searched"] <= found["rows"]["train"] == metrics["parts"]["train"]["rows"]
    end = ""
    for one in found["windows"]:
        assert one["learnt"]["sessions_began"][1] < one["judged"]["sessions_began"][0]
        assert end < one["judged"]["sessions_began"][0]
        end = one["judged"]["sessions_began"][1]
    assert end < metrics["splits"]["train"][1]


def test_what_it_bought_is_tuned_minus_untuned(timed, tuned):
    bought = tuned[1].metrics["tuning"]["models"]["xgboost"]["bought"]
    tests = [run.metrics["models"]["xgboost"]["test"] for run in (tuned[1], timed)]
    for figure in ("roc_auc", "average_precision", "log_loss", "brier"):
        gain = tests[0]["headline"][figure]["value"] - tests[1]["headline"][figure]["value"]
        assert bought[figure]["value"] == pytest.approx(gain, abs=1e-12)
        assert bought[figure]["low"] < bought[figure]["high"]
    assert list(tests[0]["paired"]) == ["logistic"]


def test_the_report_tells_it(tuned):
    page = read(tuned[1].folder)
    assert [one for one in page.ids if one in SECTIONS] == list(SECTIONS)
    assert "tuned" in page.ids
    assert "What tuning bought" in page.text
    assert "4 settings of the trees were tried" in page.text
    best = tuned[1].metrics["tuning"]["models"]["xgboost"]["choice"]["best"]
    assert f"Trial {best + 1} has the lowest loss." in page.text
    words = ("Tuning raised ROC-AUC by", "Tuning lowered ROC-AUC by", "Tuning bought nothing")
    assert any(f"xgboost: {said}" in page.text for said in words)


def test_a_search_that_was_left_out_is_told(tuned, tmp_path):
    """With too few buyers there are no trials, and the page still stands."""
    for path in tuned[1].folder.glob("*.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    metrics["tuning"]["models"]["xgboost"] |= {
        "history": [], "chosen": None, "loss": None, "loss_given": None, "trials": 0,
        "choice": None, "note": "Only 3 positive rows.",
        "bought": {"reason": "no settings are better"},
    }  # fmt: skip
    (tmp_path / "metrics.json").write_text(json.dumps(metrics))
    write_report(tmp_path)
    page = read(tmp_path)
    assert "The search not shown: Only 3 positive rows." in page.text
    assert "None" not in page.text


def test_what_cannot_be_gone_on_with_is_told(tuned, table_run, small_log, tmp_path):
    with pytest.raises(WillbuyError, match="no run"):
        tune_run(tmp_path, "3")
    with pytest.raises(WillbuyError, match="--trials"):
        tune_run(table_run.folder, "3")
    config = tmp_path / "x" / "run.json"
    config.parent.mkdir()
    told = json.loads((tuned[1].folder / "run.json").read_text())
    config.write_text(json.dumps({**told, "data_fingerprint": "another"}))
    with pytest.raises(WillbuyError, match="has changed"):
        tune_run(config.parent, "3")
    config.write_text(json.dumps({"settings": told["settings"]}))
    with pytest.raises(WillbuyError, match="records no inputs"):
        tune_run(config.parent, "3")
    with pytest.raises(WillbuyError, match="no budget"):
        willbuy.run(small_log, tune="soon", out=tmp_path)
