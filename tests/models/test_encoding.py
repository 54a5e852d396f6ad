import json
from datetime import date

import numpy as np
import polars as pl
import pytest

from willbuy.errors import WillbuyError
from willbuy.models.encoding import Encoder, fit_encoder
from willbuy.models.table_columns import RARE, SMOOTH

WORDS = [f"source {at:02d}" for at in range(20)]


def sessions(rows: int = 2_000, seed: int = 0) -> tuple[pl.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    source = rng.integers(0, 20, rows)
    y = rng.random(rows) < np.where(source == 3, 0.6, 0.1)
    frame = pl.DataFrame(
        {
            "pages": rng.poisson(5, rows),
            "seconds": rng.exponential(60, rows),
            "weekend": rng.random(rows) < 0.3,
            "device": rng.choice(["phone", "desk", "pad"], rows),
            "Month": rng.choice(["Feb", "June", "Sept", "Dec"], rows),
            "source": [WORDS[at] for at in source],
            "region": rng.integers(1, 9, rows),
        }
    )
    holes = {
        name: pl.when(pl.Series(rng.random(rows) > 0.1)).then(pl.col(name)).alias(name)
        for name in frame.columns
    }
    return frame.with_columns(**holes), y


def test_each_kind_of_column():
    frame, y = sessions()
    encoder, X = fit_encoder(frame, y, seed=1)
    assert encoder.names == (
        *("pages", "seconds", "weekend"),
        *("device = desk", "device = pad", "device = phone"),
        *("Month", "Month = Dec", "Month = Feb", "Month = June", "Month = Sept"),
        *("source: rate", "source: share of rows"),
        *("region", "region: rate", "region: share of rows"),
    )
    assert X.dtype == np.float32
    assert X.shape == (2_000, 16)
    told = encoder.transform(frame)
    np.testing.assert_array_equal(told[:, :11], X[:, :11])  # no label in these
    for column, places in {
        "pages": [0], "weekend": [2], "device": [3, 4, 5], "Month": range(6, 11),
        "source": [11, 12], "region": range(13, 16),
    }.items():  # fmt: skip
        missing = frame[column].is_null().to_numpy()
        assert (np.isnan(X[:, list(places)]) == missing[:, None]).all()
    assert set(X[:, 6][~np.isnan(X[:, 6])]) == {2, 6, 9, 12}
    np.testing.assert_array_equal(X[:, 7], np.where(np.isnan(X[:, 6]), np.nan, X[:, 6] == 12))
    np.testing.assert_array_equal(X[:, 13], frame["region"].cast(pl.Float32).to_numpy())
    mine = (frame["source"] == WORDS[3]).fill_null(False).to_numpy()
    rows, base = mine.sum(), y.mean()
    rate = (y[mine].sum() + SMOOTH * base) / (rows + SMOOTH)
    np.testing.assert_allclose(told[mine, 11], rate, rtol=1e-6)
    np.testing.assert_allclose(told[mine, 12], rows / 2_000, rtol=1e-6)


def test_no_row_is_told_its_own_label():
    frame, y = sessions()
    group = np.arange(2_000) % 100
    y[:300] = True  # each group stays one with a positive, so the folds stay as dealt
    before = fit_encoder(frame, y, seed=1, groups=group).X
    for row in range(300, 2_000, 170):
        other = y.copy()
        other[row] = ~other[row]
        after = fit_encoder(frame, other, seed=1, groups=group).X
        mine = group == group[row]
        np.testing.assert_array_equal(after[mine], before[mine])
        assert not np.array_equal(after, before, equal_nan=True)


def test_labels_of_noise_are_not_learnt_from_the_encoding():
    rng = np.random.default_rng(5)
    frame = pl.DataFrame({"id": [f"user {at}" for at in rng.integers(0, 300, 6_000)]})
    y = rng.random(6_000) < 0.3
    encoder, X = fit_encoder(frame, y, seed=1)
    inside = encoder.transform(frame)[:, 0]
    assert np.corrcoef(inside, y)[0, 1] > 0.15  # what encoding on all rows would pretend
    assert np.corrcoef(X[:, 0], y)[0, 1] < 0.03


def test_with_a_time_only_earlier_days_tell_a_row_anything():
    frame, y = sessions()
    day = np.arange(2_000) // 25  # 80 days
    time = day * 86_400_000_000 + 7
    shopper = np.where(np.arange(2_000) % 10 == 0, 0, np.arange(2_000))  # one comes every day
    before = fit_encoder(frame, y, seed=1, time=time, groups=shopper).X
    for row in (3, 703, 1_301):
        other = y.copy()
        other[row] = ~other[row]
        after = fit_encoder(frame, other, seed=1, time=time, groups=shopper).X
        changed = (after[:, 11] != before[:, 11]) & ~np.isnan(before[:, 11])
        if row > 100:  # all that the first block is told is its base rate
            assert (day[changed] > day[row]).all()
            assert changed.any()
            assert not changed[shopper == 0].any()  # of the first block, every row of it


def test_before_any_level_was_met_all_are_as_new_ones():
    frame, y = sessions()
    time = np.arange(2_000) // 500 * 86_400_000_000
    X = fit_encoder(frame, y, seed=1, time=time).X
    first = X[:500][~np.isnan(X[:500, 11])]
    np.testing.assert_allclose(first[:, 11], y[:500].mean(), rtol=1e-6)
    assert set(first[:, 12]) == {0}
    known = fit_encoder(frame[:1_000], y[:1_000], seed=1).encoder
    np.testing.assert_array_equal(
        X[1_000:1_500, 11:13], known.transform(frame[1_000:1_500])[:, 11:13]
    )


def test_groups_are_never_split():
    rng = np.random.default_rng(6)
    shopper = np.repeat(np.arange(500), 6)
    y = np.repeat(rng.random(500) < 0.3, 6)
    frame = pl.DataFrame({"home": [f"street {at // 2}" for at in shopper]})  # two shoppers each
    keys = [f"shopper {at}" for at in shopper]
    apart = fit_encoder(frame, y, seed=1, groups=keys).X[:, 0]
    mixed = fit_encoder(frame, y, seed=1).X[:, 0]
    assert np.corrcoef(mixed, y)[0, 1] > 0.5
    assert abs(np.corrcoef(apart, y)[0, 1]) < 0.15


def test_unseen_and_rare_levels_are_alike():
    frame, y = sessions()
    rare = pl.Series("source", ["rare"] * (RARE - 1) + frame["source"].to_list()[RARE - 1 :])
    encoder, _ = fit_encoder(frame.with_columns(rare), y, seed=1)
    rows = frame.head(3).with_columns(
        source=pl.Series(["rare", "never seen", WORDS[0]]),
        device=pl.Series(["watch", "desk", None]),
        Month=pl.Series(["May", "no month", "feb."]),
    )
    X = encoder.transform(rows)
    np.testing.assert_array_equal(X[0, 11:13], X[1, 11:13])
    assert X[0, 12] == 0
    assert X[2, 12] > 0
    assert X[0, 3:6].tolist() == [0, 0, 0]
    assert X[1, 3:6].tolist() == [1, 0, 0]
    assert np.isnan(X[2, 3:6]).all()
    assert X[0, 6] == 5
    assert np.isnan(X[1, 6])
    assert X[2, 6] == 2
    assert X[:, 7:11].tolist() == [[0] * 4] * 3  # "feb." is February, but not the word known


def test_json_keeps_every_bit():
    frame, y = sessions()
    encoder, _ = fit_encoder(frame, y, seed=1)
    again = Encoder.from_dict(json.loads(json.dumps(encoder.to_dict())))
    assert again.columns == encoder.columns
    np.testing.assert_array_equal(again.transform(frame), encoder.transform(frame))


def test_columns_may_come_in_any_order_and_type_of_words():
    frame, y = sessions()
    encoder, _ = fit_encoder(frame, y, seed=1)
    other = frame.select(
        pl.lit("more").alias("more"),
        pl.col("source").cast(pl.Categorical),
        *[name for name in reversed(frame.columns) if name != "source"],
    )
    np.testing.assert_array_equal(encoder.transform(other), encoder.transform(frame))
    floats = frame.with_columns(pl.col("region").cast(pl.Float64))
    np.testing.assert_array_equal(encoder.transform(floats), encoder.transform(frame))
    assert fit_encoder(floats, y, seed=1).encoder.columns == encoder.columns
    assert encoder.transform(frame.clear()).shape == (0, 16)


def test_same_seed_same_bits():
    frame, y = sessions()
    first, second, other = (fit_encoder(frame, y, seed=seed).X for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other, equal_nan=True)


@pytest.mark.parametrize(
    ("numbers", "names"),
    [
        ([1, 2, 3], 3),
        ([1.0, 2.0, 3.0, None], 3),
        ([0, 1, 2], 1),  # a count
        ([1, 2], 1),  # yes and no
        ([1.0, 2.0, 3.5], 1),
        ([*range(1, 60)], 1),
        ([1.0, 2.0, float("inf")], 1),
    ],
)
def test_what_looks_like_codes(numbers, names):
    frame = pl.DataFrame({"x": numbers * 30})
    encoder, X = fit_encoder(frame, np.arange(frame.height) % 2 == 0, seed=1)
    assert len(encoder.names) == names == X.shape[1]


@pytest.mark.parametrize("rows", [1, 20, 300])
def test_empty_constant_and_wild_columns(rows):
    y = np.arange(rows) % 2 == 0
    frame = pl.DataFrame(
        {
            "nothing": [None] * rows,
            "no words": pl.Series([None] * rows, dtype=pl.String),
            "one word": ["same"] * rows,
            "id": [f"id {at}" for at in range(rows)],
            "wild": [float("inf"), *[1e300] * (rows - 1)],
            "big": [2**62] * rows,
        }
    )
    encoder, X = fit_encoder(frame, y, seed=1)
    assert X.shape == (rows, len(encoder.names))
    assert np.isnan(X[:, 0]).all()
    assert np.isnan(X[:, encoder.names.index("wild")]).all()
    assert not np.isinf(X).any()
    if rows == 300:  # an id tells nothing
        told = encoder.names.index("id: rate")
        np.testing.assert_allclose(X[:, told], 0.5, atol=0.05)
        np.testing.assert_array_equal(X[:, told + 1], 0)


def test_names_are_unique_and_bear_no_brackets():
    frame = pl.DataFrame({"a[0]": [1, 2], "a(0)": [3, 4], "x<y": [5, 6]})
    names = fit_encoder(frame, np.array([True, False]), seed=1).encoder.names
    assert names == ("a(0)", "a(0) (2)", "x under y")


def test_bad_input():
    frame, y = sessions()
    encoder, _ = fit_encoder(frame, y, seed=1)
    with pytest.raises(WillbuyError, match=r'no column "source".*Near it: sources'):
        encoder.transform(frame.rename({"source": "sources"}))
    words = frame.with_columns(pages=pl.Series(["1", "2.5", "many", *["3"] * 1_997]))
    with pytest.raises(WillbuyError, match=r'"pages" held numbers.*row 3 now holds "many"'):
        encoder.transform(words)
    with pytest.raises(WillbuyError, match=r'"day" is of type Date'):
        fit_encoder(pl.DataFrame({"day": [date(2019, 10, 1)]}), np.array([True]), seed=1)
