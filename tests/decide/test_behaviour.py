"""Groups of sessions, their rules and names."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from willbuy.decide.behaviour import COLUMNS, fit_behaviour, told
from willbuy.decide.rules import Rules, fit_rules, readable


def sessions(*kinds, n=600, seed=0):
    """Counts drawn round the means of each kind of session; and which kind each is."""
    rng = np.random.default_rng(seed)
    rows = [
        np.column_stack([rng.poisson(one.get(name, 0.0), n) for name in COLUMNS]) for one in kinds
    ]
    return np.concatenate(rows).astype(float), np.repeat(np.arange(len(kinds)), n)


LOOK = {"events": 1, "distinct_products": 1, "distinct_categories": 1}
CARTER = {"events": 8, "distinct_products": 2, "distinct_categories": 1, "carts": 3, "cart_size": 3,
          "duration": 300}  # fmt: skip
ROAMER = {"events": 20, "distinct_products": 14, "distinct_categories": 9, "category_switches": 12,
          "duration": 900}  # fmt: skip


def test_it_finds_the_groups_that_are_there_and_calls_them_by_what_they_do():
    X, kind = sessions(LOOK, CARTER, ROAMER)
    found = fit_behaviour(X, seed=0)
    assert found.stability >= 0.8
    assert found.agreement >= 0.9
    group = found.rules(X)
    names = [found.names[np.bincount(group[kind == one]).argmax()] for one in range(3)]
    assert names == ["one look", "quick buyer", "browser"]


def test_sessions_all_alike_are_one_group():
    rng = np.random.default_rng(0)
    found = fit_behaviour(np.exp(rng.normal(size=(2000, len(COLUMNS)))), seed=0)
    assert len(found.names) <= 2  # a cloud without groups is cut in half at most
    assert fit_behaviour(np.ones((50, len(COLUMNS))), seed=0).names == ("all sessions",)


def test_the_same_seed_gives_the_same_groups():
    X, _ = sessions(LOOK, CARTER, ROAMER)
    assert fit_behaviour(X, seed=3) == fit_behaviour(X, seed=3)


def test_the_words_of_a_rule_place_a_session_where_the_rule_does():
    X, _ = sessions(LOOK, CARTER, ROAMER)
    found = fit_behaviour(X, seed=0)
    group = found.rules(X)
    for number, one in enumerate(told(found, {})):
        by_words = np.zeros(len(X), bool)
        for way in one["rule"]:
            inside = np.ones(len(X), bool)
            for part in way.split(" and "):
                if part == "any":
                    continue
                name, rest = part.split(" ", 1)
                column = X[:, COLUMNS.index(name)]
                for end in rest.split(", "):
                    *word, border = end.split()
                    inside &= (
                        column > float(border) if word == ["above"] else (column <= float(border))
                    )
            by_words |= inside
        assert (by_words == (group == number)).all()


@given(st.integers(0, 10_000))
def test_every_session_has_exactly_one_group_and_rules_survive_json(seed):
    rng = np.random.default_rng(seed)
    X = rng.poisson(2, (300, 3)).astype(float)
    X[rng.random(X.shape) < 0.1] = np.nan
    group = rng.integers(0, 3, 300)
    rules = fit_rules(X, group, ("a", "b", "c"), seed=0)
    placed = rules(X)
    assert (placed >= 0).all()
    assert (Rules.from_dict(rules.to_dict())(X) == placed).all()
    inside = np.zeros(len(X), int)
    for leaf in rules.leaves:
        inside += Rules(rules.columns, (leaf,), (1,))(X) == 1
    assert (inside == 1).all()


@pytest.mark.parametrize(
    ("values", "border", "wanted"),
    [([1, 2, 3], 2.5, 2.0), ([0, 1], 0.5, 0.0), ([0.111, 0.222], 0.1665, 0.17)],
)
def test_borders_are_readable(values, border, wanted):
    assert readable(np.array(values, float), border) == pytest.approx(wanted)
