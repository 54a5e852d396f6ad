"""What a ROC-AUC and an F1 say of each other, where scores lie in two bell curves of one width.

ROC-AUC does not depend on the share of positives, F1 does. A published pair therefore tells at
which share it was found (the binormal model with equal variances; Green and Swets 1966).
"""

from __future__ import annotations

import numpy as np


def best_f1(auc: float, rate: float) -> float:
    """The best F1 of all lines, for scores with this ROC-AUC.

    Args:
        auc: ROC-AUC, in [0.5, 1).
        rate: Share of positives, in (0, 1).

    >>> round(best_f1(0.87, 0.068), 2), round(best_f1(0.87, 0.35), 2)
    (0.44, 0.72)
    """
    from scipy.stats import norm

    apart = 2**0.5 * norm.ppf(auc)
    line = np.linspace(-5, 8, 10_001)
    hit, false = rate * norm.sf(line - apart), (1 - rate) * norm.sf(line)
    return float((2 * hit / (hit + false + rate)).max())


def fitting_rate(auc: float, f1: float) -> float:
    """The share of positives at which the pair fits.

    Args:
        auc: ROC-AUC, in [0.5, 1).
        f1: The best F1, in (0, 1).

    >>> round(fitting_rate(0.87, 0.72), 3)
    0.347
    """
    from scipy.optimize import brentq

    return float(brentq(lambda rate: best_f1(auc, rate) - f1, 0.001, 0.999))
