"""All columns together: better than anything that is known of sessions under way."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from willbuy.leaks.finding import Finding, Level
from willbuy.leaks.order import fitted_scores, matrix
from willbuy.leaks.strength import auc, lower_bound
from willbuy.leaks.table import Table

_ROWS = 30_000
_FEWEST_POSITIVES = 50
_LIMITS = {Level.LIKELY: 0.985, Level.SUSPICIOUS: 0.95}


def together(table: Table, flagged: set[str]) -> Iterator[Finding]:
    """Whether small boosted trees tell the label too well to be honest.

    They learn from one half of the rows and are judged on the other; a group is in one half.

    Args:
        table: The table.
        flagged: Columns that leak anyhow; they are left out.
    """
    names = table.learnable(flagged)
    rows = table.drawn(_ROWS)
    y, learn = table.y[rows], table.half[rows] == 0
    few = min(int(np.minimum(y[part].sum(), (~y[part]).sum())) for part in (learn, ~learn))
    if not names or few < _FEWEST_POSITIVES:
        return
    X = matrix(table, names, rows)
    area = auc(fitted_scores(X[learn], y[learn], X[~learn]), y[~learn])
    up, down = (float(table.units(rows[~learn & which])) for which in (y, ~y))
    low = lower_bound(area, up, down, 1)
    level = next((one for one, least in _LIMITS.items() if low >= least), None)
    if level is None:
        return
    yield Finding(
        level, "together", (),
        "All columns together tell the label too well.",
        f"Small boosted trees on the {len(names)} columns without a finding of their own have "
        f"ROC-AUC {area:.4f}, at least {low:.4f}, on rows they have not seen{table.once}. Honest "
        "columns of sessions under way are far from that.",
        "Ask of each column when it is known. With the log at hand, --events shows which of them "
        "hold what happened after the row's moment.",
        area, {"auc": area, "low": low, "columns": len(names)},
    )  # fmt: skip
