"""Every learner on features, held to the same promises."""

import dataclasses
import sys

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from research_moments import made
from willbuy.errors import WillbuyError
from willbuy.progress import Silent
from willbuy.research.learner import LEARNERS, learner_class
from willbuy.research.prepared import Prepared

ON_FEATURES = ["logistic", "xgboost", "tabnet", "tabm"]


@pytest.fixture(autouse=True)
def _few_epochs(monkeypatch):
    for name, epochs, batch in (("tabnet", 4, 256), ("tabm", 4, 128)):
        one = learner_class(name)
        plan = dataclasses.replace(one.plan, epochs=epochs, batch=batch)
        monkeypatch.setattr(one, "plan", plan)


def fitted(name, train, held, folder, seed=1):
    one = learner_class(name)(seed=seed, threads=1)
    one.fit(train, held, Silent(), folder)
    return one


@pytest.mark.parametrize("name", ON_FEATURES)
def test_a_learner_keeps_its_promises(name, train, held, unseen, tmp_path):
    one = fitted(name, train, held, tmp_path)
    p = one.predict_proba(unseen)
    assert p.dtype == np.float64
    assert p.shape == (len(unseen),)
    assert ((p > 0) & (p < 1)).all()
    assert roc_auc_score(unseen.y, p) > 0.7
    # A moment's answer is its own.
    some = np.array([5, 17, 300])
    assert np.allclose(one.predict_proba(unseen.take(some)), p[some], atol=1e-5)
    assert isinstance(one.metadata["notes"], list)

    folder = tmp_path / "kept"
    folder.mkdir()
    one.save(folder)
    assert {file.suffix for file in folder.iterdir()} <= {".json", ".ubj", ".safetensors"}
    again = learner_class(name).load(folder, threads=1)
    assert np.array_equal(again.predict_proba(unseen), p)
    assert dict(again.metadata) == dict(one.metadata)


@pytest.mark.parametrize("name", ON_FEATURES)
def test_the_same_seed_gives_the_same_model(name, train, held, unseen, tmp_path):
    answers = []
    for at, seed in enumerate((1, 1)):
        (tmp_path / str(at)).mkdir()
        one = fitted(name, train, held, tmp_path / str(at), seed)
        answers.append(one.predict_proba(unseen))
    assert np.array_equal(*answers)


@pytest.mark.parametrize("name", ON_FEATURES)
def test_labels_are_not_looked_at_when_asked(name, train, held, unseen, tmp_path):
    import polars as pl

    one = fitted(name, train, held, tmp_path)
    blind = dataclasses.replace(
        unseen, rows=unseen.rows.with_columns(label=1 - pl.col("label"), weight=pl.lit(9.0))
    )
    assert np.array_equal(one.predict_proba(blind), one.predict_proba(unseen))


@pytest.mark.parametrize("name", ["tabnet", "tabm"])
def test_nothing_missing_and_values_never_seen(name, held, tmp_path):
    """Train without a missing value; then everything is missing, or far outside."""
    train = made(900, 5)
    train.X[:] = np.nan_to_num(train.X)
    one = fitted(name, train, held, tmp_path)
    odd = made(6, 6)
    odd.X[:3] = np.nan
    odd.X[3:] = 1e30
    p = one.predict_proba(odd)
    assert ((p > 0) & (p < 1)).all()


def test_labels_that_are_all_alike_are_refused(held, tmp_path):
    train = made(300, 3, positive=lambda X: np.zeros(len(X), bool))
    with pytest.raises(WillbuyError, match="needs both kinds"):
        fitted("tabm", train, held, tmp_path)


def test_tabnet_looks_at_what_tells(train, held, unseen, tmp_path):
    masks = fitted("tabnet", train, held, tmp_path).masks(unseen)
    assert masks.shape == (6,)
    assert masks.sum() == pytest.approx(1)
    assert masks[4] == 0  # it never varies
    assert masks[[0, 3]].sum() > masks[[1, 2, 5]].sum()


def test_a_missing_package_gives_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(WillbuyError, match=r"torch.*pip install 'willbuy\[deep\]'"):
        learner_class("tabm")
    assert learner_class("xgboost").name == "xgboost"


def test_a_wrong_name_is_told_with_the_right_ones():
    with pytest.raises(WillbuyError, match=f"'forest'; there are {', '.join(LEARNERS)}"):
        learner_class("forest")


def test_preparing_learns_from_what_it_is_given_and_leaves_nothing_missing(train, unseen):
    prepared = Prepared.learn(train.X, seed=0)
    Z = prepared(train.X)
    assert np.isfinite(Z).all()
    assert (prepared.values, prepared.flags) == (5, 1)
    assert np.allclose(Z[:, :5].mean(axis=0), 0, atol=1e-4)
    assert np.array_equal(Z[:, 5], np.isnan(train.X[:, 3]))
    # Values outside of what was seen are taken for the nearest that was.
    assert (prepared(unseen.X).max(axis=0) <= Z.max(axis=0) + 1e-6).all()
    again = Prepared.from_dict(prepared.to_dict())
    assert np.array_equal(again(unseen.X), prepared(unseen.X))


def test_columns_that_are_missing_together_share_a_flag(train):
    X = np.column_stack([train.X, train.X[:, 3] * 2, np.full(len(train), np.nan)])
    prepared = Prepared.learn(X.astype(np.float32), seed=0)
    assert prepared.flags == 1
    share = np.r_[np.zeros(prepared.values), 1.0]
    assert prepared.by_column(share)[[3, 6]].tolist() == [0.5, 0.5]
