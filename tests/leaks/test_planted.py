"""One leak at a time, planted into a table without any: each is found, at the right level."""

import numpy as np
import polars as pl
import pytest

import willbuy
from clean_tables import made_up
from willbuy.leaks import pairs
from willbuy.leaks.derived import alone
from willbuy.leaks.table import load

N = 6_000


@pytest.fixture(scope="module")
def clean():
    frame, _ = made_up(N, 0.12, 1.2, 3, 10)
    return frame.drop("session_id", "user", "time")


@pytest.fixture(scope="module")
def bought(clean):
    return clean["bought"].to_numpy().astype(bool)


def found(frame, **roles):
    """(level, kind, columns) of all findings."""
    told = willbuy.audit(frame, "bought", **roles)
    return [(one.level.word, one.kind, one.columns) for one in told.findings]


def rng():
    return np.random.default_rng(12)


def halves(n):
    return np.where(rng().random(n) < 0.3, "test", "train")


def test_the_table_itself_is_clean(clean):
    assert found(clean) == []


def test_an_honest_strong_column_is_no_finding(clean, bought):
    x = rng().normal(size=N) + 1.5 * bought  # AUC 0.855
    assert found(clean.with_columns(strong=x)) == []


@pytest.mark.parametrize("shape", ["count", "log", "rank", "negative", "text", "missing"])
def test_the_purchase_count_in_any_shape(clean, bought, shape):
    count = np.where(bought, 1 + rng().poisson(0.3, N), 0)
    made = {
        "count": count,
        "log": np.log1p(count),
        "rank": 17 - 3.0 * count**3,
        "negative": -count,
        "text": np.where(bought, "yes", "no"),
        "missing": np.where(bought, rng().normal(size=N), np.nan),
    }[shape]
    frame = clean.with_columns(pl.Series("n", made)).with_columns(
        pl.col("n").fill_nan(None) if shape == "missing" else pl.col("n")
    )
    assert found(frame) == [("certain", "label", ("n",))]


def test_a_copy_with_a_few_errors(clean, bought):
    noisy = bought ^ (rng().random(N) < 0.001)
    assert found(clean.with_columns(flag=noisy)) == [("certain", "label", ("flag",))]


def test_a_column_that_comes_close(clean, bought):
    x = rng().normal(size=N) + 3.2 * bought  # AUC 0.988
    assert found(clean.with_columns(x=x)) == [("likely", "label", ("x",))]


def test_set_only_where_the_label_is(clean, bought):
    paid = bought & (rng().random(N) < 0.6)
    value = np.where(paid, np.exp(rng().normal(4, 1, N)), 0)
    assert found(clean.with_columns(gift_wrap=value)) == [("certain", "label", ("gift_wrap",))]


@pytest.mark.parametrize("way", ["minus", "equal", "ratio"])
def test_a_pair_of_columns(clean, bought, way):
    before = np.round(np.exp(rng().normal(3, 1, N)), 2) + 1
    more = np.where(bought, 1 + rng().poisson(2, N), 0)
    other = {
        "minus": before + more,
        "equal": np.where(bought, before, rng().permutation(before) + 0.005),
        "ratio": before * np.where(bought, 1.1, 0.9),
    }[way]
    told = willbuy.audit(clean.with_columns(a=before, b=other), "bought")
    assert [(one.level.word, one.columns) for one in told.findings] == [("certain", ("a", "b"))]
    words = "How far apart a and b are" if way == "equal" else "a - b"
    assert told.findings[0].what == f"{words} tells the label."


def test_a_pair_of_texts(clean, bought):
    names = rng().choice(["ann", "bo", "cy", "di", "ed"], N)
    other = np.where(bought, names, "none")
    frame = clean.with_columns(first=names, last=other)
    # Both the pair and `last` alone, which is none where nothing was bought.
    assert ("certain", "label", ("last",)) in found(frame)
    shifted = np.roll(names, 1)
    other = np.where(bought, names, np.where(shifted == names, "fay", shifted))
    assert found(clean.with_columns(first=names, last=other)) == [
        ("certain", "pair", ("first", "last"))
    ]


def test_many_texts_are_screened_before_all_rows_are_compared(bought, monkeypatch):
    r, n = rng(), pairs.MOST_COLUMNS + 10
    words = {f"t{i}": r.choice(["ann", "bo", "cy", "di"], N) for i in range(n)}
    words["t9"] = np.where(bought, words["t5"], np.char.add(words["t5"], "a"))
    table = load(pl.DataFrame(words).with_columns(bought=bought), "bought")
    compared = []
    whole = pairs._together
    monkeypatch.setattr(pairs, "_together", lambda *of: compared.append(of) or whole(*of))
    told = list(pairs.pairs(table, alone(table), set()))
    assert [(one.level.word, one.columns) for one in told] == [("certain", ("t5", "t9"))]
    assert told[0].what == "Whether t5 equals t9 tells the label."
    assert len(compared) == 1
    assert any("among the 200 text columns" in note for note in table.notes)


def test_page_values(online_shoppers):
    told = willbuy.audit(online_shoppers, "Revenue")
    assert [(one.level.word, one.columns) for one in told.findings] == [
        ("suspicious", ("PageValues",))
    ]
    assert "56.3%" in told.findings[0].evidence
    assert "3.9%" in told.findings[0].evidence


def test_the_same_user_on_both_sides(clean):
    frame = clean.with_columns(user=rng().integers(0, 2_000, N), split=halves(N))
    assert ("certain", "group", ("user",)) in found(frame, group="user")
    by_user = frame.with_columns(
        split=pl.when(pl.col("user") < 600).then(pl.lit("test")).otherwise(pl.lit("train"))
    )
    assert found(by_user, group="user") == []


def test_the_same_user_on_both_sides_of_a_split_by_time_is_no_finding(clean):
    at = np.datetime64("2024-01-01", "us") + np.arange(N).astype("timedelta64[s]")
    split = np.where(np.arange(N) < 4_000, "train", "test")
    frame = clean.with_columns(user=rng().integers(0, 2_000, N), split=split, at=at)
    assert found(frame, group="user", time="at") == []


def test_copies_on_both_sides(clean):
    frame = pl.concat([clean, clean.sample(600, seed=1)]).with_columns(split=halves(N + 600))
    assert [one[:2] for one in found(frame)] == [("certain", "duplicates")]


def test_near_copies_on_both_sides(clean):
    some = clean.sample(900, seed=1)
    numbers = [n for n, t in some.schema.items() if t == pl.Float64]
    jitter = 1 + 1e-4 * rng().normal(size=900)
    some = some.with_columns(pl.col(name) * jitter for name in numbers)
    frame = pl.concat([clean, some]).with_columns(split=halves(N + 900))
    assert [one[:2] for one in found(frame)] == [("likely", "duplicates")]


def test_oversampled_before_the_split(clean):
    more = clean.filter(pl.col("bought") == 1).sample(4_000, with_replacement=True, seed=2)
    frame = pl.concat([clean, more]).sample(fraction=1, shuffle=True, seed=3)
    assert [one[:2] for one in found(frame)] == [("likely", "resampled")]
    split = frame.with_columns(split=halves(len(frame)))
    assert [one[:2] for one in found(split)] == [("certain", "resampled")]


def test_oversampled_after_the_split_is_no_finding(clean):
    split = clean.with_columns(split=halves(N))
    train = split.filter((pl.col("split") == "train") & (pl.col("bought") == 1))
    frame = pl.concat([split, train.sample(3_000, with_replacement=True, seed=2)])
    frame = frame.sample(fraction=1, shuffle=True, seed=3)
    assert found(frame) == []


def test_smote(clean):
    up = clean.filter(pl.col("bought") == 1)
    a, b = (up.sample(2_000, with_replacement=True, seed=s) for s in (1, 2))
    share = rng().random(2_000)
    numbers = ["views", "carts", "past_purchases", "duration", "hour"]
    made = a.with_columns((a[name] * share + b[name] * (1 - share)).alias(name) for name in numbers)
    frame = pl.concat([clean, made], how="vertical_relaxed")
    frame = frame.sample(fraction=1, shuffle=True, seed=3)
    assert [one[:2] for one in found(frame)] == [("likely", "resampled")]
    split = frame.with_columns(split=halves(len(frame)))
    assert [one[:2] for one in found(split)] == [("certain", "resampled")]
    whole = (pl.col("views") == pl.col("views").floor()) & (pl.col("carts") % 1 == 0)
    within = frame.with_columns(
        split=pl.when(whole & (pl.int_range(pl.len()) % 3 == 0))
        .then(pl.lit("test"))
        .otherwise(pl.lit("train"))
    )
    made = pl.any_horizontal(pl.col(name) % 1 != 0 for name in ("past_purchases", "hour"))
    within = within.filter((pl.col("split") == "train") | ~made)
    assert not [one for one in found(within) if one[1] == "resampled"]


@pytest.mark.parametrize("kind", ["mean", "m_estimate", "sklearn"])
def test_target_encoding_with_the_own_label(clean, bought, kind):
    from sklearn.preprocessing import TargetEncoder

    city = rng().integers(0, 300, N)
    n = np.bincount(city, minlength=300)
    sums = np.bincount(city, bought, 300)
    prior = bought.mean()
    encoded = {
        "mean": (sums / np.maximum(n, 1))[city],
        "m_estimate": ((sums + 20 * prior) / (n + 20))[city],
        "sklearn": TargetEncoder(target_type="binary")
        .fit(city[:, None].astype(str), bought)
        .transform(city[:, None].astype(str))[:, 0],
    }[kind]
    assert found(clean.with_columns(city_rate=encoded)) == [("certain", "encoder", ("city_rate",))]


def test_target_encoding_without_the_own_label_still_tells_it(clean, bought):
    city = rng().integers(0, 300, N)
    n, sums = np.bincount(city, minlength=300), np.bincount(city, bought, 300)
    rate = (sums[city] - bought) / (n[city] - 1)
    frame = clean.with_columns(city=np.char.add("c", city.astype(str)), rate=rate)
    assert ("certain", "encoder", ("rate", "city")) in found(frame)


def test_target_encoding_of_a_category_in_numbers(clean, bought):
    city = rng().integers(0, 300, N)
    n, sums = np.bincount(city, minlength=300), np.bincount(city, bought, 300)
    rate = (sums[city] - bought) / (n[city] - 1)
    frame = clean.with_columns(city=city, rate=rate)
    assert ("certain", "encoder", ("rate", "city")) in found(frame)


def test_cross_fitted_target_encoding_is_no_finding(clean, bought):
    from sklearn.preprocessing import TargetEncoder

    city = rng().integers(0, 300, N).astype(str)
    rate = TargetEncoder().fit_transform(city[:, None], bought)[:, 0]
    assert found(clean.with_columns(city_rate=rate)) == []


def scaled(x, rows):
    return (x - x[rows].mean()) / x[rows].std()


def test_a_scaler_fitted_on_all(clean):
    x, split = np.exp(rng().normal(size=N)), halves(N)
    everywhere, train = np.ones(N, bool), split == "train"
    frame = clean.with_columns(x=scaled(x, everywhere), split=split)
    assert found(frame) == [("certain", "scaler", ("x",))]
    assert found(frame.drop("split")) == [("suspicious", "scaler", ("x",))]
    assert found(clean.with_columns(x=scaled(x, train), split=split)) == []


def test_scalers_and_imputers_before_and_after(clean):
    x, split = np.exp(rng().normal(size=N)), halves(N)
    holes = np.where(rng().random(N) < 0.2, np.nan, x)
    train = split == "train"
    before = clean.with_columns(x=x, holes=pl.Series(holes).fill_nan(None), split=split)

    def after(rows):
        low, high = x[rows].min(), x[rows].max()
        filled = np.where(np.isnan(holes), np.nanmedian(holes[rows]), holes)
        return before.with_columns(x=(x - low) / (high - low), holes=filled)

    told = found(after(np.ones(N, bool)), before=before)
    assert ("certain", "scaler", ("holes",)) in told
    assert found(after(train), before=before) == []


def test_a_fitted_pipeline(clean, bought):
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, StandardScaler, TargetEncoder

    split = halves(N)
    frame = clean.with_columns(split=split)
    X = frame.select("views", "duration", "mean_price", "region")
    train = split == "train"

    def made():
        numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
        return ColumnTransformer(
            [
                ("numbers", numbers, ["duration", "mean_price"]),
                ("scale", MinMaxScaler(), ["views"]),
                ("code", TargetEncoder(), ["region"]),
            ]
        )

    honest = made().fit(X.filter(pl.Series(train)), bought[train])
    assert found(frame, pipeline=honest) == []
    told = found(frame, pipeline=made().fit(X, bought))
    assert {one[:2] for one in told} == {("certain", "scaler"), ("certain", "encoder")}
    with pytest.raises(willbuy.WillbuyError, match="as an object"):
        willbuy.audit(frame, "bought", pipeline="model.pkl")


def test_rows_sorted_by_the_label(clean):
    assert found(clean.sort("bought")) == [("likely", "disguise", ())]
    indexed = clean.sort("bought").with_row_index("index")
    assert ("certain", "label", ("index",)) in found(indexed)


def test_an_id_that_carries_the_label(clean, bought):
    number = rng().permutation(N).astype(str)
    ids = np.char.add(np.where(bought, "ord-", "vis-"), number)
    assert found(clean.with_columns(id=ids)) == [("certain", "disguise", ("id",))]


@pytest.mark.parametrize("first", [0, 900_000_000_000_000_000])
def test_a_number_whose_last_digit_carries_the_label(clean, bought, first):
    ids = first + rng().permutation(N) * 10 + bought
    assert found(clean.with_columns(id=ids)) == [("certain", "disguise", ("id",))]


def test_a_number_of_which_no_digit_tells_anything_is_no_finding(clean):
    assert found(clean.with_columns(id=rng().permutation(N) + 10**17)) == []


def test_what_was_not_looked_at_is_told(clean):
    frame = clean.with_columns(
        basket=pl.lit([1, 2], pl.List(pl.Int64)), shop=pl.lit("one"), raw=pl.lit(b"x"),
        nothing=pl.lit(None, pl.Float64), took=pl.lit(1).cast(pl.Duration("us")),
    )  # fmt: skip
    notes = " ".join(willbuy.audit(frame, "bought").notes)
    assert "durations or the like: basket, raw, took." in notes
    assert "the same in every row: shop, nothing." in notes


def test_an_id_with_several_rows(clean, bought):
    household = np.where(bought, rng().integers(0, 200, N), rng().integers(200, 1_500, N))
    names = np.char.add("h", rng().permutation(1_500)[household].astype(str))
    assert found(clean.with_columns(household=names)) == [("likely", "label", ("household",))]


def test_a_random_split_with_a_trend_in_time(clean):
    r = rng()
    day = np.sort(r.integers(0, 60, N))
    campaign = r.normal(size=60)  # each day has its own rate, which its price level gives away
    y = r.random(N) < 1 / (1 + np.exp(2 - 1.5 * campaign[day]))
    frame = pl.DataFrame(
        {
            "level": r.normal(size=60)[day] + 0.01 * r.normal(size=N),
            "noise": r.normal(size=N),
            "at": np.datetime64("2024-01-01", "us") + day.astype("timedelta64[D]"),
            "bought": y,
            "split": halves(N),
        }
    )
    assert ("likely", "order", ("at",)) in found(frame, time="at")
    assert found(frame.drop("split"), time="at") == [("suspicious", "order", ("at",))]


def test_anchors_in_a_column(clean, bought):
    r = rng()
    kinds = np.where(
        bought,
        r.choice(["cart", "view"], N, p=[0.97, 0.03]),
        r.choice(["cart", "view"], N, p=[0.02, 0.98]),
    )
    told = found(clean.with_columns(last_event=kinds))
    assert ("likely", "anchor", ("last_event",)) in told


def test_columns_that_are_too_good_together(clean, bought):
    r = rng()
    parts = r.poisson(4, (3, N))
    total = parts.sum(axis=0) + 6 * bought
    frame = clean.with_columns(a=parts[0], b=parts[1], c=parts[2], total=total)
    assert found(frame) == [("likely", "together", ())]


@pytest.mark.parametrize("name", ["test", "is_test", "dataset"])
def test_the_label_called_like_a_split(clean, bought, name):
    told = np.where(bought, "test", "train") if name == "dataset" else bought.astype(int)
    assert found(clean.with_columns(pl.Series(name, told))) == [("certain", "label", (name,))]


def test_the_arm_of_an_experiment_is_no_split(clean):
    frame = clean.with_columns(user=rng().integers(0, 2_000, N), test=rng().integers(0, 2, N))
    assert not [one for one in found(frame, group="user") if one[0] != "suspicious"]
    with_split = willbuy.audit(frame.with_columns(split=halves(N)), "bought", group="user")
    assert any("split is taken as the split" in note for note in with_split.notes)


def test_numbers_too_large_for_the_trees(clean):
    frame = clean.with_columns(huge=10.0 ** rng().integers(200, 300, N))
    assert found(frame) == []
