"""What a simulated log says: names, ids and times as texts, in REES46's columns."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from willbuy.events.keys import mix_all
from willbuy.events.schema import Kind
from willbuy.simulator.names import brand_names, category_names
from willbuy.simulator.state import NO_SESSION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Records = NDArray[np.void]
    Integers = NDArray[np.int64]
    Floats = NDArray[np.float64]

SCHEMA = pl.Schema(
    {
        "event_time": pl.String(),
        "event_type": pl.String(),
        "product_id": pl.Int64(),
        "category_id": pl.Int64(),
        "category_code": pl.String(),
        "brand": pl.String(),
        "price": pl.Float64(),
        "user_id": pl.Int64(),
        "user_session": pl.String(),
    }
)
"""The columns of the log."""

FIRST_USER = 500_000_000

_WORDS = {
    Kind.VIEW: "view",
    Kind.CART: "cart",
    Kind.REMOVE: "remove_from_cart",
    Kind.PURCHASE: "purchase",
}
_KINDS = pl.Series([_WORDS.get(kind) for kind in Kind], dtype=pl.String)
_HEX = pl.Series([f"{number:04x}" for number in range(1 << 16)])

# What says that a UUID is of version 4: nothing but noise.
_NO_VERSION, _VERSION = np.uint64(0xFFFFFFFFFFFF0FFF), np.uint64(0x4000)
_NO_VARIANT, _VARIANT = np.uint64(0x3FFFFFFFFFFFFFFF), np.uint64(0x8000000000000000)

_FIRST_PRODUCT, _PRODUCT_STEP = 1_000_000, 317
_FIRST_CATEGORY, _CATEGORY_STEP = 2_053_013_550_000_000_000, 10_000_019


@dataclass(frozen=True)
class GoodsTexts:
    """How the log writes every product: arrays and texts by product number (P,)."""

    product_id: Integers
    category_id: Integers
    category_code: pl.Series
    """Texts such as electronics.smartphone; null where the log has none."""
    brand: pl.Series
    """Texts; null where the log has none."""


def log_frame(events: Records, texts: GoodsTexts, seed: int, start: datetime.date) -> pl.DataFrame:
    """The rows of a log.

    Args:
        events: LOGGED (n,).
        texts: Of the goods.
        seed: Of the simulation; decides the session ids.
        start: The date of the log's first midnight, UTC.

    Returns:
        n rows in the columns of `SCHEMA`. Times are whole seconds UTC.
    """
    product = events["product"]
    return pl.DataFrame(
        {
            "event_time": _times(events["time"], start),
            "event_type": _KINDS.gather(events["kind"]),
            "product_id": texts.product_id[product],
            "category_id": texts.category_id[product],
            "category_code": texts.category_code.gather(product),
            "brand": texts.brand.gather(product),
            "price": np.round(events["price"], 2),
            "user_id": events["shopper"] + np.int64(FIRST_USER),
            "user_session": session_texts(events["session"], seed),
        },
        schema=SCHEMA,
    )


def session_texts(numbers: Integers, seed: int) -> pl.Series:
    """Session ids in the shape of a UUID; null for ``NO_SESSION``.

    Args:
        numbers: Session numbers (n,).
        seed: Of the simulation.

    Returns:
        Texts (n,): the same for the same number, in whatever batch it comes.
    """
    distinct, at = np.unique(numbers, return_inverse=True)
    high = mix_all(distinct, seed) & _NO_VERSION | _VERSION
    low = mix_all(~distinct, seed) & _NO_VARIANT | _VARIANT
    parts = [
        _HEX.gather((half >> np.uint64(shift)) & np.uint64(0xFFFF))
        for half in (high, low)
        for shift in (48, 32, 16, 0)
    ]
    ids = pl.select(
        pl.when(pl.Series(distinct != NO_SESSION)).then(pl.format("{}{}-{}-{}-{}-{}{}{}", *parts))
    ).to_series()
    return ids.gather(at)


def goods_texts(
    category: NDArray[np.int32],
    brand: NDArray[np.int32],
    popularity: Floats,
    brand_missing: float,
    code_missing: float,
    seed: int,
) -> GoodsTexts:
    """Names and ids for all goods.

    Args:
        category, brand: Numbers from 0 by product (P,).
        popularity: Share of events, or anything in proportion to it (P,).
        brand_missing: Share of events whose product has no brand.
        code_missing: Share of events whose category has no code.
        seed: Of the simulation.
    """
    products, categories = np.arange(len(category)), np.arange(category.max() + 1)
    jitter = mix_all(products, seed) % np.uint64(_PRODUCT_STEP)
    product_id = _FIRST_PRODUCT + products * _PRODUCT_STEP + jitter.astype(np.int64)
    jitter = mix_all(categories, seed) % np.uint64(_CATEGORY_STEP)
    category_id = _FIRST_CATEGORY + categories * _CATEGORY_STEP + jitter.astype(np.int64)

    rng = np.random.default_rng([seed, 0x7E87])
    weight = np.zeros(len(categories))
    np.add.at(weight, category, popularity)
    codes = _without(category_names(len(categories)), _missing(weight, code_missing, rng))
    names = pl.Series(brand_names(int(brand.max()) + 1)).gather(brand)
    return GoodsTexts(
        product_id=product_id,
        category_id=category_id[category],
        category_code=codes.gather(category),
        brand=_without(names, _every(popularity, brand_missing, rng)),
    )


def _times(time: Integers, start: datetime.date) -> pl.Series:
    """Times as texts (n,), each run of equal seconds written once."""
    begins = np.diff(time, prepend=-1) != 0
    midnight = int(np.datetime64(start, "s").astype(np.int64))
    seconds = pl.Series(time[begins] + midnight)
    texts = pl.select(pl.from_epoch(seconds).dt.to_string("%Y-%m-%d %H:%M:%S UTC")).to_series()
    return texts.gather(np.cumsum(begins) - 1)


def _missing(weight: Floats, share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw which things have no name, so that they have this share of all weight.

    Each joins the side that brings the share so far nearer to what it should be. The order is
    drawn, heavy things rather early, so that the many light ones settle the account.
    """
    order = np.argsort(rng.exponential(size=len(weight)) / np.maximum(weight, 1e-300))
    missing = np.zeros(len(weight), dtype=np.bool_)
    surplus = 0.0
    for i in order:
        surplus -= share * weight[i]
        if abs(surplus + weight[i]) < abs(surplus):
            missing[i] = True
            surplus += weight[i]
    return missing


def _every(weight: Floats, share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw every so many-th of the things in the order of their weight.

    So they have the same share of the heavy things and of the light ones.
    """
    drawn = np.floor(rng.random() + share * np.arange(len(weight) + 1))
    missing = np.empty(len(weight), np.bool_)
    missing[np.argsort(-weight, kind="stable")] = np.diff(drawn) > 0
    return missing


def _without(texts: pl.Series, missing: NDArray[np.bool_]) -> pl.Series:
    return texts.set(pl.Series(missing), None)
