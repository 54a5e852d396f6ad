"""Many models on the same moments: calibrated alike, judged alike, and told apart in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logit

from willbuy.evaluate.compare import compare
from willbuy.models.calibration import fit_calibrator
from willbuy.models.calibrator import Calibrator
from willbuy.research.blend import Blend, crossed_margin, fit_blend
from willbuy.research.learner import Floats, Moments

BLEND = "blend"

Figures = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Calibrated:
    """One model's answers after the run's own means of calibration.

    Attributes:
        calibrator: Fitted on calibrate.
        loss: Cross-fitted log loss there: what a choice between models may look at.
        p: Probabilities on test (n,).
    """

    calibrator: Calibrator
    loss: float
    p: Floats


def calibrate(
    on_calibrate: Floats,
    on_test: Floats,
    calibrate: Moments,
    test: Moments,
    *,
    seed: int,
    crossed: Floats | None = None,
) -> Calibrated:
    """Map a model's log-odds to probabilities, as every run does for its own models.

    Args:
        on_calibrate, on_test: Log-odds (n,) of the two parts.
        calibrate, test: The moments.
        seed: Deals the folds.
        crossed: For calibrate, log-odds made without the row's shopper, where the model itself
            has seen the part, as the blend has.
    """
    seen = on_calibrate if crossed is None else crossed
    y, weight = calibrate.y, calibrate.weight
    found = fit_calibrator(seen, y, weight, calibrate.user, calibrate.k, seed=seed)
    lost = -np.log(np.where(y, found.cross_fitted, 1 - found.cross_fitted))
    return Calibrated(
        found.calibrator,
        float(np.average(lost, weights=weight)),
        found.calibrator(on_test, test.k),
    )


def calibrate_all(
    answers: Mapping[str, Mapping[str, Floats]],
    calibrate_: Moments,
    test: Moments,
    *,
    blended: bool,
    seed: int,
) -> tuple[dict[str, Calibrated], Blend | None]:
    """Calibrate each model, and blend them where asked.

    Args:
        answers: By model, its probabilities on the parts ``calibrate`` and ``test``.
        calibrate_, test: The moments.
        blended: Whether the blend is wanted; it comes last, as `BLEND`.
        seed: Deals the folds.

    Returns:
        By name; and the blend.
    """
    margins = {
        part: {name: np.asarray(logit(p[part])) for name, p in answers.items()}
        for part in ("calibrate", "test")
    }
    found = {
        name: calibrate(
            margins["calibrate"][name], margins["test"][name], calibrate_, test, seed=seed
        )
        for name in answers
    }
    if not blended:
        return found, None
    y, weight = calibrate_.y, calibrate_.weight
    blend = fit_blend(margins["calibrate"], y, weight)
    crossed = crossed_margin(margins["calibrate"], y, weight, calibrate_.user, seed=seed)
    found[BLEND] = calibrate(
        blend.margin(margins["calibrate"]), blend.margin(margins["test"]), calibrate_, test,
        seed=seed, crossed=crossed,
    )  # fmt: skip
    return found, blend


def figures(
    probabilities: Mapping[str, Floats],
    test: Moments,
    *,
    seed: int,
    replicates: int,
    threads: int,
    minus: Mapping[str, Sequence[str]] | None = None,
) -> Figures:
    """Judge probabilities on test; `minus` is all others of each where not given."""
    names = list(probabilities)
    return compare(
        test.y, probabilities, test.weight, test.user, test.visit, test.k,
        minus=minus or {name: [one for one in names if one != name] for name in names},
        seed=seed, replicates=replicates, threads=threads,
    )  # fmt: skip
