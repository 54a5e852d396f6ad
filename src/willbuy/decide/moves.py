"""What sessions do after they came into a segment: a step funnel, and where they go next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from willbuy.decide.segments import FEW, Segments
from willbuy.decide.strategy import Figure, Funnel, Journey, Move
from willbuy.evaluate.bootstrap import replicate_sums
from willbuy.evaluate.figures import divided, rate, withheld

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]

BOUGHT, LEFT = "bought", "left without buying"
"""Where a session goes that comes into no other segment."""

_TOO_FEW = f"fewer than {FEW} sessions"


def journeys(
    segments: Segments, entries: pl.DataFrame, *, seed: int, count: int, threads: int
) -> list[Journey]:
    """The funnel of each segment, and the shares of its sessions by what they did next.

    A session counts once in each segment, from when it first came into it; the same sessions, and
    weights, as `described` calls entered. What it did next is the first other segment it came
    into; else it bought, or it left. Of a segment the shares add up to 1.

    Args:
        segments: How sessions are placed.
        entries: As `segments.entered` gives them.
        seed, count, threads: Of the bootstrap over shoppers.
    """
    size, how = len(segments), {"seed": seed, "count": count, "threads": threads}
    user, weight, place = (entries[c].to_numpy() for c in ("user_key", "weight", "segment"))
    bought, had, put = (entries[c].to_numpy() for c in ("label", "had_cart", "puts_in_cart"))
    cart = had | put
    steps = np.column_stack([had, ~had, put, cart, bought & cart, ~cart, bought & ~cart])
    values = weight[:, None] * steps
    to = entries["next"].fill_null(-1).to_numpy()
    to = np.where(to >= 0, to, np.where(bought, size, size + 1))
    cell, ways = place * (size + 2) + to, size + 2
    stepped = _summed(place, values, size)
    moved = _summed(cell, weight[:, None], size * ways).reshape(size, ways)
    stepped_drawn = replicate_sums(user, place, values, size, **how)
    moved_drawn = replicate_sums(user, cell, weight[:, None], size * ways, **how)
    moved_drawn = moved_drawn.reshape(count, size, ways)
    names = [*(" / ".join(segments.name(n)) for n in range(size)), BOUGHT, LEFT]
    rows = np.bincount(place, minlength=size)
    return [
        Journey(
            segment=names[one],
            funnel=_funnel(stepped[one], stepped_drawn[:, one], bool(cart.any()), rows[one] < FEW),
            next=[] if rows[one] < FEW else _next(moved[one], moved_drawn[:, one], names),
        )
        for one in np.flatnonzero(rows).tolist()
    ]


def _funnel(sums: Floats, drawn: Floats, carts: bool, few: bool) -> Funnel:
    """The funnel of the sums of one segment (steps,), and of all replicates (count, steps)."""
    had, had_not, put, cart, bought_cart, without, bought_without = range(len(sums))

    def share(top: int, bottom: int, nobody: str) -> Figure:
        if few:
            return Figure(**withheld(_TOO_FEW))
        shares = divided(drawn[:, top], drawn[:, bottom])
        return Figure(**rate(float(sums[top]), float(sums[bottom]), shares, nobody))

    nothing = Figure(**withheld("the test part has no cart event"))
    return Funnel(
        entered=round(sums[had] + sums[had_not]),
        had_cart=round(sums[had]),
        put_in_cart=share(put, had_not, "all had a cart") if carts else nothing,
        bought_with_cart=share(bought_cart, cart, "none had a cart") if carts else nothing,
        bought_without_cart=share(bought_without, without, "all had a cart"),
    )


def _next(sums: Floats, drawn: Floats, names: list[str]) -> list[Move]:
    """Destinations that somebody went to, the most frequent first."""
    total, totals = float(sums.sum()), drawn.sum(axis=1)
    order = [at for at in np.argsort(-sums, kind="stable").tolist() if sums[at] > 0]
    return [
        Move(
            to=names[at],
            share=Figure(**rate(float(sums[at]), total, divided(drawn[:, at], totals), "")),
        )
        for at in order
    ]


def _summed(cell: NDArray[np.int64], values: Floats, cells: int) -> Floats:
    return np.stack([np.bincount(cell, one, cells) for one in values.T], axis=1)
