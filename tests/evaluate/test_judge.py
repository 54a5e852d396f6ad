import json
import subprocess
import sys

import numpy as np
import pytest
from sklearn import metrics as sk

from willbuy.evaluate import LANDMARKS, METRICS, judge


def part(sessions, seed=0, base=-2.0):
    """All moments of some sessions of known chance to buy: y, p, weight, user, session, k."""
    rng = np.random.default_rng(seed)
    length = rng.geometric(0.2, sessions)
    session = np.repeat(np.arange(sessions), length) * 31
    user = np.repeat(rng.integers(0, sessions // 2 + 1, sessions), length)
    margin = np.repeat(base + 1.2 * rng.normal(size=sessions), length)
    chance = 1 / (1 + np.exp(-margin))
    y = np.repeat(rng.random(sessions), length) < chance
    k = np.concatenate([np.arange(1, n + 1) for n in length]).astype(np.int32)
    return y, chance, np.ones(len(y)), user, session, k


@pytest.fixture(scope="module")
def data():
    return part(3_000)


@pytest.fixture(scope="module")
def told(data):
    y, p, *_ = data
    blind = np.full(len(y), y.mean())
    others = {"base rate": blind, "itself": p.copy()}
    return judge(*data, threshold=0.3, seed=1, replicates=200, others=others)


def figures(answer):
    if isinstance(answer, dict):
        if "low" in answer:
            yield answer
        for value in answer.values():
            yield from figures(value)
    elif isinstance(answer, list):
        for value in answer:
            yield from figures(value)


def test_is_plain_json_and_every_figure_is_whole(told):
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    every = list(figures(told))
    assert len(every) == 2 * len(METRICS) + 6 * len(LANDMARKS) + 2 * len(METRICS)
    for figure in every:
        if figure["value"] is None or figure["low"] is None:
            assert figure["reason"]
        else:
            assert figure["low"] <= figure["high"]


def test_headline_counts_every_moment(told, data):
    y, p, _, user, session, _ = data
    head = told["headline"]
    assert head["moments"] == len(y)
    assert head["sessions"] == len(np.unique(session))
    assert head["users"] == len(np.unique(user))
    assert head["positives"] == y.sum()
    assert head["roc_auc"]["value"] == pytest.approx(sk.roc_auc_score(y, p))
    for name in set(METRICS) - {"calibration_error"}:
        figure = head[name]
        assert figure["low"] <= figure["value"] <= figure["high"], name


def test_per_session_counts_each_session_once(told, data):
    y, p, _, _, session, _ = data
    once = told["per_session"]
    rates = [y[session == one].mean() for one in np.unique(session)]
    assert once["base_rate"]["value"] == pytest.approx(np.mean(rates))
    size = np.bincount(np.unique(session, return_inverse=True)[1])
    weight = (1 / size)[np.unique(session, return_inverse=True)[1]]
    assert once["roc_auc"]["value"] == pytest.approx(sk.roc_auc_score(y, p, sample_weight=weight))
    assert once["base_rate"]["value"] != told["headline"]["base_rate"]["value"]


def test_per_session_divides_sampling_weights_too(data):
    y, p, _, user, session, k = data
    weight = np.random.default_rng(1).integers(1, 5, len(y)).astype(float)
    once = judge(y, p, weight, user, session, k, threshold=0.3, seed=1, replicates=20)
    code = np.unique(session, return_inverse=True)[1]
    rates = np.bincount(code, weight * y) / np.bincount(code, weight)
    assert once["per_session"]["base_rate"]["value"] == pytest.approx(rates.mean())


def test_by_k_holds_the_moments_of_exactly_that_ordinal(told, data):
    y, p, _, _, _, k = data
    assert [row["k"] for row in told["by_k"]] == list(LANDMARKS)
    for row in told["by_k"]:
        at = k == row["k"]
        assert row["moments"] == at.sum()
        assert row["positives"] == y[at].sum()
        if row["log_loss"]["value"] is not None:
            assert row["log_loss"]["value"] == pytest.approx(sk.log_loss(y[at], p[at]))
            gap = row["calibration_in_the_large"]["value"]
            assert gap == pytest.approx(p[at].mean() - y[at].mean())


def test_landmarks_with_few_of_a_kind_are_withheld_with_a_reason():
    y, *rest = part(120, seed=2)
    answer = judge(y, *rest, threshold=0.3, seed=1, replicates=50)
    late = answer["by_k"][-1]
    assert late["positives"] < 10
    assert late["roc_auc"]["value"] is None
    assert f"{late['positives']} positives" in late["roc_auc"]["reason"]


def test_a_true_model_lies_within_chance(told):
    head = told["headline"]
    assert head["calibration_error"]["value"] <= head["calibration_error_by_chance"]["p95"] * 1.2
    assert head["calibration_error_by_chance"]["median"] > 0


def test_paired_differences(told):
    against = told["paired"]["base rate"]
    assert against["log_loss"]["verdict"] == "lower"
    assert against["roc_auc"]["verdict"] == "higher"
    assert against["base_rate"] == {
        "value": 0.0, "low": 0.0, "high": 0.0, "verdict": "no difference",
    }  # fmt: skip
    own = told["paired"]["itself"]
    assert {own[name]["verdict"] for name in METRICS} == {"no difference"}
    assert own["f1"]["value"] == 0.0


def test_what_the_intervals_cover_is_said(told):
    assert "shoppers" in told["interval_note"]
    assert "not what fitting" in told["interval_note"]


def test_same_seed_same_answer_and_scores_of_any_order(data):
    one = judge(*data, threshold=0.3, seed=1, replicates=30)
    assert judge(*data, threshold=0.3, seed=1, replicates=30, threads=1) == one
    assert judge(*data, threshold=0.3, seed=2, replicates=30) != one


def test_labels_of_small_integers_are_as_good(data):
    y, *rest = data
    one = judge(y, *rest, threshold=0.3, seed=1, replicates=10)
    assert judge(y.astype(np.int8), *rest, threshold=0.3, seed=1, replicates=10) == one


def test_five_positives():
    y, *rest = part(60, seed=3)
    session = rest[3]
    buyers = np.unique(session)[:5]
    y = np.isin(session, buyers) & (rest[4] == 1)
    answer = judge(y, *rest, threshold=0.1, seed=1, others={"same": rest[0]})
    json.dumps(answer, allow_nan=False)
    auc = answer["headline"]["roc_auc"]
    assert auc["low"] < auc["value"] < auc["high"]
    assert auc["high"] - auc["low"] > 0.1


@pytest.mark.parametrize("label", [False, True])
def test_one_kind_of_label(label):
    y, *rest = part(40)
    answer = judge(np.full(len(y), label), *rest, threshold=0.1, seed=1, replicates=50)
    json.dumps(answer, allow_nan=False)
    head = answer["headline"]
    assert head["roc_auc"]["value"] is None
    assert head["roc_auc"]["reason"]
    assert head["brier"]["value"] is not None


def test_one_row_and_none():
    data = part(40)
    for rows in (1, 0):
        answer = judge(*(a[:rows] for a in data), threshold=0.1, seed=1, replicates=50)
        json.dumps(answer, allow_nan=False)
        assert answer["headline"]["moments"] == rows
        assert answer["headline"]["roc_auc"]["reason"]


def test_importing_the_rooms_loads_no_heavy_library():
    code = (
        "import sys, willbuy.models, willbuy.evaluate;"
        "print({'sklearn', 'xgboost', 'numba', 'scipy'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def test_drawn_rows_count_each_session_once_whether_drawn_or_not():
    """Sessions that buy are longer; a draw of moments must not favour them."""
    rng = np.random.default_rng(0)
    buys = rng.random(4_000) < 0.1
    moments = np.where(buys, rng.geometric(0.15, 4_000), rng.geometric(0.5, 4_000))
    session = np.arange(4_000).repeat(moments)
    k = np.concatenate([np.arange(1, n + 1) for n in moments])
    y, of_session = buys[session], moments[session]
    given, ignored = [], []
    for _ in range(30):
        rate = np.minimum(1, 0.2 / k)
        drawn = rng.random(len(k)) < rate
        rows = (y, np.full(len(y), 0.1), 1 / rate, session, session, k)
        rows = [one[drawn] for one in rows]
        for found, known in ((given, of_session[drawn]), (ignored, None)):
            told = judge(*rows, threshold=0.3, seed=0, replicates=2, session_moments=known)
            found.append(told["per_session"]["base_rate"]["value"])
    assert np.mean(given) == pytest.approx(buys.mean(), rel=0.04)
    assert np.mean(ignored) > 1.2 * buys.mean()
