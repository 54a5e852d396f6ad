"""What can be known of a shopper, by listing every hidden path: slow, plain, and sure.

A path is one full story of what nobody sees: the type of the shopper, and after each event the
intent, the need and what the cart holds. Every story that the log allows is kept apart from all
others, with the product of the chances of its steps, where a step may come about in several ways
(the product was looked at again, or come upon again). Stories are never merged, nor their chances
rescaled, so this is for a few events. The tables of `chain` serve as given numbers.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from willbuy.events.schema import Kind
from willbuy.simulator.chain import BUY, CART, LATENT, LEAVE, MOVE, OPEN, REMOVE, SATED, STAY
from willbuy.simulator.state import DAY

HOUR = 3600
SOON = range(1800, 21600)
KEPT = 8


class Story(NamedTuple):
    chance: float
    type: int
    intent: int
    need: int
    cart: int | None  # what it holds


class Known(NamedTuple):
    """What anyone knows of the shop on a day: lists by product, and the chain."""

    chain: object
    popularity: list
    category: list
    looks: list  # class of appeal today
    weekday: int  # of the log's first day
    entering: object  # type and need of who comes for the first time on a day


def after_each_event(visits, shops, coupons):
    """The stories after each event of a shopper's visits, and after each leave.

    Args:
        visits: Lists of events, each with `time`, `start`, `kind`, `product`.
        shops: `Known` of the day each visit begins on.
        coupons: 0 or 1 for each visit.

    Returns:
        For each visit, the stories after each event (None for a further row of an order), and
        those after it was left.
    """
    told, before, at = [], None, None
    for events, shop, coupon in zip(visits, shops, coupons, strict=True):
        stories = _beginnings(before, at, events[0], shop)
        product, seen = events[0].product, []
        steps = [stories]
        for last, event in pairwise(events):
            if event.kind == last.kind == Kind.PURCHASE and event.time == last.time:
                steps.append(None)  # whatever the story, it has the same chance
                continue
            seconds = event.time - last.time
            stories = [
                later
                for one in stories
                for later in _events(one, event, seconds, product, seen, coupon, shop)
            ]
            if event.kind == Kind.VIEW and event.product != product:
                if product not in seen:
                    seen = [*seen, product][-KEPT:]
                product = event.product
            steps.append(stories)
        a = shop.looks[product]
        before = [
            one._replace(chance=one.chance * _does(one, a, coupon, shop)[LEAVE]) for one in stories
        ]
        at = events[-1].time, product
        told.append((steps, before))
    return told


def _beginnings(before, at, event, shop):
    """The stories of a visit's first event."""
    chain, out = shop.chain, []
    evening = int(18 <= event.start % DAY // HOUR < 22)
    for story in _waits(before, at, event.start, shop):
        chance, z, _, n, cart = story
        buys = chain.first_buy[0] if cart is not None else 0.0
        carts = chain.first_cart[0]
        if event.kind == Kind.PURCHASE:
            if cart == event.product:
                out.append(Story(chance * buys, z, 0, SATED, None))
            continue
        chance *= carts if event.kind == Kind.CART else 1 - buys - carts
        if event.kind == Kind.CART:
            cart = event.product
        a = shop.looks[event.product]
        alike = [p for p, its in enumerate(shop.looks) if its == a]
        ways = _mix(z, shop)[a] * _of(event.product, alike, shop)
        if at is not None:
            back = chain.back[n]
            ways = back * (event.product == at[1]) + (1 - back) * ways
        for i, begins in enumerate(chain.start[z, n, evening]):
            out.append(Story(chance * ways * begins, z, i, n, cart))
    return [one for one in out if one.chance > 0]


def _waits(before, at, start, shop):
    """The stories at the moment a visit begins, by what may have passed since the last one."""
    chain, hour, out = shop.chain, start % DAY // HOUR, []
    if before is None:
        for z, needs in enumerate(shop.entering):
            for n, share in enumerate(needs):
                out.append(Story(share * chain.hour[z, hour] / HOUR, z, -1, n, None))
        return out
    silence, days = start - at[0], start // DAY - at[0] // DAY
    weekday = (shop.weekday + at[0] // DAY) % 7
    for chance, z, _, n, cart in before:
        comes = chance * (1 - chain.stop[z, n])
        if silence in SOON:
            out.append(Story(comes * chain.soon[z] / len(SOON), z, -1, n, cart))
        if days < 1:
            continue
        comes *= (1 - chain.soon[z]) * chain.gap[z, n, weekday, days - 1]
        comes *= chain.hour[z, hour] / HOUR
        for m, turns in enumerate(chain.need[days, n]):
            if cart is None:
                out.append(Story(comes * turns, z, -1, m, None))
            else:
                keeps = chain.keep_cart[days]
                out.append(Story(comes * turns * keeps, z, -1, m, cart))
                out.append(Story(comes * turns * (1 - keeps), z, -1, m, None))
    return out


def _events(story, event, seconds, product, seen, coupon, shop):
    """How a story goes on, so that this event is seen after so many seconds."""
    chain = shop.chain
    chance, z, i, n, cart = story
    a = shop.looks[product]
    does = _does(story, a, coupon, shop)
    length = next(k for k in range(6) if seconds < chain.seconds[k + 1])
    chance *= chain.dwell[i][length]
    highest = len(chain.focus) - 1
    out = []
    if event.kind == Kind.CART:
        if event.product == product:
            out = [Story(chance * does[CART], z, min(i + 1, highest), n, product)]
    elif event.kind == Kind.REMOVE:
        if event.product == cart:
            out = [Story(chance * does[REMOVE], z, max(i - 1, 0), n, None)]
    elif event.kind == Kind.PURCHASE:
        if event.product == (product if cart is None else cart):
            out = [Story(chance * does[BUY], z, 0, SATED, None)]
    else:
        b = shop.looks[event.product]
        moves = does[MOVE] * _mix(z, shop)[b] * _found(event.product, i, product, seen, shop)
        stays = does[STAY] * (event.product == product)
        out = _looked(Story(chance * (stays + moves), z, i, n, cart), b, highest, chain)
    return [one for one in out if one.chance > 0]


def _looked(story, a, highest, chain):
    """A look may open a latent need, then raise the intent, or else let it fall."""
    chance, z, i, n, cart = story
    out = []
    wakes = chain.wake[z, a] if n == LATENT else 0.0
    for after, turns in ((OPEN, wakes), (n, 1 - wakes)):
        rises, falls = chain.rise[z, a, after], chain.fall[0]
        turned = dict.fromkeys((min(i + 1, highest), max(i - 1, 0), i), 0.0)
        turned[min(i + 1, highest)] += rises
        turned[max(i - 1, 0)] += (1 - rises) * falls
        turned[i] += (1 - rises) * (1 - falls)
        out += [Story(chance * turns * share, z, j, after, cart) for j, share in turned.items()]
    return out


def _found(look, i, product, seen, shop):
    """The chance to come upon a product, given that one of its class is looked for."""
    chain, a = shop.chain, shop.looks[look]
    like = [p for p in seen if p != product and shop.looks[p] == a]
    alike = [p for p, its in enumerate(shop.looks) if its == a]
    near = [p for p in alike if shop.category[p] == shop.category[product]]
    returns = chain.revisit[i] if like else 0.0
    stays = chain.focus[i] if near else 0.0
    anew = stays * _of(look, near, shop) + (1 - stays) * _of(look, alike, shop)
    return returns * (look in like) / max(len(like), 1) + (1 - returns) * anew


def _of(product, among, shop):
    """The chance of a product among some, by popularity."""
    if product not in among:
        return 0.0
    return shop.popularity[product] / sum(shop.popularity[p] for p in among)


def _mix(z, shop):
    """The chances of the class looked for next."""
    mix = [0.0] * len(shop.chain.taste[z])
    for p, a in enumerate(shop.looks):
        mix[a] += shop.popularity[p] * shop.chain.taste[z, a]
    return [one / sum(mix) for one in mix]


def _does(story, a, coupon, shop):
    cart = int(story.cart is not None)
    return shop.chain.action[story.type, coupon, story.intent, a, cart, story.need]


def chances_to_buy(z, coupon, shop):
    """The chance of a purchase later in the visit: (I, A, 2, N).

    Value iteration: what it is within so many more events, until more events change nothing.
    """
    chain, mix = shop.chain, _mix(z, shop)
    intents, classes = len(chain.focus), len(mix)
    states = [
        (i, a, c, n)
        for i in range(intents) for a in range(classes) for c in range(2) for n in range(3)
    ]  # fmt: skip
    value = dict.fromkeys(states, 0.0)

    def looked(i, a, c, n):
        stories = _looked(Story(1.0, z, i, n, None), a, intents - 1, chain)
        return sum(one.chance * value[one.intent, a, c, one.need] for one in stories)

    change = 1.0
    while change > 1e-15:
        looks = {state: looked(*state) for state in states}
        new = {}
        for i, a, c, n in states:
            does = chain.action[z, coupon, i, a, c, n]
            new[i, a, c, n] = (
                does[BUY]
                + does[CART] * value[min(i + 1, intents - 1), a, 1, n]
                + does[REMOVE] * value[max(i - 1, 0), a, 0, n]
                + does[STAY] * looks[i, a, c, n]
                + does[MOVE] * sum(mix[b] * looks[i, b, c, n] for b in range(classes))
            )
        change = max(abs(new[state] - value[state]) for state in states)
        value = new
    return np.array([value[state] for state in states]).reshape(intents, classes, 2, 3)
