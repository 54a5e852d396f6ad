"""Tables without a leak: nothing certain, nothing likely."""

import pytest

import willbuy
from clean_tables import MADE_UP, clean_tables, honest_moments, made_up


def sure(frame, label, roles):
    told = willbuy.audit(frame, label, **roles)
    return [one for one in told.findings if one.level.word != "suspicious"]


@pytest.mark.parametrize("seed", range(8))
def test_made_up_tables(seed):
    frame, roles = made_up(*MADE_UP[seed], seed + 100)
    assert sure(frame, "bought", roles) == []


def test_honest_moments_of_a_simulated_shop(tmp_path):
    for frame, roles in honest_moments(tmp_path, 20_000, 20, 9):
        assert sure(frame, "label", roles) == []


@pytest.mark.slow
def test_twenty_tables(tmp_path):
    seen = 0
    for name, frame, label, roles in clean_tables(tmp_path):
        assert sure(frame, label, roles) == [], name
        seen += 1
    assert seen == 20


def test_online_shoppers_have_nothing_likely(online_shoppers):
    assert all(
        one.level.word == "suspicious" for one in willbuy.audit(online_shoppers, "Revenue").findings
    )
