"""What a world will bring, before anything is drawn: how many shoppers make so many events."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from willbuy.errors import WillbuyError
from willbuy.simulator.chain import (
    BUY,
    CART,
    EVENING_FROM,
    EVENING_TO,
    HORIZON,
    LEAVE,
    REMOVE,
    SATED,
    Chain,
    Floats,
    moves_of,
)
from willbuy.simulator.world import World

_BEFORE = 2 * HORIZON
"""Days that the shop has been open when the log begins; more would change nothing."""

_LONGEST = 100
"""No kind of visit may have more events on average."""


class Forecast(NamedTuple):
    """Expectations per shopper of a log of so many days.

    Attributes:
        entries: (days, Z, N), chances of the day, type and need of a shopper's first visit in the
            log.
        visits: Visits in the log; the others count what happens in them.
        events, buying, carts, removals, purchases, single: Events, visits with a purchase, cart
            events, removals, purchase rows, visits of one event.
        looked: (A,), events by the class of the product looked at.
    """

    entries: Floats
    visits: float
    events: float
    buying: float
    carts: float
    removals: float
    purchases: float
    single: float
    looked: Floats


class _Visit(NamedTuple):
    """What a visit brings, and how it ends, by type, need and cart at its start."""

    told: Floats  # (Z, N, 2, 6): events, buys, carts, removals, purchase rows, single
    looked: Floats  # (Z, N, 2, A)
    end: Floats  # (Z, N, 2, N', 2')


def forecast(world: World, chain: Chain, mass: Floats, days: int) -> Forecast:
    """Compute expectations by the chain, at an average day's mix.

    Args:
        world: For the rhythm of weekdays.
        chain: Its probabilities.
        mass: (A,), popularity of each class.
        days: Of the log.

    Raises:
        WillbuyError: Visits hardly ever end.
    """
    visit = _visits(chain, mass, coupon=0)
    share = world.causal.coupon_share
    if share:
        given = _visits(chain, mass, coupon=1)
        visit = _Visit(*((1 - share) * a + share * b for a, b in zip(visit, given, strict=True)))
    weekday = np.array(world.behaviour.weekday)
    rhythm = weekday[(world.start.weekday() + np.arange(days)) % 7] / weekday.mean()
    stays = _stays(chain, visit.end)
    new = np.append(chain.first[..., None], np.zeros((*chain.first.shape, 1)), axis=2)
    before = _visits_of_days(stays, np.repeat(new[None], _BEFORE, 0))
    known = np.array([_coming(stays, before, _BEFORE + day) for day in range(days)])
    # Who comes for the first time in the log has been here before, or not. A cart from then is
    # not in the log: it counts as given up.
    entries = rhythm[:, None, None] * new.sum(2) + known.sum(3)
    entries /= entries.sum()
    visits = _visits_of_days(stays, entries[..., None] * np.array([1.0, 0.0])).sum(0)
    told = np.tensordot(visits, visit.told, 3)
    looked = np.tensordot(visits, visit.looked, 3)
    events, buying, carts, removals, purchases, single = (float(one) for one in told)
    return Forecast(
        entries, float(visits.sum()), events, buying, carts, removals, purchases, single, looked
    )


class _Stays(NamedTuple):
    """How visits of a day lead to later ones; a state is a need and a cart.

    Attributes:
        again: (Z, S, S), from those that came to all of the day, with those that follow soon.
        waits: (HORIZON, Z, S, S), from a day's visits to those so many days (from 1) later.
    """

    again: Floats
    waits: Floats


def _stays(chain: Chain, end: Floats) -> _Stays:
    types, needs = chain.first.shape
    states = needs * 2
    comes = np.repeat(1 - chain.stop, 2, axis=1)  # (Z, S)
    soon = comes * chain.soon[:, None]
    ends = end.reshape(types, states, states)
    again: Floats = np.linalg.inv(np.eye(states) - ends * soon[:, None, :]).astype(np.float64)
    cart = np.array([[[1.0, 0.0], [1 - keep, keep]] for keep in chain.keep_cart[1:]])
    over = np.einsum("gnm,gcd->gncmd", chain.need[1:], cart).reshape(-1, states, states)
    gap = np.repeat(chain.gap.mean(2), 2, axis=1).transpose(2, 0, 1)  # (HORIZON, Z, S)
    leads = ends * (comes - soon)[:, None, :]
    return _Stays(again, np.einsum("zst,gzt,gtu->gzsu", leads, gap, over))


def _coming(stays: _Stays, visits: Floats, day: int) -> Floats:
    """Visits of a day that follow from those of earlier days: (Z, N, 2), of (days, Z, N, 2)."""
    types, states = stays.again.shape[:2]
    first = max(day - HORIZON, 0)
    earlier = visits[first:day].reshape(-1, types, states)
    lags = day - 1 - np.arange(first, first + len(earlier))
    coming: Floats = np.einsum("dzs,dzst->zt", earlier, stays.waits[lags])
    return coming.reshape(visits.shape[1:])


def _visits_of_days(stays: _Stays, arrivals: Floats) -> Floats:
    """All visits of each day (days, Z, N, 2), where shoppers arrive so for the first time."""
    visits = np.zeros_like(arrivals)
    for day in range(len(arrivals)):
        came = arrivals[day] + _coming(stays, visits[:day], day)
        all_day = np.einsum("zs,zst->zt", came.reshape(len(came), -1), stays.again)
        visits[day] = all_day.reshape(came.shape)
    return visits


def _visits(chain: Chain, mass: Floats, coupon: int) -> _Visit:
    types, _, intents, classes, _, needs, _ = chain.action.shape
    told, end = np.zeros((types, needs, 2, 6)), np.zeros((types, needs, 2, needs, 2))
    looked = np.zeros((types, needs, 2, classes))
    mix = mass * chain.taste
    mix /= mix.sum(1, keepdims=True)
    for z in range(types):
        action = chain.action[z, coupon]
        steps = moves_of(chain, mix[z], z, coupon)
        n_states = len(steps)
        shape = (intents, classes, 2, needs)
        full = steps.reshape(*shape, *shape).copy()
        for a in range(classes):
            full[:, a, :, :, 0, a, 0, SATED] += action[:, a, :, :, BUY]
        flat = full.reshape(n_states, n_states)
        gone = action[..., LEAVE].ravel()
        try:
            after = np.linalg.inv(np.eye(n_states) - flat)
            until = np.linalg.inv(np.eye(n_states) - steps)
        except np.linalg.LinAlgError:  # nobody ever leaves
            after = until = np.full((n_states, n_states), np.inf)
        ever = until @ action[..., BUY].ravel()
        left = np.zeros((*shape, needs, 2))
        for n in range(needs):
            for c in range(2):
                left[:, :, c, n, n, c] = action[:, :, c, n, LEAVE]
        ends = after @ left.reshape(n_states, -1)
        events = after.sum(1)
        kinds = {kind: after @ action[..., kind].ravel() for kind in (CART, REMOVE, BUY)}
        evening = chain.hour[z, EVENING_FROM:EVENING_TO].sum()
        for n in range(needs):
            intent = chain.start[z, n].T @ np.array([1 - evening, evening])
            for c in range(2):
                buys = chain.first_buy[0] * (c == 1)
                for kind, share in (
                    ("view", 1 - buys - chain.first_cart[0]),
                    ("cart", chain.first_cart[0]),
                    ("buy", buys),
                ):
                    at = np.zeros(shape)
                    here = intent[:, None] * mix[z][None, :]
                    if kind == "buy":
                        at[0, :, 0, SATED] = here.sum(0)
                    else:
                        at[:, :, 1 if kind == "cart" else c, n] = here
                    weight = share * at.ravel()
                    told[z, n, c] += [
                        weight @ events,
                        share if kind == "buy" else weight @ ever,
                        weight @ kinds[CART] + share * (kind == "cart"),
                        weight @ kinds[REMOVE],
                        weight @ kinds[BUY] + share * (kind == "buy"),
                        weight @ gone,
                    ]
                    looked[z, n, c] += (weight @ after).reshape(shape).sum((0, 2, 3))
                    end[z, n, c] += (weight @ ends).reshape(needs, 2)
    sizes = told[..., 0]
    if not ((sizes > 0) & (sizes <= _LONGEST)).all():  # below 0: too many to compute
        raise WillbuyError(
            f"In this world some visits have more than {_LONGEST} events on average. Raise the "
            "log-odds of leaving (behaviour.leave, hasty of a type) or lower those of the rest "
            "(behaviour.stay, .cart, .buy, keen and coupon_lift of a type)."
        )
    lines = told[..., 4] * chain.lines[0] / (1 - chain.lines[0])  # one may follow another
    told[..., 0] += lines
    told[..., 4] += lines
    return _Visit(told, looked, end)
