"""How ranking grows with each event, on the same sessions. Hindsight, and named so."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from willbuy.evaluate.figures import How, Part, told_slice

COHORTS = (5, 10)
"""Sessions with at least so many moments."""

_TOLD = ("base_rate", "roc_auc")

_NOTE = (
    "Hindsight: only sessions that turned out to have at least so many moments. Nobody knows that "
    "at their first event, so no shop can reach these figures; but the sessions are the same at "
    "every k, so what changes from k to k is what the model knows, not whom it is asked about. "
    "Where moments were drawn, the sessions are the same on average."
)


def fixed_cohorts(
    part: Part, k: NDArray[np.int32], moments: NDArray[np.int32], how: How
) -> dict[str, Any]:
    """ROC-AUC at k = 1, 2, ... on the sessions that have enough moments for all of them.

    Args:
        part: Rows to judge.
        k: The ordinal of each moment in its session (n,).
        moments: How many each row's session has in all (n,).
        how: The bootstrap.

    Returns:
        ``hindsight`` (true), ``note`` and ``cohorts``, one for each of `COHORTS`:
        ``least_moments``, and ``by_k``, each with ``reading``, ``k``, the counts, ``base_rate``
        and ``roc_auc``.
    """
    cohorts = []
    for least in COHORTS:
        told = []
        for at in range(1, least + 1):
            here = part.at((moments >= least) & (k == at))
            told.append({"reading": "by_k", "k": at, **told_slice(here, how, _TOLD)})
        cohorts.append({"least_moments": least, "by_k": told})
    return {"hindsight": True, "note": _NOTE, "cohorts": cohorts}
