"""The vectors of a run: searched for, learnt and kept once, for every learner that uses them."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from willbuy.errors import WillbuyError
from willbuy.progress import Reporter
from willbuy.research.sequences import Sequences, identity_of, sequences_of
from willbuy.research.session2vec.border import border_of
from willbuy.research.session2vec.embedding import Embedding, Recipe
from willbuy.research.session2vec.search import Trial, search
from willbuy.research.session2vec.shown import Sentences
from willbuy.research.session2vec.training import train
from willbuy.research.writing import writing

TRIALS = 6
"""Recipes that are tried."""

FOLDER = "vectors"
"""Within a run's `research`."""

_ABOUT, _TRIED = "about.json", "tried.json"
_ONLY_USE = ("learner", "map", "vectors")


@dataclass(frozen=True)
class Kept:
    """A run's vectors.

    Attributes:
        embedding: Learnt by the best recipe.
        tried: Each recipe that was tried, with its ``hit_rate``, the best first.
        cpu_s: CPU seconds of reading the sessions, of the search and of learning.
        earlier_cpu_s: How many of these were not spent in the call that this comes from: what a
            learner adds to its own, so that each one's cost is told as if it had come first.
    """

    embedding: Embedding
    tried: list[dict[str, Any]]
    cpu_s: float
    earlier_cpu_s: float


def vectors_of(run: Path, seed: int, reporter: Reporter) -> Kept:
    """The vectors of a run, from `run/research/vectors`; learnt and written there the first time.

    They are learnt anew when the run, the seed or the code that makes them has changed. A search
    that was interrupted goes on after the last recipe it has tried.

    Args:
        run: The folder of a run on a log.
        seed: Of the search and of each training.
        reporter: Told of progress.

    Raises:
        WillbuyError: The run's sessions cannot be read (see `sequences_of`), gensim is not
            installed, there is too little to learn from, or the folder cannot be written.
    """
    began = time.process_time()
    sequences, border = sequences_of(run, reporter), border_of(run)
    folder, key = run / "research" / FOLDER, _key(run, border, seed)
    if (found := _load(folder, key)) is None:
        _learn(folder, key, sequences, border, seed, reporter)
        found = _load(folder, key)
        assert found is not None
    spent = time.process_time() - began
    return replace(found, earlier_cpu_s=max(found.cpu_s - spent, 0.0))


def _learn(
    folder: Path, key: str, sequences: Sequences, border: int, seed: int, reporter: Reporter
) -> None:
    """Search, learn, and put a whole folder in place of what is there."""
    partial = folder.with_name(f".{FOLDER}")
    with writing(folder):
        partial.mkdir(exist_ok=True)
    known = _tried_before(partial / _TRIED, key)
    began = time.process_time()

    def keep(trials: Sequence[Trial]) -> None:
        told = {"key": key, "tried": [asdict(one) for one in trials]}
        written = partial / f".{_TRIED}"
        with writing(folder):
            written.write_text(json.dumps(told), "utf-8")
            written.replace(partial / _TRIED)

    tried = search(sequences, border, TRIALS, seed, reporter, known, keep)
    found = train(Sentences(sequences, border), tried[0].recipe, seed, reporter)
    earlier = sequences.cpu_s + sum(one.cpu_s for one in known)
    about = {
        "key": key,
        "border": border,
        "seed": seed,
        "recipe": asdict(tried[0].recipe),
        "products": len(found.products),
        "tried": [{**asdict(one.recipe), "hit_rate": one.hit_rate} for one in tried],
        "cpu_s": earlier + time.process_time() - began,
    }
    with writing(folder):
        found.save(partial)
        (partial / _TRIED).unlink()
        (partial / _ABOUT).write_text(json.dumps(about, indent=1), "utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)


def _load(folder: Path, key: str) -> Kept | None:
    """The vectors that are there; None where they are others, or not whole."""
    try:
        about = json.loads((folder / _ABOUT).read_text("utf-8"))
        if about["key"] != key:
            return None
        return Kept(Embedding.load(folder), about["tried"], about["cpu_s"], 0.0)
    except (OSError, ValueError, KeyError, TypeError, WillbuyError):
        return None


def _tried_before(path: Path, key: str) -> list[Trial]:
    """What a search for the same vectors had tried when it was interrupted."""
    try:
        told = json.loads(path.read_text("utf-8"))
        if told["key"] != key:
            return []
        return [
            Trial(Recipe(**one["recipe"]), one["hit_rate"], one["cpu_s"]) for one in told["tried"]
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _key(run: Path, border: int, seed: int) -> str:
    """A hash of all that the vectors depend on: the run, its border, the seed, packages, code."""
    depends = [identity_of(run), border, seed, TRIALS, _versions()]
    told = hashlib.sha256(json.dumps(depends).encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem not in _ONLY_USE:
            told.update(path.read_bytes())
    return told.hexdigest()


def _versions() -> list[str]:
    """Of gensim and of what chooses recipes; without gensim none, and `train` says so."""
    try:
        return [version(name) for name in ("gensim", "optuna")]
    except PackageNotFoundError:
        return []
