import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from willbuy.errors import WillbuyError
from willbuy.models import Logistic, fit_logistic, logistic


@pytest.fixture(scope="module")
def fitted(small):
    return fit_logistic(small.X, small.y, small.weight, small.names, seed=1)


def test_comes_near_the_truth(fitted, small):
    margin = fitted.margin(small.X)
    best = roc_auc_score(small.y, small.truth)
    assert roc_auc_score(small.y, margin) > best - 0.01
    assert np.corrcoef(margin, small.truth)[0, 1] > 0.95
    assert fitted.metadata["converged"]


def test_weighted_mean_prediction_is_the_weighted_rate(fitted, small):
    p = 1 / (1 + np.exp(-fitted.margin(small.X)))
    rate = np.average(small.y, weights=small.weight)
    assert np.average(p, weights=small.weight) == pytest.approx(rate, rel=1e-3)


def test_treats_each_column_as_it_asks(fitted):
    assert fitted.logged.tolist() == [False, True, False, False, False, False]
    assert fitted.metadata["dropped"] == ["feature 4", "feature 5"]
    assert (fitted.weight[4:] == 0).all()
    assert fitted.missing_weight[2] > 0.5
    assert (np.delete(fitted.missing_weight, 2) == 0).all()


def test_same_bits_for_one_row_as_for_many(fitted, small):
    many = fitted.margin(small.X)
    assert all(fitted.margin(small.X[i : i + 1])[0] == many[i] for i in range(500))
    for rows in (2, 3, 7, 8, 9, 64, 65, 1001):
        assert (fitted.margin(small.X[:rows]) == many[:rows]).all()
    turned = np.asfortranarray(small.X)
    assert (fitted.margin(turned) == many).all()


def test_chunks_leave_no_seam(fitted, small, monkeypatch):
    many = fitted.margin(small.X)
    monkeypatch.setattr(logistic, "_CHUNK", 999)
    assert (fitted.margin(small.X) == many).all()
    assert fitted.margin(small.X[:0]).shape == (0,)


def test_json_keeps_every_bit(fitted, small):
    text = json.dumps(fitted.to_dict(), allow_nan=False)
    again = Logistic.from_dict(json.loads(text))
    assert (again.margin(small.X) == fitted.margin(small.X)).all()
    assert json.dumps(again.to_dict()) == text


def test_unseen_extremes_do_not_drive_the_odds(fitted, small):
    wild = np.full((1, 6), np.float32(3e38))
    seen = np.nanmax(small.X, axis=0, initial=-np.inf)[None, :].astype(np.float32)
    assert np.isfinite(fitted.margin(wild)).all()
    assert fitted.margin(wild) == pytest.approx(fitted.margin(np.where(seen > 0, seen, wild)))


def test_many_rows_are_drawn_down_by_the_seed(small, monkeypatch):
    monkeypatch.setattr(logistic, "MAX_ROWS", 2_000)
    one, same, other = (
        fit_logistic(small.X, small.y, small.weight, small.names, seed=seed) for seed in (1, 1, 2)
    )
    assert (one.metadata["rows"], one.metadata["rows_given"]) == (2_000, 6_000)
    assert json.dumps(one.to_dict()) == json.dumps(same.to_dict())
    assert (one.weight != other.weight).any()


def test_tiny(tiny):
    model = fit_logistic(tiny.X, tiny.y, tiny.weight, tiny.names, seed=1)
    assert np.isfinite(model.margin(tiny.X)).all()


def test_separable_stays_finite(tiny):
    X = tiny.y[:, None].astype(np.float32)
    model = fit_logistic(X, tiny.y, tiny.weight, ["the answer"], seed=1)
    assert np.abs(model.margin(X)).max() < 20


def test_nothing_varies_gives_the_base_rate(tiny):
    X = np.ones((len(tiny.y), 2), dtype=np.float32)
    model = fit_logistic(X, tiny.y, tiny.weight, ["one", "also one"], seed=1)
    rate = np.average(tiny.y, weights=tiny.weight)
    assert model.margin(X)[0] == pytest.approx(np.log(rate / (1 - rate)), abs=1e-3)


def test_not_converged_is_told_not_warned(small, monkeypatch):
    import sklearn.linear_model

    class Hasty(sklearn.linear_model.LogisticRegression):
        def __init__(self, C=1.0, max_iter=1):
            super().__init__(C=C, max_iter=1)

    monkeypatch.setattr(sklearn.linear_model, "LogisticRegression", Hasty)
    model = fit_logistic(small.X, small.y, small.weight, small.names, seed=1)
    assert model.metadata["converged"] is False


@pytest.mark.parametrize("label", [False, True])
def test_one_kind_of_label_is_refused(tiny, label):
    y = np.full(len(tiny.y), label)
    with pytest.raises(WillbuyError, match="both kinds"):
        fit_logistic(tiny.X, y, tiny.weight, tiny.names, seed=1)


@pytest.mark.parametrize("shape", ["splines", "bins"])
def test_columns_may_bend(small, shape):
    """A hump in one column; the model stays one that can be kept as JSON, with the same bits."""
    rng = np.random.default_rng(5)
    hump = 2 - 2 * np.abs(small.X[:, 0])
    y = rng.random(len(hump)) < 1 / (1 + np.exp(-hump))
    seen, unseen = slice(0, 4_000), slice(4_000, None)
    aucs = {}
    for one in ("lines", shape):
        model = fit_logistic(
            small.X[seen], y[seen], small.weight[seen], small.names, seed=1, C=0.1, shape=one
        )
        aucs[one] = roc_auc_score(y[unseen], model.margin(small.X[unseen]))
    assert aucs["lines"] < 0.6 < 0.7 < aucs[shape]
    many = model.margin(small.X)
    assert all(model.margin(small.X[i : i + 1])[0] == many[i] for i in range(300))
    again = Logistic.from_dict(json.loads(json.dumps(model.to_dict(), allow_nan=False)))
    assert (again.margin(small.X) == many).all()


def test_the_shape_that_fits_is_found(small):
    from willbuy.models.logistic_search import GRID, tune_logistic
    from willbuy.models.tuning import View

    rng = np.random.default_rng(5)
    y = rng.random(len(small.y)) < 1 / (1 + np.exp(2 * np.abs(small.X[:, 0]) - 2))
    view = View(small.X, small.names, np.arange(len(y)) % 3 == 0)
    tuned = tune_logistic(view, y, small.weight, seed=0)
    assert tuned.settings["shape"] != "lines"
    assert tuned.loss == min(told["loss"] for told in tuned.history)
    assert [(told["settings"]["shape"], told["settings"]["C"]) for told in tuned.history] == [*GRID]
    few = tune_logistic(view, np.arange(len(y)) < 5, small.weight, seed=0)
    assert (few.loss, few.history) == (None, [])
