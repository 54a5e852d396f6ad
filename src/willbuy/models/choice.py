"""Which of a search's trials is taken: none is better only by chance, none larger for nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np


class Choice(NamedTuple):
    """What was chosen, by the trials' places in the history; the first is the settings given.

    Attributes:
        taken: The trial whose settings are taken.
        best: The one with the lowest loss.
        alike: Those that cannot be told from the best, which is one of them; ascending.
    """

    taken: int
    best: int
    alike: tuple[int, ...]


def choose(history: Sequence[Mapping[str, Any]], share: Sequence[float]) -> Choice:
    """Take the cheapest of the trials that cannot be told from the best.

    A trial cannot be told from the best where its loss is higher by no more than one standard
    error of the difference over the views. That is the rule of Breiman et al. 1984
    (*Classification and Regression Trees*, 3.4.3) with paired differences: what makes a window
    hard for all trials does not count. The settings given are kept where they are among these;
    else the trial with the fewest leaves in all is taken, of those better than the settings given.

    Args:
        history: Of `Tuned`: one entry a trial, with ``loss`` (None where given up), and ``losses``
            and ``leaves`` by view. The first was not given up.
        share: Weight of the rows that each view holds out (views,).

    Returns:
        The choice; with one view the best, since nothing tells what is chance.
    """
    weight = np.asarray(share) / np.sum(share)
    whole = [at for at, told in enumerate(history) if told["loss"] is not None]
    best = min(whole, key=lambda at: float(history[at]["loss"]))

    def behind(at: int) -> bool:
        gap = np.subtract(history[at]["losses"], history[best]["losses"])
        mean = float(weight @ gap)
        if len(weight) == 1:
            return mean > 0
        error = (weight**2 @ (gap - mean) ** 2 * len(weight) / (len(weight) - 1)) ** 0.5
        return mean > float(error)

    alike = tuple(at for at in whole if not behind(at))
    if 0 in alike:
        return Choice(0, best, alike)
    better = [at for at in alike if history[at]["loss"] < history[0]["loss"]]
    taken = min(better, key=lambda at: (weight @ history[at]["leaves"], history[at]["loss"]))
    return Choice(taken, best, alike)
