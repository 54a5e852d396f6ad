"""ROC-AUC and F1 of scores in two bell curves, against drawn scores."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import precision_recall_curve, roc_auc_score

from willbuy.evaluate.two_bells import best_f1, fitting_rate


@pytest.mark.parametrize(("auc", "rate"), [(0.6, 0.3), (0.87, 0.068), (0.95, 0.5)])
def test_drawn_scores_reach_the_same_f1(auc, rate):
    rng = np.random.default_rng(0)
    y = rng.random(400_000) < rate
    scores = rng.standard_normal(len(y)) + y * 2**0.5 * norm.ppf(auc)
    precision, recall, _ = precision_recall_curve(y, scores)
    f1 = (2 * precision * recall / np.maximum(precision + recall, 1e-12)).max()
    assert roc_auc_score(y, scores) == pytest.approx(auc, abs=0.004)
    assert best_f1(auc, rate) == pytest.approx(f1, abs=0.006)


def test_the_fitting_rate_gives_the_f1_back():
    """The pair that is often published fits no shop's own rate of 6 or 7 %."""
    rate = fitting_rate(0.87, 0.72)
    assert best_f1(0.87, rate) == pytest.approx(0.72, abs=1e-6)
    assert rate == pytest.approx(0.347, abs=0.001)
