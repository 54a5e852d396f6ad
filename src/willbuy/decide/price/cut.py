"""What a price cut brings, given an elasticity."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.errors import WillbuyError
from willbuy.events.prices import has_currency

Floats = NDArray[np.float64]

MONTH = 30
"""Days that figures are scaled to."""

_DRAWS = 10_000
_EDGES = (0.025, 0.975)


@dataclass(frozen=True)
class Elasticities:
    """Own and cross-price elasticity, and how sure they are.

    Attributes:
        own: Best guess; None where only a range is known.
        cross: Likewise; None where nothing is known of it, and then it is taken as zero.
        draws: (d, 2): draws of both; of a range, its two ends.
    """

    own: float | None
    cross: float | None
    draws: Floats

    @classmethod
    def of_range(cls, low: float, high: float) -> Elasticities:
        """A range that somebody gives."""
        return cls(None, None, np.array([[low, 0.0], [high, 0.0]]))

    @classmethod
    def of_estimate(cls, value: Floats, covariance: Floats, seed: int = 0) -> Elasticities:
        """Of (1,) or (2,) coefficients: normal draws, a parametric bootstrap."""
        drawn = np.random.default_rng(seed).multivariate_normal(value, covariance, _DRAWS)
        both = np.zeros((_DRAWS, 2))
        both[:, : drawn.shape[1]] = drawn
        return cls(float(value[0]), float(value[1]) if len(value) > 1 else None, both)

    def told(self, figure: Callable[[Floats, Floats], Floats]) -> dict[str, Any]:
        """A figure of own and cross elasticity: its value and interval; None where it has none."""
        drawn = figure(self.draws[:, 0], self.draws[:, 1])
        value = None
        if self.own is not None:
            value = float(figure(np.array([self.own]), np.array([self.cross or 0.0]))[0])
        ends = (0.0, 1.0) if self.own is None else _EDGES
        # A quantile between a number and infinity is none: take the nearest draw.
        low, high = (float(np.quantile(drawn, end, method="nearest")) for end in ends)
        return {name: _finite(one) for name, one in zip(
            ("value", "low", "high"), (value, low, high), strict=True)}  # fmt: skip


@dataclass(frozen=True)
class Baseline:
    """What was sold at the present prices, scaled to `MONTH` days.

    Attributes:
        views, units, revenue: (g,) of the scope's products, in groups.
        others_inside: (g,) which share of their categories' other products is cut, too.
        other_units, other_revenue, other_inside: (h,) likewise of products outside the scope.
    """

    views: Floats
    units: Floats
    revenue: Floats
    others_inside: Floats
    other_units: Floats
    other_revenue: Floats
    other_inside: Floats


def consequences(
    base: Baseline, cut: float, margin: float | None, elasticities: Elasticities
) -> dict[str, Any]:
    """Conversion, units, revenue and margin before and after a cut.

    Views are held as they are, and so is what a unit costs.

    Args:
        base: What was sold.
        cut: Share taken off every price of the scope, in (0, 1).
        margin: Share of the present price that is left after costs, in (0, 1); None: unknown.
        elasticities: Of purchases per view.

    Returns:
        For each figure `before`, `after` and `change` (a share), the last two with value, low
        and high; `others`, the change of units and revenue of products outside the scope, only
        where a cross-price elasticity is known; `break_even_margin`, with that change where it
        is known. A figure is None where it is not finite.
    """
    lower = math.log1p(-cut)
    views, units, revenue = base.views.sum(), base.units.sum(), base.revenue.sum()

    def times(own: Floats, cross: Floats) -> Floats:
        return np.exp(lower * (own[:, None] + cross[:, None] * base.others_inside))

    def others(cross: Floats) -> Floats:
        return np.exp(lower * cross[:, None] * base.other_inside)

    def sold(own: Floats, cross: Floats) -> Floats:
        return times(own, cross) @ base.units

    def earned(own: Floats, cross: Floats) -> Floats:
        return (1 - cut) * (times(own, cross) @ base.revenue)

    def break_even(own: Floats, cross: Floats) -> Floats:
        worth = times(own, cross) @ base.revenue  # at present prices
        more = worth - revenue + others(cross) @ base.other_revenue - base.other_revenue.sum()
        with np.errstate(divide="ignore", invalid="ignore"):
            least = cut * worth / more
        return np.where((more > 0) & (least <= 1), least, np.inf)

    def lost(values: Floats) -> Callable[[Floats, Floats], Floats]:
        return lambda own, cross: others(cross) @ values - values.sum()

    told = {
        "conversion": _figure(elasticities, units / views, lambda o, c: sold(o, c) / views),
        "units": _figure(elasticities, units, sold),
        "revenue": _figure(elasticities, revenue, earned),
    }
    if margin is not None:

        def kept(own: Floats, cross: Floats) -> Floats:
            return (margin - cut) * (times(own, cross) @ base.revenue)

        told["margin"] = _figure(elasticities, margin * revenue, kept)
    if elasticities.cross is not None:
        told["others"] = {
            "units": elasticities.told(lost(base.other_units)),
            "revenue": elasticities.told(lost(base.other_revenue)),
        }
    told["break_even_margin"] = elasticities.told(break_even)
    return told


def _figure(
    elasticities: Elasticities, before: float, after: Callable[[Floats, Floats], Floats]
) -> dict[str, Any]:
    return {
        "before": float(before),
        "after": elasticities.told(after),
        "change": elasticities.told(lambda own, cross: after(own, cross) / before - 1),
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def parse_cut(text: str) -> float:
    """A cut as people write it: 10% or 0.1.

    >>> parse_cut("10%"), parse_cut("0.25")
    (0.1, 0.25)

    Raises:
        WillbuyError: It is no share between 0 and 100 %.
    """
    return _share(text, "--cut", "10% takes a tenth off every price")


def parse_margin(text: str) -> float:
    """A margin as people write it: 30% or 0.3.

    Raises:
        WillbuyError: It is no share between 0 and 100 %.
    """
    return _share(text, "--margin", "0.3 says that 30 % of the price are left after costs")


def _share(text: str, name: str, meaning: str) -> float:
    written = text.strip()
    try:
        value = float(written.removesuffix("%")) / (100 if written.endswith("%") else 1)
    except ValueError:
        value = math.nan
    if has_currency(written):
        raise WillbuyError(
            f"{name} is {text}, which has a currency sign; it is a share of the price, not an "
            f"amount: write a share above 0 and below 100 %, such as 10% or 0.1: {meaning}."
        )
    if not 0 < value < 1:
        raise WillbuyError(
            f"{name} is {text}; it is a share above 0 and below 100 %, such as 10% or 0.1: "
            f"{meaning}."
        )
    return value
