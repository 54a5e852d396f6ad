"""Sums for any profit, and prices asked again: what was worked out once serves other numbers."""

import numpy as np
import polars as pl
import pytest

from decide.panels import goods, panel
from willbuy.decide.acting import acting, profit_of
from willbuy.decide.economics import Terms
from willbuy.decide.files import read_strategy, read_summary
from willbuy.decide.price.again import known_for, price_from, sold_in
from willbuy.decide.price.answer import Question, price
from willbuy.decide.price.scope import ALL, parse_scope
from willbuy.decide.profit import lines_of, profit
from willbuy.decide.segments import rules_told, segments_from
from willbuy.errors import WillbuyError

TEST = (21, 27)


def moments(n, seed):
    """Sessions of up to four moments whose probability goes up and down; two a shopper."""
    rng = np.random.default_rng(seed)
    k = rng.integers(1, 5, n)
    rows = np.repeat(np.arange(n), k)
    p = np.clip(rng.beta(1, 9, n)[rows] * rng.lognormal(0, 0.4, len(rows)), 0, 1)
    return pl.DataFrame(
        {
            "visit": rows,
            "user_key": rows // 2,
            "weight": rng.choice([1.0, 2.0], n)[rows],
            "ordinal": np.concatenate([np.arange(1, one + 1) for one in k]),
            "probability": p,
            "label": (rng.random(n) < 0.1)[rows],
            "value": rng.lognormal(4, 0.5, n)[rows],
        }
    )


@pytest.mark.parametrize(
    "terms",
    [Terms(0.3, 1.0, lift=0.2), Terms(0.3, 0.0, 0.05, lift=0.5), Terms(0.2, 50.0, lift=0.1)],
)
def test_the_sums_give_the_profit_that_counting_gives(terms):
    calibrate, test = moments(3000, 1), moments(3000, 2)
    counted = profit(calibrate, test, terms, seed=0, count=500, threads=1)
    lines = lines_of(calibrate["probability"].to_numpy())
    summed = profit_of(acting(calibrate, test, lines), terms)
    assert summed["threshold"] == counted["threshold"]
    assert summed["gain"]["value"] == pytest.approx(counted["gain"]["value"])
    ratios = []
    for one, other in zip(summed["curve"], counted["curve"], strict=True):
        assert one["acted"] == other["acted"]
        assert one["value"] == pytest.approx(other["value"], abs=1e-6)
        # The variance is that of the bootstrap; percentiles of few sessions are not normal.
        reach = other["high"] - other["low"]
        if other["acted"] > 300:
            ratios.append((one["high"] - one["low"]) / reach)
    assert np.median(ratios) == pytest.approx(1, abs=0.1)
    assert 0.6 < min(ratios) < max(ratios) < 1.6


def test_a_run_keeps_the_sums_and_its_segments_can_be_made_again(small_run):
    summary, strategy = read_summary(small_run.folder), read_strategy(small_run.folder)
    assert summary is not None
    assert strategy is not None
    assert summary.acting[0]["sessions"] == pytest.approx(summary.sessions, rel=1e-6)
    segments = segments_from(strategy.rules)
    again = rules_told(segments, {})
    assert {**again, "behaviour": 0} == {**strategy.rules, "behaviour": 0}


def asked_again(told, days, question):
    return price_from(told, sold_in(question.scope, days, goods(days), TEST), question)


def test_a_price_asked_again_is_the_price_asked():
    days = panel()
    asked = Question(0.1, ALL, 0.3)
    told = price(days, goods(days), TEST, asked)
    again = asked_again(told, days, asked)
    assert again["elasticity"] == told["elasticity"]
    for name in ("units", "revenue", "margin"):
        was, now = told["after"][name]["after"], again["after"][name]["after"]
        assert now["value"] == pytest.approx(was["value"])
        assert now["low"] == pytest.approx(was["low"], rel=1e-6)
    assert again["cannibalised"]["words"] == told["cannibalised"]["words"]


def test_another_cut_is_worked_out_as_if_it_had_been_asked():
    days = panel()
    told = price(days, goods(days), TEST, Question(0.1, ALL))
    for cut in (0.05, 0.3):
        fresh = price(days, goods(days), TEST, Question(cut, ALL, 0.4))
        again = asked_again(told, days, Question(cut, ALL, 0.4))
        assert again["after"]["margin"]["after"]["value"] == pytest.approx(
            fresh["after"]["margin"]["after"]["value"]
        )
        assert again["after"]["break_even_margin"] == pytest.approx(
            fresh["after"]["break_even_margin"]
        )


def test_a_small_scope_borrows_what_was_fitted_beside_the_cross_price_as_the_command_does():
    days = panel(products=240, views=120)
    told_goods = goods(days, categories=24)
    rng = np.random.default_rng(4)
    moved = {one: rng.choice([-0.25, 0.0, 0.25], 28) for one in range(24)}
    shift = [moved[row % 24][day] for row, day in days.select("product", "day").iter_rows()]
    days = days.with_columns(
        pl.Series("purchases", rng.poisson(days["purchases"] * np.exp(-1.5 * np.array(shift)))),
        (pl.col("price") * np.exp(shift)).alias("price"),
    )
    told = price(days, told_goods, TEST, Question(0.1, ALL))
    assert told["substitution"]["identified"]
    small = Question(0.1, parse_scope("category=home.c0"), 0.3)
    fresh = price(days, told_goods, TEST, small)
    assert fresh["elasticity"]["evidence"] == "assumption"
    again = price_from(told, sold_in(small.scope, days, told_goods, TEST), small)
    assert again["elasticity"] == fresh["elasticity"]
    assert again["elasticity"]["value"] != told["estimate"]["value"]
    was, now = (one["after"]["units"]["after"] for one in (fresh, again))
    assert now["value"] == pytest.approx(was["value"])


def test_what_is_borrowed_or_given_is_called_an_assumption():
    days = panel()
    told = price(days, goods(days), TEST, Question(0.1, ALL))
    brand = parse_scope("brand=brand1")
    assert known_for(told, ALL)["evidence"] == "identified"
    assert known_for(told, parse_scope("category=home"))["evidence"] == "identified"
    assert known_for(told, brand)["evidence"] == "assumption"
    found = asked_again(told, days, Question(0.1, brand, given=(-2.0, -0.5)))
    assert found["elasticity"]["evidence"] == "assumption"
    assert found["after"]["units"]["after"]["value"] is None


def test_a_department_whose_check_failed_borrows_nothing():
    days = panel()
    told = price(days, goods(days), TEST, Question(0.1, ALL))
    home = parse_scope("category=home")
    told["by_category"] = [{"name": "home", "withheld": "too little to estimate from"}]
    assert known_for(told, home)["evidence"] == "assumption"
    told["by_category"] = [{"name": "home", "withheld": "a check failed"}]
    assert known_for(told, home) is None


def test_without_an_answer_of_the_run_a_range_is_needed():
    days = panel()
    with pytest.raises(WillbuyError, match="Give a range"):
        asked_again(None, days, Question(0.1, ALL))
    scoped = price(days, goods(days), TEST, Question(0.1, parse_scope("category=home")))
    assert known_for(scoped, ALL) is None
    assert known_for(None, ALL) is None
