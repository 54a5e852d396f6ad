"""What every model asks of its labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from willbuy.errors import WillbuyError


def both_kinds(y: NDArray[np.bool_] | NDArray[np.int8]) -> NDArray[np.bool_]:
    """Return the labels as booleans.

    Args:
        y: Labels (n,), true where a purchase follows.

    Raises:
        WillbuyError: if they are all alike, so that there is nothing to learn.
    """
    labels = np.asarray(y).astype(np.bool_)
    if labels.all() or not labels.any():
        raise WillbuyError(
            f"{int(labels.sum()):,} of the train part's {len(labels):,} moments are followed by a "
            "purchase: a model needs both kinds. Give a longer log."
        )
    return labels
