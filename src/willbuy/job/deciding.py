"""The decisions that every run writes down, and shoppers who have stopped coming."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from willbuy.bundle.model import Bundle, load_bundle
from willbuy.decide.economics import Terms, terms_of
from willbuy.decide.evidence import Evidence
from willbuy.decide.files import read_strategy, read_summary, write_audience, write_plan
from willbuy.decide.plan import Plan, plan
from willbuy.decide.rhythm import DAY, Rhythm, Visits, fit_rhythm, visits_until
from willbuy.decide.segments import segments_from
from willbuy.decide.strategy import Shoppers
from willbuy.errors import WillbuyError
from willbuy.events.read import open_log
from willbuy.moments.state import Records
from willbuy.progress import Reporter, Silent
from willbuy.report.files import Told, read
from willbuy.report.page import write_report
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


def planned(
    run: Path,
    bundle: Bundle,
    terms: Terms,
    told: Told,
    reporter: Reporter,
    *,
    evidence: Evidence = Evidence.ASSUMPTION,
) -> Plan:
    """What a finished run's decisions are by these numbers; nothing is written.

    Args:
        run: Its folder.
        bundle: Its model.
        terms: The shop's numbers.
        told: Its JSON files.
        reporter: Told of progress.
        evidence: For the lift, where the terms have one.
    """
    before, placed = read_summary(run), read_strategy(run)
    return plan(
        run, bundle, terms, told.metrics["splits"], reporter, evidence=evidence,
        shoppers=before.shoppers if before is not None else None,
        behaviour=segments_from(placed.rules).behaviour if placed is not None else None,
        count=bundle.settings.judge.replicates,
    )  # fmt: skip


def decide_again(
    run: Path,
    *,
    margin: float | None = None,
    cost: float | None = None,
    offer: float | None = None,
    lift: float | tuple[float, float] | None = None,
    evidence: Evidence = Evidence.ASSUMPTION,
    audience: Path | None = None,
    features: Path | None = None,
    reporter: Reporter | None = None,
) -> Plan:
    """Decide anew on a finished run, with the shop's own numbers.

    Args:
        run: Its folder; the two files and the report in it are written anew.
        margin, cost, offer: As for `Terms`; from the run's settings where not given.
        lift: As for `terms_of`: a number, or both ends of the interval that a test gives it.
        evidence: For the lift.
        audience: A .csv or .parquet file for the sessions that did not buy.
        features: The file with features of your own, where the run had some.
        reporter: Told of progress.

    Raises:
        WillbuyError: It is no run on a log, a number cannot be, or the log is gone.
    """
    reporter = reporter or Silent()
    told = read(run)
    if told.table:
        raise WillbuyError(
            f"{run} is of a table of sessions: segments are made of a log's moments. Run a log."
        )
    if audience is not None and audience.suffix not in (".csv", ".parquet"):
        raise WillbuyError(f"{audience}: the name must end in .csv or .parquet.")
    with reporter.stage("Loading the model and replaying its golden moments"):
        bundle = load_bundle(run, features)
    terms = terms_of(bundle.settings.decide, margin=margin, cost=cost, offer=offer, lift=lift)
    made = planned(run, bundle, terms, told, reporter, evidence=evidence)
    if audience is not None:
        with reporter.stage("Looking up ids"):
            log = open_log([Path(one) for one in told.about["inputs"]], bundle.settings.source)
            if log.fingerprint != told.about["data_fingerprint"]:
                raise WillbuyError(
                    f"The log of {run} has changed since: its ids cannot be looked up. Run it "
                    "again, or leave --audience out."
                )
            write_audience(made, bundle.percentiles, log, audience)
    write_plan(made, run)
    write_report(run)
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
    if not len(start) or earlier - int(start.min()) < 2 * WITHIN * DAY:
        return None
    now, before = visits_until(user, start, end), visits_until(user, start, earlier)
    if len(before.user) < FEWEST:
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
