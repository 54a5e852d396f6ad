"""Score a whole log: the latest moment of each session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from willbuy.bundle.model import Bundle
from willbuy.bundle.percentiles import deciles
from willbuy.engines.local import LocalEngine
from willbuy.moments.calendar import make_calendar
from willbuy.moments.state import Records
from willbuy.progress import Reporter
from willbuy.score.live import STATUS
from willbuy.snapshots.from_events import compile_first
from willbuy.snapshots.replay import BOT, BOUGHT, LATEST, Replay
from willbuy.snapshots.store import covered_day

if TYPE_CHECKING:
    import polars as pl

    from willbuy.events.read import EventLog


@dataclass(frozen=True)
class Scores:
    """What came of scoring a log.

    Attributes:
        sessions: How many there are.
        bought: How many had bought by their latest event; they have no probability.
        bots: How many are of likely bots; they have none either.
        mean, highest: Of the probabilities; None where there are none.
        shop_days: First and last complete day whose counts were used; None where none were.
        before_shop: How many have a probability although they came before the first day that the
            model has counts of. It has learned from none such; their probabilities tend to be off.
        frame: One row a session; None where they were written to a file.
    """

    sessions: int
    bought: int
    bots: int
    mean: float | None
    highest: float | None
    shop_days: tuple[date, date] | None
    before_shop: int
    frame: pl.DataFrame | None

    @property
    def early(self) -> str:
        """What is to be known of sessions from before the shop was counted; empty for none."""
        if not self.before_shop:
            return ""
        return (
            f"{self.before_shop:,} of these sessions came before the first day that the model has "
            "counts of the shop for (their shop_day is empty). It has learned from none such: do "
            "not rely on their probabilities."
        )


def score_log(
    bundle: Bundle,
    log: EventLog,
    scratch: Path,
    threads: int,
    reporter: Reporter,
    beside: Sequence[str] = (),
) -> pl.DataFrame:
    """Score the latest moment of each session of a log.

    The shopper's past is what this log holds of it; the shop's counts are the bundle's.

    Args:
        bundle: The model.
        log: The log.
        scratch: A folder for what does not fit in memory.
        threads: How many work.
        reporter: Told of progress.
        beside: Features to tell beside the scores; those that the model lacks are passed over.

    Returns:
        One row a session, by the place of its latest event in the log: position, started, time
        (UTC), k, status, probability, percentile, decile, shop_day. The last four of a session
        that has bought are null, but for shop_day, which is null where no day is covered. Then
        the features asked for.
    """
    with LocalEngine(log, scratch, threads) as engine:
        engine.load(reporter)
        compile_first(bundle.features, reporter)
        replay = Replay(
            bundle.features,
            make_calendar(bundle.settings.timezone),
            bundle.rules(engine.first_time),
            bundle.tables,
            LATEST,
        )

        def work(events: Records, ends: Any) -> tuple[list[pl.DataFrame], int]:
            return [_scored(bundle, X, rows, beside) for X, rows in replay(events, ends)], len(
                events
            )

        import polars as pl

        with reporter.stage("Scoring", engine.events) as stage:
            found: list[pl.DataFrame] = []
            for frames, n in engine.map_users(work):
                found += frames
                stage.advance(n, rows=n)
    return pl.concat(found).sort("position")


def with_ids(scores: pl.DataFrame, log: EventLog) -> Iterator[pl.DataFrame]:
    """The scores in pieces, each session under the log's own ids; a second reading of the log."""
    import polars as pl

    begin = 0
    for raw in log.raw_at(scores["position"].to_numpy()):
        piece = scores[begin : begin + len(raw)].drop("position")
        yield pl.concat([raw.select("user", "session"), piece], how="horizontal")
        begin += len(raw)


def summed_up(bundle: Bundle, scores: pl.DataFrame, frame: pl.DataFrame | None) -> Scores:
    """The scores of a model in a few numbers."""
    known, days = scores["probability"].drop_nulls(), scores["shop_day"].drop_nulls()
    early = scores["probability"].is_not_null() & scores["shop_day"].is_null()
    return Scores(
        sessions=len(scores),
        bought=int((scores["status"] == STATUS[BOUGHT]).sum()),
        bots=int((scores["status"] == STATUS[BOT]).sum()),
        mean=cast("float | None", known.mean()),
        highest=cast("float | None", known.max()),
        shop_days=cast("tuple[date, date]", (days.min(), days.max())) if len(days) else None,
        before_shop=int(early.sum()) if bundle.tables.days else 0,
        frame=frame,
    )


def _scored(bundle: Bundle, X: Any, rows: Records, beside: Sequence[str]) -> pl.DataFrame:
    import polars as pl

    p = bundle.probability(X, rows["ordinal"])
    percentile = bundle.percentiles(p, rows["ordinal"])
    names = np.array([STATUS[code] for code in sorted(STATUS)])
    found = pl.DataFrame(
        {
            "position": rows["position"],
            "started": rows["start"],
            "time": rows["time"],
            "k": rows["ordinal"],
            "status": names[rows["status"]],
            "probability": p,
            "percentile": percentile,
            "decile": deciles(percentile),
        }
    )
    open_still = pl.Series((rows["status"] != BOUGHT) & (rows["status"] != BOT))
    return found.with_columns(
        *(pl.col(name).cast(pl.Datetime("us", "UTC")) for name in ("started", "time")),
        *(
            pl.when(open_still).then(pl.col(name)).alias(name)
            for name in ("probability", "percentile", "decile")
        ),
        covered_day(rows, bundle.tables),
        *(pl.Series(name, X[:, at]) for at, name in enumerate(bundle.names) if name in beside),
    )
