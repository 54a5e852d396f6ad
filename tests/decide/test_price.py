"""The answer as a whole: which elasticity is used, what it is called, what is refused."""

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decide.panels import goods, panel
from willbuy.decide.evidence import Evidence
from willbuy.decide.price.answer import Question, price
from willbuy.decide.price.bound import bounded, own_of
from willbuy.decide.price.checks import with_log_price
from willbuy.decide.price.cut import parse_cut, parse_margin
from willbuy.decide.price.elasticity import PRICE
from willbuy.decide.price.scope import parse_range, parse_scope
from willbuy.decide.price.substitution import CROSS, shares_in_scope, with_others_price
from willbuy.decide.price.words import break_even, chance, limits, traffic, with_traffic
from willbuy.errors import WillbuyError

TEST = (21, 27)


def ask(days, text=None, given=None, **known):
    return price(days, goods(days), TEST, Question(0.1, parse_scope(text), given=given, **known))


@pytest.mark.parametrize(
    ("parse", "text", "fix"),
    [
        (parse_cut, "$5", "a share of the price, not an amount"),
        (parse_margin, "3 €", "a share of the price, not an amount"),
        (parse_scope, "price=$20-$50", "write the numbers alone, the lower first: 20-50"),
        (parse_scope, "price=20-50 EUR", "write the numbers alone, the lower first: 20-50"),
    ],
)
def test_an_option_with_a_currency_sign_says_how_to_write_it(parse, text, fix):
    with pytest.raises(WillbuyError, match="has a currency sign") as told:
        parse(text)
    assert fix in str(told.value)


def test_the_answer_is_of_the_test_days_scaled_to_a_month():
    days = panel()
    found = ask(days, margin=0.3)
    test = days.filter(pl.col("day") >= 21)
    assert found["before"]["units"] == pytest.approx(test["purchases"].sum() * 30 / 7)
    assert found["before"]["views"] == pytest.approx(test["views"].sum() * 30 / 7)
    assert found["elasticity"]["evidence"] == Evidence.IDENTIFIED
    after = found["after"]["units"]["after"]
    expected = found["before"]["units"] * 0.9 ** found["elasticity"]["low"]
    assert after["high"] == pytest.approx(expected)
    assert len(found["by_price"]) == 3
    assert {one["name"] for one in found["by_category"]} == {"home", "toys"}
    json.dumps(found, allow_nan=False)


def test_a_cut_on_everything_is_a_bound_from_nothing_to_what_one_product_wins():
    found = ask(panel(), margin=0.3)
    used, after = found["elasticity"], found["after"]
    assert used["value"] is None
    assert (used["low"], used["high"]) == (found["estimate"]["low"], 0.0)
    assert used["share"] == 1
    assert after["units"]["change"]["low"] == pytest.approx(0)
    assert after["units"]["change"]["value"] is None
    assert after["margin"]["change"]["low"] == pytest.approx((0.3 - 0.1) / 0.3 - 1)
    assert "units" not in found["cannibalised"]  # the figures hold it already
    assert any("All figures run from" in one for one in limits(found))
    assert "not in it" not in break_even(found)  # nobody is outside
    assert "a bound" in " ".join(found["assumptions"])
    assert chance(used).startswith("The ends (identified) are those of the bound")


def test_views_are_a_bound_where_purchases_are():
    days = panel()
    answers = days.with_columns(  # looks that answer to the price as purchases do
        (pl.col("views") * (pl.col("price") / pl.col("price").mean().over("product")) ** -1)
        .round()
        .cast(pl.Int64)
        .alias("views")
    )
    found = ask(answers, margin=0.3)
    views = found["traffic"]
    assert (views["value"], views["low"], views["high"]) == (None, views["own"]["low"], 0.0)
    assert views["own"]["low"] < -0.5
    assert views["change"]["low"] == pytest.approx(0)
    assert "A bound, too" in traffic(views)
    kept = found["after"]["margin"]["change"]
    ends = [(1 + kept[end]) * (1 + views["change"][end]) - 1 for end in ("low", "high")]
    (said,) = with_traffic(found)
    assert f"between {ends[0]:+.1%} and {ends[1]:+.1%} instead of {kept['low']:+.1%}" in said


def test_few_products_are_told_that_what_they_take_from_each_other_is_not():
    days = panel()
    cheap = goods(days)["price"].quantile(0.05)
    found = ask(days, f"price=0-{cheap}", margin=0.3)
    assert found["products"] > 1
    assert "is a convention" in " ".join(found["assumptions"])
    assert found["traffic"]["change"]["value"] is not None or "withheld" in found["traffic"]


def test_one_product_is_no_bound_however_much_of_the_shop_it_is():
    days = panel()
    first = pl.col("product") == 0
    looked = pl.when(first).then(pl.col("views") * 40).otherwise("views")
    days = days.with_columns(looked.alias("views"))
    usual = goods(days).filter(first)["price"][0]
    found = ask(days, f"price={usual}-{usual}")
    assert found["products"] == 1
    assert found["elasticity"]["value"] is not None
    assert not any("take from each other" in one for one in found["assumptions"])


def test_a_borrowed_bound_is_no_range_that_was_given():
    days = panel(products=90, views=25)
    used = ask(days, "category=home.c0")["elasticity"]
    assert used["evidence"] == Evidence.ASSUMPTION
    assert "given" not in chance(used)
    assert "given" in chance(ask(days, given=(-2.0, -0.5))["elasticity"])


def test_an_older_answer_for_all_products_is_to_be_asked_again():
    found = ask(panel())
    assert not any("older version" in one for one in limits(found))
    older = {**found, "elasticity": own_of(found["elasticity"])}
    assert any("older version" in one for one in limits(older))


def test_products_of_a_part_of_the_shop_may_take_all_from_each_other():
    days = panel()
    found = ask(days, "category=home")
    told = goods(days)
    share = told.filter(pl.col("section") == "home")["views"].sum() / told["views"].sum()
    used = found["elasticity"]
    assert used["share"] == pytest.approx(share)
    assert (used["low"], used["high"]) == (used["own"]["low"], 0.0)
    taken = found["cannibalised"]
    assert "products outside the scope" in taken["words"]
    assert taken["units"]["high"] == pytest.approx(taken["gained"]["high"])
    assert "What other products lose by it is not in it" in break_even(found)


@given(st.floats(-4, 1), st.floats(0, 2), st.floats(0, 1), st.floats(0, 1))
def test_a_bound_holds_every_way_to_compete(low, width, share, taken):
    own = {"value": low + width / 2, "low": low, "high": low + width, "evidence": "identified",
           "of": "x"}  # fmt: skip
    found = bounded(own, share)
    assert own_of(found) == own_of(own) == own
    for effect in (own["low"], own["value"], own["high"]):
        assert found["low"] <= effect * (1 - taken) <= found["high"]


def test_substitution_that_cannot_be_told_is_a_range():
    days = panel()
    cheap = goods(days)["price"].quantile(0.05)
    found = ask(days, f"price=0-{cheap}")
    assert found["elasticity"]["value"] is not None  # too few views for a bound
    assert not found["substitution"]["identified"]
    taken = found["cannibalised"]
    assert taken["evidence"] == Evidence.ASSUMPTION
    assert taken["units"]["low"] == 0
    assert taken["units"]["high"] == pytest.approx(taken["gained"]["value"])


def test_a_range_that_is_given_is_an_assumption_whatever_the_log_says():
    for days in (panel(), panel(moves=False), panel(lasting=0.8)):
        found = ask(days, given=(-2.0, -0.5))
        assert found["elasticity"]["evidence"] == Evidence.ASSUMPTION
        assert found["after"]["units"]["after"]["value"] is None
        json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    ("days", "words"),
    [(panel(moves=False), "too little"), (panel(products=1), "too little"),
     (panel(lasting=0.8), "withheld")],
    ids=["no variation", "one product", "prices follow demand"],
)  # fmt: skip
def test_what_cannot_be_told_stops_with_its_checks_and_advice(days, words):
    with pytest.raises(WillbuyError) as problem:
        ask(days)
    said = str(problem.value)
    assert words in said
    assert "FAILED" in said
    assert "--elasticity=-2,-0.5" in said


def test_a_scope_too_small_for_itself_borrows_from_all_and_says_so():
    days = panel(products=90, views=25)
    found = ask(days, "category=home.c0")  # a quarter of the products: fewer than 30
    assert found["elasticity"]["evidence"] == Evidence.ASSUMPTION
    assert "all products" in found["elasticity"]["of"]
    assert found["estimate"]["withheld"]
    assert found["products"] == 23


@pytest.mark.parametrize(
    ("text", "hint"),
    [("category=hoome", "Did you mean home"), ("brand=brnd1", "brand1"),
     ("price=0.01-0.02", "Usual prices go from"), ("brand=zzz", "most looked at")],
)  # fmt: skip
def test_a_scope_that_matches_nothing_names_what_is_near(text, hint):
    with pytest.raises(WillbuyError, match=hint):
        ask(panel(), text)


@pytest.mark.parametrize("text", ["colour=red", "category", "brand=", "price=50-20", "price=a-b"])
def test_a_scope_of_no_known_form_is_refused(text):
    with pytest.raises(WillbuyError, match="--scope"):
        parse_scope(text)


def test_intent_is_refused_with_the_reason():
    with pytest.raises(WillbuyError, match="groups by the outcome"):
        parse_scope("intent=high")


@pytest.mark.parametrize("text", ["-0.5,-2", "-1", "a,b", "nan,1", "1,2,3"])
def test_a_range_is_two_numbers_the_lower_first(text):
    with pytest.raises(WillbuyError, match="--elasticity"):
        parse_range(text, "--elasticity", "-2,-0.5", ",")


def test_a_scope_finds_its_products():
    days = panel(products=24)
    told = goods(days)
    assert len(parse_scope("category=home").products(told)) == 12
    assert len(parse_scope("category=home.c0").products(told)) == 6
    assert len(parse_scope("brand=Brand1").products(told)) == 8
    low, high = told["price"].quantile(0.3), told["price"].quantile(0.6)
    expected = told.filter(pl.col("price").is_between(low, high))["product"]
    assert parse_scope(f"price={low}-{high}").products(told).equals(expected)


def test_the_price_of_others_leaves_a_product_itself_out():
    days = with_log_price(panel(products=12, days=6))
    told = goods(days)
    rows = with_others_price(days, told)
    one = rows.row(5, named=True)
    views = dict(told.select("product", "views").iter_rows())
    mean = dict(days.group_by("product").agg(pl.col(PRICE).mean()).iter_rows())
    others = [
        (views[row["product"]], row[PRICE] - mean[row["product"]])
        for row in days.filter(pl.col("day") == one["day"]).iter_rows(named=True)
        if row["product"] % 4 == one["product"] % 4 and row["product"] != one["product"]
    ]
    total = sum(weight for weight, _ in others)
    assert one[CROSS] == pytest.approx(sum(weight * moved for weight, moved in others) / total)


def test_the_share_of_others_in_scope():
    told = pl.DataFrame(
        {"product": [1, 2, 3, 4], "category": ["a", "a", "a", None], "views": [10, 30, 60, 5]}
    )
    shares = shares_in_scope(told, pl.Series([1, 2]))
    assert shares["others_inside"].to_list() == pytest.approx([30 / 90, 10 / 70, 40 / 40, 0.0])
    assert shares["inside"].to_list() == [True, True, False, False]
