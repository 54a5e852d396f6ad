"""What the shop's tables say of all products of a session, each event looked up once a day.

Features that go over a session's events would else ask the tables for all of them anew at every
moment.
"""

from __future__ import annotations

from typing import Any

from willbuy.moments.shop import (
    CATEGORY,
    PRODUCT,
    Shop,
    mean_price,
    rate_of,
    share,
    shop_rate,
    window,
)
from willbuy.moments.state import Workspace

DAYS = 28
"""Complete days that are asked for: those that `GOODS` speaks of."""


def tell_goods(visit: Any, k: int, work: Workspace, shop: Shop) -> None:
    """Look up the products of a session's first `k` events, those that were not yet.

    All are told as of one day, the moment's: where another day has become visible since the
    session's last moment, its events are looked up again.

    Args:
        visit: Record of VISIT, changed in place.
        k: How many events.
        work: The shopper's memory; its `goods` are filled.
        shop: The tables as of the moment.
    """
    if visit.told_day != shop.day:
        visit.told = 0
        visit.told_day = shop.day
    if visit.told >= k:
        return
    whole = shop_rate(shop, DAYS)
    for row in range(visit.offset + visit.told, visit.offset + k):
        event = work.seen[row]
        goods = work.goods[row]
        parent = rate_of(shop, CATEGORY, event.category, whole, DAYS)
        goods.rate = rate_of(shop, PRODUCT, event.product, parent, DAYS)
        usual = mean_price(window(shop, PRODUCT, event.product, DAYS))
        goods.bargain = share(event.price, usual)
    visit.told = k
