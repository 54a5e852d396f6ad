"""Columns that are set in the rows of one label only."""

import numpy as np
import polars as pl
import pytest

import willbuy

N = 6_000


def rng(seed=5):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def bought():
    return rng(1).random(N) < 0.12


def found(y, mark, **roles):
    """The findings on a column beside one that tells nothing."""
    frame = pl.DataFrame({"noise": rng(2).normal(size=len(y)), "mark": mark, "bought": y})
    frame = frame.with_columns(pl.Series(name, values) for name, values in roles.items())
    group = "user" if "user" in roles else None
    told = willbuy.audit(frame, "bought", group=group).findings
    return [one for one in told if one.kind != "group"]


def levels(*given, **roles):
    return [(one.level.word, one.kind, one.columns) for one in found(*given, **roles)]


@pytest.mark.parametrize(
    ("shape", "rest"),
    [
        ("text", 'Elsewhere it is "none".'),
        ("sentinel", "Elsewhere it is -1."),
        ("zeros and a sentinel", "Elsewhere it is -1 or missing."),
        ("missing", "Elsewhere it is missing."),
    ],
)
def test_whatever_a_column_has_at_rest(bought, shape, rest):
    paid = bought & (rng().random(N) < 0.7)
    days = np.where(paid, rng().poisson(1, N), -1)
    mark = {
        "text": np.where(paid, rng().choice(["card", "bank"], N), "none"),
        "sentinel": np.where(paid, 2 + days, -1),
        "zeros and a sentinel": [None if i % 9 == 0 and d < 0 else d for i, d in enumerate(days)],
        "missing": [one if one > 0 else None for one in np.where(paid, days + 1, 0).tolist()],
    }[shape]
    (told,) = found(bought, pl.Series(mark, strict=False))
    assert (told.level.word, told.kind, told.columns) == ("certain", "label", ("mark",))
    assert told.what == "mark is set only where the label is."
    assert rest in told.evidence


def test_one_error_in_three_hundred(bought):
    mark = np.zeros(N)
    mark[np.flatnonzero(bought)[:299]] = 7
    mark[np.flatnonzero(~bought)[0]] = 7
    (told,) = found(bought, mark)
    assert told.level.word == "likely"
    assert "299 of 300 rows in which it is set are positive" in told.evidence
    assert "nearly only" in told.what


def test_set_only_where_the_label_is_not(bought):
    gave_up = ~bought & (rng().random(N) < 0.6)
    (told,) = found(bought, np.where(gave_up, "price", "none"))
    # The many who do not buy may have honest reasons: never certain.
    assert (told.level.word, told.columns) == ("likely", ("mark",))
    assert "only where the label is not" in told.what
    assert "are negative" in told.evidence
    stayed = bought & (rng().random(N) < 0.6)
    assert levels(~bought, 9.5 * stayed) == [("certain", "label", ("mark",))]


def test_a_common_label_makes_no_mark(bought):
    y = rng(3).random(N) < 0.97
    assert found(y, np.where(rng().random(N) < 0.3, 1.0, 0.0)) == []
    assert found(y, np.where(rng().random(N) < 0.3, "mail", "search")) == []


def test_a_mark_is_counted_by_group():
    user = np.repeat(np.arange(40), 200)
    y = np.isin(user, rng().permutation(40)[:10])
    some = np.isin(user, np.unique(user[y])[:6])
    views = 1 + rng().poisson(3, len(y))
    # 1,200 rows, all of them positive, but of six shoppers.
    assert levels(y, some * views) == [("certain", "label", ("mark",))]
    assert [one[0] for one in levels(y, some * views, user=user)] == ["suspicious"]


def test_a_perfect_column_is_counted_by_group():
    user = np.repeat(np.arange(40), 200)
    y = np.isin(user, rng().permutation(40)[:4])
    value = np.where(y, 1.0, 2.0) + user / 100
    assert levels(y, value) == [("certain", "label", ("mark",))]
    # One column of two parts 4 of 40 shoppers from the others in one table of 23,000.
    assert levels(y, value, user=user) == [("likely", "label", ("mark",))]


def test_pairs_and_ids_are_counted_by_group():
    user = np.repeat(np.arange(40), 200)
    y = np.isin(user, rng().permutation(40)[:4])
    first = rng().normal(size=len(y))
    roles = {"first": first, "second": first + np.where(y, 1, -1)}
    assert ("certain", "pair", ("first", "second")) in levels(y, first * 0 + user % 3, **roles)
    told = levels(y, first * 0 + user % 3, user=user, **roles)
    assert not [one for one in told if one[0] == "certain"]
    ids = np.char.add(np.where(y, "o", "v"), rng().permutation(len(y)).astype(str))
    assert levels(y, ids) == [("certain", "disguise", ("mark",))]
    assert not [one for one in levels(y, ids, user=user) if one[0] == "certain"]


def test_columns_together_are_counted_by_group():
    user = np.repeat(np.arange(40), 150)
    y = np.isin(user, rng().permutation(40)[:20])
    parts = rng().poisson(4, (3, len(y)))
    roles = dict(zip(("a", "b", "c"), parts, strict=True))
    total = parts.sum(axis=0) + 6 * y
    assert levels(y, total, **roles) == [("likely", "together", ())]
    assert levels(y, total, user=user, **roles) == [("suspicious", "together", ())]
