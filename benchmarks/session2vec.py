"""How well Session2Vec tells the next product: tuned, untuned, beside counts and what is possible.

The tuned vectors are the run's own, which every comparison uses: learnt here where they are not
there yet.

python benchmarks/session2vec.py --run runs/demo --events 1_000_000

Everybody learns from the same sessions, those that ended before the middle of train, and is asked
on the run's test sessions: after each product shown, is the next other product viewed among the
first twenty named? Intervals are of a bootstrap over shoppers.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from gensim.models.word2vec import Word2Vec

from machine import machine
from next_product_ceiling import ceiling, reopened
from willbuy.bundle.files import find_bundle, load_settings_of
from willbuy.evaluate.figures import How, divided, figure, verdict
from willbuy.progress import Silent
from willbuy.research.sequences import sequences_of
from willbuy.research.session2vec.border import border_of
from willbuy.research.session2vec.embedding import Embedding, Recipe
from willbuy.research.session2vec.kept import vectors_of
from willbuy.research.session2vec.next_product import (
    Alike,
    Popular,
    Ranker,
    Together,
    Votes,
    ask,
    hits,
    vote_rates,
)
from willbuy.research.session2vec.search import FADES, QUESTIONS, VOICES, tail_of
from willbuy.research.session2vec.shown import Sentences
from willbuy.research.session2vec.training import Looks, embedding_of
from willbuy.snapshots.splits import TEST

FAR = 1 << 62
MEMORIES = (0.0, 0.6, 0.9)
"""Of co-occurrence: what a product shown counts for each one after it."""


def voting(run: Path, border: int, seed: int) -> Ranker:
    """`Votes` by vectors of gensim's own defaults: what tuning, and nothing else, is held against.

    Fade and voice are those that serve them best on the tail that recipes are judged on.
    """
    sequences = sequences_of(run, Silent())
    tail = tail_of(sequences, border)
    asked = ask(sequences, tail, border, most=QUESTIONS)
    rates = vote_rates(by_defaults(Sentences(sequences, tail), seed), asked, FADES, VOICES)
    return Votes(
        by_defaults(Sentences(sequences, border), seed), *max(rates, key=rates.__getitem__)
    )


def by_defaults(sentences: Sentences, seed: int) -> Embedding:
    """The same words, by gensim as it comes: a continuous bag of words, and often ones left out."""
    model = Word2Vec(list(sentences), seed=seed + 1, workers=1)
    recipe = Recipe(
        window=model.window, ns_exponent=model.ns_exponent, epochs=model.epochs, rate=model.alpha,
        size=model.vector_size, negative=model.negative, min_count=model.min_count,
    )  # fmt: skip
    return embedding_of(model, Looks(sentences), sentences.border, recipe)


def most_similar(sentences: Sentences, seed: int) -> Ranker:
    """Gensim as it comes, products alone as words, and its own `most_similar`."""
    texts = [[word for word in text if word[0] == "p"] for text in sentences]
    model = Word2Vec(texts, seed=seed + 1, workers=1)
    keys = np.array([int(word[1:]) for word in model.wv.index_to_key], np.int64)
    order = np.argsort(keys)
    return Alike(keys[order], model.wv.vectors[order])


def together(run: Path, border: int) -> Together:
    """Co-occurrence with the memory that serves it best on the tail that recipes are judged on."""
    sequences = sequences_of(run, Silent())
    tail = tail_of(sequences, border)
    before = Sentences(sequences, tail)
    asked, looks = ask(sequences, tail, border, most=QUESTIONS), Looks(before)
    rates = [hits(Together(before, looks, fade), asked).mean() for fade in MEMORIES]
    whole = Sentences(sequences, border)
    return Together(whole, Looks(whole), MEMORIES[int(np.argmax(rates))])


def main() -> None:
    """Ask everybody, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, default=Path("runs/demo"))
    parser.add_argument("--events", type=int, default=1_000_000, help="of `willbuy simulate`")
    parser.add_argument("--most", type=int, default=30_000, help="questions")
    parser.add_argument("--replicates", type=int, default=500)
    given = parser.parse_args()
    run: Path = given.run
    print(machine("willbuy", "gensim", "numpy"))
    sequences, border = sequences_of(run, Silent()), border_of(run)
    asked = ask(sequences, 0, FAR, part=TEST, most=given.most)
    sentences = Sentences(sequences, border)
    looks = Looks(sentences)
    seed = load_settings_of(find_bundle(run)).seed
    kept = vectors_of(run, seed, Silent())
    for one in kept.tried:
        print(f"  tried: {one['hit_rate']:.4f}  {one}")
    vectors = kept.embedding
    best = vectors.recipe
    rankers: dict[str, Ranker] = {
        "Session2Vec, the run's own vectors": Votes(vectors, best.fade, best.voice),
        "vectors by gensim's defaults, the same votes": voting(run, border, seed),
        "gensim's defaults, products alone, `most_similar`": most_similar(sentences, seed),
        "item co-occurrence": together(run, border),
        "popularity within the last category": Popular(looks),
        "shown before, then popularity within it": Popular(looks, shown_first=True),
    }
    found = {name: hits(ranker, asked) for name, ranker in rankers.items()}
    truth = json.loads((run / "run.json").read_text("utf-8"))["truth"]
    known = np.ones(len(asked.answer), bool)
    if truth is not None:
        known, reached = ceiling(reopened(Path(truth["file"]), given.events), asked)
        found["best possible, the shopper's mind known"] = reached
    print(
        f"{known.sum():,} of {len(known):,} questions, of {len(np.unique(asked.users)):,} "
        f"shoppers; {len(looks.products):,} products; search and training {kept.cpu_s:,.0f} CPU-s"
    )
    table(found, known, asked.users, given.replicates)


def table(
    found: dict[str, np.ndarray], known: np.ndarray, users: np.ndarray, replicates: int
) -> None:
    """Print hit rates, and Session2Vec's difference from each, with intervals."""
    how = How(0.5, 0, replicates, 2)
    values = np.column_stack([*(one[known] for one in found.values()), np.ones(known.sum())])
    values = values.astype(np.float64)
    drawn = how.sums(users[known], np.zeros(known.sum(), np.int64), values, 1)[:, 0]
    rates = divided(drawn[:, :-1], drawn[:, -1:])
    points = values[:, :-1].mean(axis=0)
    print("\n| who names twenty | hit rate | Session2Vec minus it |\n|---|---|---|")
    for i, name in enumerate(found):
        rate = figure(float(points[i]), rates[:, i], "")
        line = f"| {name} | {rate['value']:.3f} ({rate['low']:.3f} to {rate['high']:.3f}) |"
        if i:
            gap = figure(float(points[0] - points[i]), rates[:, 0] - rates[:, i], "")
            line += f" {gap['value']:+.3f} ({gap['low']:+.3f} to {gap['high']:+.3f}), "
            line += f"{verdict(gap)} |"
        print(line if i else f"{line} |")


if __name__ == "__main__":
    main()
