"""A session's vector at each of its moments: the decayed mean of what it has shown so far."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from willbuy.compiled import build
from willbuy.events.keys import NATIVE
from willbuy.research.sequences import Block, Sequences
from willbuy.research.session2vec.embedding import Embedding, Ints, Vectors
from willbuy.research.session2vec.shown import shown


def names_of(embedding: Embedding) -> tuple[str, ...]:
    """The columns of `columns`."""
    return tuple(f"s2v_{i}" for i in range(embedding.size))


def columns(embedding: Embedding, sequences: Sequences, rows: pl.DataFrame) -> Vectors:
    """The session vectors of rows of the run's snapshots.

    Args:
        embedding: Of the same run.
        sequences: Of the same run.
        rows: Their `visit`, `ordinal` and `start`, (n,).

    Returns:
        float32 (n, d); nan before the session has shown anything that is known, and in sessions
        that began before the embedding's border: it was learnt from events after them.
    """
    visit, ordinal = rows["visit"].to_numpy(), rows["ordinal"].to_numpy()
    late = rows["start"].to_physical().to_numpy() >= embedding.border
    order = np.argsort(visit, kind="stable")
    ordered = visit[order]
    out = np.full((len(visit), embedding.size), np.nan, np.float32)
    for block in sequences.blocks():
        sessions = block.sessions
        low = np.searchsorted(ordered, sessions["visit"], "left")
        count = np.searchsorted(ordered, sessions["visit"], "right") - low
        wanted = np.flatnonzero(count)
        begins = block.ends - sessions["events"]
        at = order[ranges(low[wanted], count[wanted])]
        step = np.repeat(begins[wanted], count[wanted]) + ordinal[at] - 1
        chosen = np.zeros(len(sessions), np.bool_)
        chosen[wanted] = True
        vectors, of = session_vectors(embedding, block, chosen)
        word = of[step]
        use = (word >= 0) & late[at]
        out[at[use]] = vectors[word[use]]
    return out


def session_vectors(
    embedding: Embedding, block: Block, chosen: NDArray[np.bool_]
) -> tuple[Vectors, Ints]:
    """The vectors of a block's sessions after each product that they showed.

    Args:
        embedding: The products' vectors.
        block: Whole sessions.
        chosen: Which of them (s,).

    Returns:
        float32 (t, d), nan where nothing shown so far is known; and of each event of the block
        (n,) the row that holds, -1 before the session has shown anything.
    """
    words = shown(block).of(chosen)
    table = np.concatenate([embedding.product_vectors, embedding.category_vectors])
    at = embedding.rows(words.words["product"], words.words["category"])
    at[at == len(table)] = -1
    vectors = np.empty((len(at), embedding.size), np.float32)
    _program().decayed_means(words.session, at, table, embedding.recipe.fade, vectors)
    of = np.full(len(block.steps), -1, np.int64)
    of[words.step] = np.arange(len(at))
    begins = block.ends - block.sessions["events"]
    first = np.repeat(begins, block.sessions["events"])
    newest = np.maximum.accumulate(np.where(of >= 0, np.arange(len(of)), -1))
    return vectors, np.where(newest >= first, of[newest], -1)


def decayed_means(session: Ints, at: Ints, table: Vectors, fade: float, out: Vectors) -> None:
    """Go through words and keep the mean of each session's vectors so far. Compiled.

    Args:
        session: Of each word (t,), ascending.
        at: Its row of the table (t,); -1 where it has none.
        table: float32 (v, d).
        fade: What a word counts for each known one after it.
        out: float32 (t, d), filled.
    """
    sums = np.zeros(table.shape[1])
    weight = 0.0
    for t in range(len(at)):
        if t == 0 or session[t] != session[t - 1]:
            sums[:] = 0.0
            weight = 0.0
        if at[t] >= 0:
            weight = fade * weight + 1.0
            for d in range(table.shape[1]):
                sums[d] = fade * sums[d] + table[at[t], d]
        for d in range(table.shape[1]):
            out[t, d] = sums[d] / weight if weight > 0 else np.nan


@lru_cache(maxsize=1)
def _program() -> ModuleType:
    return build({"decayed_means": decayed_means}, NATIVE, allocates=True)


def ranges(begin: Ints, count: Ints) -> Ints:
    """begin[0], begin[0] + 1, ... count[0] of them, then those of the next."""
    ends = np.cumsum(count)
    return np.repeat(begin - ends + count, count) + np.arange(count.sum())
