"""churn_strategy.json, churn_summary.json and the audience, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from willbuy.bundle.percentiles import deciles
from willbuy.decide.plan import Plan
from willbuy.decide.strategy import Strategy, Summary
from willbuy.errors import WillbuyError
from willbuy.events.read import EventLog
from willbuy.score.sheet import write_scores

if TYPE_CHECKING:
    import polars as pl

    from willbuy.bundle.percentiles import Percentiles

_Content = TypeVar("_Content", Strategy, Summary)

STRATEGY, SUMMARY = "churn_strategy.json", "churn_summary.json"


def write_plan(made: Plan, folder: Path) -> None:
    """Write both files, each checked against its own schema as it is read back.

    Raises:
        WillbuyError: They cannot be written there.
    """
    for name, content in ((STRATEGY, made.strategy), (SUMMARY, made.summary)):
        text = content.model_dump_json(indent=1)
        type(content).model_validate_json(text)  # a nan would have become null
        part = folder / f".{name}"
        try:
            part.write_text(text + "\n", "utf-8")
            part.replace(folder / name)
        except OSError as problem:
            part.unlink(missing_ok=True)
            raise WillbuyError(f"{folder / name} cannot be written: {problem.strerror}.") from (
                problem
            )


def read_strategy(folder: Path) -> Strategy | None:
    """The strategy of a run; None where it has none."""
    return _read(folder / STRATEGY, Strategy)


def read_summary(folder: Path) -> Summary | None:
    """The summary of a run; None where it has none."""
    return _read(folder / SUMMARY, Summary)


def _read(path: Path, of: type[_Content]) -> _Content | None:
    if not path.is_file():
        return None
    try:
        return of.model_validate_json(path.read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise WillbuyError(
            f"{path} is broken or of another version: make it again with `willbuy segments "
            f"{path.parent}`."
        ) from problem


def write_audience(made: Plan, percentiles: Percentiles, log: EventLog, path: Path) -> int:
    """Write the sessions of the test part that did not buy, under the log's own ids.

    Columns: user, session, time (of the latest event), k, probability, percentile, decile (1 is
    the best), segment, action, recommended. Safe to open in a spreadsheet.

    Args:
        made: The plan.
        percentiles: Of the bundle.
        log: The run's log, which is read again for the ids.
        path: .csv or .parquet.

    Returns:
        How many sessions.

    Raises:
        WillbuyError: The log cannot be read, or nothing be written there.
    """
    found = _with_ids(audience_of(made, percentiles).drop("user_key", "session_key"), log)
    write_scores([found], path)
    return len(found)


def audience_of(made: Plan, percentiles: Percentiles) -> pl.DataFrame:
    """The sessions of the test part that did not buy, as the run's files name them.

    Args:
        made: The plan.
        percentiles: Of the bundle.

    Returns:
        position (of the latest event in the log), user_key, session_key, and the columns of
        `write_audience` from time on.
    """
    import polars as pl

    rows = made.last.filter(~pl.col("label")).sort("position")
    advice = {one.segment: one for one in made.strategy.segments}
    name = {at: " / ".join(made.segments.name(at)) for at in range(len(made.segments))}
    percentile = percentiles(rows["probability"].to_numpy(), rows["ordinal"].to_numpy())
    segment = rows["segment"].replace_strict(name, return_dtype=pl.String)
    return rows.select(
        "position", "user_key", "session_key", "time", pl.col("ordinal").alias("k"), "probability"
    ).with_columns(
        percentile=pl.Series(percentile),
        decile=pl.Series(deciles(percentile)),
        segment=segment,
        action=segment.replace_strict({k: one.action for k, one in advice.items()}, default=None),
        recommended=segment.replace_strict(
            {k: one.recommended for k, one in advice.items()}, default=None
        ),
    )


def _with_ids(rows: pl.DataFrame, log: EventLog) -> pl.DataFrame:
    import polars as pl

    raw = [
        piece.select("position", "user", "session")
        for piece in log.raw_at(rows["position"].to_numpy())
    ]
    ids = pl.concat(raw) if raw else pl.DataFrame(schema={"position": pl.Int64})
    return ids.join(rows, on="position", how="inner", maintain_order="left").drop("position")
