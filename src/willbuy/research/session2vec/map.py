"""Products on a plane, near where they are shown near each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from willbuy.events.batch import Names
from willbuy.research.session2vec.embedding import Embedding

POINTS = 600
"""At most; the products shown most."""

_LEAST = 10


def map_of(embedding: Embedding, names: Names) -> dict[str, Any]:
    """A map of the products that were shown most, by t-SNE.

    Distances on it tell neighbours from strangers and nothing else (van der Maaten & Hinton 2008,
    "Visualizing data using t-SNE"). The same embedding gives the same map.

    Args:
        embedding: Of products.
        names: What keys stand for.

    Returns:
        ``method``, ``products`` (how many there are in all) and ``points``: each with ``x``, ``y``
        within 0 and 1, ``product`` (key), ``section`` and ``category`` (texts, None where not
        known) and ``count`` (how often it was shown). Without points where there are too few.
    """
    from sklearn.manifold import TSNE

    told: dict[str, Any] = {"method": "t-SNE", "products": len(embedding.products), "points": []}
    most = np.argsort(-embedding.counts, kind="stable")[:POINTS]
    if len(most) < _LEAST:
        return told
    vectors = embedding.product_vectors[most]
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    places = TSNE(
        perplexity=min(30.0, (len(most) - 1) / 3),
        init="pca",
        max_iter=500,
        random_state=0,
        n_jobs=1,
    ).fit_transform(vectors / np.maximum(length, 1e-12))
    low, high = places.min(axis=0), places.max(axis=0)
    places = (places - low) / np.maximum(high - low, 1e-12)
    for at, (x, y) in zip(most.tolist(), places.tolist(), strict=True):
        told["points"].append(
            {
                "x": round(x, 4),
                "y": round(y, 4),
                "product": int(embedding.products[at]),
                "section": names.section.get(int(embedding.product_sections[at])),
                "category": names.category.get(int(embedding.product_categories[at])),
                "count": int(embedding.counts[at]),
            }
        )
    return told
