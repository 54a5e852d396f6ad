import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import poisson

from willbuy.evaluate.bootstrap import interval, replicates
from willbuy.evaluate.kernels import POISSON, compiled, count_users
from willbuy.evaluate.metrics import METRICS, equal_mass_bins, point_figures
from willbuy.events.keys import mix_all

BASE = METRICS.index("base_rate")


def counts(keys, replicate, seed=1):
    out = np.empty((len(keys), 1), dtype=np.uint8)
    compiled().count_users(mix_all(np.asarray(keys), seed), replicate, POISSON, out)
    return out[:, 0]


def shop(users=800, seed=0, clustered=True):
    rng = np.random.default_rng(seed)
    user = np.repeat(np.arange(users) * 7_919 - 10**6, 10)
    taste = rng.normal(size=users) * 2 if clustered else np.zeros(users)
    margin = np.repeat(taste, 10) - 2 + rng.normal(size=len(user)) * 0.5
    y = rng.random(len(user)) < 1 / (1 + np.exp(-margin))
    p = 1 / (1 + np.exp(-(margin + rng.normal(size=len(user)))))
    return y, p.round(3), rng.integers(1, 4, len(user)).astype(float), user


def test_shoppers_count_poisson_often():
    drawn = counts(np.arange(200_000), 3)
    share = np.bincount(drawn, minlength=8)[:8] / len(drawn)
    assert share == pytest.approx(poisson.pmf(np.arange(8), 1), abs=0.004)


def test_counts_are_unrelated_across_shoppers_replicates_and_seeds():
    keys = np.arange(100_000)
    one = counts(keys, 0)
    for other in (counts(keys, 1), counts(keys, 0, seed=2), np.roll(one, 1)):
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.015


def test_a_count_depends_on_the_key_alone():
    keys = np.array([5, -3, 2**62, 11])
    assert (counts(keys, 7)[::-1] == counts(keys[::-1], 7)).all()
    golden = [counts([42], replicate)[0] for replicate in range(12)]
    assert golden == [0, 1, 0, 0, 0, 2, 1, 1, 0, 0, 0, 1]


def test_plain_and_compiled_counts_agree():
    start, plain = mix_all(np.arange(300), 1), np.empty((300, 2), dtype=np.uint8)
    with np.errstate(over="ignore"):  # 64-bit arithmetic wraps round on purpose
        count_users(start, 5, POISSON, plain)
    assert (plain[:, 0] == counts(np.arange(300), 5)).all()
    assert (plain[:, 1] == counts(np.arange(300), 6)).all()


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.booleans(),
            st.sampled_from([0.05, 0.3, 0.5, 0.97]),
            st.sampled_from([0.5, 1.0, 3.0]),
            st.integers(-4, 4),
        ),
        min_size=2,
        max_size=50,
    ),
    seed=st.integers(0, 3),
)
def test_a_replicate_is_scikit_learn_on_shoppers_repeated(rows, seed):
    y, p, weight, user = (np.array(column) for column in zip(*rows, strict=True))
    drawn = replicates(y, p, weight, user, threshold=0.3, seed=seed, count=4)
    bins = equal_mass_bins(p, weight)
    for replicate in range(4):
        often = counts(user, replicate, seed)
        again = np.repeat(np.arange(len(y)), often)
        expected = point_figures(y[again], p[again], weight[again], threshold=0.3)
        if len(again):  # bins stay those of the full sample
            expected["calibration_error"] = bins.error(y[again], p[again], weight[again])
        for name, value in expected.items():
            found = drawn[replicate, METRICS.index(name)]
            if value is None:
                assert np.isnan(found), name
            else:
                assert found == pytest.approx(value, rel=1e-9, abs=1e-11), name


def test_the_same_whatever_the_threads_and_the_order_of_rows():
    y, p, weight, user = shop(100)
    one, two = (
        replicates(y, p, weight, user, threshold=0.2, seed=1, count=20, threads=threads)
        for threads in (1, 2)
    )
    assert (one == two).all()
    other = np.random.default_rng(1).permutation(len(y))
    turned = replicates(*(a[other] for a in (y, p, weight, user)), threshold=0.2, seed=1, count=20)
    assert turned == pytest.approx(one, rel=1e-9, abs=1e-12)


def test_spread_of_a_mean_is_the_clustered_standard_error():
    y, p, _, user = shop(2_000)
    weight = np.ones(len(y))
    drawn = replicates(y, p, weight, user, threshold=0.2, seed=1, count=1_000)[:, BASE]
    per_user = y.reshape(-1, 10).mean(axis=1)
    analytic = per_user.std(ddof=1) / np.sqrt(len(per_user))
    assert drawn.std() == pytest.approx(analytic, rel=0.08)
    assert drawn.mean() == pytest.approx(y.mean(), abs=3 * analytic / np.sqrt(1_000))
    naive = replicates(y, p, weight, np.arange(len(y)), threshold=0.2, seed=1, count=1_000)
    assert naive[:, BASE].std() < 0.7 * drawn.std()


def test_paired_differences_are_narrower_than_either():
    y, p, weight, user = shop()
    worse = p * 0.98 + 0.02 * np.random.default_rng(5).random(len(p))
    ours, theirs = (replicates(y, q, weight, user, threshold=0.2, seed=1) for q in (p, worse))
    brier = METRICS.index("brier")
    assert (ours - theirs)[:, brier].std() < 0.2 * ours[:, brier].std()


def test_interval():
    assert interval(np.arange(1001.0)) == pytest.approx((25, 975))
    some = np.where(np.arange(100) < 10, np.nan, 1.0)
    assert interval(some) == (1.0, 1.0)
    assert interval(np.where(np.arange(100) < 30, np.nan, 1.0)) is None
    assert interval(np.full(9, np.nan)) is None


def test_no_rows():
    none = np.empty(0)
    drawn = replicates(
        none.astype(bool), none, none, none.astype(int), threshold=0.5, seed=1, count=3
    )
    assert drawn.shape == (3, len(METRICS))
    assert np.isnan(drawn).all()
