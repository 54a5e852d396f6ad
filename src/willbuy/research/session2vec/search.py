"""The search for window, negative-sampling exponent and epochs.

They decide more than the model does (Caselles-Dupré, Lesaint & Royo-Letelier 2018, "Word2vec
applied to recommendation: hyperparameters matter"). Recipes are judged by the next product, on the
last days before the border; nothing later is looked at.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from willbuy.moments.calendar import DAY
from willbuy.progress import Reporter
from willbuy.research.sequences import Sequences
from willbuy.research.session2vec.embedding import Recipe
from willbuy.research.session2vec.next_product import ask, vote_rates
from willbuy.research.session2vec.shown import Sentences
from willbuy.research.session2vec.training import too_little, train

TAIL = 0.2
"""The share of the days before the border that recipes are judged on."""

QUESTIONS = 8_000
"""So many moments decide, about."""

MOST_EVENTS = 250_000
"""Recipes are tried on the latest days before the tail that hold so many events, one at least."""

FADES, VOICES = (0.6, 0.8, 0.95), (0.1, 0.3, 1.0)


@dataclass(frozen=True)
class Trial:
    """One recipe tried, its hit rate on the tail, and the CPU seconds that it took."""

    recipe: Recipe
    hit_rate: float
    cpu_s: float = field(default=0.0, compare=False)


def search(
    sequences: Sequences,
    border: int,
    trials: int,
    seed: int,
    reporter: Reporter,
    known: Sequence[Trial] = (),
    keep: Callable[[Sequence[Trial]], None] | None = None,
) -> list[Trial]:
    """Try recipes, the best first; the default recipe is always among them.

    Args:
        sequences: Of a run.
        border: Only sessions that ended before it are learnt from or judged on.
        trials: How many trainings; 1 tries the default alone.
        seed: Of the search and of each training.
        reporter: Told of progress.
        known: What an interrupted search of the same has tried, in its order: not trained again.
        keep: Given all that has been tried, after each trial.

    Raises:
        WillbuyError: There is too little to learn from or to judge by.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    tail = tail_of(sequences, border)
    asked = ask(sequences, tail, border, most=QUESTIONS)
    if not len(asked.answer):
        raise too_little(
            "in the sessions of the last days before the middle of train, by which recipes are "
            "judged, nobody went from one product to another"
        )
    begin = _begin_of(sequences, tail)
    found: list[Trial] = []
    before = {_searched(one.recipe): one for one in known}

    def objective(trial: Any) -> float:
        recipe = Recipe(
            window=trial.suggest_int("window", 2, 8),
            ns_exponent=trial.suggest_float("ns_exponent", -0.75, 1.0),
            epochs=trial.suggest_int("epochs", 5, 30, log=True),
        )
        if (one := before.get(_searched(recipe))) is not None:
            found.append(one)
            return one.hit_rate
        began = time.process_time()
        vectors = train(Sentences(sequences, tail, begin), recipe, seed, reporter, _title(recipe))
        rates = vote_rates(vectors, asked, FADES, VOICES)
        fade, voice = max(rates, key=lambda one: rates[one])
        best, took = replace(recipe, fade=fade, voice=voice), time.process_time() - began
        found.append(Trial(best, rates[fade, voice], took))
        if keep is not None:
            keep(found)
        return rates[fade, voice]

    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=5)
    )
    study.enqueue_trial(dict(zip(_SEARCHED, _searched(Recipe()), strict=True)))
    study.optimize(objective, n_trials=trials)
    return sorted(found, key=lambda one: -one.hit_rate)


_SEARCHED = ("window", "ns_exponent", "epochs")


def _searched(recipe: Recipe) -> tuple[int | float, ...]:
    """What the search decides before training."""
    return tuple(getattr(recipe, name) for name in _SEARCHED)


def tail_of(sequences: Sequences, border: int) -> int:
    """Where the tail begins that recipes are judged on: the last days before the border."""
    first = min(int(block.sessions["start"].min()) for block in sequences.blocks())
    days = (border - first) / DAY
    return (
        border - round(float(np.ceil(days * TAIL)) * DAY)
        if days >= 5
        else (border - round((border - first) * TAIL))
    )


def _begin_of(sequences: Sequences, tail: int) -> int:
    """Where the days begin that recipes are tried on."""
    events = np.zeros(1, np.int64)  # by days before the tail
    for block in sequences.blocks():
        learnt = block.sessions[block.sessions["last"] < tail]
        counted = np.bincount((tail - learnt["start"]) // DAY, learnt["events"])
        events = np.append(events, np.zeros(max(len(counted) - len(events), 0), np.int64))
        events[: len(counted)] += counted.astype(np.int64)
    days = max(int(np.searchsorted(np.cumsum(events), MOST_EVENTS, "right")), 1)
    return tail - days * DAY


def _title(recipe: Recipe) -> str:
    return (
        f"Session2Vec: window {recipe.window}, exponent {recipe.ns_exponent:.2f}, "
        f"{recipe.epochs} epochs"
    )
