"""SHAP values of a trained model, and what is told of them."""

import doctest
import json

import numpy as np
import polars as pl
import pytest

import willbuy.explain.by_value
import willbuy.explain.families
import willbuy.explain.plot_dependence
import willbuy.explain.words
from willbuy.bundle.model import load_bundle
from willbuy.explain import contributions
from willbuy.explain.contributions import Explained, explain
from willbuy.explain.plot import save_summary_plot
from willbuy.explain.probability import exactness
from willbuy.explain.summary import rank_correlation, summary, value_groups
from willbuy.explain.words import direction, span
from willbuy.features.registry import Feature


@pytest.fixture(scope="module")
def bundle(small_run):
    return load_bundle(small_run.folder / "model", None)


@pytest.fixture(scope="module")
def told(small_run, bundle):
    rows = pl.read_parquet(small_run.folder / "snapshots" / "test-*.parquet").head(2000)
    columns = [pl.col(one.name).cast(pl.Float32).fill_null(np.nan) for one in bundle.features]
    X = np.ascontiguousarray(rows.select(columns).to_numpy(), np.float32)
    return explain(bundle.booster, X, rows["weight"].to_numpy(), bundle.features)


def test_contributions_and_base_add_up_to_the_margin(told, bundle):
    np.testing.assert_allclose(told.margin, bundle.booster.margin(told.X), atol=2e-5)
    assert exactness(told, bundle.booster)["largest_gap"] < 2e-5


def test_blocks_change_no_bit(told, bundle, monkeypatch):
    monkeypatch.setattr(contributions, "BLOCK", 300)
    again = explain(bundle.booster, told.X, told.weight, told.features)
    assert (again.contributions == told.contributions).all()
    np.testing.assert_allclose(again.by_feature, told.by_feature)


def test_families_add_up_to_the_same(told):
    np.testing.assert_allclose(
        told.of_families.sum(axis=1), told.contributions.sum(axis=1, dtype=float), atol=1e-9
    )
    assert set(told.families) == {one.family for one in told.features}


def test_a_family_weighs_no_more_than_its_features(told):
    size = dict(zip(told.families, told.by_family, strict=True))
    for family, value in size.items():
        of_it = [one.family == family for one in told.features]
        assert value <= told.by_feature[of_it].sum() + 1e-12


def test_the_file_of_a_run(small_run):
    found = json.loads((small_run.folder / "explanations.json").read_text())
    sizes = [one["mean_abs"] for one in found["features"]]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == small_run.metrics["features"]
    assert 0 < found["moments"] <= 20_000
    for one in found["top"]:
        assert sum(group["share"] for group in one["groups"]) == pytest.approx(1)
        assert one["words"].startswith(f"{one['label']}: ")
        assert len(one["points"]["rank"]) == len(one["points"]["contribution"]) <= 300
        within = [rank for rank in one["points"]["rank"] if rank is not None]
        assert all(0 <= rank <= 1 for rank in within)


def made(values, added):
    """One feature of a label that matplotlib could take for a formula."""
    feature = Feature("x", "x in $ or $", "events", "Of x.", "session.counts", lambda *_: 0.0)
    X = np.array(values, np.float32)[:, None]
    return Explained([feature], X, np.ones(len(X)), np.array(added, float)[:, None], -1.0)


def test_the_mean_size_is_weighted():
    two = made([1, 2], [1.0, -3.0])
    heavy = Explained(two.features, two.X, np.array([3.0, 1.0]), two.contributions, two.base)
    assert two.by_feature.tolist() == [2.0]
    assert heavy.by_feature.tolist() == [1.5]


def test_groups_are_quarters_and_the_missing():
    values = np.array([*range(8), np.nan], np.float32)
    groups = value_groups(values, np.arange(9.0), np.ones(9))
    assert [(one["low"], one["high"]) for one in groups] == [
        (0, 1), (2, 3), (4, 5), (6, 7), (None, None),
    ]  # fmt: skip
    assert [one["mean_contribution"] for one in groups] == [0.5, 2.5, 4.5, 6.5, 8.0]


def test_few_values_are_groups_of_their_own():
    values = np.array([0, 0, 1, 1, 1], np.float32)
    groups = value_groups(values, np.array([-1.0, -1, 2, 2, 2]), np.ones(5))
    assert [(one["low"], one["high"], one["share"]) for one in groups] == [(0, 0, 0.4), (1, 1, 0.6)]


def test_a_feature_that_nothing_is_known_of():
    told = made([np.nan] * 4, [0.5] * 4)
    (one,) = summary(told)["top"]
    assert one["rank_correlation"] is None
    assert one["words"] == "x in $ or $: missing +0.50 log-odds"
    assert one["points"]["rank"] == [None] * 4


def test_a_model_that_knows_nothing_is_told_too(tmp_path):
    told = made([1, 2], [0.0, 0.0])
    assert summary(told)["top"] == []
    save_summary_plot(told, tmp_path / "deep" / "plot.png")
    assert (tmp_path / "deep" / "plot.png").exists()


def test_a_plot_of_odd_labels_leaves_numpys_generator_alone(tmp_path):
    before = np.random.get_state()[1].copy()
    save_summary_plot(made([1, 2, 3], [0.1, 0.2, 0.3]), tmp_path / "plot.png")
    assert (np.random.get_state()[1] == before).all()
    assert (tmp_path / "plot.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("added", "words"),
    [
        ([1, 2, 3, 4], "a higher value goes with a higher probability"),
        ([4, 3, 2, 1], "a higher value goes with a lower probability"),
        ([2, 1, 4, 1], "no single direction"),
        ([1, 1, 1, 1], "too few different values to tell a direction"),
    ],
)
def test_directions(added, words):
    values = np.array([1, 2, 3, 4], np.float32)
    assert direction(rank_correlation(values, np.array(added, float)), "events") == words


def test_spans_say_a_unit_once():
    assert span(1, 3, "events") == "1 to 3 events"
    assert span(0, 0, "yes/no") == "no"
    assert span(90, 300, "seconds") == "90 seconds to 5 minutes"
    assert span(3, 4, "price") == "3 to 4"


@pytest.mark.parametrize("module", [
    willbuy.explain.by_value, willbuy.explain.families, willbuy.explain.plot_dependence,
    willbuy.explain.words,
])  # fmt: skip
def test_examples_in_words(module):
    assert doctest.testmod(module).failed == 0
