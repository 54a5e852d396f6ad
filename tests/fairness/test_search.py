"""Slices of one column and of two: what is found, and what is not."""

import json

import numpy as np
import polars as pl
import pytest
from scipy.optimize import minimize

from willbuy.evaluate.figures import Part
from willbuy.fairness import parity as fairlearns
from willbuy.fairness.account import account
from willbuy.fairness.groups import MOST_LEVELS, Grouping, by_k, by_value
from willbuy.fairness.mitigation import mitigations
from willbuy.fairness.search import LEAST_SESSIONS, search


def columns(shop, seed=0):
    """Three columns: of the session, of the moment, of k."""
    rng = np.random.default_rng(seed)
    colour = rng.integers(0, 4, len(shop.k))
    return [
        Grouping("brand", tuple("abcdefghij"), shop.own.astype(np.int64)),
        Grouping("colour", ("red", "green", "blue", "grey"), colour),
        by_k(pl.Series(shop.k)),
    ]


def never_buy(shop, sessions):
    """The same, but some sessions do not buy after all."""
    part = shop.part
    return Part(part.y & ~np.isin(part.session, np.unique(part.session[sessions])),
                *list(vars(part).values())[1:])  # fmt: skip


def told_of(shop, part, how):
    every = np.ones(len(part.y), bool)
    return account(part, shop.k, columns(shop), how, lambda one: (shop.part, one.rows & every))


def test_without_a_fault_findings_are_rare(make):
    found = [
        bool(search(shop.part, shop.k, 0.3, columns(shop)).findings)
        for shop in (make(seed, 1_200) for seed in range(30))
    ]
    assert sum(found) <= 4  # at most 1.5 are to be expected; 5 come once in 50 times


def test_a_brand_whose_buyers_stay_away_is_found(make, how):
    shop = make(1)
    told = told_of(shop, never_buy(shop, shop.own == 3), how)
    first = told["findings"][0]
    assert (first["columns"], first["levels"]) == (["brand"], ["d"])
    assert first["kind"] == "calibration"
    assert first["gap"] > first["chance"]
    assert first["observed"] == 0
    assert "Brand d: the probabilities are too high" in first["words"]
    # A pair is not told where one of its two is.
    assert all(one["levels"] == ["d"] for one in told["findings"] if "d" in one["levels"])


def test_a_pair_that_hides_in_both_columns_is_found(make):
    """Where every second brand goes with a colour, each column alone is right."""
    shop = make(2, 6_000)
    part = shop.part
    rng = np.random.default_rng(0)
    colour = rng.integers(0, 2, part.session.max() + 1)[part.session]
    left = (shop.own < 5).astype(np.int64)
    p = np.where(left == colour, 1 - (1 - part.p) ** 2, part.p * 0.4)
    groupings = [Grouping("side", ("right", "left"), left), Grouping("colour", ("r", "g"), colour)]
    found = search(
        Part(part.y, p, part.weight, part.user, part.session), shop.k, 0.3, groupings
    )  # fmt: skip
    pairs = {one.of.levels for one in found.findings if one.kind == "calibration"}
    assert {("right", "r"), ("left", "g")} & pairs
    assert all(len(levels) == 2 for levels in pairs)


def test_small_slices_are_withheld_and_counted(make, how):
    shop = make(3, 1_200)
    told = told_of(shop, shop.part, how)
    brands = told["columns"][0]["slices"]
    assert all("too small to tell" in one["reason"] for one in brands)
    assert all(one["sessions"] < LEAST_SESSIONS for one in brands)
    assert 0 < told["pairs"]["too_small"] <= told["pairs"]["slices"]
    small = sum("reason" in one for column in told["columns"] for one in column["slices"])
    assert f"{small} and {told['pairs']['too_small']} are too small to tell" in told["words"]


def test_figures_are_whole_and_plain(make, how):
    told = told_of(make(4), make(4).part, how)
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    shop = make(4)
    for column, grouping in zip(told["columns"], columns(shop), strict=True):
        for one in column["slices"]:
            here = grouping.code == grouping.levels.index(one["level"])
            assert one["moments"] == here.sum()
            if "reason" in one:
                continue
            y, flagged = shop.part.y[here], shop.part.p[here] >= how.threshold
            assert one["base_rate"]["value"] == pytest.approx(y.mean())
            assert one["selection_rate"]["value"] == pytest.approx(flagged.mean())
            assert one["true_positive_rate"]["value"] == pytest.approx(flagged[y].mean())
            assert one["false_positive_rate"]["value"] == pytest.approx(flagged[~y].mean())
            assert one["gaps"]["calibration"]["observed"] == pytest.approx(y.mean())
    # Of four colours each has enough buyers on either side of the line.
    assert all(len(one["gaps"]) == 3 for one in told["columns"][1]["slices"])


def test_parity_is_fairlearns_and_optional(make, how, monkeypatch):
    shop = make(5)
    told = told_of(shop, shop.part, how)["columns"][1]["parity"]
    colour = columns(shop)[1].code
    flagged = shop.part.p >= how.threshold
    shares = [flagged[colour == one].mean() for one in range(4)]
    assert told["demographic_parity_difference"] == pytest.approx(max(shares) - min(shares))
    assert told["groups"] == 4
    monkeypatch.setitem(__import__("sys").modules, "fairlearn", None)
    without = told_of(shop, shop.part, how)
    assert {one["parity"]["reason"] for one in without["columns"]} == {fairlearns.MISSING}
    assert "pip install 'willbuy[fair]'" in fairlearns.MISSING


def test_an_offset_mends_what_calibrate_shows_as_well(make, how):
    """Buyers stay away in both parts: the offset learned on calibrate closes the gap on test."""
    rng = np.random.default_rng(0)
    shops = make(6, 5_000), make(7, 5_000)
    parts = []
    for shop in shops:
        away = rng.random(shop.part.session.max() + 1)[shop.part.session] < 0.7
        parts.append(never_buy(shop, (shop.own < 2) & away))
    brands = [Grouping("brand", tuple("abcde"), (shop.own // 2).astype(np.int64)) for shop in shops]
    told = account(
        parts[1], shops[1].k, brands[1:], how, lambda one: (parts[0], brands[0].code == one.place)
    )
    assert told["findings"][0]["levels"] == ["a"]
    mended = told["findings"][0]["mitigation"]
    assert mended["offset"]["log_odds"] < -0.7
    before, after = (abs(mended["offset"][name]["value"]) for name in ("gap_before", "gap_after"))
    assert after < before / 3
    assert mended["offset"]["costs"]["log_loss"]["verdict"] == "lower"
    assert set(mended["threshold"]["costs"]) == {"precision", "recall", "f1"}


def test_reweighing_is_that_of_kamiran_and_calders(make, how):
    """Copies of rows in the stead of weights: each cell of slice and label as often as expected."""
    shop = make(6, 5_000)
    inside = shop.own < 4
    part = never_buy(shop, inside & (np.random.default_rng(1).random(len(inside)) < 0.5))
    told = mitigations(part, inside, part, inside, how)["reweighed"]
    y, margin = part.y, np.log(part.p / (1 - part.p))
    cells = [(g, b) for g in (inside, ~inside) for b in (y, ~y)]
    weight = np.zeros(len(y))
    for group, label in cells:
        weight[group & label] = group.mean() * label.mean() / (group & label).mean()
    assert weight[inside] @ y[inside] / weight[inside].sum() == pytest.approx(y.mean())

    def loss(line):
        z = line[0] * margin + line[1]
        return weight @ (np.logaddexp(0, z) - y * z)

    best = minimize(loss, [1.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9})
    assert [told["slope"], told["log_odds"]] == pytest.approx(best.x, abs=1e-3)
    # The rate of all stays, so the slice, which buys less than it, is no better off.
    assert told["gap_before"]["value"] > 0
    assert set(told["costs"]) == {"log_loss", "roc_auc", "precision", "recall", "f1"}


def test_a_column_of_ten_thousand_values_is_cut_and_said_so():
    rng = np.random.default_rng(0)
    values = pl.Series(rng.zipf(1.3, 50_000) % 10_000).cast(pl.String) + "x"
    found = by_value("sku", values, values, np.ones(50_000, bool))
    assert len(found.levels) == MOST_LEVELS + 2
    assert f"{values.n_unique():,} values in test" in found.note
    most = values.value_counts(sort=True)[values.name][0]
    assert (found.code == found.levels.index(most)).sum() == (values == most).sum()


def test_numbers_are_cut_at_the_fifths_of_earlier_rows():
    earlier = pl.Series(np.arange(100.0))
    values = pl.Series([5.0, 25.0, 99.0, None, float("nan")] * 10 + list(np.arange(50.0)))
    found = by_value("age", values, earlier, np.ones(100, bool))
    assert [found.levels[code] for code in found.code[:5]] == [
        "up to 19.8", "19.8 to 39.6", "above 79.2", "(none)", "(none)",
    ]  # fmt: skip
    texts = by_value("age", values.fill_nan(None).cast(pl.String), earlier.cast(pl.String),
                     np.ones(100, bool))  # fmt: skip
    assert texts.levels == found.levels
    assert (texts.code == found.code).all()


def test_one_value_and_none_are_levels():
    values = pl.Series(["a", None, ""] * 5)
    found = by_value("c", values, values, np.ones(15, bool))
    assert [found.levels[code] for code in found.code[:3]] == ["a", "(none)", "(none)"]
    same = by_value("c", pl.Series([1.0] * 9), pl.Series([1.0] * 9), np.ones(9, bool))
    assert same.levels[same.code[0]] == "1.0"
