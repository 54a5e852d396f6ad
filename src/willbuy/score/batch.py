"""Score a whole log: the latest moment of each session."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from willbuy.bundle.model import Bundle
from willbuy.bundle.percentiles import deciles
from willbuy.engines.local import LocalEngine
from willbuy.moments.calendar import make_calendar
from willbuy.moments.state import Records
from willbuy.progress import Reporter
from willbuy.score.live import STATUS
from willbuy.snapshots.from_events import compile_first
from willbuy.snapshots.replay import BOUGHT, Replay, Wanted

if TYPE_CHECKING:
    import polars as pl

    from willbuy.events.read import Chunk, EventLog

EVERYTHING = Wanted(
    begins=np.array([np.iinfo(np.int64).min]),
    ends=np.array([np.iinfo(np.int64).max]),
    c=np.array([0.0]),
    outages=np.zeros(0, np.int64),
    seed=0,
    latest=True,
)


def score_log(
    bundle: Bundle, log: EventLog, scratch: Path, threads: int, reporter: Reporter
) -> pl.DataFrame:
    """Score the latest moment of each session of a log.

    The shopper's past is what this log holds of it; the shop's counts are the bundle's.

    Returns:
        One row a session, in the order of its latest event: user, session (as in the log),
        started, time (UTC), k, status, probability, percentile, decile, shop_day. The
        probability is null where the session has bought.
    """
    with LocalEngine(log, scratch, threads) as engine:
        with reporter.stage("Reading", log.bytes_total) as stage:
            done = 0

            def tell(chunk: Chunk) -> None:
                nonlocal done
                stage.advance(chunk.bytes_read - done, rows=len(chunk.events))
                done = chunk.bytes_read

            engine.load([tell])
        compile_first(bundle.features, reporter)
        replay = Replay(
            bundle.features,
            make_calendar(bundle.settings.timezone),
            bundle.rules(engine.first_time),
            bundle.tables,
            EVERYTHING,
        )

        def work(events: Records, ends: Any) -> tuple[pl.DataFrame, int]:
            blocks = replay(events, ends)
            frames = [_scored(bundle, X, rows) for X, rows in blocks]
            return pl.concat(frames), len(events)

        import polars as pl

        with reporter.stage("Scoring", engine.events) as stage:
            found = []
            for frame, n in engine.map_users(work):
                found.append(frame)
                stage.advance(n, rows=n)
    scores = pl.concat(found).sort("position")
    with reporter.stage("Looking up ids") as stage:
        raw = log.raw_at(scores["position"].to_numpy())
    return scores.select(
        raw["user"],
        raw["session"],
        pl.col("start").cast(pl.Datetime("us", "UTC")).alias("started"),
        pl.col("time").cast(pl.Datetime("us", "UTC")),
        pl.col("ordinal").alias("k"),
        pl.col("status"),
        "probability",
        "percentile",
        "decile",
        pl.col("shop_day").cast(pl.Date),
    )


def _scored(bundle: Bundle, X: Any, rows: Records) -> pl.DataFrame:
    import polars as pl

    bought = rows["status"] == BOUGHT
    p = bundle.probability(X)
    percentile = bundle.percentiles(p, rows["ordinal"])
    names = np.array([STATUS[code] for code in sorted(STATUS)])
    known = pl.Series(~bought)
    return pl.DataFrame(
        {
            "position": rows["position"],
            "start": rows["start"],
            "time": rows["time"],
            "ordinal": rows["ordinal"],
            "shop_day": rows["shop_day"],
            "status": names[rows["status"]],
            "probability": p,
            "percentile": percentile,
            "decile": deciles(percentile),
        }
    ).with_columns(
        pl.when(known).then(pl.col(name)).alias(name)
        for name in ("probability", "percentile", "decile")
    )


def write_scores(scores: pl.DataFrame, path: Path) -> None:
    """Write CSV or, where the name ends so, Parquet; whole or not at all.

    Text that a spreadsheet would take for a formula gets an apostrophe before it in CSV.
    """
    import polars as pl

    temporary = path.with_name(f".{path.name}.part")
    try:
        if path.suffix == ".parquet":
            scores.write_parquet(temporary)
        else:
            risky = r"^[=+\-@\t\r]"
            safe = scores.with_columns(
                pl.when(pl.col(name).str.contains(risky))
                .then(pl.lit("'") + pl.col(name))
                .otherwise(pl.col(name))
                .alias(name)
                for name in ("user", "session")
            )
            safe.write_csv(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
