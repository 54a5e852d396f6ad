"""Who has stopped coming."""

import numpy as np
import pytest

from willbuy.decide.rhythm import DAY, Rhythm, Visits, fit_rhythm, visits_until


def drawn(n=4000, days=60, seed=0):
    """Visits of shoppers who come at their own rate and leave for good after some visit."""
    rng = np.random.default_rng(seed)
    user, start, gone = [], [], np.zeros(n, bool)
    for one in range(n):
        rate, leaves = rng.gamma(2.0, 1 / 8.0), rng.beta(1.0, 3.0)
        at = rng.uniform(0, days)
        while at < days:
            user.append(one)
            start.append(int(at * DAY))
            if rng.random() < leaves:
                gone[one] = True
                break
            at += rng.exponential(1 / rate)
    return np.array(user), np.array(start), gone


def test_it_finds_who_has_left():
    user, start, gone = drawn()
    visits = visits_until(user, start, int(60 * DAY))
    rhythm = fit_rhythm(visits)
    staying = rhythm.staying(visits)
    truth = ~gone[visits.user]
    assert staying.mean() == pytest.approx(truth.mean(), abs=0.03)
    for fifth in np.array_split(np.argsort(staying), 5):
        assert staying[fifth].mean() == pytest.approx(truth[fifth].mean(), abs=0.07)


def test_it_tells_who_comes_again():
    user, start, _ = drawn(seed=1)
    visits = visits_until(user, start, int(50 * DAY))
    p = fit_rhythm(visits).returns(visits, 10)
    came = np.isin(visits.user, user[start >= 50 * DAY])
    for fifth in np.array_split(np.argsort(p), 5):
        assert p[fifth].mean() == pytest.approx(came[fifth].mean(), abs=0.06)


def test_the_same_silence_means_more_of_one_who_came_often():
    rhythm = Rhythm(shape=1.0, days=5.0, a=1.0, b=2.0)
    often = Visits(np.array([1]), np.array([20.0]), np.array([20.0]), np.array([7.0]))
    seldom = Visits(np.array([2]), np.array([2.0]), np.array([20.0]), np.array([7.0]))
    assert rhythm.staying(often)[0] < 0.2 < rhythm.staying(seldom)[0]


def test_a_log_of_one_visit_a_shopper_has_an_answer():
    visits = Visits(np.arange(300), np.zeros(300), np.zeros(300), np.linspace(0, 20, 300))
    assert np.isfinite(fit_rhythm(visits).staying(visits)).all()


def test_gaps_within_an_hour_are_one_visit():
    hour = int(DAY / 24)
    visits = visits_until(np.array([7, 7, 7]), np.array([0, hour // 2, 10 * hour]), 20 * hour)
    assert visits.again.tolist() == [1.0]
    assert visits.since.tolist() == [10 / 24]


def test_before_anybody_came_there_is_nobody():
    assert len(visits_until(np.array([1]), np.array([5]), 5).user) == 0
