"""The report of a run: one page that is whole, safe, and opens offline."""

import json
import re
import shutil

import pytest

from pages import SECTIONS, read
from willbuy.cli.commands import app
from willbuy.errors import WillbuyError
from willbuy.report.page import write_report

FILES = (
    "metrics.json",
    "data_health.json",
    "run.json",
    "explanations.json",
    "audit.json",
    "bias.json",
    "churn_strategy.json",
    "churn_summary.json",
)
LATER = (
    "calibration", "recalibration", "lift", "curves", "thresholds", "flagged_early",
    "fixed_cohorts", "days", "shoppers",
)  # fmt: skip
HOSTILE = "<script>alert('x')</script>&\"$"


@pytest.fixture
def copied(small_run, tmp_path):
    """The JSON files of a run alone: the report needs nothing else."""
    for name in FILES:
        shutil.copy(small_run.folder / name, tmp_path / name)
    return tmp_path


def change(path, edit):
    found = json.loads(path.read_text("utf-8"))
    edit(found)
    path.write_text(json.dumps(found), "utf-8")


def refused(folder, *words):
    with pytest.raises(WillbuyError) as problem:
        write_report(folder)
    assert all(word in str(problem.value) for word in words)


@pytest.mark.parametrize("name", ["small_run", "head_run"])
def test_a_run_leaves_a_whole_page(name, request):
    folder = request.getfixturevalue(name).folder
    page = read(folder)
    assert page.ids == list(SECTIONS)  # without tuning, no word of it
    assert (folder / "report.html").stat().st_size < 3_000_000
    assert not re.search(r"\bNone\b|[{}]", page.text)
    charts = " ".join(re.findall(r"<svg.*?</svg>", (folder / "report.html").read_text(), re.S))
    assert not re.search(r"\b(nan|inf|None)\b", charts)


@pytest.mark.parametrize("name", ["small_run", "head_run"])
def test_no_request_leaves_the_page(name, request):
    page = read(request.getfixturevalue(name).folder)
    assert not page.tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    for tag, name, value in page.attributes:
        assert name not in ("src", "srcset", "style", "action")
        assert not name.startswith("on")
        if name == "href":
            assert value.startswith("#"), (tag, value)
            assert value[1:] in page.ids
    style = re.search(
        r"<style>(.*)</style>",
        (request.getfixturevalue("small_run").folder / "report.html").read_text(),
        re.S,
    )[1]
    assert "url(" not in style
    assert "@import" not in style


def test_every_chart_has_words(small_run):
    text = (small_run.folder / "report.html").read_text("utf-8")
    charts = re.findall(r"<svg.*?</svg>", text, re.S)
    assert len(charts) >= 15
    for chart in charts:
        assert re.search(r"<title>[^<]{10,}</title><desc>[^<]+</desc>", chart)


def test_it_says_what_the_run_found(small_run):
    text = read(small_run.folder).text
    test = small_run.metrics["models"]["xgboost"]["test"]
    assert f"ROC-AUC {test['headline']['roc_auc']['value']:.3f}" in text
    assert "not causes" in text
    assert "In hindsight" in text
    for caution in small_run.metrics["cautions"]:
        assert " ".join(caution.split()) in text


def test_what_is_withheld_has_its_reason(head_run):
    text = read(head_run.folder).text
    assert "Events by day not shown: the log lies within one day." in text
    assert "Figures by day not shown" in text
    assert "10 of each are needed" in text
    assert "Can it be trusted?No: the log has not one complete day" in text.replace("? ", "?")


def test_built_again_it_is_the_same(small_run, copied):
    assert write_report(copied) == copied / "report.html"
    assert (copied / "report.html").read_bytes() == (
        small_run.folder / "report.html"
    ).read_bytes()  # fmt: skip


def test_texts_are_never_markup(copied):
    def in_run(told):
        told["name"] = HOSTILE
        told["inputs"] = [f"/logs/{HOSTILE}"]
        told["settings"]["source"]["kinds"] = {HOSTILE: HOSTILE}

    def in_health(told):
        told["reading"]["kinds_read"] = {HOSTILE: "view"}
        told["reading"]["unknown_words"] = {HOSTILE: 3}
        told["reading"]["rejected"] = {HOSTILE: 2}

    def in_metrics(told):
        told["cautions"] = [HOSTILE]
        told["drift"]["behaviour"]["top"][0]["label"] = HOSTILE

    def in_reasons(told):
        for one in told["top"]:
            one |= {"label": HOSTILE, "meaning": HOSTILE, "unit": HOSTILE, "family": "own"}

    def in_audit(told):
        told["future"]["words"] = HOSTILE
        told["findings"] = [{"what": HOSTILE, "level": HOSTILE, "evidence": HOSTILE}]

    def in_bias(told):
        for column in told["columns"]:
            column |= {"title": HOSTILE, "note": HOSTILE}
            for one in column["slices"]:
                one["level"] = HOSTILE
        told["findings"] = [{"words": HOSTILE, "slice": HOSTILE, "mitigation": {"reason": HOSTILE}}]

    edits = (in_metrics, in_health, in_run, in_reasons, in_audit, in_bias)
    for name, edit in zip(FILES[: len(edits)], edits, strict=True):
        change(copied / name, edit)
    write_report(copied)
    page = read(copied)
    assert "script" not in page.tags
    assert page.text.count("<script>alert('x')</script>&\"$") > 20


def test_a_simulated_shop_is_called_so(copied, small_run):
    assert "Simulated shop" not in read(small_run.folder).text
    change(copied / "run.json", lambda told: told.update(truth={"file": "t", "fingerprint": "f"}))
    write_report(copied)
    assert "Simulated shop. Shoppers, goods and purchases are made up" in read(copied).text


def test_the_limits_of_trust_stand_in_one_place(copied, small_run):
    text = read(small_run.folder).text
    limits = text[text.index("What this is good for, and what it is not") :]
    for said in ("A prediction is not a cause", "(SHAP) are the model's", "which shoppers came"):
        assert said in limits
    assert "A real shop." not in limits
    assert "Smoke test" not in text
    change(copied / "run.json", lambda told: told.update(truth={"file": "t", "fingerprint": "f"}))
    write_report(copied)
    assert "A real shop. All of this is made up" in read(copied).text


@pytest.mark.parametrize(
    ("days", "log"), [(0, "not one complete day"), (9, "only 9 complete days")]
)
def test_a_short_log_is_a_smoke_test_on_every_chart(copied, days, log):
    change(copied / "metrics.json", lambda told: told["splits"].update(complete_days=days))
    write_report(copied)
    text = read(copied).text
    assert f"Smoke test, not a measurement. The log has {log}; a run on fewer than 10" in text
    assert f"A log with {log} cannot tell what other days bring." in text
    assert f"No: the log has {log}" in text
    page = (copied / "report.html").read_text("utf-8")
    for name in ("good", "early", "calibrated", "alike", "why"):
        section = re.search(rf'<section id="{name}">.*?</section>', page, re.S)[0]
        charts = section.count("<figcaption>")
        assert charts > 0
        assert section.count(">Smoke test, not a measurement</span>") == charts


def test_who_was_left_out_and_what_drives_the_answer_stand_in_the_first_screen(small_run):
    text = read(small_run.folder).text
    first = text[: text.index("What this is good for")]
    assert "in the warm-up, which only teaches what shoppers and the shop did before" in first
    assert "Most of all: " in first
    assert "not what makes people buy" in first


def test_moments_that_were_drawn_are_told(copied, small_run):
    assert "Every moment of train, calibrate and test was kept." in read(small_run.folder).text

    def draw(told):
        told["parts"]["train"] |= {"rows": 250, "moments": 1000}
        told["models"]["logistic"]["fit"] |= {"rows": 200, "rows_given": 250}
        told["sampling"] = {"c": 1, "session_share": {"train": 1, "calibrate": 0.5, "test": 0.25}}

    change(copied / "metrics.json", draw)
    write_report(copied)
    text = read(copied).text
    assert "Of train's 1,000 moments 250 (25%) were drawn" in text
    assert "logistic learned from 200, drawn" in text
    assert "50% of the sessions of calibrate and 25% of the sessions of test" in text


@pytest.mark.parametrize(
    ("gap", "verdict", "said"),
    [
        ([-0.05, -0.06, -0.04], "lower", "The model is 0.050 [0.040, 0.060] of ROC-AUC below"),
        ([0.01, -0.02, 0.04], "no difference", "The model cannot be told from the best"),
    ],
)
def test_the_ladder_says_how_far_the_model_is_from_its_ceiling(copied, gap, verdict, said):
    def climb(told):
        figure = dict(zip(("value", "low", "high"), gap, strict=True), verdict=verdict)
        head = told["models"]["xgboost"]["test"]["headline"]
        rungs = [("xgboost", None), ("learned_products", 3)]
        told["ladder"] = {
            "rows": {"test": 20, "inside": 10, "outside": {}},
            "not_covered": ["Step 3 is a practical bound."],
            "rungs": [
                {"name": name, "step": step, "headline": head,
                 "paired": {} if step else {"learned_products": {"roc_auc": figure}}}
                for name, step in rungs
            ],
        }  # fmt: skip

    change(copied / "metrics.json", climb)
    write_report(copied)
    text = read(copied).text
    assert said in text
    assert "The most that a learner can hope for in this simulated shop is" in text
    assert "At the same 10 of 20 test moments" in text
    assert "(3) The best that can be learned" in text


def test_the_metrics_of_an_earlier_version_still_make_a_page(copied):
    def older(told):
        told["schema"] = 1
        del told["baseline"], told["drift"], told["readings"]
        for model in told["models"].values():
            for block in LATER:
                del model["test"][block]

    change(copied / "metrics.json", older)
    (copied / "explanations.json").unlink()
    write_report(copied)
    page = read(copied)
    assert [one for one in page.ids if one in SECTIONS] == list(SECTIONS)
    assert page.text.count("made by an earlier version") >= 8


@pytest.mark.parametrize("block", LATER)
def test_a_block_that_cannot_be_told_has_its_reason(copied, block):
    def withhold(told):
        for model in told["models"].values():
            model["test"][block] = {"reason": "moments were drawn"}

    change(copied / "metrics.json", withhold)
    write_report(copied)
    if block != "thresholds":  # which the page does not show
        assert "moments were drawn" in read(copied).text


def test_errors_say_what_is_wrong(copied, tmp_path):
    refused(tmp_path / "nothing", "There is no run", "nothing")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "is not a run", "metrics.json")
    change(copied / "metrics.json", lambda told: told.update(schema=99))
    refused(copied, "metrics.json", "schema 99")
    (copied / "metrics.json").write_text("{")
    refused(copied, "metrics.json", "broken")
    (copied / "metrics.json").write_text("[]")
    refused(copied, "metrics.json")


@pytest.mark.parametrize("name", ["data_health.json", "run.json"])
def test_a_missing_file_is_named(copied, name):
    (copied / name).unlink()
    refused(copied, name)


def test_the_command_builds_it(copied):
    from typer.testing import CliRunner

    done = CliRunner().invoke(app, ["report", str(copied)])
    assert done.exit_code == 0
    assert (copied / "report.html").exists()
