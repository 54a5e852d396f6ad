"""Which trial of a search is taken."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from willbuy.models.choice import choose

THIRDS = (1.0, 1.0, 1.0)


def trial(losses, leaves, share=THIRDS):
    loss = None if losses is None else float(np.average(losses, weights=share))
    return {"loss": loss, "losses": losses or [9.0], "leaves": [leaves] * len(share)}


def test_the_settings_given_are_kept_where_nothing_is_surely_better():
    better_by_chance = trial([0.290, 0.311, 0.299], 50)  # one window of three, and not by much
    found = choose([trial([0.300, 0.310, 0.300], 900), better_by_chance], THIRDS)
    assert found == (0, 1, (0, 1))


def test_the_smallest_of_those_like_the_best_is_taken():
    start = trial([0.330, 0.330, 0.330], 500)
    large = trial([0.300, 0.310, 0.320], 50_000)
    small = trial([0.301, 0.309, 0.321], 800)
    worse = trial([0.305, 0.315, 0.325], 10)
    assert choose([start, large, small, worse], THIRDS) == (2, 1, (1, 2))
    assert choose([start, large, worse], THIRDS) == (1, 1, (1,))


def test_a_window_hard_for_all_hides_no_difference():
    """The losses differ a hundred times more between windows than between trials."""
    start = trial([0.201, 0.301, 0.401], 10)
    assert choose([start, trial([0.200, 0.300, 0.4001], 900)], THIRDS).taken == 1


def test_a_trial_worse_than_the_settings_given_is_never_taken_for_its_size():
    start = trial([0.310, 0.310, 0.310], 500)
    best = trial([0.300, 0.300, 0.300], 5_000)
    wild = trial([0.260, 0.400, 0.300], 10)  # no worse than the best, for all that one knows
    assert choose([start, best, wild], THIRDS) == (1, 1, (1, 2))


def test_one_window_tells_no_chance():
    share = (3.0,)
    many = [trial([0.3], 10, share), trial([0.2999], 9_000, share), trial([0.2999], 90, share)]
    assert choose(many, share) == (2, 1, (1, 2))
    assert choose(many[:1], share) == (0, 0, (0,))


def test_what_was_given_up_is_not_taken():
    assert choose([trial([0.3, 0.3, 0.3], 500), trial(None, 1)], THIRDS) == (0, 0, (0,))


@given(
    st.lists(
        st.tuples(st.tuples(*[st.floats(0.01, 1)] * 3), st.integers(2, 10_000)),
        min_size=1,
        max_size=12,
    ),
    st.tuples(*[st.floats(0.5, 2)] * 3),
)
def test_what_is_taken_is_alike_and_no_worse_than_what_was_given(trials, share):
    history = [trial(list(losses), leaves, share) for losses, leaves in trials]
    taken, best, alike = choose(history, share)
    assert {taken, best} <= set(alike)
    assert history[taken]["loss"] <= history[0]["loss"]
    assert history[best]["loss"] == min(one["loss"] for one in history)
    if taken != 0:
        assert 0 not in alike
        cheaper = [at for at in alike if history[at]["leaves"] < history[taken]["leaves"]]
        assert all(history[at]["loss"] >= history[0]["loss"] for at in cheaper)
    moved = [{**one, "losses": [10 + loss for loss in one["losses"]], "loss": 10 + one["loss"]}
             for one in history]  # fmt: skip
    if len({round(one["loss"], 6) for one in history}) == len(history):
        assert choose(moved, share).best == best


@pytest.mark.parametrize(("second", "alike"), [(-0.011, (0, 1)), (-0.009, (1,))])
def test_by_hand(second, alike):
    """Gaps .02, second, .02: mean .0097, standard error .0103; or mean .0103, error .0097."""
    best = np.array([0.3, 0.5, 0.7])
    start = best + np.array([0.02, second, 0.02])
    assert choose([trial(list(start), 1), trial(list(best), 2)], THIRDS).alike == alike
