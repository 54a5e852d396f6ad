import numpy as np
import pytest

from willbuy.models.folds import mix, user_folds


def test_mix_is_splitmix64():
    # The reference implementation's first outputs: from 0, and from its published test seed.
    start = mix(np.array([0]), 0)  # key 0 xor splitmix64(0)
    assert start.dtype == np.uint64
    seed = 0xE220A8397B1DCDAF  # splitmix64(0)
    key = np.array([seed], dtype=np.uint64).view(np.int64)
    assert mix(key, 0)[0] == 0xE220A8397B1DCDAF


def test_mix_is_one_to_one_and_depends_on_the_seed():
    keys = np.arange(-50_000, 50_000)
    assert len(np.unique(mix(keys, 1))) == len(keys)
    assert not (mix(keys, 1) == mix(keys, 2)).any()
    bits = np.unpackbits(mix(keys, 1).view(np.uint8)).reshape(len(keys), 64)
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 0.01


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
