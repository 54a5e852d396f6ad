"""Searching for XGBoost's settings, without a look at the rows that will judge them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from willbuy.models.boosted import FEW, Boosted, checked, few_plan, fewest
from willbuy.models.encoding import fit_encoder
from willbuy.models.labels import both_kinds
from willbuy.models.rounds import Floats, Trainer
from willbuy.snapshots.blocks import Blocks, as_blocks

if TYPE_CHECKING:
    import polars

Progress = Callable[[int, int, float], None]
"""Told after each trial: trials done, trials in all, the best loss so far."""

SPACE: Mapping[str, tuple[float, float, bool]] = {
    "max_depth": (2, 8, False),
    "learning_rate": (0.01, 0.1, True),
    "min_child_weight": (1.0, 100.0, True),
    "subsample": (0.4, 1.0, False),
    "colsample_bytree": (0.2, 1.0, False),
    "reg_lambda": (0.1, 30.0, True),
}
"""Lowest, highest, and whether the scale is logarithmic."""


class View(NamedTuple):
    """The rows with some held out, to be judged by.

    Attributes:
        X: float32 (n, F), or blocks of it. Nothing in it may have been fitted on the labels of
            the rows held out.
        names: The F columns.
        held: Whether a row is held out (n,).
    """

    X: NDArray[np.float32] | Blocks
    names: Sequence[str]
    held: NDArray[np.bool_]


def table_views(
    frame: polars.DataFrame,
    y: NDArray[np.bool_],
    held: Sequence[NDArray[np.bool_]],
    *,
    seed: int,
    groups: Sequence[Hashable] | NDArray[Any] | None = None,
    time: NDArray[np.int64] | None = None,
) -> list[View]:
    """Views of a user's table, each encoded without the labels of the rows that it holds out.

    Args:
        frame: n rows, as for `fit_encoder`.
        y: Labels (n,).
        held: The rows held out (n,) of each view: folds of groups, or the `latest` rows.
        seed: Of the encoder.
        groups, time: As for `fit_encoder`.

    Returns:
        One view for each of ``held``.
    """
    keys = None if groups is None else np.asarray(groups)
    views = []
    for mask in held:
        encoder, X = fit_encoder(
            frame.filter(~mask), y[~mask], seed=seed,
            groups=None if keys is None else keys[~mask],
            time=None if time is None else time[~mask],
        )  # fmt: skip
        whole = np.empty((len(y), X.shape[1]), dtype=np.float32)
        whole[~mask] = X
        whole[mask] = encoder.transform(frame.filter(mask))
        views.append(View(whole, encoder.names, mask))
    return views


@dataclass(frozen=True)
class Tuned:
    """The settings found.

    Attributes:
        settings: All of `DEFAULTS`' names; ``rounds`` is what early stopping kept, averaged
            over the views.
        loss: Their weighted log loss on the rows held out. The best of many is a little
            flattered: rows that took no part must tell how good the model is.
        history: One entry a trial, in order: ``settings``, ``loss`` (None where the trial was
            given up after the first views), ``losses`` and ``rounds`` by view.
        note: Why there was no search, in words; empty if there was.
    """

    settings: Mapping[str, float]
    loss: float | None
    history: Sequence[Mapping[str, Any]]
    note: str = ""


def tune(
    views: Sequence[View],
    y: NDArray[np.bool_],
    weight: Floats,
    *,
    trials: int,
    seed: int,
    threads: int,
    params: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> Tuned:
    """Try settings, judge each by the rows held out, and keep the best.

    The first trial is the settings as given, so that the search can only gain on them there; a
    tree-structured Parzen estimator (Bergstra et al. 2011, as in Optuna) proposes the others
    from `SPACE`. A trial is stopped in each view as `fit_boosted` stops, and given up after a
    view where it is worse than half of those before it were.

    Args:
        views: The same n rows, each time with others held out: folds of shoppers, or the latest
            sessions.
        y: Labels (n,).
        weight: Sampling weights (n,).
        trials: How many; at least 1.
        seed: Of proposals and boosters: the same seed and threads find the same settings.
        threads: For XGBoost.
        params: Overrides of `DEFAULTS`: where the search begins, and what it leaves as it is.
        progress: Told after each trial.

    Returns:
        The settings; the given ones, kept small, with a note where a side of a view has fewer
        than `FEW` positives.

    Raises:
        WillbuyError: if all labels are alike.
        ValueError: if there is no view or no trial, or an unknown setting.
    """
    if trials < 1 or not views:
        raise ValueError(f"{trials} trials on {len(views)} views: at least one of each is needed")
    start = checked(params)
    y, weight = both_kinds(y), weight / weight.mean()
    positives = min(fewest(y, view.held) for view in views)
    if positives < FEW:
        note = (
            f"Only {positives} positive rows on one side of a fold: the settings were not "
            "searched for, and the trees are kept small."
        )
        return Tuned(few_plan(start), None, [], note)

    trainers = [
        Trainer(as_blocks(view.X), y, weight, tuple(view.names), seed, threads, None)
        for view in views
    ]
    splits = [
        trainer.split(start, view.held) for trainer, view in zip(trainers, views, strict=True)
    ]
    share = [float(weight[view.held].sum()) for view in views]
    history: list[dict[str, Any]] = []

    def judged(trial: Any) -> float:
        import optuna

        settings = start | {name: _proposed(trial, name) for name in SPACE}
        told: dict[str, Any] = {"settings": settings, "loss": None, "losses": [], "rounds": []}
        history.append(told)
        for at, (trainer, view) in enumerate(zip(trainers, views, strict=True)):
            curve = trainer.search(settings, view.held, splits[at])
            told["rounds"].append(int(np.argmin(curve)) + 1)
            told["losses"].append(float(min(curve)))
            so_far = float(np.average(told["losses"], weights=share[: at + 1]))
            trial.report(so_far, at)
            if at + 1 < len(views) and trial.should_prune():
                raise optuna.TrialPruned
        told["loss"] = so_far
        return so_far

    with _silent() as optuna:
        study = optuna.create_study(
            sampler=optuna.samplers.TPESampler(seed=seed),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
        )
        study.enqueue_trial(
            {name: min(max(start[name], low), high) for name, (low, high, _) in SPACE.items()}
        )
        for done in range(1, trials + 1):
            study.optimize(judged, n_trials=1)
            if progress is not None:
                progress(done, trials, study.best_value)

    best = min(
        (told for told in history if told["loss"] is not None), key=lambda told: told["loss"]
    )
    rounds = round(float(np.average(best["rounds"], weights=share)))
    return Tuned({**best["settings"], "rounds": rounds}, best["loss"], history)


def held_margin(
    views: Sequence[View],
    y: NDArray[np.bool_],
    weight: Floats,
    *,
    settings: Mapping[str, float],
    seed: int,
    threads: int,
) -> Floats:
    """Log-odds of each row from a model that has not learnt from it, to calibrate with.

    Args:
        views: As for `tune`, of arrays (not blocks); together they hold out each row once.
        y: Labels (n,).
        weight: Sampling weights (n,).
        settings: Of `Tuned`; exactly its ``rounds`` are fitted.
        seed: Draws rows and columns.
        threads: How many.

    Returns:
        float64 (n,); nan for rows that no view holds out.
    """
    weight = weight / weight.mean()
    margin = np.full(len(y), np.nan)
    for X, names, held in views:
        assert isinstance(X, np.ndarray)
        trainer = Trainer([X], y, weight, tuple(names), seed, threads, None)
        margin[held] = Boosted(trainer.fit(settings, ~held), {}).margin(X[held])
    return margin


def _proposed(trial: Any, name: str) -> float:
    low, high, logarithmic = SPACE[name]
    if name == "max_depth":
        return int(trial.suggest_int(name, low, high))
    return float(trial.suggest_float(name, low, high, log=logarithmic))


@contextmanager
def _silent() -> Iterator[Any]:
    """Optuna with its log turned off for as long as this lasts."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield optuna
    finally:
        optuna.logging.set_verbosity(before)
