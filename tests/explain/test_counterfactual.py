"""Edits of events: only sessions that could have been, and answers that live scoring gives, too."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import willbuy
from willbuy.events.schema import EVENT, MISSING, Kind
from willbuy.explain.session.counterfactual import counterfactual, price_range
from willbuy.explain.session.edits import ADDED, Edited, Words, edits_of
from willbuy.explain.session.parts import find_part
from willbuy.explain.session.replayed import Instead
from willbuy.explain.session.shopper import from_fields
from willbuy.explain.session.timeline import explain_part
from willbuy.moments.tables import no_tables

BEGIN = 1_711_900_800  # within the small log, in seconds


@pytest.fixture(scope="module")
def model(small_run):
    return willbuy.load(small_run.folder)


def event(seconds, kind="view", product="1", price="10.00", session="s"):
    return {
        "time": (BEGIN + seconds) * 1_000_000, "kind": kind, "user": "5", "session": session,
        "product": product, "price": price,
    }  # fmt: skip


SESSION = [
    event(-200_000, session="old"),
    event(-199_000, "cart", session="old"),
    event(0),
    event(20, product="2", price="30.00"),
    event(20, product="2", price="30.00"),  # an exact repeat
    event(65, product="1"),
    event(90, "cart", product="1"),
    event(200, product="2", price="31.00"),
    event(260, "remove", product="1"),
    event(300, product="3", price="99.00"),
]


def found_in(model, events=SESSION, at=None, target=None):
    bundle = model.bundle
    shopper = from_fields(events, bundle.source, "s", None, bundle.log_start)
    part = find_part(bundle, shopper, at)
    return shopper, part, counterfactual(bundle, shopper, part, target)


def live(model, shopper, part, events):
    """What the live scorer answers after these events in the place of the session's."""
    past = Instead(model.bundle, shopper, part).others
    scorer = model.scorer(shopper.log_start)
    return [scorer.take(one) for one in np.concatenate([past, events])][-1]


@pytest.mark.parametrize("at", [1, 3, 7])
@pytest.mark.parametrize("share", [0.3, 0.8, 1.3, 3])
def test_every_way_is_what_live_scoring_answers_and_crosses(model, at, share):
    now = explain_now(model, at)
    shopper, part, found = found_in(model, at=at, target=now * share)
    assert found.up == (share > 1)
    assert found.ways
    for way in found.ways:
        assert 1 <= len(way.edits) <= 3
        score = live(model, shopper, part, way.events)
        assert (score.k, score.probability) == (len(way.events), way.probability)
        assert ((way.probability >= found.target) == found.up) == found.reached


def explain_now(model, at):
    bundle = model.bundle
    shopper = from_fields(SESSION, bundle.source, "s", None, bundle.log_start)
    return explain_part(bundle, shopper, find_part(bundle, shopper, at)).probability


def test_without_edits_it_answers_as_the_explanation(model):
    bundle = model.bundle
    shopper = from_fields(SESSION, bundle.source, "s", None, bundle.log_start)
    for at in range(1, 8):
        part = find_part(bundle, shopper, at)
        instead = Instead(bundle, shopper, part)
        assert len(instead.events) == at
        assert instead.probabilities([instead.events])[0] == explain_now(model, at)


def test_fewer_edits_do_not_cross(model):
    """Where two edits are needed, none of all single ones is enough."""
    shopper, part, _ = found_in(model)
    instead = Instead(model.bundle, shopper, part)
    words = Words(str, lambda at: at, (50.0, 70.0))
    single = [one.events for one in edits_of(Edited(instead.events), words)]
    answers = instead.probabilities(single)
    beyond = float(np.nanmax(answers)) + 1e-6
    found = counterfactual(model.bundle, shopper, part, beyond)
    assert all(len(one.edits) > 1 for one in found.ways) or not found.reached
    easy = counterfactual(model.bundle, shopper, part, float(np.nanmax(answers)) - 1e-6)
    assert easy.reached
    assert all(len(one.edits) == 1 for one in easy.ways)


def test_what_cannot_be_reached_is_told_with_the_nearest(model):
    *_, found = found_in(model, at=1, target=0.999)
    assert not found.reached
    assert len(found.ways) == 1
    assert explain_now(model, 1) < found.ways[0].probability < 0.999
    with pytest.raises(willbuy.WillbuyError, match=r"1\.5 is no probability"):
        found_in(model, target=1.5)


def test_a_session_that_edits_would_cut_is_no_answer(model):
    events = [event(0), event(4 * 3600, product="2"), event(4 * 3600 + 30)]
    shopper, part, _ = found_in(model, events)
    instead = Instead(model.bundle, shopper, part)
    words = Words(str, lambda at: at, ())
    states = list(edits_of(Edited(instead.events), words))
    answers = instead.probabilities([one.events for one in states])
    longer = ["8 hours in place of 4 hours" in one.edits[0].words for one in states]
    assert sum(longer) == 1
    assert np.isnan(answers[longer]).all()  # 8 hours of silence end a session
    assert not np.isnan(answers[~np.array(longer)]).any()


def test_through_the_model(model):
    told = model.explain(SESSION, session="s", at=4, counterfactual=True)
    assert told.counterfactual is not None
    assert told.counterfactual.target == model.bundle.threshold
    assert model.explain(SESSION, session="s", at=4).counterfactual is None
    given = model.explain(SESSION, session="s", at=4, target=0.01).counterfactual
    assert (given.target, given.up) == (0.01, told.probability < 0.01)


def test_prices_are_tried_within_what_they_were(model):
    row = np.zeros(1, EVENT)
    row["product"], row["price"], row["time"] = 7, 10.0, 100
    seen = np.concatenate([row, row])
    seen["price"], seen["time"] = [8.0, 13.0], [50, 150]  # the second comes after the moment
    tables = no_tables()
    assert price_range(tables, 0, np.concatenate([seen, row]), row[0]) == ((8.0, 10.0), True)
    assert price_range(tables, 0, row, row[0]) == ((9.0, 11.0), False)
    row["price"] = np.nan
    assert price_range(tables, 0, row, row[0]) == (None, False)
    # In the shop's counts: the mean prices of the days up to the moment's own.
    whole = model.bundle.tables
    product = whole.daily[(whole.daily["table"] == 0) & (whole.daily["priced"] > 0)]
    busiest = np.unique(product["key"], return_counts=True)
    key = busiest[0][np.argmax(busiest[1])]
    days = np.sort(product["day"][product["key"] == key])
    row["product"], row["price"] = key, 1e6
    (low, high), known = price_range(whole, int(days[0]), row, row[0])
    (least, _), _ = price_range(whole, int(days[-1]), row, row[0])
    assert known
    assert least <= low < high == 1e6


KINDS = [Kind.VIEW, Kind.VIEW, Kind.CART, Kind.REMOVE, Kind.WISHLIST]


@st.composite
def sessions(draw):
    n = draw(st.integers(1, 8))
    events = np.zeros(n, EVENT)
    events["time"] = np.cumsum(draw(st.lists(st.integers(0, 900), min_size=n, max_size=n)))
    events["time"] *= 1_000_000
    events["kind"] = draw(st.lists(st.sampled_from(KINDS), min_size=n, max_size=n))
    events["product"] = draw(st.lists(st.sampled_from([1, 2, 3, MISSING]), min_size=n, max_size=n))
    events["price"] = draw(st.lists(st.sampled_from([5.0, 8.5, np.nan]), min_size=n, max_size=n))
    events["position"] = 10 * np.arange(n)
    return events


def taken_from_nowhere(events):
    cart, found = set(), 0
    for kind, product in zip(events["kind"], events["product"], strict=True):
        if kind == Kind.CART:
            cart.add(product)
        if kind == Kind.REMOVE:
            found += product not in cart
            cart.discard(product)
    return found


@given(events=sessions(), data=st.data())
def test_edits_make_only_sessions_that_could_have_been(events, data):
    words = Words(lambda key: f"product {key}", lambda at: at // 10 + 1, (4.0, 9.0))
    state = Edited(events)
    for depth in range(1, 4):
        made = list(edits_of(state, words))
        if not made:
            break
        for one in made:
            assert len(one.edits) == depth
            assert one.edits[-1].words
            assert len(one.events) > 0
            assert (np.diff(one.events["time"]) >= 0).all()
            assert len(np.unique(one.events["position"])) == len(one.events)
            assert taken_from_nowhere(one.events) <= taken_from_nowhere(events)
            assert (one.events["kind"] != Kind.PURCHASE).all()
            prices = one.events["price"]
            assert (prices[~np.isnan(prices)] > 0).all()
            own = one.events[one.events["position"] < ADDED]
            assert np.isin(own["position"], events["position"]).all()
            assert one.events.tobytes() != state.events.tobytes()
        targets = [edit.target for edit in state.edits if edit.kind != "view"]
        assert len(set(targets)) == len(targets)
        state = data.draw(st.sampled_from(made))
