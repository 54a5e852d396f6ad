"""Simulate: a price cut and acting on shoppers, from what the run has counted."""

import json
import shutil

import pytest

from app.drive_pages import button, calm, opened, texts
from decide.panels import goods, panel
from willbuy.app.views.simulate_price import _short, _span
from willbuy.decide.price.answer import Question, price
from willbuy.job.deciding import decide_again


@pytest.fixture(scope="module")
def priced(small_run, tmp_path_factory):
    """A run whose log was asked what a price does."""
    folder = tmp_path_factory.mktemp("priced") / "run"
    shutil.copytree(small_run.folder, folder)
    days = panel()
    told = price(days, goods(days), (21, 27), Question(0.1))
    told["scenario"] = {"evidence": "scenario", "words": "Not an effect.", "moments": 9,
                        "before": 0.1, "after": 0.11,
                        "change": {"value": 0.1, "low": 0.05, "high": 0.15}}  # fmt: skip
    (folder / "price.json").write_text(json.dumps(told))
    return folder


def test_without_an_answer_of_the_log_a_range_is_an_assumption(small_run):
    at = opened("simulate", small_run.folder)
    assert "assumption" in texts(at)
    assert f"willbuy price {small_run.folder} --cut 10%" in [one.value for one in at.code]
    units = {one.label: one.value for one in at.metric}["Units"]
    calm(at.slider(key="price-cut").set_value(25).run())
    assert {one.label: one.value for one in at.metric}["Units"] != units
    assert "A cut of 25%" in at.subheader[0].value


def test_the_logs_own_answer_has_its_evidence_and_its_checks(priced):
    at = opened("simulate", priced)
    said = texts(at)
    assert "identified" in said
    assert "passed" in said
    assert "scenario" in said
    assert "a bound for all of them at once" in said
    assert "All figures run from nothing won anew" in said
    assert "The ends (identified) are those of the bound" in said
    assert " to " in {one.label: one.value for one in at.metric}["Margin"]
    calm(at.selectbox(key="price-of").select("A brand").run())
    assert "is an assumption" in texts(at)
    calm(at.button_group(key="price-way").set_value("A range of my own").run())
    assert "the range that you give" in texts(at)


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "not told"), (99_999, "99,999"), (123_456, "123k"), (999_999.5, "1M"),
     (-12_345_678, "-12.3M"), (1.23e9, "1.23bn"), (1.234e12, "1,230bn")],
)  # fmt: skip
def test_large_numbers_fit_a_small_box(value, said):
    assert _short(value, ",.0f") == said


def test_an_end_that_is_not_finite_is_no_zero():
    assert _span({"value": None, "low": 1.0, "high": None}, ",.0f") == "1 to not told"


def test_a_scope_without_products_is_a_message(small_run):
    at = opened("simulate", small_run.folder)
    calm(at.selectbox(key="price-of").select("A range of prices").run())
    calm(at.number_input(key=f"price-low-{small_run.folder}").set_value(1e7).run())
    assert "matches no product" in at.warning[0].value


def test_a_lift_brings_a_gain_and_its_label(small_run):
    at = opened("simulate", small_run.folder)
    calm(at.button_group(key="simulate-way").set_value("Acting on shoppers").run())
    assert "Nobody knows the lift" in texts(at)
    calm(at.number_input(key=f"acting-cost-{small_run.folder}").set_value(0.05).run())
    calm(at.toggle(key=f"acting-known-{small_run.folder}").set_value(True).run())
    calm(at.slider(key=f"acting-lift-{small_run.folder}").set_value(50).run())
    assert "brings" in texts(at)
    assert "assumption" in texts(at)
    calm(
        at.radio(key=f"acting-from-{small_run.folder}")
        .set_value("A randomised test measured it")
        .run()
    )
    assert "measured" in texts(at)
    calm(at.slider(key=f"acting-offer-{small_run.folder}").set_value(60.0).run())
    assert "no smaller than the margin" in at.warning[0].value


def test_a_run_with_unusual_terms_of_its_own_starts_from_them(small_run, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(small_run.folder, folder)
    told = json.loads((folder / "churn_strategy.json").read_text())
    told["terms"].update(margin=0.125, offer=0.7)
    (folder / "churn_strategy.json").write_text(json.dumps(told))
    at = opened("simulate", folder)
    calm(at.button_group(key="simulate-way").set_value("Acting on shoppers").run())
    assert at.slider(key=f"acting-margin-{folder}").value == 12.5
    assert at.slider(key=f"acting-offer-{folder}").value == 70


def test_the_line_and_how_early_to_act_are_those_of_a_strategy_of_these_terms(small_run, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(small_run.folder, folder)
    decide_again(folder, margin=0.3, cost=0.05, lift=0.1)
    at = opened("simulate", folder)
    calm(at.button_group(key="simulate-way").set_value("Acting on shoppers").run())
    calm(at.toggle(key=f"acting-known-{folder}").set_value(True).run())
    assert "With other shoppers drawn" in texts(at)
    assert "How early to act" in [one.label for one in at.expander]
    calm(at.slider(key=f"acting-lift-{folder}").set_value(50).run())
    assert "With other shoppers drawn" not in texts(at)
    assert "how far the lift may be off is not in it" in texts(at)


def test_the_strategy_with_these_numbers_can_be_taken_along(small_run):
    before = (small_run.folder / "churn_strategy.json").read_bytes()
    at = opened("simulate", small_run.folder)
    calm(at.button_group(key="simulate-way").set_value("Acting on shoppers").run())
    calm(button(at, "Make both").click().run())
    assert [one.label for one in at.get("download_button")] == [
        "churn_strategy.json", "audience.csv",
    ]  # fmt: skip
    assert (small_run.folder / "churn_strategy.json").read_bytes() == before


def test_a_table_has_no_prices(table_run):
    at = opened("simulate", table_run.folder)
    assert "table of sessions" in at.info[0].value
