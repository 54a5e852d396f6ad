"""What the model answers when prices in the events are lower. A scenario, not an effect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from willbuy.bundle.model import Bundle
from willbuy.decide.evidence import Evidence
from willbuy.engines.local import by_user, user_ends
from willbuy.errors import WillbuyError
from willbuy.evaluate.bootstrap import interval, replicate_counts
from willbuy.events.keys import mix_all
from willbuy.events.read import EventLog
from willbuy.moments.state import Records
from willbuy.progress import Reporter
from willbuy.snapshots.replay import EVERY, Replay

MOMENTS = 5_000
"""Test moments that are asked, drawn by a hash."""

WORDS = (
    "What the model answers when the product looked at has a lower price in the session's events. "
    "It has learned who buys at which prices, not what a price does: this is not an effect."
)


def scenario(
    run: Path, bundle: Bundle, log: EventLog, products: pl.Series, cut: float, reporter: Reporter
) -> dict[str, Any]:
    """Lower the price of the looked-at product in drawn test moments, and ask the model again.

    Args:
        run: The run folder; its predictions name the test moments.
        bundle: Its model.
        log: Its log.
        products: Keys of the products whose price is cut.
        cut: Share taken off.
        reporter: Told of progress.

    Returns:
        `before` and `after`, mean probabilities of a later purchase; `change`, a share, with its
        interval over shoppers; `moments`; `evidence`; `words`. Where no test moment looks at a
        product of the scope: moments 0 and no figures.
    """
    moments = _drawn(run, products)
    told: dict[str, Any] = {
        "evidence": Evidence.SCENARIO.value, "words": WORDS, "moments": len(moments),
    }  # fmt: skip
    if not len(moments):
        return {**told, "before": None, "after": None, "change": None}
    events = _events_of(log, moments, reporter)
    with reporter.stage("Asking the model"):
        as_it_was = _asked(bundle, _cases(events, moments, 0.0))
        lowered = _asked(bundle, _cases(events, moments, cut))
    weight = moments["weight"].to_numpy()
    drawn = replicate_counts(moments["user_key"].to_numpy(), seed=0) * weight
    change = (drawn @ lowered) / (drawn @ as_it_was) - 1
    before, after = (float(np.average(p, weights=weight)) for p in (as_it_was, lowered))
    low, high = interval(change) or (None, None)
    return {
        **told,
        "before": before,
        "after": after,
        "change": {"value": after / before - 1, "low": low, "high": high},
    }


def _drawn(run: Path, products: pl.Series) -> pl.DataFrame:
    """Up to `MOMENTS` test moments that look at these products."""
    columns = ["user_key", "session_key", "start", "time", "position", "event_product", "weight"]
    try:
        found = (
            pl.scan_parquet(run / "predictions.parquet")
            .select(columns)
            .filter(pl.col("event_product").is_in(products.implode()))
            .with_columns(pl.col("start", "time").cast(pl.Int64))
            .collect()
        )
    except (pl.exceptions.PolarsError, OSError) as problem:
        raise WillbuyError(
            f"{run}/predictions.parquet is gone, or an earlier version made it. Repeat the run."
        ) from problem
    order = np.argsort(mix_all(found["position"].to_numpy(), 0), kind="stable")[:MOMENTS]
    return found[np.sort(order)]


def _events_of(log: EventLog, moments: pl.DataFrame, reporter: Reporter) -> Records:
    """All events of these moments' shoppers, clustered by shopper, in their order."""
    users = np.unique(moments["user_key"].to_numpy())
    kept = []
    with reporter.stage("Reading the log for the scenario", log.bytes_total) as stage:
        done = 0
        for chunk in log.chunks():
            kept.append(chunk.events[np.isin(chunk.events["user"], users)])
            stage.advance(chunk.bytes_read - done, rows=len(chunk.events))
            done = chunk.bytes_read
    return by_user(np.concatenate(kept))


def _cases(events: Records, moments: pl.DataFrame, cut: float) -> Records:
    """For each moment its shopper's events up to it, as a shopper of its own.

    The looked-at product is cheaper by `cut` in the moment's session, and nowhere else.
    """
    ends = user_ends(events)
    shoppers = events["user"][ends - 1]
    place = {int(user): at for at, user in enumerate(shoppers)}
    cases = []
    for number, one in enumerate(moments.iter_rows(named=True)):
        at = place[one["user_key"]]
        begin, end = (int(ends[at - 1]) if at else 0), int(ends[at])
        own = events[begin:end]
        last = int(np.flatnonzero(own["position"] == one["position"])[0])
        case = own[: last + 1].copy()
        here = (
            (case["session"] == one["session_key"])
            & (case["time"] >= one["start"])
            & (case["product"] == one["event_product"])
        )
        case["price"][here] *= 1 - cut
        case["user"] = number
        cases.append(case)
    return np.concatenate(cases)


def _asked(bundle: Bundle, cases: Records) -> NDArray[np.float64]:
    """The model's probability at the last event of each case (n,), in their order."""
    events = by_user(cases)
    ends = user_ends(events)
    replay = Replay(bundle.features, bundle.calendar, bundle.rules(), bundle.tables, EVERY)
    last = np.zeros(len(ends), np.int64)
    last[events["user"][ends - 1]] = events["position"][ends - 1]
    out = np.full(len(ends), np.nan)
    for X, rows in replay(events, ends):
        here = rows["position"] == last[rows["user"]]
        out[rows["user"][here]] = bundle.probability(X[here], rows["ordinal"][here])
    return out
