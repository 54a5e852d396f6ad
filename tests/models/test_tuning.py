import warnings

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import log_loss

from willbuy.errors import WillbuyError
from willbuy.models.boosted import DEFAULTS, fit_rounds, latest
from willbuy.models.folds import user_folds
from willbuy.models.tuning import SPACE, View, held_margin, table_views, tune

START = {"learning_rate": 0.1, "rounds": 60, "patience": 5}


def folds(data, X=None) -> list[View]:
    fold = user_folds(data.user, data.y, folds=3, seed=0)
    return [View(data.X if X is None else X, data.names, fold == at) for at in range(3)]


def found(data, views=None, **changed):
    given = {"trials": 4, "seed": 1, "threads": 1, "params": START, **changed}
    return tune(views or folds(data), data.y, data.weight, **given)


def test_one_seed_one_answer(small):
    first, again, other = (found(small, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first.history[1]["settings"] != other.history[1]["settings"]


def test_the_first_trial_is_the_start_and_one_that_is_as_good_as_the_best_is_taken(small):
    told = []
    tuned = found(small, progress=lambda *report: told.append(report))
    assert tuned.history[0]["settings"] == {**DEFAULTS, **START}
    losses = [trial["loss"] for trial in tuned.history if trial["loss"] is not None]
    taken, best, alike = tuned.choice
    assert tuned.history[best]["loss"] == min(losses) <= tuned.loss <= tuned.history[0]["loss"]
    assert {taken, best} <= set(alike)
    assert [(done, of) for done, of, _ in told] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert told[-1][2] == min(losses)
    trial = tuned.history[taken]
    assert min(trial["rounds"]) <= tuned.settings["rounds"] <= max(trial["rounds"])
    assert {**trial["settings"], "rounds": tuned.settings["rounds"]} == tuned.settings
    for trial in tuned.history:
        for name, (low, high, _) in SPACE.items():
            assert low <= trial["settings"][name] <= high


def test_leaves_are_those_of_the_rounds_that_were_best(small):
    """Stumps of which all are kept have two leaves each; deeper trees have more."""
    rounds = {"rounds": 7, "patience": 50, "learning_rate": 0.02}
    for depth, fewest in ((1, 2), (5, 5)):
        view = View(small.X, small.names, latest(small.time))
        (trial,) = found(small, [view], trials=1, params={**rounds, "max_depth": depth}).history
        assert trial["leaves"][0] >= fewest * trial["rounds"][0]
        assert trial["leaves"][0] <= 2**depth * trial["rounds"][0]


def test_what_no_view_holds_has_no_part_in_the_judgement(small):
    """A row that is never held out is learnt from only; a row's turned label moves its losses."""
    tail = latest(small.time)
    views = [View(small.X, small.names, tail)]
    plain = found(small, views, trials=1)
    hidden = small.X.copy()
    hidden[tail] = np.nan
    assert found(small, [View(hidden, small.names, tail)], trials=1).loss > plain.loss


def test_gains_where_the_start_is_wrong():
    """What adds up, amid noise: deep trees of all columns learn the noise."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(8_000, 12)).astype(np.float32)
    y = rng.random(8_000) < 1 / (1 + np.exp(1 - X[:, :4].sum(axis=1)))
    names, weight = [f"column {at}" for at in range(12)], np.ones(8_000)
    train, test = slice(0, 2_000), slice(2_000, None)
    views = [View(X[train], names, np.arange(2_000) % 2 == at) for at in range(2)]
    start = {
        **{"max_depth": 8, "min_child_weight": 1, "learning_rate": 0.1},
        **{"subsample": 1, "colsample_bytree": 1, "rounds": 300, "patience": 20},
    }
    how = {"trials": 1, "seed": 0, "threads": 2, "params": start}
    losses = []
    for trials in (1, 12):
        tuned = tune(views, y[train], weight[train], **how | {"trials": trials})
        model = fit_rounds(
            X[train], y[train], weight[train], names, seed=0, threads=2, params=tuned.settings
        )
        assert model.booster.num_boosted_rounds() == tuned.settings["rounds"]
        losses.append(log_loss(y[test], 1 / (1 + np.exp(-model.margin(X[test])))))
    assert losses[1] < losses[0] - 0.01


def test_each_row_is_answered_by_a_model_that_has_not_seen_it(small):
    rng = np.random.default_rng(3)
    noise = rng.normal(size=small.X.shape).astype(np.float32)
    told = {"settings": {**DEFAULTS, "rounds": 100, "max_depth": 8}, "seed": 0, "threads": 2}
    margin = held_margin(folds(small, noise), small.y, small.weight, **told)
    assert not np.isnan(margin).any()
    assert abs(np.corrcoef(margin, small.y)[0, 1]) < 0.06
    half = held_margin(folds(small)[:1], small.y, small.weight, **told)
    np.testing.assert_array_equal(np.isnan(half), ~folds(small)[0].held)


def test_views_of_a_table_are_encoded_without_the_rows_held_out():
    rng = np.random.default_rng(4)
    words = [f"user {at}" for at in rng.integers(0, 100, 3_000)]
    frame = pl.DataFrame({"user": words, "pages": rng.poisson(3, 3_000)})
    y = rng.random(3_000) < 0.3
    held = [np.arange(3_000) % 3 == at for at in range(3)]
    views = table_views(frame, y, held, seed=0, groups=words)
    for view, mask in zip(views, held, strict=True):
        assert view.names == ("user: rate", "user: share of rows", "pages")
        turned = table_views(frame, np.where(mask, ~y, y), [mask], seed=0, groups=words)[0]
        np.testing.assert_array_equal(view.X, turned.X)
        np.testing.assert_array_equal(view.X[:, 2], frame["pages"].to_numpy())
    # Noise stays noise: what a search is told of these columns is the truth.
    tuned = tune(views, y, np.ones(3_000), trials=1, seed=0, threads=1, params=START)
    assert tuned.loss > log_loss(y, np.full(3_000, y.mean())) - 0.002


def test_silent_and_without_warnings(small, capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found(small)
    assert capfd.readouterr() == ("", "")


def test_few_positives_are_not_searched_with(tiny):
    tuned = found(tiny)
    assert "not searched for" in tuned.note
    assert (tuned.loss, tuned.history) == (None, [])
    assert tuned.settings["max_depth"] == 2
    model = fit_rounds(
        tiny.X, tiny.y, tiny.weight, tiny.names,
        seed=0, threads=1, params=tuned.settings, note=tuned.note,
    )  # fmt: skip
    assert model.metadata["note"] == tuned.note


def test_bad_input(small):
    with pytest.raises(ValueError, match=r"trials=0.* on 3 views"):
        found(small, trials=0)
    with pytest.raises(ValueError, match="on 0 views"):
        tune([], small.y, small.weight, trials=4, seed=0, threads=1)
    with pytest.raises(ValueError, match="unknown boosting settings"):
        found(small, params={"depth": 3})
    with pytest.raises(WillbuyError, match="both kinds"):
        tune(folds(small), np.zeros(len(small.y)), small.weight, trials=1, seed=0, threads=1)


def test_a_log_in_blocks_is_searched_by_its_latest_sessions(small):
    tail = latest(small.time)
    blocks = [small.X[at : at + 700] for at in range(0, len(small.X), 700)]
    params = {**START, "max_depth": 3.0, "reg_lambda": 1}  # as a settings file may have them
    whole, dealt = (
        found(small, [View(X, small.names, tail)], trials=2, params=params)
        for X in (small.X, blocks)
    )
    assert dealt.settings["max_depth"] == whole.settings["max_depth"]
    np.testing.assert_allclose(dealt.loss, whole.loss, rtol=0.02)
