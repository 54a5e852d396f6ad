"""The exact filter: what can be known of a shopper from the log alone. Compiled.

The belief is the probability of every (type, need, cart, intent, quality of the product looked
at), given all events of the shopper so far and the world's parameters (Rabiner 1989, the forward
algorithm). Quality enters by its chances for each product: certain where product effects are
known, the posterior from past days' counts where they are learned. With certain qualities the
filter is exact; with learned ones each look at a product is judged anew.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from willbuy.simulator.beliefs import by_part
from willbuy.simulator.chain import (
    BUY,
    CART,
    EVENING_FROM,
    EVENING_TO,
    HORIZON,
    LATENT,
    LEAVE,
    MOVE,
    OPEN,
    PRICE_CLASSES,
    REMOVE,
    SATED,
    SOON_FROM,
    SOON_TO,
    STAY,
    Chain,
    Floats,
)
from willbuy.simulator.goods import Ints, Shelf
from willbuy.simulator.state import DAY, REMEMBERED, coupon_of
from willbuy.simulator.walk import BUY_EVENT, CART_EVENT, VIEW_EVENT, block, remember

FOLLOWED = np.dtype([("end", "i8"), ("product", "i4"), ("carted", "i4")], align=True)
"""Of a shopper's last visit: its last event's time, the product looked at last, and the one put in
the cart last."""


class Today(NamedTuple):
    """What the filter needs of a day.

    Attributes:
        mix: (Z, A), chances of the next product's class.
        value: (Z, K, I, A, 2, N), of a purchase later in the visit.
        chances: (P, Q), of each product's quality.
        entering: (Z, N), of shoppers whose first visit in the log is today; in no unit.
        weekday: Of the log's first day.
        coupon_share: Of visits.
        seed: Of the log.
    """

    mix: Floats
    value: Floats
    chances: Floats
    entering: Floats
    weekday: int
    coupon_share: float
    seed: int


def follow(
    events: Any,
    chain: Chain,
    today: Today,
    shelf: Shelf,
    category: Ints,
    popularity: Floats,
    followed: Any,
    beliefs: Floats,
    out: Floats,
    parts: Floats,
) -> None:
    """Follow whole visits; give the chance of a later purchase after each event.

    Args:
        events: Array of LOGGED (n,): visits in the shoppers' own order, each whole.
        chain: The world.
        today: The day on which the visits begin.
        shelf: Its goods.
        category, popularity: (P,).
        followed: Array of FOLLOWED by shopper, changed.
        beliefs: (shoppers, Z, N, 2), how each shopper left the last visit, changed.
        out: (n, 2), filled, without and with a coupon from here on; nan from the purchase on.
        parts: (n, M), filled with the belief after each event, see `by_part`; (0, M) where it
            is not wanted.
    """
    types, _, intents, _, _, needs, _ = chain.action.shape
    qualities = today.chances.shape[1]
    belief = np.zeros((types, needs, 2, intents, qualities))
    after = np.zeros_like(belief)
    weight = np.zeros((intents, qualities))
    seen = np.zeros(REMEMBERED, np.int64)
    begin = 0
    while begin < len(events):
        who = events[begin].shopper
        coupon = coupon_of(today.seed, who, events[begin].visit, today.coupon_share)
        first(events[begin], followed[who], beliefs[who], belief, chain, today, shelf, popularity)
        bought = events[begin].kind == BUY_EVENT
        product, carted = int(events[begin].product), int(followed[who].carted)
        if events[begin].kind == CART_EVENT:
            carted = product
        remembered = 0
        tell(out[begin], bought, belief, product, today, shelf)
        if len(parts) > 0:
            by_part(belief, parts[begin])
        at = begin + 1
        while at < len(events) and events[at].ordinal > 1:
            event, last = events[at], events[at - 1]
            if event.kind == BUY_EVENT and last.kind == BUY_EVENT and event.time == last.time:
                out[at, :] = np.nan  # a further row of the order tells nothing
                if len(parts) > 0:
                    parts[at] = parts[at - 1]
                at += 1
                continue
            look = int(event.product)
            length = 0
            while event.time - last.time >= chain.seconds[length + 1]:
                length += 1
            if event.kind == VIEW_EVENT:
                marks(look, product, seen, remembered, chain, today, shelf, category, popularity,
                      weight)  # fmt: skip
            step(belief, after, int(event.kind), look, product, carted, length, coupon, weight,
                 chain, today, shelf)  # fmt: skip
            belief, after = after, belief
            if event.kind == CART_EVENT:
                carted = look
            if event.kind == VIEW_EVENT and look != product:
                remembered = remember(seen, remembered, product)
                product = look
            bought = bought or event.kind == BUY_EVENT
            tell(out[at], bought, belief, product, today, shelf)
            if len(parts) > 0:
                by_part(belief, parts[at])
            at += 1
        left(belief, product, coupon, chain, shelf, beliefs[who])
        followed[who].end = events[at - 1].time
        followed[who].product, followed[who].carted = product, carted
        begin = at


def first(
    event: Any,
    followed: Any,
    stored: Floats,
    belief: Floats,
    chain: Chain,
    today: Today,
    shelf: Shelf,
    popularity: Floats,
) -> None:
    """The belief after a visit's first event."""
    belief[:] = 0.0
    look, qualities = int(event.product), today.chances.shape[1]
    evening = EVENING_FROM <= event.start % DAY // 3600 < EVENING_TO
    known = event.visit > 0
    prior = waited(event, followed, stored, chain, today)
    for z in range(prior.shape[0]):
        for n in range(prior.shape[1]):
            for c in range(2):
                if prior[z, n, c] == 0:
                    continue
                if event.kind == BUY_EVENT:
                    for q in range(qualities):
                        belief[z, SATED, 0, 0, q] += (
                            prior[z, n, c] * chain.first_buy[0] * c * today.chances[look, q]
                        )
                    continue
                began = 1 - chain.first_cart[0] - chain.first_buy[0] * c
                cart = c
                if event.kind == CART_EVENT:
                    began = chain.first_cart[0]
                    cart = 1
                back = chain.back[n] if known else 0.0
                for q in range(qualities):
                    a = q * PRICE_CLASSES + shelf.price_class[look]
                    if today.chances[look, q] == 0 or today.mix[z, a] == 0:
                        continue
                    shown = (1 - back) * today.mix[z, a] * popularity[look] / mass(shelf, a, -1)
                    if known and look == followed.product:
                        shown += back
                    shown *= prior[z, n, c] * began * today.chances[look, q]
                    for i in range(belief.shape[3]):
                        belief[z, n, cart, i, q] += shown * chain.start[z, n, int(evening), i]
    belief /= belief.sum()


def waited(event: Any, followed: Any, stored: Floats, chain: Chain, today: Today) -> Floats:
    """Type, need and cart when a visit begins, given that and when it does: (Z, N, 2)."""
    types, needs = chain.first.shape
    hour = event.start % DAY // 3600
    prior = np.zeros((types, needs, 2))
    if event.visit == 0:
        for z in range(types):
            for n in range(needs):
                prior[z, n, 0] = today.entering[z, n] * chain.hour[z, hour]
        return prior
    silence = event.start - followed.end
    days = event.start // DAY - followed.end // DAY
    for z in range(types):
        for n in range(needs):
            comes = 1 - chain.stop[z, n]
            for c in range(2):
                if SOON_FROM <= silence < SOON_TO:
                    soon = comes * chain.soon[z] / (SOON_TO - SOON_FROM)
                    prior[z, n, c] += stored[z, n, c] * soon
                if 1 <= days <= HORIZON:
                    late = comes * (1 - chain.soon[z]) * chain.hour[z, hour] / 3600
                    late *= chain.gap[z, n, (today.weekday + followed.end // DAY) % 7, days - 1]
                    late *= stored[z, n, c]
                    kept = chain.keep_cart[days] if c == 1 else 0.0
                    for m in range(needs):
                        prior[z, m, 1] += late * chain.need[days, n, m] * kept
                        prior[z, m, 0] += late * chain.need[days, n, m] * (1 - kept)
    return prior


def marks(
    look: int,
    product: int,
    seen: NDArray[np.int64],
    remembered: int,
    chain: Chain,
    today: Today,
    shelf: Shelf,
    category: Ints,
    popularity: Floats,
    weight: Floats,
) -> None:
    """The chance of this very product, given a move to each quality, by intent: (I, Q)."""
    price_class = shelf.price_class[look]
    same = category[look] == category[product]
    for q in range(weight.shape[1]):
        weight[:, q] = 0.0
        a = q * PRICE_CLASSES + price_class
        far = mass(shelf, a, -1)
        if today.chances[look, q] == 0 or far == 0:
            continue
        like, none, again = 0.0, 1.0, False
        for place in range(min(remembered, REMEMBERED)):
            other = seen[place]
            if other != product and shelf.price_class[other] == price_class:
                like += today.chances[other, q]
                none *= 1 - today.chances[other, q]
                again = again or other == look
        back = 1 / like if again else 0.0
        near = mass(shelf, a, category[product])
        for i in range(weight.shape[0]):
            focus = chain.focus[i] if near > 0 else 0.0
            anew = (1 - focus) / far
            if same and near > 0:
                anew += focus / near
            returns = chain.revisit[i] * (1 - none)
            weight[i, q] = today.chances[look, q] * (
                returns * back + (1 - returns) * popularity[look] * anew
            )


def step(
    belief: Floats,
    after: Floats,
    kind: int,
    look: int,
    product: int,
    carted: int,
    length: int,
    coupon: int,
    weight: Floats,
    chain: Chain,
    today: Today,
    shelf: Shelf,
) -> None:
    """One step of the forward algorithm: from `belief` to `after`."""
    after[:] = 0.0
    types, needs, _, intents, qualities = belief.shape
    held, shown = shelf.price_class[product], shelf.price_class[look]
    for z in range(types):
        for n in range(needs):
            for c in range(2):
                for i in range(intents):
                    moved = 0.0
                    for q in range(qualities):
                        w = belief[z, n, c, i, q] * chain.dwell[i, length]
                        if w == 0:
                            continue
                        action = chain.action[z, coupon, i, q * PRICE_CLASSES + held, c, n]
                        if kind == VIEW_EVENT:
                            moved += w * action[MOVE]
                            if look == product:
                                looked(after, z, n, c, i, q, shown, w * action[STAY], chain)
                        elif kind == CART_EVENT:
                            after[z, n, 1, min(i + 1, intents - 1), q] += w * action[CART]
                        elif kind == BUY_EVENT:
                            if look == (carted if c == 1 else product):  # tells about the cart
                                after[z, SATED, 0, 0, q] += w * action[BUY]
                        else:
                            after[z, n, 0, max(i - 1, 0), q] += w * action[REMOVE]
                    if moved > 0:
                        for q in range(qualities):
                            w = moved * weight[i, q]
                            if w > 0:
                                a = q * PRICE_CLASSES + shown
                                looked(after, z, n, c, i, q, shown, w * today.mix[z, a], chain)
    after /= after.sum()


def looked(
    after: Floats, z: int, n: int, c: int, i: int, q: int, price_class: int, w: float, chain: Chain
) -> None:
    """Spread the weight of a look over the needs and intents that may follow it."""
    a = q * PRICE_CLASSES + price_class
    woken = chain.wake[z, a] if n == LATENT else 0.0
    if woken > 0:
        turned(after, z, OPEN, c, i, q, w * woken, chain.rise[z, a, OPEN], chain.fall[0])
    turned(after, z, n, c, i, q, w * (1 - woken), chain.rise[z, a, n], chain.fall[0])


def turned(
    after: Floats, z: int, n: int, c: int, i: int, q: int, w: float, rise: float, fall: float
) -> None:
    """Spread a weight over the intents that may follow."""
    after[z, n, c, min(i + 1, after.shape[3] - 1), q] += w * rise
    after[z, n, c, max(i - 1, 0), q] += w * (1 - rise) * fall
    after[z, n, c, i, q] += w * (1 - rise) * (1 - fall)


def tell(
    out: Floats, bought: bool, belief: Floats, product: int, today: Today, shelf: Shelf
) -> None:
    """Fill in the chance of a later purchase (2,), without and with a coupon."""
    if bought:
        out[:] = np.nan
        return
    out[0] = worth(belief, product, 0, today, shelf)
    out[1] = worth(belief, product, 1, today, shelf) if today.coupon_share > 0 else out[0]


def worth(belief: Floats, product: int, coupon: int, today: Today, shelf: Shelf) -> float:
    """The chance of a later purchase under a belief."""
    held = shelf.price_class[product]
    types, needs, _, intents, qualities = belief.shape
    total = 0.0
    for z in range(types):
        for n in range(needs):
            for c in range(2):
                for i in range(intents):
                    for q in range(qualities):
                        w = belief[z, n, c, i, q]
                        if w > 0:
                            a = q * PRICE_CLASSES + held
                            total += w * today.value[z, coupon, i, a, c, n]
    return total


def left(
    belief: Floats, product: int, coupon: int, chain: Chain, shelf: Shelf, stored: Floats
) -> None:
    """Type, need and cart of a shopper who is known to have left: into `stored` (Z, N, 2)."""
    held = shelf.price_class[product]
    types, needs, _, intents, qualities = belief.shape
    for z in range(types):
        for n in range(needs):
            for c in range(2):
                total = 0.0
                for i in range(intents):
                    for q in range(qualities):
                        a = q * PRICE_CLASSES + held
                        total += belief[z, n, c, i, q] * chain.action[z, coupon, i, a, c, n, LEAVE]
                stored[z, n, c] = total
    stored /= stored.sum()


def mass(shelf: Shelf, a: int, of: int) -> float:
    """Popularity of today's goods of a class: of one category, or of all (-1)."""
    begin, end = block(shelf, a, of)
    return float(shelf.reach[end] - shelf.reach[begin])
