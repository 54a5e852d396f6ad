"""What the plain data say of a feature, beside what the model makes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from willbuy.evaluate.bootstrap import replicate_sums
from willbuy.evaluate.figures import How, divided, figure, rate, withheld
from willbuy.evaluate.metrics import Bools
from willbuy.explain.contributions import Floats, Floats32, Ints

BINS = 10

AGREE, IN_PART = 0.7, 0.3
"""From these rank correlations on, data and model agree, or agree in part; they also agree in part
where chance alone may explain that they do not agree."""


def bin_of(values: Floats32, most: int) -> Ints:
    """Deal values to groups: each value its own where there are few, else quantiles.

    Args:
        values: The feature, nan where missing (n,).
        most: Groups of known values.

    Returns:
        The group of each row, ascending with the value, the missing ones last (n,).
    """
    known = ~np.isnan(values)
    different = np.unique(values[known])
    borders = different[1:]
    if len(different) > most:
        shares = np.arange(1, most) / most
        borders = np.unique(np.quantile(values[known], shares, method="higher"))
        if borders[0] == different[0]:  # most are equal to the lowest, such as 0: they stand alone
            borders[0] = different[1]
    place = np.searchsorted(borders, values, side="right")
    return np.where(known, place, len(borders) + 1)


def by_value(
    values: Floats32, added: NDArray[np.floating], y: Bools, weight: Floats, user: Ints, how: How
) -> dict[str, Any]:
    """The share followed by a purchase, by value of a feature, beside what the model adds there.

    Args:
        values: The feature, nan where missing (n,), n > 0.
        added: Its contributions, log-odds (n,).
        y: Labels (n,).
        weight: Sampling weights (n,).
        user: int64 keys (n,).
        how: The bootstrap over shoppers.

    Returns:
        ``bins``, from the lowest values, then the missing ones: ``low`` and ``high`` (None where
        missing), ``share`` of the weight, ``rate`` as a figure, ``mean_contribution``, and
        ``as_rate``: the rate of all, moved by that contribution less the mean one. And
        ``agreement``: ``rank_correlation`` of rate and contribution over the bins, a figure, and
        ``words``.
    """
    _, place = np.unique(bin_of(values, BINS), return_inverse=True)
    cells = int(place.max()) + 1
    columns = np.column_stack([weight, weight * y, weight * added])
    mass, hits, sums = (np.bincount(place, one, cells) for one in columns.T)
    drawn = replicate_sums(
        user, place, columns[:, :2], cells, seed=how.seed, count=how.replicates,
        threads=how.threads,
    )  # fmt: skip
    rates = divided(drawn[:, :, 1], drawn[:, :, 0])
    mean, overall = sums / mass, hits.sum() / mass.sum()
    moved = expit(logit(overall) + mean - sums.sum() / mass.sum())
    bins = []
    for cell in range(cells):
        inside = values[place == cell]
        known = not np.isnan(inside).any()
        bins.append(
            {
                "low": float(inside.min()) if known else None,
                "high": float(inside.max()) if known else None,
                "share": float(mass[cell] / mass.sum()),
                "rate": rate(hits[cell], mass[cell], rates[:, cell], "no rows"),
                "mean_contribution": float(mean[cell]),
                "as_rate": float(moved[cell]),
            }
        )
    return {"overall": float(overall), "bins": bins, "agreement": agreement(bins, overall, rates)}


def agreement(bins: list[dict[str, Any]], overall: float, drawn: Floats) -> dict[str, Any]:
    """Whether rate and contribution rise and fall together over the bins.

    Args:
        bins: As `by_value` tells them, c of them.
        overall: The rate of all.
        drawn: The rates in each replicate (replicates, c).
    """
    rates = [one["rate"]["value"] for one in bins]
    added = [one["mean_contribution"] for one in bins]
    if np.ptp(rates) == 0 or np.ptp(added) == 0:
        few = "too few different values to compare"
        return {"rank_correlation": withheld(few), "words": few}
    share = np.array([one["share"] for one in bins])
    value = float(rank_correlations(np.array([rates]), np.array(added), share)[0])
    each = rank_correlations(drawn, np.array(added), share)
    told = figure(value, each, "too few different values to compare")
    if not any(_apart(one["rate"], overall) for one in bins):
        return {"rank_correlation": told, "words": "no difference in the plain rate can be told"}
    return {"rank_correlation": told, "words": in_words(value, told["high"])}


def rank_correlations(rates: Floats, added: Floats, share: Floats) -> Floats:
    """Spearman's rank correlation, in which a bin counts by its share.

    Args:
        rates: Of the bins, in each of r replicates (r, c); nan where a bin is empty.
        added: Mean contributions (c,).
        share: Of the bins; they sum to 1 (c,).

    Returns:
        One for each replicate (r,); nan where a rate is, or where all are equal.
    """
    from scipy.stats import rankdata  # slow to import, and pages read this module's words

    def centred(ranks: Floats) -> Floats:
        return np.asarray(ranks - (ranks @ share)[..., None])

    of_rates, of_added = centred(rankdata(rates, axis=1)), centred(rankdata(added)[None])
    together = (of_rates * of_added) @ share
    spread = np.sqrt((of_rates**2 @ share) * (of_added**2 @ share))
    return np.where(np.isnan(rates).any(axis=1), np.nan, divided(together, spread))


def in_words(correlation: float, high: float | None) -> str:
    """What a rank correlation of rate and contribution says.

    Args:
        correlation: Of `rank_correlations`.
        high: The upper end of its interval; None where there is none.

    >>> in_words(0.9, 0.95), in_words(0.5, 0.6), in_words(0.2, 0.8)
    ('agree', 'agree in part', 'agree in part')
    >>> in_words(-0.2, 0.3)
    'disagree: other features explain it'
    """
    if correlation >= AGREE:
        return "agree"
    if correlation >= IN_PART or (high is not None and high >= AGREE):
        return "agree in part"
    return "disagree: other features explain it"


def _apart(told: dict[str, Any], overall: float) -> bool:
    """Whether a bin's rate differs from that of all by more than its interval."""
    return told["low"] is not None and not told["low"] <= overall <= told["high"]
