"""The gaps of slices, and how large chance makes them."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, logit

from willbuy.evaluate.figures import Part
from willbuy.fairness.gaps import Levelled
from willbuy.fairness.search import holm

LINE = 0.12


def straight(shop):
    """The levelled probabilities, found another way."""
    part, margin = shop.part, logit(shop.part.p)
    terms = np.column_stack([np.ones_like(margin), margin, part.p >= LINE])

    def loss(line):
        m = terms @ line
        return np.mean(np.logaddexp(0, m) - part.y * m)

    return expit(terms @ minimize(loss, [0, 1, 0], tol=1e-9).x)


def test_gaps_are_those_of_the_slice_alone(make):
    shop = make(0)
    found = Levelled(shop.part, shop.k, LINE).gaps(shop.own, 10)
    p, flagged = straight(shop), shop.part.p >= LINE
    for slice_ in range(10):
        here = shop.own == slice_
        y, q, f = shop.part.y[here], p[here], flagged[here]
        observed = [y.mean(), f[y].mean(), f[~y].mean()]
        expected = [
            q.mean(), np.average(f, weights=q), np.average(f, weights=1 - q),
        ]  # fmt: skip
        assert found.observed[slice_] == pytest.approx(observed)
        assert found.expected[slice_] == pytest.approx(expected, abs=1e-4)
        signs = np.array([-1, 1, 1])
        assert found.gap[slice_] == pytest.approx(signs * (np.array(observed) - expected), abs=1e-4)


@pytest.mark.parametrize("dependent", [0.0, 0.6])
def test_errors_are_as_large_as_gaps_vary(make, dependent):
    """Also where the sessions of a shopper depend on each other, which no probability tells."""
    z = []
    for seed in range(40):
        shop = make(seed, 2_000, dependent, per_user=4)
        levelled = Levelled(shop.part, shop.k, LINE)
        for code in (shop.part.user * 31 % 4, np.minimum(shop.k, 4) - 1):
            found = levelled.gaps(code.astype(np.int64), 4)
            z.append(found.gap / found.error)
    spread = np.std(z, axis=(0, 1))
    assert np.all((spread > 0.85) & (spread < 1.1)), spread
    assert np.mean(np.abs(z) > 1.96) < 0.065


def test_one_number_a_session_would_vary_too_little(make):
    """Why labels are not redrawn from the probabilities with one uniform number a session."""
    rng = np.random.default_rng(0)
    redrawn, true = [], []
    for seed in range(200):
        shop = make(seed, 600)
        part = shop.part
        uniform = rng.random(part.session.max() + 1)[part.session]
        redrawn.append(((uniform < part.p) - part.p).sum())
        true.append((part.y - part.p).sum())
    assert np.std(redrawn) < 0.95 * np.std(true)


def test_order_and_names_of_rows_do_not_matter(make):
    shop = make(3, 800)
    rng = np.random.default_rng(1)
    mixed = rng.permutation(len(shop.k))
    part = shop.part
    other = Part(*(column[mixed] for column in vars(part).values()))
    other = Part(other.y, other.p, other.weight, -other.user * 977, other.session * 31 + 5)
    one = Levelled(part, shop.k, LINE).gaps(shop.own, 10)
    two = Levelled(other, shop.k[mixed], LINE).gaps(shop.own[mixed], 10)
    for name in ("observed", "expected", "gap", "error"):
        assert getattr(one, name) == pytest.approx(getattr(two, name), rel=1e-6, nan_ok=True)


def test_what_is_off_for_everybody_is_off_for_no_slice(make):
    """A model that is too high, or too bold, everywhere has the gaps of one that is not."""
    shop = make(4)
    bold = Part(
        shop.part.y, expit(0.7 + 1.5 * logit(shop.part.p)), *list(vars(shop.part).values())[2:]
    )
    line = expit(0.7 + 1.5 * logit(LINE))
    one = Levelled(shop.part, shop.k, LINE).gaps(shop.own, 10)
    two = Levelled(bold, shop.k, line).gaps(shop.own, 10)
    assert one.gap == pytest.approx(two.gap, abs=1e-5)
    assert one.error == pytest.approx(two.error, rel=1e-3)


def test_labels_all_alike_have_no_gap(make):
    shop = make(5, 300)
    part = Part(np.zeros(len(shop.k), bool), *list(vars(shop.part).values())[1:])
    found = Levelled(part, shop.k, LINE).gaps(shop.own, 10)
    assert np.isnan(found.gap[:, 1]).all()  # nobody buys: no share of buyers is flagged
    assert np.isfinite(found.gap[:, 0]).all()


def test_expected_buyers_are_counted_by_session(make):
    shop = make(6, 500)
    levelled = Levelled(shop.part, shop.k, LINE)
    last = np.append(shop.part.session[1:] != shop.part.session[:-1], True)
    whole = levelled.expected_buyers(np.zeros(len(shop.k), np.int64), 1)
    assert whole == pytest.approx(straight(shop)[last].sum(), rel=1e-3)


def test_holm_is_the_textbooks():
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.zeros(0)).size == 0
    assert holm(np.array([0.5, 0.9])) == pytest.approx([1.0, 1.0])
