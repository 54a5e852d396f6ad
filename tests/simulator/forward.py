"""The forward algorithm where qualities are not certain, as a plain walk over a dict of states.

What a product is like is then a belief, too, and each look at a product is judged anew by it. A
quality of which no product of the same price class is on the shelf is impossible.
"""

from collections import defaultdict
from itertools import pairwise
from typing import NamedTuple

from simulator import paths
from willbuy.events.schema import Kind
from willbuy.simulator.chain import BUY, CART, LEAVE, MOVE, PRICE_CLASSES, REMOVE, SATED, STAY
from willbuy.simulator.state import DAY

FILLED = "something"


class State(NamedTuple):
    type: int
    need: int
    cart: str | None
    intent: int
    quality: int


class Seen(NamedTuple):
    """A shop as somebody sees it who does not know what its products are like."""

    shop: paths.Known
    price_class: list  # by product, today
    chances: list  # of each quality, by product

    def classes(self, look):
        """Quality, class and chance of what a product may be."""
        for q, chance in enumerate(self.chances[look]):
            a = q * PRICE_CLASSES + self.price_class[look]
            if chance > 0 and a in self.shop.looks:
                yield q, a, chance

    def mass(self, a, category=None):
        """The popularity of a class, of one category or of all."""
        return sum(
            self.shop.popularity[p]
            for p, its in enumerate(self.shop.looks)
            if its == a and category in (None, self.shop.category[p])
        )


def after_each_event(visits, seen_shops, coupons):
    """State → chance after each event of a shopper's visits; None for a further row of an order."""
    told, left, at, carted = [], None, None, None
    for events, seen, coupon in zip(visits, seen_shops, coupons, strict=True):
        belief = scaled(begun(left, at, events[0], seen))
        product, before, steps = events[0].product, [], [belief]
        carted = product if events[0].kind == Kind.CART else carted
        for last, event in pairwise(events):
            if event.kind == last.kind == Kind.PURCHASE and event.time == last.time:
                steps.append(None)
                continue
            after = defaultdict(float)
            for state, chance in belief.items():
                went = gone(state, event, last, product, carted, before, coupon, seen)
                for later, ways in went:
                    after[later] += chance * ways
            belief = scaled(after)
            steps.append(belief)
            carted = event.product if event.kind == Kind.CART else carted
            if event.kind == Kind.VIEW and event.product != product:
                before = [p for p in before if p != product] + [product]
                product = event.product
        left = [
            paths.Story(chance * does(one, product, coupon, seen)[LEAVE], one.type, -1, one.need,
                        one.cart)
            for one, chance in belief.items()
        ]  # fmt: skip
        at = events[-1].time, product
        told.append(steps)
    return told


def begun(left, at, event, seen):
    """After a visit's first event."""
    chain, out = seen.shop.chain, defaultdict(float)
    evening = int(18 <= event.start % DAY // 3600 < 22)
    for chance, z, _, n, cart in paths._waits(left, at, event.start, seen.shop):
        buys = chain.first_buy[0] if cart is not None else 0.0
        if event.kind == Kind.PURCHASE:
            for q, share in enumerate(seen.chances[event.product]):
                out[State(z, SATED, None, 0, q)] += chance * buys * share
            continue
        carts = chain.first_cart[0]
        begins = carts if event.kind == Kind.CART else 1 - carts - buys
        holds = FILLED if event.kind == Kind.CART else cart
        for q, a, share in seen.classes(event.product):
            shown = paths._mix(z, seen.shop)[a] * seen.shop.popularity[event.product] / seen.mass(a)
            if at is not None:
                shown = (1 - chain.back[n]) * shown + chain.back[n] * (event.product == at[1])
            for i, starts in enumerate(chain.start[z, n, evening]):
                out[State(z, n, holds, i, q)] += chance * begins * share * shown * starts
    return out


def does(state, product, coupon, seen):
    """The chances of what is done next."""
    a = state.quality * PRICE_CLASSES + seen.price_class[product]
    cart = int(state.cart is not None)
    return seen.shop.chain.action[state.type, coupon, state.intent, a, cart, state.need]


def gone(state, event, last, product, carted, before, coupon, seen):
    """Where a state may go so that this event is seen, and the chance of it."""
    chain, acts = seen.shop.chain, does(state, product, coupon, seen)
    z, n, cart, i, q = state
    seconds = event.time - last.time
    lasts = chain.dwell[i][next(k for k in range(6) if seconds < chain.seconds[k + 1])]
    highest = len(chain.focus) - 1
    if event.kind == Kind.CART:
        yield State(z, n, FILLED, min(i + 1, highest), q), lasts * acts[CART]
    elif event.kind == Kind.REMOVE:
        yield State(z, n, None, max(i - 1, 0), q), lasts * acts[REMOVE]
    elif event.kind == Kind.PURCHASE:
        if event.product == (product if cart is None else carted):
            yield State(z, SATED, None, 0, q), lasts * acts[BUY]
    else:
        looks = []
        if event.product == product:
            looks.append((q, acts[STAY]))
        for b, a, share in seen.classes(event.product):
            ways = found(event.product, b, a, i, product, before, seen)
            looks.append((b, acts[MOVE] * paths._mix(z, seen.shop)[a] * share * ways))
        for b, chance in looks:
            a = b * PRICE_CLASSES + seen.price_class[event.product]
            story = paths.Story(lasts * chance, z, i, n, cart)
            for one in paths._looked(story, a, highest, chain):
                yield State(z, one.need, cart, one.intent, b), one.chance


def found(look, quality, a, i, product, before, seen):
    """The chance to come upon a product of a class, if it is of it."""
    chain, shop = seen.shop.chain, seen.shop
    like = [
        p for p in before if p != product and seen.price_class[p] == seen.price_class[look]
    ]  # fmt: skip
    expected, none = 0.0, 1.0
    for p in like:
        expected += seen.chances[p][quality]
        none *= 1 - seen.chances[p][quality]
    near = seen.mass(a, shop.category[product])
    stays = chain.focus[i] if near > 0 else 0.0
    anew = (1 - stays) * shop.popularity[look] / seen.mass(a)
    if shop.category[look] == shop.category[product] and near > 0:
        anew += stays * shop.popularity[look] / near
    returns = chain.revisit[i] * (1 - none)
    return (returns / expected if look in like else 0.0) + (1 - returns) * anew


def scaled(belief):
    total = sum(belief.values())
    return {state: chance / total for state, chance in belief.items() if chance > 0}
