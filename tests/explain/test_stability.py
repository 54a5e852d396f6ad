"""Ranks over refits on other shoppers."""

import numpy as np
import pytest

from willbuy.explain.contributions import explain
from willbuy.explain.stability import Learned, ranges, stability, whole_shoppers
from willbuy.features.registry import Feature
from willbuy.models.boosted import fit_rounds

NAMES = ("strong", "copy", "weak", "noise")


def feature(name, family):
    return Feature(name, name, "events", "Made up.", family, lambda *_: 0.0)


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(0)
    n = 4000
    user = np.repeat(np.arange(n // 4), 4)
    strong = rng.normal(size=n)
    X = np.column_stack([
        strong, strong + 0.01 * rng.normal(size=n), rng.normal(size=n), rng.normal(size=n),
    ]).astype(np.float32)  # fmt: skip
    y = rng.random(n) < 1 / (1 + np.exp(1 - 2 * strong - 0.6 * X[:, 2]))
    model = fit_rounds(X, y, np.ones(n), NAMES, seed=0, threads=1,
                       params={"rounds": 30, "max_depth": 3})  # fmt: skip
    families = ("a", "a", "b", "c")
    features = [feature(*one) for one in zip(NAMES, families, strict=True)]
    told = explain(model, X[:1000], np.ones(1000), features)
    learned = Learned(X, y, np.ones(n), user, n)
    return told, model, learned, stability(told, model, learned, seed=0, threads=1)


def test_a_family_holds_its_rank_where_its_features_take_turns(found):
    steady = found[-1]
    families = {one["name"]: one for one in steady["families"]}
    assert families["a"] == {"name": "a", "rank": 1, "low": 1, "high": 1}
    assert families["c"]["rank"] == 3
    ranks = {one["name"]: one for one in steady["features"]}
    assert ranks["noise"]["low"] >= 3
    for one in (*ranks.values(), *families.values()):
        assert 1 <= one["low"] <= one["rank"] <= one["high"] <= len(NAMES)


def test_the_same_seed_tells_the_same(found):
    told, model, learned, steady = found
    assert stability(told, model, learned, seed=0, threads=1) == steady


def test_without_buyers_to_draw_there_is_a_reason(found):
    told, model, learned, _ = found
    nobody = Learned(learned.X, np.zeros(len(learned.y), bool), learned.weight, learned.user, 1)
    assert "too few buyers" in stability(told, model, nobody, seed=0, threads=1)["reason"]


def test_fewer_rows_than_train_has_are_told(found):
    told, model, learned, _ = found
    more = Learned(learned.X, learned.y, learned.weight, learned.user, 10**6)
    assert "Refits learn from 4,000" in stability(told, model, more, seed=0, threads=1)["note"]


def test_ranges_are_over_the_model_and_its_refits():
    sizes = np.array([[3.0, 2.0, 1.0], [1.0, 2.0, 3.0], [3.0, 2.5, 1.0]])
    assert ranges(["a", "b", "c"], sizes) == [
        {"name": "a", "rank": 1, "low": 1, "high": 3},
        {"name": "b", "rank": 2, "low": 2, "high": 2},
        {"name": "c", "rank": 3, "low": 1, "high": 3},
    ]


def test_shoppers_are_taken_whole():
    user = np.repeat(np.arange(100), 7)
    draw = np.repeat(np.random.default_rng(0).permutation(100).astype(np.uint64), 7)
    at = whole_shoppers(user, draw, 300)
    counts = np.bincount(user[at], minlength=100)
    assert set(counts) == {0, 7}
    assert 293 <= len(at) <= 300
    assert (np.diff(at) > 0).all()
    assert len(whole_shoppers(user, draw, 700)) == 700
