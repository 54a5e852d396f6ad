"""The terms add up to the shipped probability, in log-odds and in points."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import expit, logit

from willbuy.bundle.model import load_bundle
from willbuy.explain.exact import exact, share_out


@pytest.fixture(scope="module")
def bundle(small_run):
    return load_bundle(small_run.folder)


def assert_exact(bundle, X, k):
    told = exact(bundle, X, k)
    p = bundle.probability(X, k)
    np.testing.assert_array_equal(told.probability, p)
    margin = bundle.booster.margin(X)
    # Nothing is hidden in the closing term: it is what calibration does, and no more.
    np.testing.assert_allclose(told.calibration, logit(p) - margin, atol=1e-4)
    np.testing.assert_allclose(told.base + told.contributions.sum(1), margin, atol=1e-4)
    np.testing.assert_allclose(told.base + told.terms.sum(1), logit(p), atol=1e-9)
    np.testing.assert_allclose(told.points.sum(1), p - told.base_probability, atol=1e-12)
    moved = np.abs(told.terms) > 1e-9
    assert (np.sign(told.points) == np.sign(told.terms))[moved].all()


def test_on_all_golden_moments(bundle):
    golden = bundle.golden
    rng = np.random.default_rng(0)
    for k in (np.ones(len(golden.X), int), rng.integers(1, 500, len(golden.X))):
        assert_exact(bundle, golden.X, k)


@given(seed=st.integers(0, 2**32 - 1), gone=st.floats(0, 1), size=st.floats(-3, 12))
@settings(max_examples=60)
def test_on_rows_of_any_kind(bundle, seed, gone, size):
    rng = np.random.default_rng(seed)
    golden = bundle.golden.X
    X = golden[rng.integers(0, len(golden), 8)] * rng.choice([1, -1, 10**size], golden[:8].shape)
    X = np.where(rng.random(X.shape) < gone, np.nan, X).astype(np.float32)
    assert_exact(bundle, X, rng.integers(1, 501, 8))


ends = st.floats(-14, 14)


@given(ends, ends, hnp.arrays(float, 5, elements=st.floats(-20, 20)))
def test_shares_add_up_and_keep_their_signs(begin, end, terms):
    terms[-1] = (end - begin) - terms[:-1].sum()
    points = share_out(terms[None], np.array([begin]), np.array([end]))[0]
    assert points.sum() == pytest.approx(expit(end) - expit(begin), abs=1e-12)
    assert (points * terms >= 0).all()


@given(ends, ends, st.floats(-5, 5))
@settings(max_examples=30)
def test_a_share_is_the_integral_along_the_way(begin, end, first):
    from scipy.integrate import quad

    terms = np.array([[first, end - begin - first]])
    (found, _) = share_out(terms, np.array([begin]), np.array([end]))[0]

    def slope(t):
        p = expit(begin + t * (end - begin))
        return p * (1 - p)

    assert found == pytest.approx(first * quad(slope, 0, 1)[0], abs=1e-7)


def test_no_way_at_all_moves_nothing_in_sum():
    points = share_out(np.array([[2.0, -2.0]]), np.array([0.0]), np.array([0.0]))
    assert points.tolist() == [[0.5, -0.5]]
