"""What a filter believes of a shopper, part by part: the columns of `--beliefs`. Compiled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from willbuy.simulator.chain import Floats

PARTS = ("type", "need", "cart", "intent", "quality")
"""The parts of a belief, in the order of its axes."""

KEYS = pl.Schema(
    {
        "user_key": pl.Int64(),
        "session_key": pl.Int64(),
        "ordinal": pl.Int32(),
        "time": pl.Datetime("us", "UTC"),
        "in_ladder": pl.Boolean(),
    }
)
"""The first columns: which moment it is, as in the truth."""

_NEEDS, _CARTS = ("sated", "latent", "open"), ("empty", "filled")


def columns(sizes: Sequence[int]) -> list[str]:
    """A column for each value of each part: `type_0`, ..., `need_open`, ..., `quality_3`.

    Args:
        sizes: Of the belief's axes, in the order of `PARTS`.
    """
    words: dict[str, Iterable[object]] = {"need": _NEEDS, "cart": _CARTS}
    return [
        f"{part}_{value}"
        for part, size in zip(PARTS, sizes, strict=True)
        for value in words.get(part, range(size))
    ]


def schema(sizes: Sequence[int]) -> pl.Schema:
    """The columns of the file: the moment, and the chance of each value of each part."""
    return pl.Schema({**KEYS, **dict.fromkeys(columns(sizes), pl.Float32())})


def by_part(belief: Floats, out: Floats) -> None:
    """The chance of each value of each part by itself, whatever the other parts are.

    Args:
        belief: (Z, N, 2, I, Q), adds up to 1.
        out: (Z + N + 2 + I + Q,), filled; adds up to 1 in each part.
    """
    types, needs, carts, intents, qualities = belief.shape
    out[:] = 0.0
    need = types
    cart = need + needs
    intent = cart + carts
    quality = intent + intents
    for z in range(types):
        for n in range(needs):
            for c in range(carts):
                for i in range(intents):
                    for q in range(qualities):
                        w = belief[z, n, c, i, q]
                        out[z] += w
                        out[need + n] += w
                        out[cart + c] += w
                        out[intent + i] += w
                        out[quality + q] += w
