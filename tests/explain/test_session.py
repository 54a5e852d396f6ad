"""One session explained: what it says is what the run, and the live scorer, say."""

import doctest
import json
import shutil

import numpy as np
import polars as pl
import pytest
from scipy.special import logit

import willbuy
import willbuy.explain.sentences
from willbuy.explain.sentences import Move

HOUR, DAY = 3600, 86_400
BEGIN = 1_711_900_800  # a Sunday within the small log, in seconds


@pytest.fixture(scope="module")
def model(small_run):
    return willbuy.load(small_run.folder)


def event(seconds, kind="view", product="1", user="5", session="s", price="10.00"):
    return {
        "time": (BEGIN + seconds) * 1_000_000, "kind": kind, "user": user, "session": session,
        "product": product, "price": price,
    }  # fmt: skip


def ids_of(small_log, positions):
    rows = pl.read_csv(small_log, infer_schema=False)[positions]
    return list(zip(rows["user_session"], rows["user_id"], strict=True))


def test_the_probabilities_are_those_of_the_run(model, small_run, small_log):
    predicted = pl.read_parquet(small_run.folder / "predictions.parquet")
    chosen = [
        predicted.sort("ordinal")[-1],
        *(predicted.filter(pl.col("ordinal") == k)[j] for k, j in ((1, 0), (2, 5), (4, 3))),
    ]
    for row in chosen:
        ((session, user),) = ids_of(small_log, row["position"].to_list())
        told = model.explain(session=session, user=user)
        scored = [one for one in told.steps if one.status == "scored"]
        of_run = predicted.filter(
            (pl.col("session_key") == row["session_key"]) & (pl.col("visit") == row["visit"])
        ).sort("ordinal")
        assert [one.probability for one in scored] == of_run["probability"].to_list()
        assert [one.k for one in scored] == of_run["ordinal"].to_list()
        assert told.percentile == of_run["percentile"][-1]
        assert str(told.shop_day) == str(of_run["shop_day"][-1])
        assert_adds_up(told)


def assert_adds_up(told):
    points = sum(one.points for one in told.terms)
    assert points == pytest.approx(told.probability - told.base_probability, abs=1e-12)
    log_odds = sum(one.log_odds for one in told.terms) + logit(told.base_probability)
    assert log_odds == pytest.approx(logit(told.probability), abs=1e-9)
    before = told.base_probability
    for one in told.steps:
        if one.status == "scored":
            if one.change is not None:
                assert one.change == pytest.approx(one.probability - before, abs=1e-12)
            before = one.probability
    assert told.probability in [one.probability for one in told.steps]


def test_a_moment_knows_nothing_of_what_comes_after_it(model, small_run, small_log):
    predicted = pl.read_parquet(small_run.folder / "predictions.parquet")
    position = predicted.filter(pl.col("ordinal") == 6)["position"][0]
    ((session, user),) = ids_of(small_log, [position])
    told = model.explain(small_log, session=session, user=user, at=3)
    assert told.k == len([one for one in told.steps if one.k]) == 3
    assert told.probability == told.steps[-1].probability
    assert_adds_up(told)


def test_events_at_hand_are_explained_as_the_live_scorer_answers(model):
    events = [
        event(-3 * DAY, session="old"),
        event(-3 * DAY + 60, "purchase", session="old"),
        event(0),
        event(20, product="2", price="30.00"),
        event(20, product="2", price="30.00"),
        event(50, "cart", product="2", price="30.00"),
        event(90, "purchase", product="2", price="30.00"),
        event(95, product="3"),
        event(30, user="6", session="r"),
    ]
    told = model.explain(events, session="s")
    scorer = model.scorer(model.bundle.log_start)
    live = [scorer.update(one) for one in events]
    assert [one.status for one in told.steps] == [
        "scored", "scored", "repeat", "scored", "purchase", "after",
    ]  # fmt: skip
    assert [one.k for one in told.steps] == [1, 2, None, 3, None, None]
    assert [one.probability for one in told.steps if one.k] == [
        live[2].probability, live[3].probability, live[5].probability,
    ]  # fmt: skip
    assert (told.k, told.decile) == (3, live[5].decile)
    assert_adds_up(told)
    values = {one.name: one.value for one in told.terms}
    assert (values["carts"], values["events"], values["past_views"] > 0) == (1, 3, True)


def test_what_moved_it_is_told_in_words(model):
    told = model.explain([event(0), event(20), event(60, product="2"), event(90)], session="s")
    last = told.steps[-1]
    assert last.moved
    sizes = [abs(one.points) for one in last.moved]
    assert sizes == sorted(sizes, reverse=True)
    assert all(isinstance(one, Move) for one in last.moved)
    assert not any(isinstance(one, Move) for one in told.steps[0].moved)
    assert 0 < len(told.sentences) <= 3
    labels = {one.label: one for one in model.bundle.features}
    for sentence in told.sentences:
        label = next(one for one in labels if sentence.startswith(f"{one}: "))
        assert sentence.endswith(" points.")
        assert label != "Calibration"


def test_one_id_of_two_shoppers_needs_the_shopper(model, tmp_path):
    lines = [
        "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session",
        *(f"2024-03-30 10:0{i}:00 UTC,view,{i},1,,,5.00,{i % 2 + 7},same" for i in range(4)),
    ]
    (tmp_path / "log.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(willbuy.WillbuyError, match=r"used by 2 shoppers.*--user: 7, 8"):
        model.explain(tmp_path / "log.csv", session="same")
    with pytest.raises(willbuy.WillbuyError, match="used by 2 shoppers"):
        model.explain([event(0), event(5, user="9")], session="s")
    told = model.explain(tmp_path / "log.csv", session="same", user=8)
    assert [one.product for one in told.steps] == ["1", "3"]


def test_an_unknown_session_names_near_ones(model, small_log):
    ((session, user),) = ids_of(small_log, [100])
    wrong = session[:-1] + ("0" if session[-1] != "0" else "1")
    with pytest.raises(willbuy.WillbuyError, match=rf"no session {wrong} .*Near it: .*{session}"):
        model.explain(session=wrong)
    with pytest.raises(willbuy.WillbuyError, match=f"no session {wrong}. .*{session}"):
        model.explain(session=wrong, user=user)
    with pytest.raises(willbuy.WillbuyError, match="no shopper 12"):
        model.explain(session=session, user=12)


def test_a_cut_id_is_several_sessions_and_at_goes_through_them(model):
    events = [event(0), event(30), event(7 * HOUR), event(7 * HOUR + 9, product="2")]
    last = model.explain(events, session="s")
    assert (last.part, last.parts, last.k) == (2, 2, 2)
    third, second = (model.explain(events, session="s", at=at) for at in (3, 2))
    assert (third.part, third.k) == (2, 1)
    assert (second.part, second.k, len(second.steps)) == (1, 2, 2)
    with pytest.raises(willbuy.WillbuyError, match="has 4 events: --at goes from 1 to 4"):
        model.explain(events, session="s", at=5)
    with pytest.raises(willbuy.WillbuyError, match="--at goes from 1"):
        model.explain(events, session="s", at=0)


def test_events_without_a_session_id_go_by_the_shopper(model):
    events = [event(0, session=None), event(60, session=None), event(90, session="t")]
    told = model.explain(events, user="5")
    assert [one.k for one in told.steps] == [1, 2]
    with pytest.raises(willbuy.WillbuyError, match=r"Name the session: --session ID"):
        model.explain(events)
    with pytest.raises(willbuy.WillbuyError, match=r"have a session id.*The latest: t"):
        model.explain(events[2:], user="5")


def test_where_there_is_nothing_to_explain(model):
    first = [event(0, "purchase"), event(9)]
    with pytest.raises(willbuy.WillbuyError, match="starts with its purchase"):
        model.explain(first, session="s")
    bought = [event(0), event(9, "purchase"), event(30, product="2")]
    with pytest.raises(willbuy.WillbuyError, match=r"purchase \(event 2\).*--at 1 is its last"):
        model.explain(bought, session="s", at=3)
    with pytest.raises(willbuy.WillbuyError, match="a likely bot"):
        model.explain([event(i, product=str(i)) for i in range(1001)], session="s")
    many = [event(i, product=str(i)) for i in range(503)]
    told = model.explain(many, session="s")
    assert (told.k, told.steps[-1].status) == (500, "capped")
    with pytest.raises(willbuy.WillbuyError, match="past the cap of 500 events"):
        model.explain(many, session="s", at=501)


def test_the_runs_own_log_may_be_gone_or_changed(small_run, small_log, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(small_run.folder / "model", run / "model")
    about = json.loads((small_run.folder / "run.json").read_text())
    log = tmp_path / small_log.name
    log.write_bytes(small_log.read_bytes())
    (run / "run.json").write_text(json.dumps({**about, "inputs": [str(log)]}))
    model = willbuy.load(run / "model")  # the bundle's folder does, too
    ((session, user),) = ids_of(small_log, [9000])
    assert model.explain(session=session, user=user).k > 0
    with log.open("a") as file:
        file.write(log.read_text().splitlines()[-1] + "\n")
    with pytest.raises(willbuy.WillbuyError, match=f"{log}, has changed since"):
        model.explain(session=session)
    log.unlink()
    with pytest.raises(willbuy.WillbuyError, match=f"{log}, is no longer there"):
        model.explain(session=session)
    (run / "run.json").unlink()
    with pytest.raises(willbuy.WillbuyError, match="does not say which log"):
        model.explain(session=session)


def test_only_the_latest_moments_of_a_long_session_cost_an_explanation(model):
    told = model.explain([event(10 * i, product=str(i % 7)) for i in range(60)], session="s")
    explained = [one.k for one in told.steps if one.change is not None]
    assert explained == list(range(50, 61))
    assert_adds_up(told)


def test_all_numbers_of_a_log_do_as_ids(model):
    events = [{**event(0), "session": 77, "user": 5}, {**event(9), "session": "77"}]
    assert model.explain(events, session=77).k == 2
    with pytest.raises(willbuy.WillbuyError, match="no id that a log can have"):
        model.explain(events, session="2.05E+18")


def test_examples_in_words():
    assert doctest.testmod(willbuy.explain.sentences).failed == 0


def test_missing_values_are_not_zero(model):
    told = model.explain([event(0, price=None)], session="s")
    values = {one.name: one.value for one in told.terms}
    assert values["price"] is None
    assert values["past_price"] is None
    assert not any(np.isnan(one.value) for one in told.terms if one.value is not None)
