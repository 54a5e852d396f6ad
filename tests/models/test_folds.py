import numpy as np
import pytest

from willbuy.models.folds import user_folds


@pytest.mark.parametrize("folds", [2, 5])
def test_no_shopper_is_in_two_folds_and_buyers_are_dealt_evenly(folds):
    rng = np.random.default_rng(1)
    user = rng.integers(0, 300, 2_000)
    y = (user < 11) & (rng.random(2_000) < 0.9)
    fold = user_folds(user, y, folds=folds, seed=4)
    assert set(fold) == set(range(folds))
    for one in np.unique(user):
        assert len(np.unique(fold[user == one])) == 1
    buyers = [len(np.unique(user[y & (fold == at)])) for at in range(folds)]
    assert max(buyers) - min(buyers) <= 1


def test_folds_do_not_depend_on_row_order():
    user = np.random.default_rng(2).integers(0, 50, 400)
    y = user % 7 == 0
    back = np.arange(400)[::-1]
    fold = user_folds(user, y, folds=5, seed=1)
    assert (user_folds(user[back], y[back], folds=5, seed=1) == fold[back]).all()
    assert (user_folds(user, y, folds=5, seed=2) != fold).any()
