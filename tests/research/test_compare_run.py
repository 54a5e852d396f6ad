"""`willbuy compare` on a finished run."""

import dataclasses
import json
import re
import shutil
import sys
from contextlib import contextmanager
from importlib.metadata import version
from typing import ClassVar

import polars as pl
import pytest
from sklearn.metrics import log_loss, roc_auc_score
from typer.testing import CliRunner

from willbuy.cli.commands import app
from willbuy.errors import WillbuyError
from willbuy.events.files import fingerprint
from willbuy.job import comparing
from willbuy.job.comparing import MODELS, _blend_cost, compare_run
from willbuy.job.truth import CEILINGS
from willbuy.progress import Silent
from willbuy.report.files import read
from willbuy.report.page import page
from willbuy.research import familiar
from willbuy.research.bench import Trained
from willbuy.research.learner import LEARNERS, learner_class

PLAIN = ("logistic", "xgboost", "blend")


class Heard(Silent):
    """Keeps what is said, and the titles of stages."""

    def __init__(self):
        self.words = []

    @contextmanager
    def stage(self, title, total=None):
        self.words.append(title)
        with Silent().stage(title) as one:
            yield one

    def say(self, text):
        self.words.append(text)


class Spy(familiar.BoostedLearner):
    """Remembers which moments it was shown with labels."""

    seen: ClassVar[list] = []

    def fit(self, train, held, reporter, folder):
        Spy.seen += [train, held]
        super().fit(train, held, reporter, folder)


@pytest.fixture(scope="module")
def compared(quick_run, tmp_path_factory):
    """A run with a truth whose plain models were compared, with the learning curve."""
    out = tmp_path_factory.mktemp("compared")
    run, truth = out / "run", out / "truth.parquet"
    shutil.copytree(quick_run, run)
    rows = pl.read_parquet(run / "predictions.parquet")
    happens, p = pl.col("label") == 1, pl.col("probability")
    rows.select(
        *("user_key", "session_key", "ordinal", "time"),
        label=happens,
        in_ladder=pl.col("ordinal") < 9,
        learned_products=(0.8 * p + 0.2 * happens).cast(pl.Float32),
        exact_filter=(0.7 * p + 0.3 * happens).cast(pl.Float32),
        hidden_state=(0.5 * p + 0.5 * happens).cast(pl.Float32),
    ).write_parquet(truth)
    about = json.loads((run / "run.json").read_text("utf-8"))
    about["truth"] = {"file": str(truth), "fingerprint": fingerprint([truth])}
    (run / "run.json").write_text(json.dumps(about), "utf-8")
    patch = pytest.MonkeyPatch()
    patch.setattr(familiar, "BoostedLearner", Spy)
    heard = Heard()
    found = compare_run(run, PLAIN, rows=4000, curve=True, reporter=heard)
    patch.undo()
    return run, found, heard


def test_the_figures_are_those_of_the_answers(compared):
    run, found, _ = compared
    told = pl.read_parquet(run / "research" / "predictions.parquet")
    test = pl.read_parquet(run / "snapshots" / "test-*.parquet")
    assert told["position"].equals(test["position"])
    for name, model in found["models"].items():
        p, figures = told[f"probability_{name}"].to_numpy(), model["headline"]
        y, weight = told["label"], told["weight"]
        auc, loss = roc_auc_score(y, p, sample_weight=weight), log_loss(y, p, sample_weight=weight)
        assert figures["roc_auc"]["value"] == pytest.approx(auc)
        assert figures["log_loss"]["value"] == pytest.approx(loss)
    assert json.loads((run / "compare.json").read_text("utf-8")) == found


def test_nothing_of_calibrate_or_test_is_learnt_from(compared):
    run, found, _ = compared
    learnt = {at for one in Spy.seen for at in one.rows["position"]}
    assert {one.part for one in Spy.seen} == {"train"}
    for part in ("calibrate", "test"):
        frame = pl.read_parquet(run / "snapshots" / f"{part}-*.parquet", columns=["position"])
        assert not learnt & set(frame["position"])
    rows = found["rows"]
    assert rows["learnt"] + rows["held"] == len(Spy.seen[0]) + len(Spy.seen[1])


def test_every_difference_is_that_of_the_points(compared):
    _, found, _ = compared
    models = found["models"]
    for name, model in models.items():
        assert set(model["paired"]) == set(models) - {name}
        for other, gains in model["paired"].items():
            mine, theirs = (models[at]["headline"]["log_loss"]["value"] for at in (name, other))
            assert gains["log_loss"]["value"] == pytest.approx(mine - theirs, abs=1e-9)
            assert gains["log_loss"]["low"] <= gains["log_loss"]["high"]


def test_costs_ceilings_and_the_curve_are_told(compared):
    _, found, _ = compared
    for model in found["models"].values():
        assert set(model["cost"]) == {"cpu_s", "wall_s", "peak_mb", "size_bytes", "latency_ms"}
        assert model["cost"]["size_bytes"] > 0
        assert model["cost"]["latency_ms"] > 0
    ceilings = found["ceilings"]
    assert set(CEILINGS) <= set(ceilings["models"])
    assert 0 < ceilings["rows"]["inside"] < ceilings["rows"]["test"]
    gap = ceilings["models"]["xgboost"]["paired"]["hidden_state"]["roc_auc"]
    assert gap["verdict"] == "lower"
    sizes = [one["rows"] for one in found["curve"]]
    assert sizes == sorted(sizes)
    assert len(sizes) == 3
    assert (
        found["curve"][-1]["models"]["blend"]["roc_auc"]
        == (found["models"]["blend"]["headline"]["roc_auc"])
    )


def test_a_model_that_is_there_is_not_trained_again(compared):
    run, found, _ = compared
    heard = Heard()
    again = compare_run(run, PLAIN, rows=4000, reporter=heard)
    for title in ("Logistic regression", "XGBoost"):
        assert f"{title} was trained already." in heard.words
        assert title not in heard.words
    assert again["models"]["logistic"] == found["models"]["logistic"]
    assert again["models"]["blend"]["paired"] == found["models"]["blend"]["paired"]
    assert again["curve"] is None
    for one in (found, again):
        assert one["models"]["xgboost"]["machine"] == one["machine"]
        assert one["models"]["xgboost"]["versions"]["xgboost-cpu"] == version("xgboost-cpu")
    heard = Heard()
    compare_run(run, ["logistic"], rows=3000, reporter=heard)
    assert "Logistic regression" in heard.words  # other moments, another model


def test_the_report_shows_the_verdict_and_loads_nothing(compared):
    run, found, _ = compared
    told = read(run)
    told = dataclasses.replace(told, compared=found)
    said = page(told)
    assert 'id="rivals"' in said
    assert "beyond its interval" in said or "Better than XGBoost" in said
    assert "What more moments to learn from bring" in said
    without = page(dataclasses.replace(told, compared=None))
    assert 'id="rivals"' not in without


def goods():
    """A map of products of seven departments, the first ones the most frequent."""
    points = [
        {"x": i / 59, "y": (i * i % 60) / 59, "product": 100 + i, "section": f"dep{part}",
         "category": f"dep{part}.some_kind", "count": 60 - i}
        for i in range(60) for part in [int(i**0.5)]
    ]  # fmt: skip
    points[0] |= {"section": None, "category": None, "product": -7}
    return {"method": "t-SNE", "products": 90, "points": points}


def test_the_report_draws_every_product_of_the_map(compared):
    run, found, _ = compared
    assert found["map"] is None  # none of these models learns vectors
    assert "shown near each other" not in page(dataclasses.replace(read(run), compared=found))
    said = page(dataclasses.replace(read(run), compared=found | {"map": goods()}))
    drawn = said[said.index("<title>Products that are shown near") :].partition("</figure>")[0]
    parts = {
        look: path.count("h0")
        for path, look in re.findall(r'<path d="([^"]*)" class="(\w+) point"', drawn)
    }
    # dep3 to dep7 hold 7, 9, 11, 13 and 11 of them; the other 9 are grey.
    assert sorted(parts.values()) == [7, 9, 9, 11, 11, 13]
    assert parts["faint"] == 9
    assert "The 60 products shown most, of 90 with a vector" in drawn
    assert "some kind" in drawn
    nothing = found | {"map": {"method": "t-SNE", "products": 3, "points": []}}
    assert "shown near each other" not in page(dataclasses.replace(read(run), compared=nothing))


def test_the_app_draws_the_map_and_names_what_is_pointed_at(compared):
    from app_pages import view_of, words_of

    run, found, _ = compared
    (run / "compare.json").write_text(json.dumps(found | {"map": goods()}), "utf-8")
    test = view_of("model", run)
    test.button_group(key="view").set_value("Other models").run()
    assert not test.exception
    assert "The 60 products shown most, of 90 with a vector" in words_of(test)
    (spec,) = (
        spec for chart in test.get("vega_lite_chart")
        for spec in [json.loads(chart.proto.spec)] if "datum.kind" in chart.proto.spec
    )  # fmt: skip
    points = spec["layer"][0]["data"]["values"]
    assert len(points) == 60
    assert {one["kind"] for one in points} == {f"dep{i}" for i in range(3, 8)} | {"all others"}
    assert points[5]["product"] == "105"
    assert points[0]["product"] == "named by a text"
    assert points[0]["category"] == "category not known"


def test_the_app_shows_it(compared):
    from app_pages import view_of, words_of

    run, found, _ = compared
    (run / "compare.json").write_text(json.dumps(found), "utf-8")
    test = view_of("model", run)
    test.button_group(key="view").set_value("Other models").run()
    assert not test.exception
    assert found["verdict"][0].split(":")[0] in words_of(test)


def test_the_command_prints_the_table_and_the_verdict(compared):
    run, found, _ = compared
    words = ["compare", str(run), "--models", "logistic,xgboost,blend", "--rows", "4000"]
    done = CliRunner().invoke(app, words, env={"COLUMNS": "140"})
    assert done.exit_code == 0, done.output
    for word in ("ROC-AUC", "minus XGBoost", "CPU minutes", "(3) The"):
        assert word in done.output
    assert found["verdict"][0].split(" ")[0] in done.output


def test_a_truth_that_is_gone_leaves_the_ceilings_out_and_says_so(compared, tmp_path):
    run, _, _ = compared
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    about = json.loads((copy / "run.json").read_text("utf-8"))
    about["truth"]["file"] = str(tmp_path / "gone.parquet")
    (copy / "run.json").write_text(json.dumps(about), "utf-8")
    heard = Heard()
    found = compare_run(copy, PLAIN, rows=4000, reporter=heard)
    assert "gone or has changed" in found["ceilings"]["reason"]
    assert any("ceilings are left out" in one for one in heard.words)


def test_nothing_begins_before_all_models_can(compared, monkeypatch):
    run, _, _ = compared
    monkeypatch.setitem(sys.modules, "torch", None)
    before = (run / "compare.json").read_bytes()
    with pytest.raises(WillbuyError, match=r"pip install 'willbuy\[deep\]'.*--models logistic"):
        compare_run(run, ["logistic", "tabm"])
    assert (run / "compare.json").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["forest"], "there is no 'forest'"),
        (["xgboost"], "two models or more"),
        (["blend"], "two models or more"),
    ],
)
def test_a_wrong_choice_is_told(compared, words, told):
    with pytest.raises(WillbuyError, match=told):
        compare_run(compared[0], words)


def test_what_is_no_run_on_a_log_is_refused(table_run, tmp_path):
    with pytest.raises(WillbuyError, match="of a table of sessions"):
        compare_run(table_run.folder, PLAIN)
    with pytest.raises(WillbuyError, match="no run"):
        compare_run(tmp_path, PLAIN)


def test_an_interrupted_comparison_leaves_the_old_one_and_goes_on(compared, monkeypatch):
    run, _, _ = compared
    before = (run / "compare.json").read_bytes()

    def stops(self, moments):
        raise KeyboardInterrupt

    monkeypatch.setattr(learner_class("xgboost"), "predict_proba", stops)
    with pytest.raises(KeyboardInterrupt):
        compare_run(run, PLAIN, rows=2000)
    assert (run / "compare.json").read_bytes() == before
    monkeypatch.undo()
    heard = Heard()
    compare_run(run, PLAIN, rows=2000, reporter=heard)
    assert "Logistic regression was trained already." in heard.words


def test_the_curve_is_of_the_moments_that_there_are(compared, tmp_path, monkeypatch):
    monkeypatch.setattr(comparing, "SHARES", (0.3,))
    run, _, _ = compared
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    found = compare_run(copy, ["logistic"], rows=10**9, curve=True)
    there = found["rows"]["train"]
    sizes = [one["rows"] for one in found["curve"]]
    assert sizes == sorted(set(sizes))
    assert sizes[-1] == there
    assert sizes[-2] == pytest.approx(0.3 * there, rel=0.2)
    again = compare_run(copy, ["logistic"], rows=1000, curve=True)
    assert len(again["curve"]) == 1  # no fewer than 1,000 are worth a point


def test_a_blend_pays_once_for_vectors_that_its_models_share():
    own, vectors = {"xgboost": 5.0, "session2vec": 6.0, "gru": 7.0, "transformer": 8.0}, 100.0
    trained = {
        name: Trained(
            {}, {"cpu_s": cpu + vectors * LEARNERS[name].vectors, "peak_mb": cpu}, {}, {}, False
        )
        for name, cpu in own.items()
    }
    cost = _blend_cost(trained, vectors)
    assert cost == {"cpu_s": sum(own.values()) + vectors, "peak_mb": 8.0}
    plain = {"xgboost": trained["xgboost"]}
    assert _blend_cost(plain, 0.0)["cpu_s"] == 5


def test_what_fits_say_stands_in_the_report_and_in_the_app(compared):
    from app_pages import view_of, words_of

    run, found, _ = compared
    said = json.loads(json.dumps(found))
    said["models"]["xgboost"]["fit"]["notes"] = ["There was too little of something."]
    said["models"]["xgboost"]["fit"]["recipe"] = {"window": 4}
    (run / "compare.json").write_text(json.dumps(said), "utf-8")
    test = view_of("model", run)
    test.button_group(key="view").set_value("Other models").run()
    assert not test.exception
    for words in (words_of(test), page(dataclasses.replace(read(run), compared=said))):
        assert "XGBoost: There was too little of something." in words
        assert "searched for on each run" in words
    assert "searched for on each run" not in page(dataclasses.replace(read(run), compared=found))


@pytest.mark.slow
def test_all_models_stand_in_one_table(compared, tmp_path):
    run, _, _ = compared
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    found = compare_run(copy, rows=3000)
    assert list(found["models"]) == list(MODELS)
    assert set(found["blend"]["weights"]) == set(found["models"]) - {"blend"}
    shares = [one["mask"] for one in found["masks"]["features"]]
    assert sum(shares) == pytest.approx(1)
    assert shares == sorted(shares, reverse=True)
    assert not list(copy.rglob("*.pkl")) + list(copy.rglob("*.pt"))
    said = page(read(copy))
    assert "What TabNet looks at" in said
    assert found["map"]["points"]
    assert "Products that are shown near each other" in said
