"""What acting costs and must bring. A probability is not a gain."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from willbuy.decide.evidence import Evidence
from willbuy.errors import WillbuyError
from willbuy.settings import DecideSettings

Floats = NDArray[np.float64]

MARGIN, COST = 0.3, 1.0
"""Placeholders: nobody's margin, and nobody's cost."""


@dataclass(frozen=True)
class Terms:
    """The shop's own numbers.

    Attributes:
        margin: Of a sale, what is left before acting, as a share of its price.
        cost: Of acting on one session, in the log's currency.
        offer: Share of the price that acting gives away at every purchase, also at those that
            would have been made without it.
        lift: By how much acting raises the probability, relative to itself: 0.1 is 5 % to 5.5 %.
            None where nobody has measured it or assumes it.
        placeholders: Which of them nobody has set.
        between: The interval that a test gives the lift: gains are told from the low end's to the
            high end's. None where the lift is taken as exact.
    """

    margin: float
    cost: float
    offer: float = 0.0
    lift: float | None = None
    placeholders: tuple[str, ...] = ()
    between: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not 0 < self.margin <= 1:
            raise WillbuyError(
                f"A margin of {self.margin:g} is none that acting can earn from: give the share of "
                "the price that is left, above 0 and at most 1, such as --margin 0.3"
            )
        if not 0 <= self.cost < np.inf:
            raise WillbuyError(
                f"A cost of {self.cost:g} is none: give what acting costs, 0 or above."
            )
        if not 0 <= self.offer < 1:
            raise WillbuyError(
                f"An offer of {self.offer:g} is no share of the price: give one from 0 to below 1."
            )
        for lift in () if self.lift is None else (self.lift, *(self.between or ())):
            if not np.isfinite(lift):
                raise WillbuyError(f"A lift of {lift:g} is no number: give one such as 0.08.")
            if lift < -1:
                raise WillbuyError(f"A lift of {lift:g} is below -1: nobody buys less than never.")

    def gain(self, bought: Floats, value: Floats, lift: float | None = None) -> Floats:
        """What acting adds, for each session (n,), in the log's currency.

        A session buys with probability q, or q (1 + lift) if acted on. Then acting brings
        q (1 + lift) (margin - offer) value - q margin value - cost.

        Args:
            bought: q, or whether it bought: 0 or 1 (n,).
            value: What it would buy for (n,).
            lift: Instead of the terms' own.
        """
        lift = self.lift if lift is None else lift
        assert lift is not None
        return np.asarray(bought * value * self._kept(lift) - self.cost)

    @property
    def ends(self) -> tuple[Terms, Terms]:
        """With the least lift and with the greatest; both its own where it is taken as exact."""
        if self.between is None:
            return self, self
        low, high = (replace(self, lift=lift, between=None) for lift in self.between)
        return low, high

    @property
    def lift_told(self) -> str:
        """The lift in words, or the ends of its interval; with a lift."""
        assert self.lift is not None
        return " to ".join(f"{lift:.1%}" for lift in self.between or (self.lift,))

    @property
    def kept(self) -> float:
        """What acting adds of the price of a sale that would come without it; with a lift."""
        assert self.lift is not None
        return self._kept(self.lift)

    def _kept(self, lift: float) -> float:
        return (1 + lift) * (self.margin - self.offer) - self.margin

    def break_even(self, p: Floats, value: Floats) -> Floats:
        """The relative lift at which acting neither earns nor loses (n,); infinite where never.

        Args:
            p: Probability without acting (n,).
            value: What is at stake (n,).
        """
        left, stake = self.margin - self.offer, np.asarray(p * value)
        if left <= 0:
            return np.full(len(stake), np.inf)
        with np.errstate(divide="ignore", invalid="ignore"):
            needed = (self.cost / stake + self.margin) / left - 1
        return np.where(stake > 0, needed, np.inf)

    @property
    def hopeless(self) -> str | None:
        """Why acting can pay for nobody, in words; None where it might."""
        if self.offer >= self.margin:
            return (
                f"The offer ({self.offer:.0%} of the price) is no smaller than the margin "
                f"({self.margin:.0%}): each sale loses, however many more there are."
            )
        return None


def terms_of(
    settings: DecideSettings,
    *,
    margin: float | None = None,
    cost: float | None = None,
    offer: float | None = None,
    lift: float | tuple[float, float] | None = None,
) -> Terms:
    """The shop's numbers: as given, else from the settings, else placeholders.

    Args:
        settings: Of the run.
        margin, cost, offer: As for `Terms`.
        lift: Likewise, or the interval that a test gives it, both ends; then the point is its
            middle.

    Raises:
        WillbuyError: One of them cannot be.
    """
    margin = settings.margin if margin is None else margin
    cost = settings.cost if cost is None else cost
    named = {"margin": margin, "cost": cost}
    between = None
    if isinstance(lift, tuple):
        low, high = lift
        if not low <= high:
            raise WillbuyError(
                f"A lift from {low:g} to {high:g} is no interval: give the low end first."
            )
        lift, between = (low + high) / 2, (low, high)
    return Terms(
        MARGIN if margin is None else margin,
        COST if cost is None else cost,
        settings.offer if offer is None else offer,
        lift,
        tuple(name for name, value in named.items() if value is None),
        between,
    )


def gain_note(terms: Terms, evidence: Evidence) -> str:
    """What the intervals of gains hold, and what they do not; empty without a lift.

    Args:
        terms: The shop's.
        evidence: For the lift.
    """
    if terms.lift is None:
        return ""
    alone = (
        " Each segment's gain is of acting there alone: a session may come into several, so they "
        "do not add up."
    )
    if terms.between is not None:
        return (
            "Each gain's interval reaches from the least that the low end of the lift's interval "
            "brings to the most that the high end brings; its value is by the middle."
        ) + alone
    missing = (
        "the test's own uncertainty"
        if evidence == Evidence.MEASURED
        else "how far the lift may be off"
    )
    return (
        "Each gain's interval tells of the chance in which shoppers came, and takes the lift as "
        f"exact: {missing} is not in it. The lift's own interval puts it in: willbuy "
        "segments --lift 3%,13%."
    ) + alone


def sessions_for_test(rate: float, lift: float, *, level: float = 0.05, power: float = 0.8) -> int:
    """Sessions in each of two equal groups that show a lift, if there is one.

    Two-sided test of two proportions, normal approximation (Fleiss, Levin & Paik 2003, 4.2).

    Args:
        rate: Conversion without acting.
        lift: Relative.
        level: Share of false alarms.
        power: Share of true lifts that show.

    Returns:
        Sessions a group; 0 where the numbers leave nothing to test.
    """
    from scipy.stats import norm

    raised = min(rate * (1 + lift), 1.0)
    if not 0 < rate < 1 or raised <= rate:
        return 0
    mean = (rate + raised) / 2
    chance = norm.ppf(1 - level / 2) * np.sqrt(2 * mean * (1 - mean))
    shown = norm.ppf(power) * np.sqrt(rate * (1 - rate) + raised * (1 - raised))
    return int(np.ceil(((chance + shown) / (raised - rate)) ** 2))
