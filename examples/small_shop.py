"""A small generated shop: a log to try willbuy on. It is not real data.

    python examples/small_shop.py
    python examples/small_shop.py --events 300000 --seed 7 --out runs/other.csv

Shoppers of three types come back over five weeks. Each has a department and a product in mind. A
product is bought the more readily the better it is, the cheaper it is among its kind, the keener
the shopper, and once it is in the cart. The columns and the usual flaws (empty brands and
category codes, exact repeats, two sessions at once, views after the purchase) are those of the
REES46 logs. The same seed gives the same file.
"""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

START = datetime(2024, 3, 1)
DAY = 86_400
PER_SESSION, PER_SHOPPER = 4.6, 9.2  # events, about
DEPARTMENTS = ("audio", "kitchen", "living", "apparel", "sport", "kids", "auto", "garden")
KINDS = np.array(["view", "cart", "purchase"])
VIEW, CART, PURCHASE = range(3)
# Shopper types: share, keenness, chance to leave after a view, visits.
TYPES = np.array([[0.62, -0.9, 0.27, 0.7], [0.28, 0.2, 0.16, 1.2], [0.10, 1.5, 0.27, 2.2]])
HOURS = np.array([2, 1, 1, 1, 2, 3, 5, 7, 8, 9, 9, 8, 8, 8, 8, 8, 9, 9, 9, 10, 11, 10, 7, 4.0])


class Goods(NamedTuple):
    """The products, as parallel arrays."""

    category: np.ndarray
    brand: np.ndarray
    price: np.ndarray
    appeal: np.ndarray
    popular: np.ndarray


def stock(rng: np.random.Generator, n: int = 2000) -> Goods:
    """Draw the products: few are much looked at, and dear ones are bought less."""
    category = rng.integers(0, 5 * len(DEPARTMENTS), n)
    brand = rng.integers(0, 120, n)
    level = rng.lognormal(4.3, 1.0, 5 * len(DEPARTMENTS))[category]
    relative = rng.normal(0, 0.5, n)
    appeal = rng.normal(0, 0.6, n) + rng.normal(0, 0.4, 120)[brand] - 0.9 * relative
    popular = 1.0 / (10 + rng.permutation(n)) * np.exp(0.3 * appeal)
    return Goods(category, brand, (level * np.exp(relative)).round(2), appeal, popular)


def pick(rng: np.random.Generator, goods: Goods, department: np.ndarray) -> np.ndarray:
    """One product for each row, by popularity within its department."""
    order = np.argsort(goods.category // 5, kind="stable")
    reached = np.cumsum(goods.popular[order])
    border = np.searchsorted((goods.category // 5)[order], np.arange(len(DEPARTMENTS) + 1))
    below = np.append(0.0, reached)[border]
    at = below[department] + rng.random(len(department)) * np.diff(below)[department]
    return order[np.minimum(np.searchsorted(reached, at, side="right"), len(order) - 1)]


def starts(rng: np.random.Generator, user: np.ndarray, days: int) -> np.ndarray:
    """When sessions begin: by the hour of the day; one in fifty while another is under way."""
    day, hour = rng.integers(0, days, len(user)), rng.choice(24, len(user), p=HOURS / HOURS.sum())
    begin = day * DAY + hour * 3600 + rng.integers(0, 3600, len(user))
    order = np.lexsort((begin, user))
    again = np.flatnonzero((np.diff(user[order]) == 0) & (rng.random(len(user) - 1) < 0.02)) + 1
    begin[order[again]] = begin[order[again - 1]] + rng.integers(5, 90, len(again))
    return begin


def visits(rng: np.random.Generator, goods: Goods, events: int, days: int) -> pl.DataFrame:
    """All sessions, walked through side by side, view by view."""
    shoppers, n = round(events / PER_SHOPPER), round(events / PER_SESSION)
    kind = rng.choice(len(TYPES), shoppers, p=TYPES[:, 0])
    often = TYPES[kind, 3] * rng.gamma(0.8, 1.0, shoppers)
    favourite = rng.integers(0, len(DEPARTMENTS), shoppers)
    in_mind = pick(rng, goods, favourite)
    user = rng.choice(shoppers, n, p=often / often.sum())
    keen = TYPES[kind[user], 1] + rng.normal(0, 0.6, n)
    now, product = starts(rng, user, days), np.zeros(n, np.int64)
    sale = rng.random((len(goods.price), days // 7 + 2)) < 0.15
    cart, bought, told = np.zeros(n, bool), np.zeros(n, bool), []
    here = np.arange(n)
    for step in range(80):
        turn = rng.random(len(here))
        moved = here[(turn < 0.6) | (step == 0)]
        wide = rng.random(len(moved)) < 0.2
        area = np.where(wide, rng.integers(0, len(DEPARTMENTS), len(moved)), favourite[user[moved]])
        known = rng.random(len(moved)) < 0.25
        product[moved] = np.where(known, in_mind[user[moved]], pick(rng, goods, area))
        told.append((here, now[here], np.full(len(here), VIEW), product[here]))
        onsale = sale[product[here], now[here] // (7 * DAY)]
        wish = keen[here] + goods.appeal[product[here]] + 0.6 * onsale - 0.2 * bought[here]
        wish += 0.5 * (product[here] == in_mind[user[here]])
        for what, odds in ((CART, -4.82 + wish), (PURCHASE, -5.99 + wish + 2.5 * cart[here])):
            does = here[rng.random(len(here)) < 1 / (1 + np.exp(-odds))]
            now[does] += rng.integers(3, 120, len(does))
            told.append((does, now[does], np.full(len(does), what), product[does]))
            cart[does] = what == CART
            bought[does] |= what == PURCHASE
        here = here[rng.random(len(here)) > TYPES[kind[user[here]], 2] + 0.2 * bought[here]]
        now[here] += rng.lognormal(3.6, 1.0, len(here)).astype(np.int64) + 1
    session, time, what, item = (np.concatenate(column) for column in zip(*told, strict=True))
    off = np.where(sale[item, time // (7 * DAY) % sale.shape[1]], 0.85, 1.0)
    frame = {"session": session, "user": user[session], "time": time, "kind": what, "item": item}
    frame["price"] = (goods.price[item] * off).round(2)
    return pl.DataFrame(frame).filter(pl.col("time") < days * DAY)


def log(seed: int = 0, events: int = 150_000, days: int = 35) -> pl.DataFrame:
    """The log in the columns of REES46, in the order of time, of about so many events."""
    rng = np.random.default_rng(seed)
    goods = stock(rng)
    frame = visits(rng, goods, events, days)
    repeats = frame.filter(pl.Series(rng.random(len(frame)) < 0.0005))
    frame = pl.concat([frame, repeats]).sort("time", "session", maintain_order=True)
    item, session = frame["item"].to_numpy(), frame["session"].to_numpy()
    category, brand = goods.category[item], goods.brand[item]
    uncoded, unnamed = nameless(rng, category, 0.34), nameless(rng, brand, 0.145)
    codes = [f"{name}.group{i}" for name in DEPARTMENTS for i in range(1, 6)]
    ids = rng.bytes(16 * (int(session.max()) + 1)).hex()
    names = [ids[32 * i : 32 * i + 32] for i in range(len(ids) // 32)]
    words = [f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}" for h in names]
    when = pl.lit(START) + pl.duration(seconds=pl.col("time"))
    return frame.select(
        when.dt.strftime("%Y-%m-%d %H:%M:%S UTC").alias("event_time"),
        pl.Series("event_type", KINDS[frame["kind"].to_numpy()]),
        pl.Series("product_id", 1_000_000 + 37 * item),
        pl.Series("category_id", 2_053_013_550_000_000_000 + 1_000_003 * category),
        pl.Series([None if uncoded[c] else codes[c] for c in category], dtype=pl.String).alias(
            "category_code"
        ),
        pl.Series([None if unnamed[b] else f"brand{b:03}" for b in brand], dtype=pl.String).alias(
            "brand"
        ),
        pl.col("price").round(2),
        (500_000_000 + 7 * pl.col("user")).alias("user_id"),
        pl.Series("user_session", words).gather(session).alias("user_session"),
    )


def nameless(rng: np.random.Generator, group: np.ndarray, share: float) -> np.ndarray:
    """Which brands or categories the log leaves unnamed: about this share of its rows."""
    rows = np.bincount(group)
    order = rng.permutation(len(rows))
    out = np.zeros(len(rows), bool)
    out[order] = np.cumsum(rows[order]) <= share * len(group)
    return out


def main() -> None:
    """Write the file, whole or not at all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("runs/small_shop.csv"))
    parser.add_argument("--events", type=int, default=150_000, help="about so many")
    parser.add_argument("--days", type=int, default=35)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    frame = log(given.seed, given.events, given.days)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    temporary = given.out.with_name(f".{given.out.name}.part")
    frame.write_csv(temporary)
    temporary.replace(given.out)
    print(f"{given.out}: {len(frame):,} events of a small generated shop, not real data.")


if __name__ == "__main__":
    main()
