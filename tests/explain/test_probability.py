"""From log-odds to the probability that is shown."""

import numpy as np
import pytest
from scipy.special import expit

from willbuy.explain.contributions import Explained
from willbuy.explain.probability import calibration, mean_points
from willbuy.features.registry import Feature
from willbuy.models.calibrator import Calibrator

FEATURES = [Feature(name, name, "events", "Made up.", "own", lambda *_: 0.0) for name in "ab"]
ADDED = np.array([[1.0, 0.0], [-2.0, 0.5], [0.5, 0.25]], np.float32)
TOLD = Explained(FEATURES, np.zeros((3, 2), np.float32), np.array([1.0, 2.0, 1.0]), ADDED, -1.0)
K = np.ones(3, int)


def test_without_a_map_calibration_adds_nothing():
    added = calibration(TOLD, Calibrator("none"), K)
    assert added["mean"] == pytest.approx(0, abs=1e-12)
    assert added["mean_abs"] == pytest.approx(0, abs=1e-12)


def test_a_map_adds_what_it_moves_the_log_odds_by():
    added = calibration(TOLD, Calibrator("sigmoid", (2.0, 0.5)), K)
    moved = TOLD.margin + 0.5  # 2 m + 0.5 - m
    assert added["mean"] == pytest.approx(np.average(moved, weights=TOLD.weight))
    assert added["mean_abs"] == pytest.approx(np.average(np.abs(moved), weights=TOLD.weight))


def test_points_are_what_taking_a_contribution_away_changes():
    m = TOLD.margin
    expected = [
        100 * np.average(np.abs(expit(m) - expit(m - ADDED[:, i])), weights=TOLD.weight)
        for i in (0, 1)
    ]
    np.testing.assert_allclose(mean_points(TOLD, Calibrator("none"), K), expected)
