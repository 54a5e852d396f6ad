"""The decisions that every run writes down, and shoppers who have stopped coming."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from willbuy.bundle.model import Bundle
from willbuy.decide.economics import terms_of
from willbuy.decide.files import write_plan
from willbuy.decide.plan import Plan, plan
from willbuy.decide.rhythm import DAY, Rhythm, Visits, fit_rhythm, visits_until
from willbuy.decide.strategy import Shoppers
from willbuy.moments.state import Records
from willbuy.progress import Reporter
from willbuy.settings import Settings
from willbuy.snapshots.from_events import Snapshots

WITHIN = 7
"""Days: whether a shopper comes again within so many is told, and checked on the log's last."""

FEWEST = 200
"""With fewer shoppers, nothing is said of their rhythm."""

_NOTE = (
    "By each shopper's own rhythm (MBG/NBD model): who comes every day and has been away for a "
    "week may have left, who comes once a month has not. Shoppers who were last seen near the end "
    "of the log are not taken for gone: their silence is counted as one that has not ended."
)


def write_decisions(
    snapshots: Snapshots, bundle: Bundle, settings: Settings, folder: Path, reporter: Reporter
) -> Plan:
    """Write churn_strategy.json and churn_summary.json of a run whose snapshots are there."""
    made = plan(
        folder,
        bundle,
        terms_of(settings.decide),
        snapshots.splits.to_dict(),
        reporter,
        shoppers=shoppers_told(snapshots.survey.sessions),
        count=settings.judge.replicates,
    )
    write_plan(made, folder)
    return made


def shoppers_told(sessions: Records) -> Shoppers | None:
    """Who has stopped coming, as of the log's end; the model is checked on the last days.

    Args:
        sessions: All sessions of the log, array of SESSION.

    Returns:
        None where the log has too few shoppers, or is shorter than three times `WITHIN` days.
    """
    user, start = sessions["user"], sessions["start"]
    end = int(start.max()) + 1 if len(start) else 0
    earlier = end - int(WITHIN * DAY)
    now, before = visits_until(user, start, end), visits_until(user, start, earlier)
    if len(before.user) < FEWEST or end - int(start.min()) < 3 * WITHIN * DAY:
        return None
    rhythm = fit_rhythm(now)
    staying = rhythm.staying(now)
    return Shoppers(
        shoppers=len(now.user),
        at=str(np.datetime64(end, "us").astype("datetime64[s]")) + "Z",
        staying=float(staying.mean()),
        left=float((staying < 0.5).mean()),
        returns_within=WITHIN,
        returns=float(rhythm.returns(now, WITHIN).mean()),
        checked=_checked(fit_rhythm(before), before, user[start >= earlier]),
        model={name: getattr(rhythm, name) for name in ("shape", "days", "a", "b")},
        note=_NOTE,
    )


def _checked(rhythm: Rhythm, visits: Visits, came: Any) -> dict[str, Any]:
    """What the model said `WITHIN` days before the end, by fifths, against who came."""
    p, y = rhythm.returns(visits, WITHIN), np.isin(visits.user, came)
    fifths = np.array_split(np.argsort(p, kind="stable"), 5)
    return {
        "shoppers": len(p),
        "expected": float(p.mean()),
        "came": float(y.mean()),
        "fifths": [
            {"expected": float(p[one].mean()), "came": float(y[one].mean())} for one in fifths
        ],
    }
