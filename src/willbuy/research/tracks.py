"""What sequence models read: a session's events so far, after the shopper's latest past."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from willbuy.errors import WillbuyError
from willbuy.moments.calendar import SECOND
from willbuy.moments.state import Records
from willbuy.research.sequences import Block, Sequences
from willbuy.research.session2vec.embedding import Embedding, place
from willbuy.research.session2vec.vectors import ranges

Ints = NDArray[np.int64]

NUMBERS = 8
"""What is told of an event beside kind, product, category and price: see `Tracks.numbers`."""


@dataclass(frozen=True, eq=False)
class Reading:
    """How events are told: all of it learnt from train, or before it.

    Attributes:
        embedding: Session2Vec's.
        price_edges: Between the bins of prices, ascending.
    """

    embedding: Embedding
    price_edges: NDArray[np.float64]

    @property
    def products(self) -> int:
        """Numbers of products: 0 for none, then products, then categories in their place."""
        return 1 + len(self.embedding.products) + len(self.embedding.categories)

    @property
    def categories(self) -> int:
        """Numbers of categories: 0 for one not known."""
        return 1 + len(self.embedding.categories)

    @property
    def bins(self) -> int:
        """Numbers of prices: 0 for none."""
        return len(self.price_edges) + 2


class Tracks(NamedTuple):
    """The tracks of some sessions and the moments on them.

    Attributes:
        ends: Where each session's events end among all (s,).
        kind: `Kind` of each event (t,), int8.
        product, category, price: Numbers as `Reading` gives them (t,), int32.
        number: Each event's number in the session, from 1; 0 and below in the past (t,), int32.
        numbers: float32 (t, `NUMBERS`): log of the seconds since the event before; 1 for the
            first of all; 1 for the session's own; 1 where it is of the product before; 1 where its
            product was met before on the track; log of its number in the session; sine and cosine
            of the local hour.
        session: Of each moment (m,).
        at: Its event among all (m,).
    """

    ends: Ints
    kind: NDArray[np.int8]
    product: NDArray[np.int32]
    category: NDArray[np.int32]
    price: NDArray[np.int32]
    number: NDArray[np.int32]
    numbers: NDArray[np.float32]
    session: Ints
    at: Ints


def lay(sequences: Sequences, reading: Reading, rows: pl.DataFrame, most: int) -> Tracks:
    """The tracks that some rows of the run's snapshots lie on.

    Sessions that began before the embedding's border are told without products: the embedding
    was learnt from what came after them.

    Args:
        sequences: Of the run.
        reading: How events are told.
        rows: Their `visit` and `ordinal` (m,).
        most: So many of the shopper's events in other sessions go before a session's own.

    Raises:
        WillbuyError: A row's session is not among the run's.
    """
    visit, ordinal = rows["visit"].to_numpy(), rows["ordinal"].to_numpy().astype(np.int64)
    known, of = np.unique(visit, return_inverse=True)
    longest = np.zeros(len(known), np.int64)
    np.maximum.at(longest, of, ordinal)
    parts: list[tuple[Ints, Ints, Ints, dict[str, NDArray[np.generic]]]] = []
    for block in sequences.blocks():
        at = place(known, block.sessions["visit"])
        chosen = np.flatnonzero(at >= 0)
        if len(chosen):
            steps, past, own = _steps_of(block, chosen, longest[at[chosen]], most)
            told = _told(block, chosen, steps, past, own, reading)
            parts.append((at[chosen], past, own, told))
    number = np.concatenate([one[0] for one in parts]) if parts else np.zeros(0, np.int64)
    if len(number) < len(known):
        raise WillbuyError(
            f"{len(known) - len(number)} sessions of the snapshots are not among those of "
            f"{sequences.folder}. Remove that folder, so that it is made anew."
        )
    past, own = (np.concatenate([one[i] for one in parts]) for i in (1, 2))
    ends = np.cumsum(past + own)
    back = np.empty(len(known), np.int64)
    back[number] = np.arange(len(number))
    session = back[of]
    fields = {name: np.concatenate([one[3][name] for one in parts]) for name in parts[0][3]}
    return Tracks(
        ends=ends, session=session, at=ends[session] - own[session] + ordinal - 1, **fields
    )


def _steps_of(block: Block, chosen: Ints, own: Ints, most: int) -> tuple[Ints, Ints, Ints]:
    """The events of each chosen session's track, and how many are past and own."""
    sessions, steps = block
    begins = block.ends - sessions["events"]
    user = np.repeat(sessions["user"], sessions["events"])
    # A shopper's events in the order of the log, whatever session they are of.
    _, code = np.unique(user, return_inverse=True)
    order = np.lexsort((steps["position"], steps["time"], code))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    first_of_user = np.searchsorted(code[order], code[begins[chosen]])
    first = rank[begins[chosen]]
    past = np.minimum(first - first_of_user, most)
    length = past + own
    out = np.empty(int(length.sum()), np.int64)
    starts = np.cumsum(length) - length
    out[ranges(starts, past)] = order[ranges(first - past, past)]
    out[ranges(starts + past, own)] = ranges(begins[chosen], own)
    return out, past, own


def _told(
    block: Block, chosen: Ints, steps: Ints, past: Ints, own: Ints, reading: Reading
) -> dict[str, NDArray[np.generic]]:
    events: Records = block.steps[steps]
    length = past + own
    track = np.repeat(np.arange(len(length)), length)
    starts = np.cumsum(length) - length
    opens = np.zeros(len(events), np.bool_)
    opens[starts] = True
    number = np.arange(len(events)) - starts[track] - past[track] + 1
    late = block.sessions["start"][chosen] >= reading.embedding.border
    rows = reading.embedding.rows(events["product"], events["category"])
    product = np.where((rows < reading.products - 1) & late[track], rows + 1, 0)
    category = place(reading.embedding.categories, events["category"]) + 1
    numbers = np.zeros((len(events), NUMBERS), np.float32)
    gap = np.diff(events["time"], prepend=0)
    numbers[:, 0] = np.where(opens, 0, np.log1p(np.maximum(gap, 0) / SECOND) / 4)
    numbers[:, 1] = opens
    numbers[:, 2] = number > 0
    named = events["product"] != -1
    before = np.roll(events["product"], 1)
    numbers[:, 3] = named & ~opens & (events["product"] == before)
    numbers[:, 4] = named & _met(track, events["product"])
    numbers[:, 5] = np.log1p(np.maximum(number, 0)) / 2
    angle = events["hour"] / 24 * 2 * np.pi
    numbers[:, 6], numbers[:, 7] = np.sin(angle), np.cos(angle)
    return {
        "kind": events["kind"],
        "product": product.astype(np.int32),
        "category": category.astype(np.int32),
        "price": bins_of(reading.price_edges, events["price"]),
        "number": number.astype(np.int32),
        "numbers": numbers,
    }


def _met(track: Ints, product: Ints) -> NDArray[np.bool_]:
    """Whether an earlier event of the track is of the same product."""
    order = np.lexsort((product, track))  # stable: equal ones stay in the order of the track
    same = np.zeros(len(order), np.bool_)
    same[order[1:]] = (product[order[1:]] == product[order[:-1]]) & (
        track[order[1:]] == track[order[:-1]]
    )
    return same


def bins_of(edges: NDArray[np.float64], price: NDArray[np.float64]) -> NDArray[np.int32]:
    """The bin of each price, from 1; 0 where there is none."""
    known = ~np.isnan(price)
    return np.where(known, np.searchsorted(edges, np.where(known, price, 0)) + 1, 0).astype("i4")


def dealt(tracks: Tracks, rng: np.random.Generator, most: int) -> Ints:
    """All moments in an order for training: hands of a session's moments side by side.

    A session is read once for each of its hands. Were all moments of a session in one batch, a
    single long session that buys would turn a whole step.

    Args:
        tracks: Sessions and their moments (m,).
        rng: Draws hands, and their order.
        most: Moments of one session in a hand.

    Returns:
        int64 (m,).
    """
    drawn = rng.permutation(len(tracks.session))
    drawn = drawn[np.argsort(tracks.session[drawn], kind="stable")]
    session = tracks.session[drawn]
    opens = np.diff(session, prepend=-1) != 0
    rank = np.arange(len(drawn)) - np.flatnonzero(opens)[np.cumsum(opens) - 1]
    begin = np.flatnonzero(rank % most == 0)
    count = np.diff(begin, append=len(drawn))
    order = rng.permutation(len(begin))
    return drawn[ranges(begin[order], count[order])]
