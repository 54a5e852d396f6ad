import numpy as np
import pytest
from sklearn import metrics as sk

from willbuy.evaluate.curves import POINTS, curves
from willbuy.evaluate.figures import How
from willbuy.evaluate.judge import judge
from willbuy.evaluate.thresholds import LINES, thresholds


def test_the_points_are_scikit_learns(part):
    told = curves(part)
    alarms, hits, lines = sk.roc_curve(part.y, part.p, sample_weight=part.weight)
    all_points = set(zip(alarms, hits, lines, strict=True))
    roc = told["roc"]
    points = list(zip(*roc.values(), strict=True))
    assert 20 < len(points) <= POINTS
    assert points[0] == (0, 0, None)
    assert points[-1][:2] == pytest.approx((1, 1))
    assert set(points[1:]) <= all_points
    precision, recall, lines = sk.precision_recall_curve(part.y, part.p, sample_weight=part.weight)
    every = set(zip(recall, precision, lines, strict=False))
    points = list(zip(*told["precision_recall"].values(), strict=True))
    assert 20 < len(points) <= POINTS
    assert set(points) <= every
    assert points[-1][0] == 1
    assert points[-1][1] == pytest.approx(np.average(part.y, weights=part.weight))


def test_thinning_keeps_the_curve(part):
    told = curves(part)
    alarms, hits, _ = sk.roc_curve(part.y, part.p, sample_weight=part.weight)
    x = np.linspace(0, 1, 1_000)
    thin = np.interp(x, told["roc"]["false_positive_rate"], told["roc"]["true_positive_rate"])
    assert thin == pytest.approx(np.interp(x, alarms, hits), abs=0.02)
    area = sk.auc(told["roc"]["false_positive_rate"], told["roc"]["true_positive_rate"])
    assert area == pytest.approx(
        sk.roc_auc_score(part.y, part.p, sample_weight=part.weight), abs=0.003
    )


def test_every_line_of_the_table_is_scikit_learns(part, how):
    told = thresholds(part, how)
    assert LINES // 3 < len(told["table"]) <= LINES + 1
    lines = [row["threshold"] for row in told["table"]]
    assert lines == sorted(set(lines))
    assert how.threshold in lines
    for row in told["table"]:
        flagged = part.p >= row["threshold"]
        w = {"sample_weight": part.weight}
        assert row["flagged_share"] == pytest.approx(np.average(flagged, weights=part.weight))
        assert row["precision"] == pytest.approx(sk.precision_score(part.y, flagged, **w))
        assert row["recall"] == pytest.approx(sk.recall_score(part.y, flagged, **w))
        assert row["f1"] == pytest.approx(sk.f1_score(part.y, flagged, **w))


def test_the_table_reaches_from_all_to_the_few_best(made, how):
    shares = [row["flagged_share"] for row in thresholds(made.part, how)["table"]]
    assert shares[0] == 1
    assert shares[-1] == pytest.approx(0.001, abs=2 / len(made.part.y))


def test_the_chosen_line(part, how, check_whole):
    told = thresholds(part, how)["chosen"]
    assert all(check_whole(told))
    flagged = part.p >= how.threshold
    by_rows = sk.confusion_matrix(part.y, flagged).ravel().tolist()
    weighted = sk.confusion_matrix(part.y, flagged, sample_weight=part.weight).ravel()
    assert list(told["confusion"]["moments"].values()) == by_rows
    assert list(told["confusion"]["weighted"].values()) == pytest.approx(weighted)
    assert list(told["confusion"]["moments"]) == [
        "true_negatives", "false_positives", "false_negatives", "true_positives",
    ]  # fmt: skip
    passed, alarms, *_ = weighted
    assert told["false_positive_rate"]["value"] == pytest.approx(alarms / (alarms + passed))


def test_the_chosen_line_agrees_with_the_headline(part, how):
    told = thresholds(part, how)["chosen"]
    head = judge(
        part.y, part.p, part.weight, part.user, part.session, np.ones(len(part.y), np.int32),
        threshold=how.threshold, seed=how.seed, replicates=how.replicates,
    )["headline"]  # fmt: skip
    for name in ("precision", "recall", "f1"):
        for end in ("value", "low", "high"):
            assert told[name][end] == pytest.approx(head[name][end], rel=1e-9), (name, end)


def test_no_curve_without_both_labels(poor, how, check_whole):
    told = curves(poor)
    check_whole(told)
    if poor.y.all() or not poor.y.any():
        assert list(told) == ["reason"]
    check_whole(thresholds(poor, how))


def test_a_line_that_nobody_reaches(made):
    told = thresholds(made.part, How(1.5, 1, 20, 1))
    assert told["chosen"]["precision"]["reason"] == "no moment reaches the threshold"
    assert told["chosen"]["recall"]["value"] == 0
    assert told["table"][-1]["precision"] is None
