"""How often the next product is among the first twenty that somebody would have named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from willbuy.events.keys import mix_all
from willbuy.events.schema import Kind
from willbuy.research.sequences import Sequences
from willbuy.research.session2vec.embedding import Embedding, Ints, Vectors, place
from willbuy.research.session2vec.shown import Sentences, shown
from willbuy.research.session2vec.training import Looks

Floats = NDArray[np.float64]
Scores = NDArray[np.floating[Any]]

AT = 20
"""So many products are named."""

LATEST = 30
"""No more of the products shown are looked back at."""

_CELLS = 2_000_000
"""Numbers that are worked on at a time."""


class Asked(NamedTuple):
    """Moments after which another product was viewed.

    Attributes:
        products, categories: Keys of all words of the sessions (t,), see `Shown`.
        times: When each was shown (t,).
        begin, last: The words shown by each moment, the last one included (q,).
        answer: Key of the product viewed next (q,).
        users: Key of each moment's shopper (q,).
    """

    products: Ints
    categories: Ints
    times: Ints
    begin: Ints
    last: Ints
    answer: Ints
    users: Ints

    def take(self, at: Ints) -> Asked:
        """Some of the moments."""
        begin, last, answer, users = (
            one[at] for one in (self.begin, self.last, self.answer, self.users)
        )
        return self._replace(begin=begin, last=last, answer=answer, users=users)


def ask(
    sequences: Sequences, begin: int, end: int, part: int | None = None, most: int = 50_000
) -> Asked:
    """The questions that sessions give, up to their purchase.

    Args:
        sequences: Of a run.
        begin, end: Sessions that started at `begin` or later and whose last event came before
            `end`, microseconds UTC.
        part: Sessions of this part of the run only.
        most: At most about so many, by a hash of the session.
    """
    products, categories, times, users, visits, firsts, same = ([] for _ in range(7))
    done = 0
    for block in sequences.blocks():
        sessions = block.sessions
        keep = (sessions["start"] >= begin) & (sessions["last"] < end)
        if part is not None:
            keep &= sessions["part"] == part
        of, _, words = shown(block, only_moments=True).of(keep)
        opens = np.diff(of, prepend=-1) != 0
        places = np.arange(len(of)) + done
        firsts.append(places[opens][np.cumsum(opens) - 1])
        viewed = words["kind"] == Kind.VIEW
        same.append(np.append(~opens[1:] & viewed[1:], False) if len(of) else opens)
        products.append(words["product"])
        categories.append(words["category"])
        times.append(words["time"])
        users.append(sessions["user"][of])
        visits.append(sessions["visit"][of])
        done += len(of)
    product, first = np.concatenate(products), np.concatenate(firsts)
    at = np.flatnonzero(np.concatenate(same))
    if len(at) > most:
        share = most / len(at)
        draw = mix_all(np.concatenate(visits)[at], 0).astype(np.float64) / 2.0**64
        at = at[draw < share]
    return Asked(
        product, np.concatenate(categories), np.concatenate(times),
        np.maximum(first[at], at - LATEST + 1), at, product[at + 1], np.concatenate(users)[at],
    )  # fmt: skip


class Ranker(Protocol):
    """Somebody who names products.

    Attributes:
        products: Keys of those that can be named (P,), ascending.
    """

    products: Ints

    def scores(self, asked: Asked) -> Scores:
        """What speaks for each product as the next one (q, P)."""
        ...


def hits(ranker: Ranker, asked: Asked) -> NDArray[np.bool_]:
    """Whether the answer is among the first `AT` named (q,); the last product is not named.

    Of products that as much speaks for, the one of the lower key is named first.
    """
    found = [
        _named(ranker.scores(some), ranker.products, some)
        for some in _parts(asked, len(ranker.products))
    ]
    return np.concatenate([np.zeros(0, np.bool_), *found])


def vote_rates(
    embedding: Embedding, asked: Asked, fades: Sequence[float], voices: Sequence[float]
) -> dict[tuple[float, float], float]:
    """The hit rate of `Votes` by fade and voice; all of them cost little more than a few.

    Raises:
        ZeroDivisionError: Nothing is asked.
    """
    count = {(fade, voice): 0 for fade in fades for voice in voices}
    for some in _parts(asked, len(embedding.products)):
        ballots = _Ballots(embedding, some)
        for fade in fades:
            shown = ballots.of_products(fade)
            for voice in voices:
                scores = ballots.of_categories + np.float32(voice) * shown
                count[fade, voice] += int(_named(scores, embedding.products, some).sum())
    return {one: hit / len(asked.answer) for one, hit in count.items()}


def _parts(asked: Asked, products: int) -> Iterator[Asked]:
    """The questions, as many at a time as `_CELLS` allows."""
    step = max(_CELLS // max(products, 1), 1)
    for begin in range(0, len(asked.answer), step):
        yield asked.take(np.arange(begin, min(begin + step, len(asked.answer))))


def _named(scores: Scores, products: Ints, asked: Asked) -> NDArray[np.bool_]:
    """`hits` of scores (q, P)."""
    row = np.arange(len(scores))
    last, at = (place(products, one) for one in (asked.products[asked.last], asked.answer))
    scores[row[last >= 0], last[last >= 0]] = -np.inf
    mine = scores[row, at][:, None]
    better = np.array([np.count_nonzero(one) for one in scores > mine])
    near = np.flatnonzero((at >= 0) & (better < AT))
    earlier = np.arange(scores.shape[1]) < at[near, None]
    better[near] += ((scores[near] == mine[near]) & earlier).sum(axis=1)
    return (at >= 0) & (better < AT)


def history(asked: Asked, products: Ints, fade: float) -> sp.csr_array:
    """What each moment's session has shown: sparse (q, P), `fade` to the power of how long ago."""
    length = asked.last - asked.begin + 1
    row = np.repeat(np.arange(len(length)), length)
    ends = np.cumsum(length)
    age = np.repeat(ends, length) - 1 - np.arange(length.sum())
    column = place(products, asked.products[np.repeat(asked.last, length) - age])
    known = column >= 0
    return sp.csr_array(
        (fade ** age[known].astype(np.float64), (row[known], column[known])),
        shape=(len(length), len(products)),
    )


class Popular:
    """The products most shown, those of the last one's category before all others."""

    def __init__(self, looks: Looks, shown_first: bool = False) -> None:
        """`shown_first`: before these, the products that the session has shown already."""
        self.products = looks.products
        self._share = looks.counts / (looks.counts.max() + 1)
        self._category = looks.categories
        self._shown_first = shown_first

    def scores(self, asked: Asked) -> Floats:
        """See `Ranker`."""
        alike = self._category[None, :] == asked.categories[asked.last][:, None]
        found: Floats = self._share[None, :] + alike
        if self._shown_first:
            found += 2.0 * (history(asked, self.products, 1.0).toarray() > 0)
        return found


class Together:
    """Item co-occurrence: the products that sessions have most often shown together.

    Where it knows too few, the most shown of the last one's category follow.
    """

    def __init__(self, sentences: Sentences, looks: Looks, fade: float) -> None:
        """`fade`: what a product counts for each one shown after it; 0 for the last one only."""
        self.products = looks.products
        self._popular, self._fade = Popular(looks), fade
        rows, columns, done = [], [], 0
        for words in sentences.blocks():
            rows.append(np.cumsum(np.diff(words.session, prepend=-1) != 0) - 1 + done)
            columns.append(place(self.products, words.words["product"]))
            done += len(np.unique(words.session))
        row, column = np.concatenate(rows), np.concatenate(columns)
        shown_ = sp.csr_array((np.ones(len(row)), (row, column)), shape=(done, len(self.products)))
        shown_.data[:] = 1.0
        counts = (shown_.T @ shown_).tocsr()
        counts.setdiag(0)
        self._counts = counts

    def scores(self, asked: Asked) -> Floats:
        """See `Ranker`."""
        seen = history(asked, self.products, self._fade)
        found: Floats = (seen @ self._counts).toarray()
        return found + 1e-9 * self._popular.scores(asked)


class Votes:
    """Session2Vec: the last product's category and all products shown vote, and votes fade.

    A word's votes are the softmax of its vector with all products as answers: what word2vec says
    is shown near it.
    """

    def __init__(self, embedding: Embedding, fade: float, voice: float) -> None:
        """`fade`, `voice`: As in `Recipe`, whatever the embedding's own say."""
        self.products = embedding.products
        self._embedding, self._fade, self._voice = embedding, fade, voice

    def scores(self, asked: Asked) -> Scores:
        """See `Ranker`."""
        ballots = _Ballots(self._embedding, asked)
        return ballots.of_categories + np.float32(self._voice) * ballots.of_products(self._fade)


class _Ballots:
    """What the words of some moments vote for.

    Attributes:
        of_categories: Of each moment's last category, float32 (q, P); zeros where not known.
    """

    def __init__(self, its: Embedding, asked: Asked) -> None:
        self._asked, self._known = asked, its.products
        self._used = np.unique(history(asked, its.products, 1.0).indices)
        self._products = _softmax(its.product_vectors[self._used], its.outputs)
        category = place(its.categories, asked.categories[asked.last])
        which, of = np.unique(category, return_inverse=True)
        votes = np.zeros((len(which), len(its.products)), np.float32)
        known = which >= 0
        votes[known] = _softmax(its.category_vectors[which[known]], its.outputs)
        self.of_categories: Scores = votes[of]

    def of_products(self, fade: float) -> Scores:
        """Of all products that each moment's session has shown (q, P)."""
        seen = history(self._asked, self._known, fade)[:, self._used]
        found: Scores = seen.astype(np.float32) @ self._products
        return found


class Alike:
    """What gensim does by itself: the products most alike to the mean of those shown."""

    def __init__(self, products: Ints, vectors: NDArray[np.float32]) -> None:
        """`products`: keys, ascending; `vectors`: of each."""
        self.products = products
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        self._vectors = vectors / np.maximum(length, 1e-12)

    def scores(self, asked: Asked) -> Floats:
        """See `Ranker`."""
        found: Floats = (history(asked, self.products, 1.0) @ self._vectors) @ self._vectors.T
        return found


def _softmax(vectors: Vectors, outputs: Vectors) -> Vectors:
    odds: Vectors = vectors @ outputs.T
    odds -= odds.max(axis=1, keepdims=True)
    np.exp(odds, out=odds)
    odds /= odds.sum(axis=1, keepdims=True)
    return odds
