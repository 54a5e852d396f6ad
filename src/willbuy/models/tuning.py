"""Searching for XGBoost's settings, without a look at the rows that will judge them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from willbuy.models.boosted import FEW, Boosted, checked, few_plan, fewest
from willbuy.models.choice import Choice, choose
from willbuy.models.encoding import fit_encoder
from willbuy.models.labels import both_kinds
from willbuy.models.rounds import Floats, Trainer
from willbuy.models.study import Budget, finished, importance, opened, sampler
from willbuy.snapshots.blocks import Blocks, as_blocks

if TYPE_CHECKING:
    import polars

Progress = Callable[[int, int | None, float], None]
"""Told after each trial: trials made now, those wanted (None by time), the best loss so far."""

SPACE: Mapping[str, tuple[float, float, bool]] = {
    "max_depth": (2, 8, False),
    "learning_rate": (0.01, 0.1, True),
    "min_child_weight": (1.0, 100.0, True),
    "subsample": (0.4, 1.0, False),
    "colsample_bytree": (0.2, 1.0, False),
    "reg_lambda": (0.1, 30.0, True),
}
"""Lowest, highest, and whether the scale is logarithmic."""

_BY_VIEW = ("losses", "rounds", "leaves")
"""What is kept of a trial, view by view."""


class View(NamedTuple):
    """The rows with some held out, to be judged by.

    Attributes:
        X: float32 (n, F), or blocks of it. Nothing in it may have been fitted on the labels of
            the rows held out.
        names: The F columns.
        held: Whether a row is held out (n,).
        learn: Whether it may be learnt from (n,); None is all that are not held out.
    """

    X: NDArray[np.float32] | Blocks
    names: Sequence[str]
    held: NDArray[np.bool_]
    learn: NDArray[np.bool_] | None = None

    @property
    def learnt(self) -> NDArray[np.bool_]:
        """The rows to learn from (n,)."""
        return ~self.held if self.learn is None else self.learn


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
            given up after the first views), and by view ``losses``, ``rounds`` and ``leaves`` (of
            all those rounds together). The first is the settings as given.
        choice: Which trials these are, and why; None where there was no search.
        importance: Setting → its share of the loss's variance, from the most; empty where the
            trials are too few to tell.
        seconds: What all trials took.
        note: Why there was no search, in words; empty if there was.
    """

    settings: Mapping[str, float]
    loss: float | None
    history: Sequence[Mapping[str, Any]]
    choice: Choice | None = None
    importance: Mapping[str, float] = field(default_factory=dict)
    seconds: float = field(default=0.0, compare=False)
    note: str = ""


def tune(
    views: Sequence[View],
    y: NDArray[np.bool_],
    weight: Floats,
    *,
    trials: int | None = None,
    seconds: float | None = None,
    seed: int,
    threads: int,
    params: Mapping[str, float] | None = None,
    path: Path | None = None,
    progress: Progress | None = None,
) -> Tuned:
    """Try settings, judge each by the rows held out, and `choose` one.

    The first trial is the settings exactly as given, so that the search can only gain on them
    there; a tree-structured Parzen estimator proposes the others from `SPACE`. A trial is stopped
    in each view as `fit_boosted` stops, and given up after a view where it is worse than half of
    those before it were.

    Args:
        views: The same n rows, each time with others held out: folds of shoppers, or windows of
            time.
        y: Labels (n,).
        weight: Sampling weights (n,).
        trials: How many, beside those in `path`; at least 1.
        seconds: Instead of trials: the last one is the first to end after so long.
        seed: Of proposals and boosters: the same seed, threads and number of trials find the
            same settings, in one go or in several.
        threads: For XGBoost.
        params: Overrides of `DEFAULTS`: where the search begins, and what it leaves as it is.
        path: Where the trials are kept, as JSON lines; a search there is gone on with.
        progress: Told after each trial.

    Returns:
        The settings; the given ones, kept small, with a note where a side of a view has fewer
        than `FEW` positives.

    Raises:
        WillbuyError: if all labels are alike, or `path` holds the trials of other rows.
        ValueError: if there is no view or no budget, or an unknown setting.
    """
    budget = Budget(trials, seconds)
    if not views or budget.spent(0, 0) or (seconds is not None and seconds <= 0):
        raise ValueError(f"{budget} on {len(views)} views: at least one trial and view are needed")
    start = checked(params)
    y, weight = both_kinds(y), weight / weight.mean()
    positives = min(fewest(y, view.held, view.learnt) for view in views)
    if positives < FEW:
        note = (
            f"Only {positives} positive rows on one side of a fold: the settings were not "
            "searched for, and the trees are kept small."
        )
        return Tuned(few_plan(start), None, [], note=note)

    judge = _Judge(views, y, weight, start, seed, threads)
    of = {"seed": seed, "start": start, "space": repr(dict(SPACE)), "rows": judge.digest(),
          "told": [*_BY_VIEW]}  # fmt: skip
    with opened(path, of) as study:
        begun, made = time.monotonic(), 0
        while not budget.spent(made, time.monotonic() - begun):
            before = finished(study)
            if before:
                study.sampler = sampler(seed, len(before))
                _try(study, judge)
            else:
                study.add_trial(_given(judge))
            made += 1
            if progress is not None:
                progress(made, trials, study.best_value)
        done = finished(study)
        mattered = importance(study, list(SPACE), seed)
    history = [
        {"settings": trial.user_attrs["settings"], "loss": _loss(trial)}
        | {name: trial.user_attrs[name] for name in _BY_VIEW}
        for trial in done
    ]
    choice = choose(history, judge.share)
    taken = history[choice.taken]
    rounds = round(float(np.average(taken["rounds"], weights=judge.share)))
    spent = sum(trial.user_attrs["seconds"] for trial in done)
    settings = {**taken["settings"], "rounds": rounds}
    return Tuned(settings, taken["loss"], history, choice, mattered, spent)


class _Judge:
    """Tries settings view by view.

    Attributes:
        start: The settings as given.
        share: Weight of the rows that each view holds out.
    """

    def __init__(
        self,
        views: Sequence[View],
        y: NDArray[np.bool_],
        weight: Floats,
        start: Mapping[str, float],
        seed: int,
        threads: int,
    ) -> None:
        self.start, self.share = start, [float(weight[view.held].sum()) for view in views]
        self._views, self._y, self._weight = views, y, weight
        self._trainers = [
            Trainer(as_blocks(view.X), y, weight, tuple(view.names), seed, threads, None)
            for view in views
        ]
        self._splits = [
            trainer.split(start, view.learnt, view.held)
            for trainer, view in zip(self._trainers, views, strict=True)
        ]

    def __call__(
        self, settings: Mapping[str, float], give_up: Callable[[float, int], bool]
    ) -> tuple[dict[str, Any], bool]:
        """What is kept of a trial, and whether it was given up.

        Args:
            settings: To try.
            give_up: Told the loss so far after each view, and asked.
        """
        begun = time.monotonic()
        told: dict[str, Any] = {"settings": settings, **{name: [] for name in _BY_VIEW}}
        over = False
        for at, trainer in enumerate(self._trainers):
            found = trainer.search(settings, self._views[at].learnt, self._splits[at])
            for name, value in zip(_BY_VIEW, found, strict=True):
                told[name].append(value)
            over = give_up(self.so_far(told["losses"]), at) and at + 1 < len(self._trainers)
            if over:
                break
        return {**told, "seconds": round(time.monotonic() - begun, 2)}, over

    def so_far(self, losses: Sequence[float]) -> float:
        """The loss over the views that are done."""
        return float(np.average(losses, weights=self.share[: len(losses)]))

    def digest(self) -> str:
        """A hash of the labels and weights, the columns, and what is held out of them."""
        found = hashlib.sha256(self._y.tobytes() + self._weight.tobytes())
        for view in self._views:
            found.update("\n".join(view.names).encode())
            found.update(view.held.tobytes() + view.learnt.tobytes())
        return found.hexdigest()


def _given(judge: _Judge) -> Any:
    """The trial of the settings as given, which may lie outside of `SPACE`."""
    import optuna

    told, _ = judge(judge.start, lambda *_: False)
    inside = {
        name: one for name, one in _distributions().items()
        if SPACE[name][0] <= judge.start[name] <= SPACE[name][1]
    }  # fmt: skip
    losses = told["losses"]
    return optuna.trial.create_trial(
        value=judge.so_far(losses),
        params={name: _typed(name, judge.start[name]) for name in inside},
        distributions=inside,
        user_attrs=told,
        intermediate_values={at: judge.so_far(losses[: at + 1]) for at in range(len(losses))},
    )


def _try(study: Any, judge: _Judge) -> None:
    """One more trial."""
    import optuna

    trial = study.ask(_distributions())

    def give_up(loss: float, view: int) -> bool:
        trial.report(loss, view)
        return bool(trial.should_prune())

    told, over = judge({**judge.start, **trial.params}, give_up)
    for name, value in told.items():
        trial.set_user_attr(name, value)
    if over:
        study.tell(trial, state=optuna.trial.TrialState.PRUNED)
    else:
        study.tell(trial, judge.so_far(told["losses"]))


def _loss(trial: Any) -> float | None:
    return None if trial.state.name == "PRUNED" else float(trial.value)


def _distributions() -> dict[str, Any]:
    from optuna.distributions import FloatDistribution, IntDistribution

    return {
        name: IntDistribution(int(low), int(high))
        if name == "max_depth"
        else FloatDistribution(low, high, log=logarithmic)
        for name, (low, high, logarithmic) in SPACE.items()
    }


def _typed(name: str, value: float) -> float:
    return int(value) if name == "max_depth" else float(value)


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
    for view in views:
        X, held = view.X, view.held
        assert isinstance(X, np.ndarray)
        trainer = Trainer([X], y, weight, tuple(view.names), seed, threads, None)
        margin[held] = Boosted(trainer.fit(settings, view.learnt), {}).margin(X[held])
    return margin
