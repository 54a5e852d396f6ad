"""Products, categories and brands as vectors, and what lies near what."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.errors import WillbuyError
from willbuy.events.schema import MISSING

Ints = NDArray[np.int64]
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Recipe:
    """How word2vec is trained, and how its vectors are asked for the next product.

    Attributes:
        window: Words to either side that a word is to foretell; a product shown is two words,
            its category and itself.
        ns_exponent: Words are drawn as wrong answers in proportion to their count to this power:
            1 as often as they are shown, 0 all alike, below 0 rather the rare ones.
        epochs: Passes over all sentences.
        rate: Of the first step; it falls to nearly 0. Four times gensim's own needs about half as
            many passes.
        size: Numbers a vector.
        negative: Wrong answers a right one.
        min_count: Words met less often get no vector.
        fade: What a product counts, for each one shown after it.
        voice: What the products shown count beside the last one's category.
    """

    window: int = 4
    ns_exponent: float = 0.25
    epochs: int = 15
    rate: float = 0.1
    size: int = 32
    negative: int = 5
    min_count: int = 3
    fade: float = 0.95
    voice: float = 0.3


@dataclass(frozen=True, eq=False)
class Embedding:
    """What word2vec made of sessions that ended before a border.

    Attributes:
        products, categories, brands: Keys (P,), (C,), (B,), ascending.
        product_vectors, category_vectors, brand_vectors: float32, a row each. A brand's is the
            mean of its products', weighted by how often they were shown.
        outputs: float32 (P, d): of products as answers; a vector's dot product with it is the
            log-odds, but for a constant, that the product is shown near by.
        counts: How often each product was shown (P,).
        product_categories, product_sections: Keys of each product's category and of that one's
            section, when it was last shown (P,).
        border: All that was learnt from ended before, microseconds UTC.
        recipe: How.
    """

    products: Ints
    product_vectors: Vectors
    outputs: Vectors
    counts: Ints
    product_categories: Ints
    product_sections: Ints
    categories: Ints
    category_vectors: Vectors
    brands: Ints
    brand_vectors: Vectors
    border: int
    recipe: Recipe

    @property
    def size(self) -> int:
        """Numbers a vector."""
        return int(self.product_vectors.shape[1])

    def vectors(self, products: Ints, categories: Ints) -> Vectors:
        """A vector for each product shown (n, d): its own, else its category's, else nan.

        Args:
            products, categories: Keys (n,).
        """
        table = np.concatenate(
            [self.product_vectors, self.category_vectors, np.full((1, self.size), np.nan, "f4")]
        )
        return table[self.rows(products, categories)]

    def rows(self, products: Ints, categories: Ints) -> Ints:
        """Where `vectors` finds them: products from 0, categories from P, nothing at P + C."""
        P, C = len(self.products), len(self.categories)
        own, its = place(self.products, products), place(self.categories, categories)
        return np.where(own >= 0, own, np.where(its >= 0, P + its, P + C))

    def nearest_products(
        self, product: int, count: int = 10, category: int = MISSING
    ) -> list[tuple[int, float]]:
        """The products most alike, with their cosine, the most alike first.

        Args:
            product: Key.
            count: How many.
            category: Key of the product's category, whose vector stands in for a product that
                has none.

        Raises:
            WillbuyError: Neither has a vector.
        """
        vector = self.vectors(np.array([product]), np.array([category]))[0]
        if np.isnan(vector[0]):
            raise WillbuyError(
                f"Product {product} was shown fewer than {self.recipe.min_count} times in the "
                "sessions that the vectors were learnt from, and its category is not known "
                "either, so nothing can be said to be near it."
            )
        others = self.products != product
        found = nearest(self.product_vectors[others], vector, count)
        return [(int(self.products[others][at]), cosine) for at, cosine in found]

    def save(self, folder: Path) -> None:
        """Write arrays and JSON into a folder."""
        arrays = {one.name: getattr(self, one.name) for one in fields(self)}
        told = {"border": arrays.pop("border"), "recipe": asdict(arrays.pop("recipe"))}
        np.savez(folder / "embedding.npz", **arrays)
        (folder / "embedding.json").write_text(json.dumps(told, indent=1), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> Embedding:
        """Read what `save` wrote.

        Raises:
            WillbuyError: It is not there, or damaged.
        """
        try:
            told: dict[str, Any] = json.loads((folder / "embedding.json").read_text("utf-8"))
            with np.load(folder / "embedding.npz", allow_pickle=False) as arrays:
                return cls(**dict(arrays), border=told["border"], recipe=Recipe(**told["recipe"]))
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise WillbuyError(
                f"The embedding in {folder} cannot be read: {problem}. Train it again."
            ) from problem


def place(known: Ints, keys: Ints) -> Ints:
    """Where each key stands among ascending ones; -1 where it does not."""
    if not len(known):
        return np.full(len(keys), -1, np.int64)
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[at] == keys, at, -1)


def nearest(among: Vectors, vector: Vectors, count: int = 10) -> list[tuple[int, float]]:
    """The rows most alike to a vector, by cosine: of products, or of sessions at some moment.

    Args:
        among: float32 (n, d); rows with nan, or of zeros, are like nothing.
        vector: (d,).
        count: How many.

    Returns:
        Row and cosine, the most alike first; of equals, the earlier row.
    """
    length = np.linalg.norm(among, axis=1) * np.linalg.norm(vector)
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = among @ vector / length
    cosine = np.where(np.isfinite(cosine), cosine, -np.inf)
    order = np.argsort(-cosine, kind="stable")[:count]
    return [(int(at), float(cosine[at])) for at in order if cosine[at] > -np.inf]
