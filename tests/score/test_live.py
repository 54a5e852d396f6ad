"""Live is replay: the same events, one at a time, give the same bits."""

import numpy as np
import pytest

import willbuy
from score_replay import replayed
from willbuy.events.read import open_log


def assert_live_is_replay(model, path, limit=None):
    log = open_log([path], model.bundle.settings.source)
    chunks = list(log.chunks())
    events = np.concatenate([chunk.events for chunk in chunks])[:limit]
    raw = [row for chunk in chunks for row in chunk.raw.to_dicts()][:limit]
    expected = replayed(model.bundle, events.copy())
    scorer = model.scorer()
    compared = 0
    for event, fields in zip(events, raw, strict=True):
        score = scorer.update(fields)
        found = expected.get(int(event["position"]))
        if found is None:
            continue  # after the purchase, or an exact repeat
        X, p, row = found
        assert score.status == "open"
        assert score.k == row["ordinal"]
        assert score.probability == p
        assert scorer.features.tobytes() == X.tobytes()
        day = np.datetime64(int(row["shop_day"]), "D").astype(object)
        covered = row["shop_day"] >= model.bundle.tables.first_day
        assert score.shop_day == (day if covered else None)
        compared += 1
    assert compared == len(expected)
    return compared


def test_on_the_real_head(head, head_run):
    assert assert_live_is_replay(willbuy.load(head_run.folder), head) == 16_969


def test_over_weeks_with_shop_tables(small_log, small_run):
    assert assert_live_is_replay(willbuy.load(small_run.folder), small_log, 12_000) > 10_000


@pytest.fixture
def scorer(small_run):
    return willbuy.load(small_run.folder).scorer()


def view(minute, product=1, **more):
    time = 1_711_900_800_000_000 + round(minute * 60_000_000)
    return {"time": time, "kind": "view", "user": 5, "session": "s", "product": product, **more}


def test_after_the_purchase_there_is_nothing_to_predict(scorer):
    assert scorer.update(view(0)).probability is not None
    bought = scorer.update(view(1, kind="purchase"))
    assert (bought.status, bought.probability) == ("bought", None)
    after = scorer.update(view(2))
    assert (after.status, after.probability, after.k) == ("bought", None, 3)
    # A new session of the same shopper begins afresh, with the purchase in its past.
    fresh = scorer.update(view(3, session="t"))
    assert (fresh.status, fresh.k) == ("open", 1)


def test_an_exact_repeat_changes_nothing(scorer):
    first = scorer.update(view(0))
    assert scorer.update(view(0)) == first
    assert scorer.update(view(0, product=2)).k == 2


def test_past_the_cap_the_last_score_stands(small_run):
    model = willbuy.load(small_run.folder)
    model.bundle.settings.session.max_events = 5
    scorer = model.scorer()
    last = [scorer.update(view(i, product=i)) for i in range(5)][-1]
    capped = scorer.update(view(6))
    assert (capped.status, capped.probability, capped.k) == ("capped", last.probability, 5)


def test_a_bot_gets_no_score(small_run):
    model = willbuy.load(small_run.folder)
    model.bundle.settings.session.daily_event_cap = 3
    scorer = model.scorer()
    statuses = [scorer.update(view(i, product=i)).status for i in range(5)]
    assert statuses == ["open", "open", "open", "bot", "bot"]


def test_a_late_event_takes_its_place_at_the_end(scorer):
    scorer.update(view(0))
    scorer.update(view(10, product=2))
    late = scorer.update(view(5, product=3))
    assert (late.k, late.status) == (3, "open")
    names = scorer._bundle.names
    assert scorer.features[names.index("last_gap")] == 0
    assert scorer.features[names.index("duration")] == 600


def test_a_late_event_of_an_older_session_leaves_the_last_visit_alone(scorer):
    names = scorer._bundle.names
    scorer.update(view(0, product=3))
    scorer.update(view(10, session="t", product=4))
    scorer.update(view(20, session="t", product=5))
    scorer.update(view(5, product=6))  # late, and of the older session
    scorer.update(view(15, session="t", product=7))  # late, and of the latest one
    scorer.update(view(60, session="u", product=7))
    told = dict(zip(names, scorer.features.tolist(), strict=True))
    assert (told["last_visit_events"], told["last_visit_duration"]) == (3, 600)
    assert told["began_where_left"] == 1
    assert told["previous_break"] == pytest.approx(10 / 1440)


def test_sessions_that_are_dropped_do_not_change_which_visit_is_the_last(scorer):
    names = scorer._bundle.names
    scorer.update(view(0, session="long", product=1))
    for i in range(12):  # each is over after half an hour, and dropped when room is short
        scorer.update(view(40 * i, session=None, product=2))
        scorer.update(view(40 * i + 1, session="long", product=3))
    scorer.update(view(40 * 11 + 2, session="new", product=2))
    told = dict(zip(names, scorer.features.tolist(), strict=True))
    assert (told["last_visit_events"], told["began_where_left"]) == (1, 1)


def test_a_long_silence_begins_a_new_session_and_many_sessions_keep_apart(scorer):
    for i in range(40):
        assert scorer.update(view(i, session=f"s{i % 4}", product=i)).k == i // 4 + 1
    assert scorer.update(view(40 + 6 * 60, session="s0")).k == 1


def test_an_unreadable_event_changes_nothing(scorer):
    first = scorer.update(view(0))
    with pytest.raises(willbuy.WillbuyError, match="user"):
        scorer.update({"time": view(1)["time"], "kind": "view"})
    with pytest.raises(willbuy.WillbuyError, match="time"):
        scorer.update({**view(1), "time": "yesterday"})
    assert scorer.update(view(1, product=2)).k == first.k + 1


def test_a_late_event_finds_the_same_session_whatever_else_is_open(small_run):
    model = willbuy.load(small_run.folder)
    found = set()
    for others in range(6):
        scorer = model.scorer()
        scorer.update(view(0))
        scorer.update(view(1, product=2))
        for i in range(others + 1):
            scorer.update(view(9 * 60 + i, session=f"t{i}"))
        late = scorer.update(view(2, product=3))
        found.add(late.k)
        names = model.bundle.names
        assert not (scorer.features[names.index("since_last_visit")] < 0)
    assert found == {1}  # its session was over when it came


def test_shoppers_not_met_for_long_can_be_forgotten(scorer):
    first = scorer.update(view(0))
    scorer.update({**view(60), "user": 6})
    assert scorer.forget(view(30)["time"]) == 1
    assert scorer.update(view(61)).k == first.k


@pytest.mark.parametrize(
    "wrong", [{"time": "0000-01-01 00:00:00"}, {"position": "x"}, {"user": 1.5}]
)
def test_what_cannot_be_read_is_always_our_error(scorer, wrong):
    with pytest.raises(willbuy.WillbuyError):
        scorer.update({**view(0), **wrong})


def test_an_endless_price_is_no_price(scorer):
    assert scorer.update(view(0, price=10**400)).probability is not None
