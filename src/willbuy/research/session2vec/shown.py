"""What sessions have shown: their products in order, looks that follow each other taken as one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from willbuy.events.schema import MISSING
from willbuy.moments.state import Records
from willbuy.research.sequences import Block, Sequences

Ints = NDArray[np.int64]


class Shown(NamedTuple):
    """The words of a block's sessions, seen as sentences.

    Attributes:
        session: Which session of the block each word is of (t,), ascending.
        step: The event of the block that showed it first (t,).
        words: Record of STEP of that event (t,).
    """

    session: Ints
    step: Ints
    words: Records

    def of(self, keep: NDArray[np.bool_]) -> Shown:
        """The words of some sessions of the block (s,), under their old numbers."""
        at = keep[self.session]
        return Shown(self.session[at], self.step[at], self.words[at])


def shown(block: Block, only_moments: bool = False) -> Shown:
    """The words of all sessions of a block.

    A word is an event that names another product than the last one of its session that named
    any: to look again at the same product, or to put it in the cart, shows nothing new.

    Args:
        block: Whole sessions.
        only_moments: Leave out the purchase and what came after, and what is past the cap.
    """
    sessions, steps = block
    session = np.repeat(np.arange(len(sessions)), sessions["events"])
    named = steps["product"] != MISSING
    if only_moments:
        first = np.cumsum(sessions["events"], dtype=np.int64) - sessions["events"]
        named &= np.arange(len(steps)) - first[session] < sessions["moments"][session]
    at = np.flatnonzero(named)
    product, of = steps["product"][at], session[at]
    new = np.ones(len(at), np.bool_)
    new[1:] = (product[1:] != product[:-1]) | (of[1:] != of[:-1])
    at = at[new]
    return Shown(session[at], at, steps[at])


class Sentences:
    """Sessions that ended before a border, as sentences of words, to be gone through repeatedly.

    Attributes:
        sequences: Of a run.
        begin, border: Sessions that started at `begin` or later and whose last event came before
            the border, microseconds UTC.
    """

    def __init__(self, sequences: Sequences, border: int, begin: int | None = None) -> None:
        self.sequences = sequences
        self.border = border
        self.begin = begin

    def blocks(self) -> Iterator[Shown]:
        """Their words, block by block."""
        for block in self.sequences.blocks():
            keep = block.sessions["last"] < self.border
            if self.begin is not None:
                keep &= block.sessions["start"] >= self.begin
            yield shown(block).of(keep)

    def __iter__(self) -> Iterator[list[str]]:
        """Each session as the texts of its words: a product's category, then the product."""
        for words in self.blocks():
            product = np.char.add("p", words.words["product"].astype(str)).tolist()
            category = np.char.add("c", words.words["category"].astype(str)).tolist()
            begin = 0
            for end in (np.flatnonzero(np.diff(words.session, append=-1)) + 1).tolist():
                both = zip(category[begin:end], product[begin:end], strict=True)
                yield [text for pair in both for text in pair if text != NO_CATEGORY]
                begin = end


NO_CATEGORY = f"c{MISSING}"
