"""Are the probabilities right where they are low, and where they are high?"""

from __future__ import annotations

from typing import Any

import numpy as np

from willbuy.evaluate.figures import How, Part, divided, figure, rate
from willbuy.evaluate.metrics import Floats, equal_mass_bins

_NOTE = (
    "The bins hold a tenth of the weight each; equal probabilities stay together, so that there "
    "may be fewer. They are those of the sample in every replicate. Chance alone makes gaps, so "
    "reliability is never 0, not even for a perfect model."
)


def calibration_curve(part: Part, how: How) -> dict[str, Any]:
    """The curve over the bins, and the parts of the Brier score over the same bins.

    The parts are those of Murphy (1973, "A new vector partition of the probability score"),
    and what varies inside the bins (Stephenson, Coelho & Jolliffe 2008, "Two extra components in
    the Brier score decomposition"): Brier = reliability - resolution + uncertainty + within_bins.

    Args:
        part: Rows to judge, n > 0.
        how: The bootstrap.

    Returns:
        ``reading`` and ``note``; ``bins``, from the lowest: ``moments``, ``weight_share``,
        ``mean_prediction`` and ``observed_rate`` as a figure; and ``brier``: ``score`` and its
        four parts as figures.
    """
    bins = equal_mass_bins(part.p, part.weight)
    cell, cells = bins.of(part.p), len(bins.upper)
    values = _values(part)
    sums = np.transpose([np.bincount(cell, column, cells) for column in values.T])
    drawn = how.sums(part.user, cell, values, cells)
    mass, hits, predicted = sums.T[:3]
    rates = divided(drawn[:, :, 1], drawn[:, :, 0])
    rows = np.bincount(cell, minlength=cells)
    curve = [
        {
            "moments": int(rows[b]),
            "weight_share": float(mass[b] / mass.sum()),
            "mean_prediction": float(predicted[b] / mass[b]),
            "observed_rate": rate(hits[b], mass[b], rates[:, b], "no moments"),
        }
        for b in range(cells)
    ]
    points, spread = _brier_parts(sums[None]), _brier_parts(drawn)
    told = {name: figure(float(points[name][0]), spread[name], "no moments") for name in points}
    return {"reading": "every_moment", "note": _NOTE, "bins": curve, "brier": told}


def _values(part: Part) -> Floats:
    """What is added up of each row: weight, and its products with y, p, p² and y p (n, 5)."""
    w, p = part.weight, part.p
    hit = w * part.y
    return np.column_stack([w, hit, w * p, w * p * p, hit * p])


def _brier_parts(sums: Floats) -> dict[str, Floats]:
    """The score and its parts from sums by bin (r, bins, 5), each (r,)."""
    mass, hits, predicted, squares, products = np.moveaxis(sums, -1, 0)
    total = mass.sum(axis=1)
    everywhere = divided(hits.sum(axis=1), total)
    rates, means = divided(hits, mass), divided(predicted, mass)

    def averaged(by_bin: Floats) -> Floats:
        return divided(np.nansum(by_bin, axis=1), total)  # nan: nobody of this bin was drawn

    inside = squares - mass * means**2 - 2 * (products - mass * means * rates)
    return {
        "score": averaged(squares - 2 * products + hits),
        "reliability": averaged(mass * (means - rates) ** 2),
        "resolution": averaged(mass * (rates - everywhere[:, None]) ** 2),
        "uncertainty": everywhere * (1 - everywhere),
        "within_bins": averaged(inside),
    }
