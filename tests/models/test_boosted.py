import json

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from willbuy.errors import WillbuyError
from willbuy.models import Boosted, fit_boosted
from willbuy.models.boosted import DEFAULTS

QUICK = {"learning_rate": 0.3, "max_depth": 4, "patience": 8}


@pytest.fixture(scope="module")
def fitted(small):
    return fit_boosted(*small.train, seed=1, threads=2, params=QUICK)


def test_learns(fitted, small):
    margin = fitted.margin(small.X)
    assert roc_auc_score(small.y, margin) > roc_auc_score(small.y, small.truth) - 0.02
    rate = np.average(small.y, weights=small.weight)
    p = 1 / (1 + np.exp(-margin))
    assert np.average(p, weights=small.weight) == pytest.approx(rate, rel=0.05)


def test_keeps_the_best_round_of_the_search(fitted):
    meta = fitted.metadata
    assert meta["rounds"] == int(np.argmin(meta["curve"])) + 1
    assert len(meta["curve"]) == meta["rounds"] + QUICK["patience"]
    assert fitted.booster.num_boosted_rounds() == meta["rounds"]
    assert meta["note"] == ""


def test_on_many_rows_a_round_of_the_search_stands_for_three(small, fitted, monkeypatch):
    assert fitted.metadata["stride"] == 1
    slow = {**QUICK, "learning_rate": 0.09, "patience": 9}
    before = fit_boosted(*small.train, seed=1, threads=2, params=slow)
    monkeypatch.setattr("willbuy.models.boosted.MANY", len(small.y) - 1)
    many = fit_boosted(*small.train, seed=1, threads=2, params=slow)
    meta = many.metadata
    assert meta["stride"] == 3
    assert meta["rounds"] == 3 * (int(np.argmin(meta["curve"])) + 1)
    assert len(meta["curve"]) == meta["rounds"] / 3 + 3  # a third of the patience, too
    assert many.booster.num_boosted_rounds() == meta["rounds"]
    assert meta["settings"]["learning_rate"] == 0.09
    assert min(meta["curve"]) == pytest.approx(min(before.metadata["curve"]), rel=0.01)
    # Steps that are long as they are stay so.
    assert fit_boosted(*small.train, seed=1, threads=2, params=QUICK).metadata["stride"] == 1


def test_the_tail_is_the_latest_sessions_whole(fitted, small):
    latest = small.time >= np.sort(small.time)[int(0.85 * len(small.time))]
    assert fitted.metadata["tail_rows"] == latest.sum()
    assert not set(small.time[latest]) & set(small.time[~latest])
    # Nothing of the tail reached the search: its labels turned round change only the losses.
    turned = np.where(latest, ~small.y, small.y)
    other = fit_boosted(
        small.X, turned, small.weight, small.time, small.names, seed=1, threads=2, params=QUICK
    )
    assert other.metadata["curve"][0] > fitted.metadata["curve"][0]


def test_the_curve_is_the_weighted_log_loss_of_the_tail(small):
    told = []
    model = fit_boosted(
        *small.train,
        seed=1,
        threads=2,
        params={"rounds": 1, "patience": 5},
        progress=lambda *report: told.append(report),
    )
    late = small.time >= np.sort(small.time)[int(0.85 * len(small.time))]
    early = fit_boosted(
        *(a[~late] for a in (small.X, small.y, small.weight, small.time)),
        small.names,
        seed=1,
        threads=2,
        params={"rounds": 1, "patience": 5},
    )
    p = 1 / (1 + np.exp(-early.margin(small.X[late])))
    expected = log_loss(small.y[late], p, sample_weight=small.weight[late])
    assert model.metadata["curve"][0] == pytest.approx(expected, rel=1e-3)
    assert [(stage, done, most) for stage, done, most, _ in told] == [
        ("search", 1, 1),
        ("fit", 1, 1),
    ]
    assert told[0][3] == model.metadata["curve"][0]
    assert told[1][3] is None


def test_same_bits_for_one_row_as_for_many(fitted, small):
    many = fitted.margin(small.X)
    assert many.dtype == np.float64
    assert all(fitted.margin(small.X[i : i + 1])[0] == many[i] for i in range(500))
    for rows in (2, 63, 64, 65, 513):
        assert (fitted.margin(small.X[:rows]) == many[:rows]).all()
    assert fitted.margin(small.X[:0]).shape == (0,)


@pytest.mark.parametrize("suffix", ["ubj", "json"])
def test_saved_and_loaded_predicts_the_same_bits(fitted, small, tmp_path, suffix):
    fitted.save(tmp_path / f"booster.{suffix}")
    again = Boosted.load(tmp_path / f"booster.{suffix}", threads=1)
    assert (again.margin(small.X) == fitted.margin(small.X)).all()
    assert again.names == fitted.names == tuple(small.names)
    assert again.metadata == json.loads(json.dumps(fitted.metadata))


def test_same_seed_and_threads_same_bits(fitted, small):
    again = fit_boosted(*small.train, seed=1, threads=2, params=QUICK)
    assert again.booster.save_raw() == fitted.booster.save_raw()
    other = fit_boosted(*small.train, seed=2, threads=2, params=QUICK)
    assert (other.margin(small.X) != fitted.margin(small.X)).any()


def test_scaling_all_weights_changes_nothing(fitted, small):
    again = fit_boosted(
        small.X, small.y, small.weight * 8, small.time, small.names, seed=1, threads=2, params=QUICK
    )
    assert (again.margin(small.X) == fitted.margin(small.X)).all()


def test_contributions_add_up_to_the_margin(fitted, small):
    parts = fitted.contributions(small.X[:200])
    assert parts.shape == (200, 7)
    assert parts.sum(axis=1) == pytest.approx(fitted.margin(small.X[:200]), abs=1e-4)
    assert (parts[:, 4:6] == 0).all()
    assert fitted.contributions(small.X[:0]).shape == (0, 7)


def test_tiny_data_gets_small_trees_and_a_note(tiny):
    model = fit_boosted(*tiny.train, seed=1, threads=2)
    assert model.metadata["curve"] == []
    assert "not searched for" in model.metadata["note"]
    margin = model.margin(tiny.X)
    assert np.isfinite(margin).all()
    assert len(np.unique(margin)) > 3
    assert roc_auc_score(tiny.y, margin) > 0.7


def test_one_instant_has_no_tail(small):
    model = fit_boosted(
        small.X, small.y, small.weight, np.zeros(len(small.y), np.int64), small.names, seed=1,
        threads=2,
    )  # fmt: skip
    assert model.metadata["tail_rows"] == 0
    assert model.metadata["note"]


def test_refuses_labels_of_one_kind_and_unknown_settings(tiny):
    with pytest.raises(WillbuyError, match="both kinds"):
        fit_boosted(tiny.X, ~tiny.y & False, tiny.weight, tiny.time, tiny.names, seed=1, threads=1)
    with pytest.raises(ValueError, match="depth"):
        fit_boosted(*tiny.train, seed=1, threads=1, params={"depth": 3})
    assert "rounds" in DEFAULTS
