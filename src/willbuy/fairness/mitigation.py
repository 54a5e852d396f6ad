"""What mending a slice would do and cost: fitted on calibrate, judged on test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit

from willbuy.evaluate.figures import How, Part, told
from willbuy.evaluate.judge import differences
from willbuy.evaluate.metrics import Bools, Floats
from willbuy.evaluate.recalibration import fit_line
from willbuy.fairness.figures import rates
from willbuy.fairness.search import LEAST_BUYERS

NOTE = (
    "Each is fitted on the calibrate part and judged on test. The slice was found on test, so its "
    "gap is a little larger there than it will be; differences are paired, after minus before, on "
    "all of test."
)
_FARTHEST = 4.0
"""No offset is larger, in log-odds."""

_ON_PROBABILITY = ("log_loss", "roc_auc")
_ON_FLAGS = ("precision", "recall", "f1")


def mitigations(
    calibrate: Part, in_calibrate: Bools, test: Part, in_test: Bools, how: How
) -> dict[str, Any]:
    """An offset for the slice, a line of its own, and a reweighed map for all.

    Args:
        calibrate, test: Rows of the two parts.
        in_calibrate, in_test: Which of them are of the slice.
        how: The line, and the bootstrap.

    Returns:
        ``offset``: ``log_odds``; ``gap_before`` and ``gap_after``, the slice's mean probability
        minus its rate, as figures; ``costs``: paired differences on all of test. ``threshold``:
        ``value``; the slice's ``true_positive_rate`` and ``false_positive_rate`` ``before`` and
        ``after``; ``costs``. ``reweighed``: ``slope``, ``log_odds``; ``gap_before``,
        ``gap_after``, ``costs``. Or a ``reason``.
    """
    inside = calibrate.at(in_calibrate)
    buyers = len(np.unique(inside.user[inside.y]))
    if buyers < LEAST_BUYERS:
        reason = f"the slice has {buyers} buyers in calibrate; {LEAST_BUYERS} are needed"
        return {"reason": reason}
    return {
        "offset": _offset(inside, test, in_test, how),
        "threshold": _own_line(calibrate, inside, ~in_calibrate, test, in_test, how),
        "reweighed": _reweighed(calibrate, in_calibrate, test, in_test, how),
    }


def _offset(inside: Part, test: Part, in_test: Bools, how: How) -> dict[str, Any]:
    """The log-odds that make the slice right on average in calibrate, added to it in test."""
    hits = float(inside.weight @ inside.y)

    def missed(by: float) -> float:
        return float(inside.weight @ moved(inside.p, by)) - hits

    if missed(-_FARTHEST) > 0 or missed(_FARTHEST) < 0:
        return {"reason": "no reasonable offset makes it right in calibrate"}
    by = float(brentq(missed, -_FARTHEST, _FARTHEST, xtol=1e-6))
    after = replace(test, p=np.where(in_test, moved(test.p, by), test.p))
    return {"log_odds": by, **_bought(test, after, in_test, how)}


def moved(p: Floats, by: float) -> Floats:
    """Probabilities moved in log-odds."""
    return np.asarray(expit(_log_odds(p) + by))


def _log_odds(p: Floats) -> Floats:
    return np.asarray(logit(np.clip(p, 1e-9, 1 - 1e-9)))


def _bought(test: Part, after: Part, in_test: Bools, how: How) -> dict[str, Any]:
    """The slice's gap before and after, and what that costs on all of test."""
    gaps = [
        told(part.at(in_test), how, ("calibration_in_the_large",))[0]["calibration_in_the_large"]
        for part in (test, after)
    ]
    costs = _costs(test, after, how, (*_ON_PROBABILITY, *_ON_FLAGS))
    return {"gap_before": gaps[0], "gap_after": gaps[1], "costs": costs}


def _reweighed(
    calibrate: Part, inside: Bools, test: Part, in_test: Bools, how: How
) -> dict[str, Any]:
    """A straight line in log-odds for all, of calibrate with the slice's own rate weighed out.

    The weights make slice and label independent (Kamiran & Calders 2012). Unlike the other two
    it need not know at scoring who is of the slice.
    """
    weight, total = calibrate.weight.copy(), calibrate.weight.sum()
    for group in (inside, ~inside):
        for label in (calibrate.y, ~calibrate.y):
            there = calibrate.weight[group & label].sum()
            if not there:
                return {"reason": "in calibrate the slice, or the rest, holds one label only"}
            fair = calibrate.weight[group].sum() * calibrate.weight[label].sum() / total
            weight[group & label] *= fair / there
    by, slope = fit_line(replace(calibrate, weight=weight), _log_odds(calibrate.p))
    after = replace(test, p=np.asarray(expit(slope * _log_odds(test.p) + by)))
    return {"slope": slope, "log_odds": by, **_bought(test, after, in_test, how)}


def _own_line(
    calibrate: Part, inside: Part, outside: Bools, test: Part, in_test: Bools, how: How
) -> dict[str, Any]:
    """The line at which, in calibrate, the slice's buyers are flagged as often as all others.

    As for equal opportunity (Hardt, Price & Srebro 2016), with one line a group.
    """
    others = calibrate.at(outside)
    bought = others.weight @ others.y
    if not bought:
        return {"reason": "nobody else buys in calibrate"}
    wanted = float(others.weight @ (others.y & (others.p >= how.threshold)) / bought)
    p, weight = inside.p[inside.y], inside.weight[inside.y]
    order = np.argsort(-p)
    caught = np.cumsum(weight[order]) / weight.sum()
    value = float(p[order][np.argmin(np.abs(caught - wanted))])
    flagged = np.where(in_test, test.p >= value, test.p >= how.threshold)
    half = replace(how, threshold=0.5)
    before = replace(test, p=(test.p >= how.threshold).astype(np.float64))
    after = replace(test, p=flagged.astype(np.float64))
    told_rates = [rates(part.at(in_test), half) for part in (before, after)]
    both = ("true_positive_rate", "false_positive_rate")
    return {
        "value": value,
        "before": {name: told_rates[0][name] for name in both},
        "after": {name: told_rates[1][name] for name in both},
        "costs": _costs(before, after, half, _ON_FLAGS),
    }


def _costs(before: Part, after: Part, how: How, names: tuple[str, ...]) -> dict[str, Any]:
    """After minus before on all of test, paired."""
    gains = differences(
        before.y, how.points(after), how.points(before), how.draw(after) - how.draw(before)
    )
    return {name: gains[name] for name in names}
