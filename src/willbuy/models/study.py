"""A search that can be stopped and gone on with: how long it takes, and its trials on disk."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from willbuy.errors import WillbuyError

ENOUGH = 10
"""With fewer whole trials, nothing is told of which setting mattered."""

_UNITS = {"": 0, "s": 1, "m": 60, "min": 60, "h": 3600}


class Budget(NamedTuple):
    """How long a search takes.

    Attributes:
        trials: So many trials.
        seconds: Or until a trial ends after so many seconds; at least one is made.
    """

    trials: int | None = None
    seconds: float | None = None

    def spent(self, made: int, seconds: float) -> bool:
        """Whether it is used up after so many trials, or so long."""
        if self.trials is not None:
            return made >= self.trials
        return made > 0 and seconds >= (self.seconds or 0)


def parse_budget(text: str) -> Budget:
    """A budget of a text like 30 (trials), 15m or 0.5h.

    Raises:
        WillbuyError: It is none.

    >>> parse_budget("30"), parse_budget("15m").seconds, parse_budget("0.5 h").seconds
    (Budget(trials=30, seconds=None), 900.0, 1800.0)
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|)", text.strip(), re.IGNORECASE)
    amount = float(found[1]) if found is not None else 0.0
    unit = _UNITS[found[2].lower()] if found is not None else 0
    if amount <= 0 or (not unit and amount != int(amount)):
        raise WillbuyError(
            f"{text!r} is no budget for tuning. Write trials, like 30, or a time, like 15m or 0.5h."
        )
    return Budget(seconds=amount * unit) if unit else Budget(trials=int(amount))


@contextmanager
def opened(path: Path | None, of: Mapping[str, Any]) -> Iterator[Any]:
    """An Optuna study (Akiba et al. 2019), kept in a file of JSON lines or in memory only.

    Optuna's own log is silent for as long as this lasts.

    Args:
        path: The file; its study is gone on with if it is there. None keeps nothing.
        of: What the trials depend on, as plain JSON.

    Raises:
        WillbuyError: The file is damaged, or its study is of something else.
    """
    import optuna
    from optuna.storages import InMemoryStorage, JournalStorage
    from optuna.storages.journal import JournalFileBackend

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            _mend(path)
        try:
            study = optuna.create_study(
                study_name="trees",
                storage=InMemoryStorage()
                if path is None
                else JournalStorage(JournalFileBackend(str(path))),
                pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
                load_if_exists=True,
            )
        except (ValueError, KeyError, TypeError) as problem:  # whatever its lines may hold
            raise WillbuyError(
                f"The study {path} is damaged ({problem}). Remove it, and tune from the beginning."
            ) from problem
        if "of" not in study.user_attrs:
            study.set_user_attr("of", dict(of))
        elif study.user_attrs["of"] != dict(of):
            raise WillbuyError(
                f"The study {path} is of other rows or settings, so its trials say nothing here. "
                "Remove it, and tune from the beginning."
            )
        yield study
    finally:
        optuna.logging.set_verbosity(before)


def _mend(path: Path) -> None:
    """Cut off a last line that was not written to its end."""
    if path.is_file() and not (lines := path.read_bytes()).endswith(b"\n"):
        path.write_bytes(lines[: lines.rfind(b"\n") + 1])


def finished(study: Any) -> list[Any]:
    """The trials that came to an end, in order; one that was interrupted is none."""
    return [trial for trial in study.get_trials(deepcopy=False) if trial.state.is_finished()]


def sampler(seed: int, number: int) -> Any:
    """Proposes a trial by those before it, the same whether or not the study was interrupted.

    A tree-structured Parzen estimator (Bergstra et al. 2011) seeded for this one trial.
    """
    import optuna

    state = np.random.SeedSequence([seed, number]).generate_state(1)[0]
    return optuna.samplers.TPESampler(seed=int(state))


def importance(study: Any, names: list[str], seed: int) -> dict[str, float]:
    """How much of the variance of the loss each setting explains, from the most (fANOVA).

    Hutter et al. 2014, over the trials that were not given up; they sum to 1.

    Returns:
        Nothing where fewer than `ENOUGH` trials can tell, or all are alike.
    """
    import optuna

    whole = [t for t in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
             if set(names) <= t.params.keys()]  # fmt: skip
    if len(whole) < ENOUGH or len({trial.value for trial in whole}) < 2:
        return {}
    found = optuna.importance.get_param_importances(
        study, params=names, evaluator=optuna.importance.FanovaImportanceEvaluator(seed=seed)
    )
    return {name: float(share) for name, share in found.items()}
