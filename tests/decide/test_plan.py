"""Decisions on a whole run: what is written, and that it follows from what happened."""

import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from willbuy.decide.economics import Terms, sessions_for_test
from willbuy.decide.evidence import Evidence
from willbuy.decide.files import read_strategy, read_summary
from willbuy.decide.profit import bands, curve, profit, wander
from willbuy.decide.recommend import WORTH_FINDING
from willbuy.decide.strategy import strategy_schema, summary_schema
from willbuy.errors import WillbuyError
from willbuy.job.deciding import decide_again
from willbuy.report.files import read
from willbuy.report.todo import line_words, todo


@pytest.fixture(scope="module")
def copied(small_run, tmp_path_factory):
    """A run that may be written to."""
    folder = tmp_path_factory.mktemp("decided") / "run"
    shutil.copytree(small_run.folder, folder)
    return folder


@pytest.fixture(scope="module")
def plain(copied):
    return decide_again(copied, margin=0.3, cost=0.5)


def test_a_run_writes_both_files_by_its_placeholders(small_run):
    strategy, summary = read_strategy(small_run.folder), read_summary(small_run.folder)
    assert strategy is not None
    assert summary is not None
    assert strategy.terms.placeholders == ["margin", "cost"]
    assert strategy.profit is None
    assert {one.evidence for one in strategy.segments} == {None}
    assert not any(one.recommended == "act" for one in strategy.segments)


def test_each_session_ends_in_one_segment(plain):
    sessions = plain.summary.sessions
    assert sum(one["ended"] for one in plain.summary.segments) == pytest.approx(sessions, abs=3)
    assert sum(one["share"] for one in plain.summary.segments) == pytest.approx(1)
    assert sum(one["sessions"] for one in plain.summary.intent) == pytest.approx(sessions, abs=3)


def test_what_comes_next_is_of_the_same_sessions(plain, copied):
    entered = {one["segment"]: one for one in plain.summary.segments}
    journeys = plain.summary.journeys
    assert journeys is not None
    assert [one.segment for one in journeys] == list(entered)
    for one in journeys:
        bought = entered[one.segment]["bought"]["value"]
        assert one.funnel.entered == entered[one.segment]["entered"]
        if not one.next:
            continue
        assert sum(move.share.value for move in one.next) == pytest.approx(1)
        there = {move.to: move.share.value for move in one.next}
        assert there.get("bought", 0) <= bought + 1e-12  # others bought from a later segment
    assert "Of sessions that came into" in todo(read(copied))


def test_drop_off_is_what_the_predictions_say(plain, small_run):
    line = plain.segments.intent.high
    rows = pl.read_parquet(small_run.folder / "predictions.parquet").sort("visit", "ordinal")
    high = rows.filter(pl.col("probability") >= line).group_by("visit", maintain_order=True).first()
    drop = plain.summary.drop_off
    assert drop.reached == round(high["weight"].sum())
    left = high.filter(pl.col("label") == 0)["weight"].sum() / high["weight"].sum()
    assert drop.left is not None
    assert drop.left.value == pytest.approx(left)
    assert sum(one["share"] for one in drop.steps) == pytest.approx(1)


def test_the_break_even_lift_falls_as_the_probability_rises(plain):
    lifts = [one["break_even_lift"] for one in plain.strategy.break_even]
    assert lifts[0] < lifts[-1]
    chances = [one["mean_probability"] for one in plain.strategy.break_even]
    assert chances == sorted(chances, reverse=True)


def test_a_measured_lift_gives_a_gain_with_its_label(copied):
    made = decide_again(copied, margin=0.4, cost=0.01, lift=0.5, evidence=Evidence.MEASURED)
    acted = [one for one in made.strategy.segments if one.recommended == "act"]
    assert acted
    assert all(one.evidence == Evidence.MEASURED and one.expected_gain.low > 0 for one in acted)
    assert made.strategy.profit["threshold"] is not None
    assert "Act on" in todo(read(copied))


def test_a_cost_above_what_is_earned_acts_on_nobody(copied):
    made = decide_again(copied, margin=0.1, cost=1e6, lift=0.5)
    assert {one.recommended for one in made.strategy.segments} == {"do nothing"}
    assert made.strategy.profit["threshold"] is None
    assert "acting on nobody is best" in todo(read(copied))


def test_where_acting_costs_nothing_any_lift_pays_and_a_test_has_a_size(copied):
    made = decide_again(copied, margin=0.3, cost=0.0)
    tests = [one for one in made.strategy.segments if one.recommended == "do nothing and test"]
    assert tests
    for one in tests:
        assert one.break_even_lift == 0
        assert "any lift above 0 pays" in one.why
        assert one.test.relative_lift == WORTH_FINDING
        assert one.test.sessions_per_group == sessions_for_test(one.mean_probability, WORTH_FINDING)
        assert one.test.days > 0
        assert "not that the lift is above" in one.test.note
    said = todo(read(copied))
    assert "nowhere does acting pay" not in said
    assert "acting costs nothing, so any lift above 0 pays" in said


def test_the_interval_of_a_tested_lift_is_in_every_gain(copied):
    between, terms = (0.1, 2.5), Terms(margin=0.3, cost=1.0)
    made = decide_again(copied, margin=0.3, cost=1.0, lift=between, evidence=Evidence.MEASURED)
    read_again = read_strategy(copied)
    assert read_again.terms.lift_between == between
    assert "low end" in read_again.gain_note
    acted = [one for one in made.strategy.segments if one.recommended == "act"]
    for one in acted:
        assert one.expected_gain.low > 0
    # What a break-even between the two ends says, no such test can settle.
    unsure = [one for one in made.strategy.segments
              if one.expected_gain.low < 0 < one.expected_gain.high]  # fmt: skip
    assert unsure
    assert {one.recommended for one in unsure} <= {"do nothing and test", "do nothing"}
    said = todo(read(copied))
    assert "Gain by a lift of 10% to 250%" in said
    assert "nobody knows" not in said
    assert terms.ends == (terms, terms)


def test_no_test_is_asked_for_where_a_lifts_interval_ends_below_what_it_takes(copied):
    made = decide_again(copied, margin=0.3, cost=3.0, lift=(0.01, 0.3), evidence=Evidence.MEASURED)
    too_little = [one for one in made.strategy.segments if (one.break_even_lift or 0) > 0.3]
    assert too_little
    assert {one.recommended for one in too_little} == {"do nothing"}


def test_a_given_lift_above_a_high_break_even_is_acted_on(copied):
    made = decide_again(copied, margin=0.3, cost=5.0, lift=40.0, evidence=Evidence.MEASURED)
    high = [one for one in made.strategy.segments
            if (one.break_even_lift or 0) > 1 and one.expected_gain.low > 0
            and "too few" not in one.why]  # fmt: skip
    assert high
    assert {one.recommended for one in high} == {"act"}


def test_an_offer_above_the_margin_says_why_not(copied):
    made = decide_again(copied, margin=0.1, cost=0.0, offer=0.2, lift=0.5)
    assert all("no smaller than the margin" in one.why for one in made.strategy.segments)


def test_the_audience_has_the_logs_own_ids_and_no_buyers(copied, small_log, tmp_path):
    path = tmp_path / "audience.csv"
    made = decide_again(copied, margin=0.3, cost=0.5, audience=path)
    rows = pl.read_csv(path, schema_overrides={"user": pl.String, "session": pl.String})
    assert len(rows) == len(made.last.filter(~pl.col("label")))
    log = pl.read_csv(small_log, infer_schema_length=0)
    assert set(rows["session"].drop_nulls()) <= set(log["user_session"].drop_nulls())
    assert set(rows["segment"]) <= {one.segment for one in made.strategy.segments}
    assert rows["decile"].is_between(1, 10).all()


def test_both_files_follow_their_schemas(copied, plain):
    for name in ("churn_strategy.json", "churn_summary.json"):
        text = (copied / name).read_text()
        assert json.loads(text)["version"] == 1
        assert "NaN" not in text


def test_a_broken_file_is_named(copied, tmp_path):
    (tmp_path / "churn_strategy.json").write_text('{"version": 1}')
    with pytest.raises(WillbuyError, match="willbuy segments"):
        read_strategy(tmp_path)


def moments(n=4000, seed=0):
    """Sessions of up to three moments whose label follows their probability."""
    rng = np.random.default_rng(seed)
    p = rng.beta(1, 9, n)
    y = rng.random(n) < p
    k = rng.integers(1, 4, n)
    rows = np.repeat(np.arange(n), k)
    ordinal = np.concatenate([np.arange(1, one + 1) for one in k])
    value = rng.lognormal(4, 0.5, n)
    return pl.DataFrame(
        {
            "visit": rows,
            "user_key": rows // 2,
            "weight": 1.0,
            "ordinal": ordinal,
            "probability": p[rows],
            "label": y[rows],
            "value": value[rows],
        }
    )


def test_the_line_chosen_is_near_the_best_that_the_truth_knows():
    terms = Terms(margin=0.3, cost=1.0, lift=0.2)
    test = moments(20_000, seed=1)
    found = profit(moments(20_000), test, terms, seed=0, count=200, threads=1)
    once = test.group_by("visit", maintain_order=True).first()
    truth = terms.gain(once["probability"].to_numpy(), once["value"].to_numpy())
    p = once["probability"].to_numpy()
    best = max(truth[p >= line].sum() for line in np.linspace(0, 1, 200))
    assert found["gain"]["low"] <= best <= found["gain"]["high"]


def test_gains_span_from_the_low_end_of_a_lift_to_its_high_end():
    rows = [moments(2000), moments(2000, seed=1)]
    how = {"seed": 0, "count": 200, "threads": 1}
    low, mid, high = (
        profit(*rows, Terms(0.3, 1.0, lift=lift), **how)["curve"] for lift in (0.1, 0.2, 0.3)
    )
    found = profit(*rows, Terms(0.3, 1.0, lift=0.2, between=(0.1, 0.3)), **how)["curve"]
    for a, b, c, one in zip(low, mid, high, found, strict=True):
        assert (one["low"], one["value"], one["high"]) == (a["low"], b["value"], c["high"])


def test_the_line_has_an_interval_that_holds_it_and_narrows_with_more_shoppers():
    terms = Terms(margin=0.3, cost=1.0, lift=0.2)
    few, many = (
        profit(moments(n), moments(500, seed=1), terms, seed=0, count=200, threads=1)
        for n in (1_000, 40_000)
    )
    for one in (few, many):
        limits = one["threshold_interval"]
        assert limits["low"] <= one["threshold"] <= (limits["high"] or 1)
        assert line_words(one).startswith("With other shoppers drawn, the line lies between")
    spans = [(one["threshold_interval"]["high"] or 1) - one["threshold_interval"]["low"]
             for one in (few, many)]  # fmt: skip
    assert spans[1] < spans[0] / 2


def test_a_line_that_is_mostly_nobody_says_so():
    lines = np.array([0.1, 0.5])
    redrawn = np.array([[-1.0, -2.0]] * 99 + [[1.0, 2.0]])
    assert wander(lines, redrawn) == {"low": None, "high": None, "nobody": 0.99}
    assert wander(lines, redrawn[::-1] + 1.5) == {"low": 0.1, "high": 0.1, "nobody": 0.0}
    mixed = wander(lines, np.array([[1.0, 2.0], [-1.0, -2.0]]))
    assert mixed == {"low": 0.5, "high": None, "nobody": 0.5}
    words = line_words({"threshold_interval": mixed})
    assert words is not None
    assert "between 50% and acting on nobody. 50% of choices" in words


def test_each_session_is_acted_on_once():
    rows = moments(1000)
    total, acted, _ = curve(
        rows, np.array([0.0]), Terms(0.3, 1.0, lift=0.0), seed=0, count=100, threads=1
    )
    assert acted.tolist() == [1000.0]
    assert total.tolist() == [-1000.0]  # no lift, and each costs 1


def test_bands_hold_every_moment_once():
    rows = moments(1000)
    told = bands(rows, Terms(0.3, 1.0))
    assert sum(one["moments"] for one in told) == len(rows)


@pytest.mark.parametrize(
    ("name", "schema"),
    [("churn_strategy-1", strategy_schema), ("churn_summary-1", summary_schema)],
)
def test_the_schemas_in_the_docs_are_those_of_the_code(name, schema):
    written = Path(__file__).parents[2] / "docs" / "schemas" / f"{name}.json"
    assert json.loads(written.read_text()) == schema()
