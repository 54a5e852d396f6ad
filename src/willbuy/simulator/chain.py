"""A world as the probabilities of a finite chain.

State after an event: intent i, appeal class a of the product looked at (quality times price
class), cart register c (0 empty, 1 holds something), need n (`SATED`, `LATENT`, `OPEN`). What a
shopper does next depends on this state, the shopper's type z and whether the visit has a coupon k,
and on nothing else.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from willbuy.simulator.world import World

Floats = NDArray[np.float64]

SATED, LATENT, OPEN = 0, 1, 2
CUT, USUAL, DEAR = 0, 1, 2
PRICE_CLASSES = 3
LEAVE, STAY, MOVE, CART, REMOVE, BUY = range(6)
"""What a shopper does next: leave, look again at the product, look at another one, ..."""

LENGTHS = (1, 6, 16, 41, 101, 301, 1501)
"""Where the classes of a look's seconds begin; the last is the end."""


class Chain(NamedTuple):
    """Probabilities, float64. Sizes: Z types, K = 2 coupons, I intents, A classes, N = 3 needs.

    Attributes:
        action: (Z, K, I, A, 2, N, 6), what is done next.
        rise: (Z, A, N), that intent rises at a look at a class, by the need after it.
        fall: (1,), that it falls where it did not rise.
        wake: (Z, A), that a look opens a latent need.
        taste: (Z, A), how readily a class is looked at.
        start: (Z, N, 2, I), intents a visit begins with, by evening.
        first_cart, first_buy: (1,) that a visit begins so; the second where a cart was left.
        back: (N,), to begin with the product that the last visit ended with.
        revisit, focus: (I,), to return to a like product; to stay in the category.
        dwell: (I, 6), classes of a look's length.
        seconds: int64 (7,), where these begin; the last is the end.
        stop: (Z, N), not to come back.
        soon: (Z,), to come back within hours where the shopper comes back.
        gap: (Z, N, 7, G), days to the next visit where it is not soon: from 1, by the weekday
            of the last one's end.
        need: (G + 1, N, N), from need to need over so many days.
        keep_cart: (G + 1,), that a cart is kept over so many days.
        hour: (Z, 24), when a visit begins.
        first: (Z, N), type and need at the very first visit.
        lines: (1,), that an order has a further row.
    """

    action: Floats
    rise: Floats
    fall: Floats
    wake: Floats
    taste: Floats
    start: Floats
    first_cart: Floats
    first_buy: Floats
    back: Floats
    revisit: Floats
    focus: Floats
    dwell: Floats
    seconds: NDArray[np.int64]
    stop: Floats
    soon: Floats
    gap: Floats
    need: Floats
    keep_cart: Floats
    hour: Floats
    first: Floats
    lines: Floats


HORIZON = 90
"""Who does not come back within so many days does not come back."""

SOON_FROM, SOON_TO = 1800, 21600
"""The silence before a visit within hours: seconds, from and below."""

HOURS = (
    1.0, 1.2, 2.2, 3.6, 4.8, 5.4, 5.8, 6.0, 6.1, 6.0, 5.8, 5.6,
    5.6, 5.8, 6.1, 6.3, 6.3, 6.0, 5.2, 3.8, 2.4, 1.5, 1.1, 0.9,
)  # fmt: skip
"""Visits by hour of the day, in no unit."""

EVENING_FROM, EVENING_TO = 18, 22
"""Hours, from and below."""


def make_chain(world: World) -> Chain:
    """Compute the probabilities of a world."""
    behaviour = world.behaviour
    appeal = appeal_of(world)
    return Chain(
        action=_actions(world, appeal),
        rise=_logistic(
            behaviour.rise
            + behaviour.rise_appeal * appeal[:, :, None]
            + np.array([0.0, 0.0, behaviour.rise_open])
        ),
        fall=np.array([behaviour.fall]),
        wake=behaviour.wake * _logistic(appeal),
        taste=np.exp(behaviour.taste * appeal),
        start=_starts(world),
        first_cart=np.array([behaviour.first_cart]),
        first_buy=np.array([behaviour.first_buy]),
        back=np.array(behaviour.back),
        revisit=np.array(behaviour.revisit),
        focus=np.array(behaviour.focus),
        dwell=np.array(behaviour.dwell),
        seconds=np.array(LENGTHS),
        stop=_stops(world),
        soon=np.array([one.soon for one in world.types]),
        gap=_gaps(world),
        need=_needs(world),
        keep_cart=behaviour.keep_cart ** np.arange(HORIZON + 1.0),
        hour=_hours(world),
        first=np.array(
            [[0.0, one.share * (1 - one.open), one.share * one.open] for one in world.types]
        ),
        lines=np.array([behaviour.order_lines]),
    )


def appeal_of(world: World) -> Floats:
    """How much each type is drawn to each class of appeal (Z, A); class = quality * 3 + price."""
    quality = np.array(world.goods.quality)
    price = np.array(world.prices.appeal)
    sensitivity = np.array([one.price_sensitivity for one in world.types])
    both: Floats = quality[None, :, None] + sensitivity[:, None, None] * price[None, None, :]
    return both.reshape(len(sensitivity), -1)


def _actions(world: World, appeal: Floats) -> Floats:
    behaviour, types = world.behaviour, world.types
    intents = len(behaviour.leave)
    odds = np.zeros((len(types), 2, intents, appeal.shape[1], 2, 3, 6))
    z, _, i, a, c, n, _ = np.ogrid[tuple(slice(size) for size in odds.shape)]
    (z, i, a, c, n) = (axis[..., 0] for axis in (z, i, a, c, n))
    k = np.arange(2).reshape(1, 2, 1, 1, 1, 1)
    liked = appeal[z, a]

    def of(name: str) -> Floats:
        return np.array([getattr(one, name) for one in types])[z]

    odds[..., LEAVE] = (
        np.array(behaviour.leave)[i]
        + of("hasty")
        + behaviour.leave_sated * (n == SATED)
        + behaviour.leave_appeal * liked
    )
    odds[..., STAY] = np.array(behaviour.stay)[i] + behaviour.stay_appeal * liked
    odds[..., CART] = (
        np.array(behaviour.cart)[i] + behaviour.cart_appeal * liked + behaviour.cart_again * c
    )
    odds[..., REMOVE] = np.where(c == 1, behaviour.remove, -np.inf)
    odds[..., BUY] = (
        np.array(behaviour.buy)[i]
        + np.array(behaviour.buy_need)[n]
        + behaviour.buy_cart * c
        + behaviour.buy_appeal * liked
        + of("keen")
        + of("coupon_lift") * k
    )
    chances: Floats = np.exp(odds - odds.max(-1, keepdims=True))
    return _shares(chances)


def _starts(world: World) -> Floats:
    base = np.array(world.behaviour.start)  # (N, I)
    ranks = np.arange(base.shape[1])
    eager = np.array([one.eager for one in world.types])[:, None, None, None]
    evening = world.behaviour.evening_eager * np.arange(2)[None, None, :, None]
    tilted: Floats = base[None, :, None, :] * np.exp((eager + evening) * ranks)
    return _shares(tilted)


def _stops(world: World) -> Floats:
    stop = np.array([one.stop for one in world.types])
    opened = stop * np.exp(world.behaviour.stop_open)
    return np.stack([stop, stop, opened / (opened + 1 - stop)], axis=1)


def _gaps(world: World) -> Floats:
    days = np.arange(1, HORIZON + 1)
    mean = np.array([one.gap_days for one in world.types])
    means = np.stack([mean, mean, np.maximum(mean * world.behaviour.gap_open, 1)], axis=1)
    stays = 1 - 1 / means[..., None]
    geometric = stays ** (days - 1)
    weekday = np.array(world.behaviour.weekday)[(np.arange(7)[:, None] + days) % 7]
    chances: Floats = geometric[:, :, None, :] * weekday
    return _shares(chances)


def _needs(world: World) -> Floats:
    behaviour = world.behaviour
    daily = np.array(
        [
            [behaviour.keep_sated, 1 - behaviour.keep_sated, 0.0],
            [0.0, 1 - behaviour.open_daily, behaviour.open_daily],
            [0.0, 1 - behaviour.keep_open, behaviour.keep_open],
        ]
    )
    powers = [np.eye(3)]
    for _ in range(HORIZON):
        powers.append(powers[-1] @ daily)
    return np.array(powers)


def _hours(world: World) -> Floats:
    late = np.sin((np.arange(24) - 13) / 24 * 2 * np.pi)
    tilt = np.exp(np.array([one.evening for one in world.types])[:, None] * late)
    chances: Floats = np.array(HOURS) * tilt
    return _shares(chances)


def _shares(weights: Floats) -> Floats:
    """Weights as shares of the last axis."""
    shares: Floats = weights / weights.sum(-1, keepdims=True)
    return shares


def _logistic(odds: Floats) -> Floats:
    chances: Floats = np.exp(-np.logaddexp(0, -odds))
    return chances


class Looks(NamedTuple):
    """What the shop shows on a day, and the chance of a later purchase from every state.

    Attributes:
        mix: (Z, A), chances of the class of the next product looked at.
        value: (Z, K, I, A, 2, N), of a purchase later in the visit.
    """

    mix: Floats
    value: Floats


def looks_of(chain: Chain, mass: Floats, coupons: bool) -> Looks:
    """The day's mix of classes and its values.

    Args:
        chain: The world's probabilities.
        mass: (A,), popularity of all products of each class today.
        coupons: Whether there are any; else values with a coupon are those without.
    """
    mix = _shares(mass * chain.taste)
    value = np.empty(chain.action.shape[:-1])
    with threadpool_limits(1, "blas"):  # threads cost more than they bring at this size
        for z in range(len(mix)):
            value[z, 0] = _value(chain, mix[z], z, 0)
            value[z, 1] = _value(chain, mix[z], z, 1) if coupons else value[z, 0]
    return Looks(mix, value)


def _value(chain: Chain, mix: Floats, z: int, k: int) -> Floats:
    moves = moves_of(chain, mix, z, k)
    buys = chain.action[z, k, ..., BUY]
    later = np.linalg.solve(np.eye(buys.size) - moves, buys.ravel())
    return later.reshape(buys.shape).astype(np.float64)


def moves_of(chain: Chain, mix: Floats, z: int, k: int) -> Floats:
    """From state to state by anything but leaving and buying: (S, S), S = I * A * 2 * N."""
    action = chain.action[z, k]
    intents, classes, _, needs = action.shape[:-1]
    looked = np.zeros((intents, classes, 2, needs, intents, classes, 2, needs))
    look = look_steps(chain, z)
    a = np.arange(classes)
    for i in range(intents):
        for c in range(2):
            for n in range(needs):
                # (from a, to i', a', n')
                moved = action[i, :, c, n, MOVE, None, None, None] * (
                    mix[:, None, None] * look[i, :, n]
                ).transpose(1, 0, 2)
                looked[i, :, c, n, :, :, c, :] += moved
                stayed = action[i, :, c, n, STAY, None, None] * look[i, a, n]
                for place in a:
                    looked[i, place, c, n, :, place, c, :] += stayed[place]
                    looked[i, place, c, n, min(i + 1, intents - 1), place, 1, n] += action[
                        i, place, c, n, CART
                    ]
                    looked[i, place, c, n, max(i - 1, 0), place, 0, n] += action[
                        i, place, c, n, REMOVE
                    ]
    states = intents * classes * 2 * needs
    return looked.reshape(states, states)


def look_steps(chain: Chain, z: int) -> Floats:
    """Intent and need after a look at a class: (I, A, N, I', N')."""
    rise, wake, fall = chain.rise[z], chain.wake[z], chain.fall[0]
    intents, classes = chain.focus.size, len(rise)
    out = np.zeros((intents, classes, 3, intents, 3))
    for n, after, chance in (
        (SATED, SATED, np.ones(classes)),
        (LATENT, LATENT, 1 - wake),
        (LATENT, OPEN, wake),
        (OPEN, OPEN, np.ones(classes)),
    ):
        up = rise[:, after]
        for i in range(intents):
            out[i, :, n, min(i + 1, intents - 1), after] += chance * up
            out[i, :, n, max(i - 1, 0), after] += chance * (1 - up) * fall
            out[i, :, n, i, after] += chance * (1 - up) * (1 - fall)
    return out
