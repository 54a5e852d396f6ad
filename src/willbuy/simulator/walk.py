"""The walk: shoppers go through their visits of a day, event by event. Compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.events.keys import mix, unit
from willbuy.events.schema import Kind
from willbuy.simulator.chain import (
    BUY,
    CART,
    EVENING_FROM,
    EVENING_TO,
    LATENT,
    LEAVE,
    MOVE,
    OPEN,
    REMOVE,
    SATED,
    SOON_FROM,
    SOON_TO,
    Chain,
    Floats,
)
from willbuy.simulator.goods import Ints, Shelf
from willbuy.simulator.state import DAY, NEVER, NOTHING, REMEMBERED, coupon_of, session_number

ROOM = 2000
"""A visit ends after so many events. No visit of a sensible world comes near it."""

VIEW_EVENT, CART_EVENT = int(Kind.VIEW), int(Kind.CART)
REMOVE_EVENT, BUY_EVENT = int(Kind.REMOVE), int(Kind.PURCHASE)


def walk(
    day: int,
    due: NDArray[np.int64],
    begin: int,
    shoppers: Any,
    chain: Chain,
    mix_today: Floats,
    shelf: Shelf,
    category: Ints,
    weekday: int,
    coupon_share: float,
    seed: int,
    out: Any,
    states: NDArray[np.int16],
) -> tuple[int, int]:
    """Walk the visits that begin today.

    Args:
        day: From 0.
        due: Numbers of the shoppers with a visit today.
        begin: Where in them to go on.
        shoppers: Array of SHOPPER, changed.
        chain: The world.
        mix_today: (Z, A).
        shelf: Today's goods.
        category: (P,).
        weekday: Of the log's first day.
        coupon_share: Of visits.
        seed: Of the log.
        out: Array of LOGGED to fill; room for `ROOM` events at least.
        states: As long as `out`: the hidden state after each event, see `packed`.

    Returns:
        Events filled in, and where to go on: len(due) when all are done.
    """
    stream = np.zeros(1, np.int64)
    seen = np.zeros(REMEMBERED, np.int64)
    filled = 0
    for at in range(begin, len(due)):
        who = due[at]
        shopper = shoppers[who]
        while shopper.next != NEVER and shopper.next // DAY == day:
            if len(out) - filled < ROOM:
                return filled, at
            stream[0] = mix(int(mix(seed)) ^ session_number(who, shopper.visits))
            filled = visit(
                who, shopper, chain, mix_today[shopper.type], shelf, category,
                coupon_of(seed, who, shopper.visits, coupon_share), stream, seen,
                out, states, filled,
            )  # fmt: skip
            plan(shopper, out[filled - 1].time, chain, weekday, stream)
            shopper.visits += 1
    return filled, len(due)


def visit(
    who: int,
    shopper: Any,
    chain: Chain,
    mix_today: Floats,
    shelf: Shelf,
    category: Ints,
    coupon: int,
    stream: NDArray[np.int64],
    seen: NDArray[np.int64],
    out: Any,
    states: NDArray[np.int16],
    filled: int,
) -> int:
    """One visit; returns how many events are filled in now. Need and cart stay in `shopper`."""
    start = shopper.next
    z, c, n = int(shopper.type), int(shopper.cart), int(shopper.need)
    evening = EVENING_FROM <= start % DAY // 3600 < EVENING_TO
    i = pick(chain.start[z, n, int(evening)], draw(stream))
    u, kind = draw(stream), VIEW_EVENT
    if c == 1 and u < chain.first_buy[0]:
        kind = BUY_EVENT
        product = int(shopper.carted)
        i, c, n = 0, 0, SATED
    else:
        product = int(shopper.product)
        if product == NOTHING or draw(stream) >= chain.back[n]:
            begin, end = block(shelf, pick(mix_today, draw(stream)), -1)
            product = popular(shelf, begin, end, stream)
        if u >= 1 - chain.first_cart[0]:
            kind = CART_EVENT
            shopper.carted = product
            c = 1
    a, shown = int(shelf.appeal[product]), product
    time, ordinal, remembered = start, 0, 0
    while True:
        ordinal += 1
        event = out[filled]
        event.time = time
        event.session = session_number(who, shopper.visits)
        event.price = shelf.price[shown]
        event.shopper = who
        event.visit = shopper.visits
        event.ordinal = ordinal
        event.product = shown
        event.start = start
        event.kind = kind
        states[filled] = packed(i, a, c, n, len(chain.wake[0]))
        filled += 1
        if ordinal >= ROOM - 1:
            break
        if kind == BUY_EVENT and draw(stream) < chain.lines[0]:
            begin, end = block(shelf, a, -1)
            other = popular(shelf, begin, end, stream)
            if other != shown:  # another row of the order, in the same second
                shown = other
                continue
        does = pick(chain.action[z, coupon, i, a, c, n], draw(stream))
        if does == LEAVE:
            break
        length = pick(chain.dwell[i], draw(stream))
        least, most = chain.seconds[length], chain.seconds[length + 1]
        time += least + int(draw(stream) * (most - least))
        shown = product
        if does == CART:
            kind = CART_EVENT
            shopper.carted = product
            c, i = 1, min(i + 1, len(chain.focus) - 1)
        elif does == REMOVE:
            kind = REMOVE_EVENT
            shown = int(shopper.carted)
            c, i = 0, max(i - 1, 0)
        elif does == BUY:
            kind = BUY_EVENT
            if c == 1:
                shown = int(shopper.carted)
            i, c, n = 0, 0, SATED
        else:
            kind = VIEW_EVENT
            if does == MOVE:
                a = pick(mix_today, draw(stream))
                moved = onward(chain, shelf, category, i, a, product, seen, remembered, stream)
                if moved != product:
                    remembered = remember(seen, remembered, product)
                product = shown = moved
            if n == LATENT and draw(stream) < chain.wake[z, a]:
                n = OPEN
            if draw(stream) < chain.rise[z, a, n]:
                i = min(i + 1, len(chain.focus) - 1)
            elif draw(stream) < chain.fall[0]:
                i = max(i - 1, 0)
    shopper.product, shopper.need, shopper.cart = product, n, c
    return filled


def onward(
    chain: Chain,
    shelf: Shelf,
    category: Ints,
    i: int,
    a: int,
    product: int,
    seen: NDArray[np.int64],
    remembered: int,
    stream: NDArray[np.int64],
) -> int:
    """The next product of class `a`: one seen before, one of the category, or any."""
    like = 0
    for place in range(min(remembered, REMEMBERED)):
        like += seen[place] != product and shelf.appeal[seen[place]] == a
    if like > 0 and draw(stream) < chain.revisit[i]:
        chosen = int(draw(stream) * like)
        for place in range(min(remembered, REMEMBERED)):
            if seen[place] != product and shelf.appeal[seen[place]] == a:
                if chosen == 0:
                    return int(seen[place])
                chosen -= 1
    begin, end = block(shelf, a, category[product])
    if end == begin or draw(stream) >= chain.focus[i]:
        begin, end = block(shelf, a, -1)
    return popular(shelf, begin, end, stream)


def remember(seen: NDArray[np.int64], remembered: int, product: int) -> int:
    """Keep a product that was looked at, if it isn't there; returns how many ever were kept."""
    for place in range(min(remembered, REMEMBERED)):
        if seen[place] == product:
            return remembered
    seen[remembered % REMEMBERED] = product
    return remembered + 1


def plan(shopper: Any, end: int, chain: Chain, weekday: int, stream: NDArray[np.int64]) -> None:
    """Decide on the next visit, and on what is left of need and cart by then."""
    z, n, c = int(shopper.type), int(shopper.need), int(shopper.cart)
    if draw(stream) < chain.stop[z, n]:
        shopper.next = NEVER
    elif draw(stream) < chain.soon[z]:
        shopper.next = end + SOON_FROM + int(draw(stream) * (SOON_TO - SOON_FROM))
    else:
        days = 1 + pick(chain.gap[z, n, (weekday + end // DAY) % 7], draw(stream))
        hour = pick(chain.hour[z], draw(stream))
        shopper.next = (end // DAY + days) * DAY + hour * 3600 + int(draw(stream) * 3600)
        shopper.need = pick(chain.need[days, n], draw(stream))
        if c == 1 and draw(stream) >= chain.keep_cart[days]:
            shopper.cart = 0


def block(shelf: Shelf, a: int, of: int) -> tuple[int, int]:
    """Where in `shelf.order` the goods of a class stand: of one category, or of all (-1)."""
    categories = shelf.begin.shape[1]
    if of < 0:
        return int(shelf.begin[a, 0]), int(shelf.end[a, categories - 1])
    return int(shelf.begin[a, of]), int(shelf.end[a, of])


def popular(shelf: Shelf, begin: int, end: int, stream: NDArray[np.int64]) -> int:
    """One of the goods from `begin` up to `end` in `shelf.order`, by popularity."""
    low, high = shelf.reach[begin], shelf.reach[end]
    at = np.searchsorted(shelf.reach[begin + 1 : end], low + draw(stream) * (high - low), "right")
    return int(shelf.order[begin + at])


def pick(chances: Floats, u: float) -> int:
    """Where `u` falls among chances that sum to 1; never one of chance 0."""
    last = 0
    for place in range(len(chances)):
        if chances[place] > 0:
            last = place
            u -= chances[place]
            if u < 0:
                return place
    return last


def draw(stream: NDArray[np.int64]) -> float:
    """The stream's next number in [0, 1)."""
    stream[0] += 1
    return unit(int(mix(int(stream[0]))))


def packed(i: int, a: int, c: int, n: int, classes: int) -> int:
    """A state as its place in (I, A, 2, N)."""
    return ((i * classes + a) * 2 + c) * 3 + n
