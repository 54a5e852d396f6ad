"""Session2Vec: word2vec with sessions as sentences.

Products are words, and each product's category goes before it as a word of its own, so that rare
products learn from their kind (Grbovic et al. 2015, "E-commerce in your inbox"; Vasile et al.
2016, "Meta-Prod2Vec"). Skip-gram with negative sampling, by gensim.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from willbuy.errors import WillbuyError
from willbuy.progress import Reporter
from willbuy.research.learner import INSTALL
from willbuy.research.session2vec.embedding import Embedding, Ints, Recipe, Vectors, place
from willbuy.research.session2vec.shown import Sentences


def train(
    sentences: Sentences, recipe: Recipe, seed: int, reporter: Reporter, title: str = "Session2Vec"
) -> Embedding:
    """Learn vectors; the same sentences, recipe and seed give the same ones.

    Args:
        sentences: Gone through once an epoch, a block in memory at a time.
        recipe: How.
        seed: Of the first vectors and all drawing.
        reporter: Told of each epoch.
        title: Of the stage.

    Raises:
        WillbuyError: gensim is not installed, or no product is met often enough.
    """
    looks = Looks(sentences)
    texts = _texts_of(sentences, looks, recipe)
    with reporter.stage(title, recipe.epochs) as stage:
        model = _gensim(texts, recipe, seed, stage)
    return embedding_of(model, looks, sentences.border, recipe)


class Looks:
    """How often each product was shown before a border, and what it then was.

    Attributes:
        products: Keys (P,), ascending.
        counts: Of each product (P,).
        categories, sections, brands: Keys of what each product was when last shown (P,).
    """

    def __init__(self, sentences: Sentences) -> None:
        import polars as pl

        when, what = ("time", "position"), ("category", "section", "brand")

        def latest(frame: pl.DataFrame, count: pl.Expr) -> pl.DataFrame:
            # Sessions lie by shopper, not by time.
            by_time = frame.sort(when).group_by("product", maintain_order=True)
            return by_time.agg(count, pl.last(*when, *what))

        frames = [
            latest(
                pl.DataFrame({name: words.words[name] for name in ("product", *when, *what)}),
                pl.len(),
            )
            for words in sentences.blocks()
        ]
        found = latest(pl.concat(frames), pl.sum("len")).sort("product")
        self.products: Ints = found["product"].to_numpy()
        self.counts: Ints = found["len"].cast(pl.Int64).to_numpy()
        self.categories: Ints = found["category"].to_numpy()
        self.sections: Ints = found["section"].to_numpy()
        self.brands: Ints = found["brand"].to_numpy()


def too_little(why: str) -> WillbuyError:
    """What is raised where a log is too short for vectors."""
    return WillbuyError(
        f"Session2Vec has too little to learn vectors from: {why}. Give a longer log, or compare "
        "models that need no vectors: --models logistic,xgboost,tabnet,tabm,blend"
    )


class _Counted:
    """Sentences, gone through by gensim once to count words and once an epoch."""

    def __init__(self, sentences: Sentences) -> None:
        self._sentences = sentences

    def __iter__(self) -> Any:
        return iter(self._sentences)


def _texts_of(sentences: Sentences, looks: Looks, recipe: Recipe) -> Any:
    if not len(looks.counts) or looks.counts.max() < recipe.min_count:
        raise too_little(
            "in the sessions that ended before the middle of train, no product was shown "
            f"{recipe.min_count} times"
        )
    if looks.counts.sum() <= _HELD_WORDS:  # a list is gone through faster
        return list(sentences)
    return _Counted(sentences)


_HELD_WORDS = 3_000_000


def _gensim(texts: Any, recipe: Recipe, seed: int, stage: Any) -> Any:
    try:
        from gensim.models.callbacks import CallbackAny2Vec
        from gensim.models.word2vec import Word2Vec
    except ImportError as problem:
        raise WillbuyError(
            f"Session2Vec needs gensim, which is not installed: {INSTALL}"
        ) from problem

    class Told(CallbackAny2Vec):  # type: ignore[misc]
        def on_epoch_end(self, model: Any) -> None:
            stage.advance(1)

    return Word2Vec(
        texts,
        vector_size=recipe.size,
        window=recipe.window,
        ns_exponent=recipe.ns_exponent,
        epochs=recipe.epochs,
        alpha=recipe.rate,
        negative=recipe.negative,
        min_count=recipe.min_count,
        sg=1,
        sample=0,
        seed=seed + 1,
        workers=1,  # with more, what is learnt depends on which thread comes first
        hashfxn=lambda text: zlib.crc32(text.encode()),
        callbacks=(Told(),),
    )


def embedding_of(model: Any, looks: Looks, border: int, recipe: Recipe) -> Embedding:
    """What a model of gensim has learnt.

    Args:
        model: A `Word2Vec` of `Sentences`, by negative sampling.
        looks: Of the same sentences.
        border: Theirs.
        recipe: How it was trained.
    """
    words: list[str] = model.wv.index_to_key

    def of(letter: str) -> tuple[Ints, Vectors, Vectors]:
        at = np.array([i for i, word in enumerate(words) if word[0] == letter], np.int64)
        keys = np.array([int(words[i][1:]) for i in at], np.int64)
        at, keys = at[np.argsort(keys)], np.sort(keys)
        return keys, model.wv.vectors[at].astype("f4"), model.syn1neg[at].astype("f4")

    products, vectors, outputs = of("p")
    categories, category_vectors, _ = of("c")
    at = place(looks.products, products)
    counts, brand = looks.counts[at], looks.brands[at]
    brands, code = np.unique(brand[brand != -1], return_inverse=True)
    sums = np.zeros((len(brands), recipe.size))
    branded = brand != -1
    np.add.at(sums, code, vectors[branded] * counts[branded, None])
    weight = np.bincount(code, counts[branded], len(brands))
    return Embedding(
        products=products,
        product_vectors=vectors,
        outputs=outputs,
        counts=counts,
        product_categories=looks.categories[at],
        product_sections=looks.sections[at],
        categories=categories,
        category_vectors=category_vectors,
        brands=brands,
        brand_vectors=(sums / np.maximum(weight, 1)[:, None]).astype("f4"),
        border=border,
        recipe=recipe,
    )
