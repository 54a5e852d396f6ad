"""From an upload to sessions with their probability, segment and action."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from willbuy.app.uploads import Upload
from willbuy.decide.actions import ANY
from willbuy.decide.behaviour import COLUMNS
from willbuy.decide.segments import segments_from
from willbuy.decide.strategy import Strategy
from willbuy.errors import WillbuyError
from willbuy.events.check import CheckResult, check
from willbuy.events.head import Head, head_of
from willbuy.events.words import REQUIRED
from willbuy.score.model import Model
from willbuy.score.sheet import safe_sheet
from willbuy.score.table import TableModel
from willbuy.settings import SourceSettings
from willbuy.snapshots.table_file import read_raw

if TYPE_CHECKING:
    import polars as pl

SCORED = ("probability", "percentile", "decile")
"""The columns by which a file of scores is known."""

UNKNOWN_SEGMENT = "not known"


@dataclass(frozen=True)
class Scored:
    """Sessions with what the model says of them.

    Attributes:
        frame: One row a session, the likeliest first: what names it, probability, percentile,
            decile; of a log also k, status and, where the run has a strategy, segment and action.
        notes: What to know of them, in sentences.
    """

    frame: pl.DataFrame
    notes: tuple[str, ...] = ()


def header(upload: Upload) -> Head:
    """The columns of an upload and its first rows.

    Raises:
        WillbuyError: It is no table, or has no rows.
    """
    try:
        return head_of(upload.path, None)
    except WillbuyError as problem:
        raise WillbuyError(upload.told(problem)) from problem


def holds_scores(head: Head) -> bool:
    """Whether a file is what `willbuy score` wrote."""
    return set(SCORED) <= set(head.names)


def source_for(head: Head, trained: SourceSettings) -> SourceSettings:
    """The mapping to begin with: the run's own where its columns are there, else none."""
    if trained.columns and set(trained.columns.values()) <= set(head.names):
        return trained
    return SourceSettings(kinds=trained.kinds, zone=trained.zone)


def look(upload: Upload, source: SourceSettings) -> CheckResult:
    """What is made of a log of events with this mapping.

    Raises:
        WillbuyError: It is no log at all, or the mapping cannot be.
    """
    try:
        return check([upload.path], source)
    except WillbuyError as problem:
        raise WillbuyError(upload.told(problem)) from problem


def mapped(source: SourceSettings, columns: Mapping[str, str | None]) -> SourceSettings:
    """The same settings with these columns; a field without one is left out.

    Raises:
        WillbuyError: A required field has none, or one column is two things.
    """
    chosen = {field: column for field, column in columns.items() if column is not None}
    if missing := [field for field in REQUIRED if field not in chosen]:
        raise WillbuyError(
            f"Choose the column for {' and '.join(missing)}. Without that nothing can be scored."
        )
    for column in set(chosen.values()):
        fields = [field for field, one in chosen.items() if one == column]
        if len(fields) > 1:
            raise WillbuyError(f"The column {column!r} cannot be {' and '.join(fields)} at once.")
    return source.model_copy(update={"columns": chosen})


def score_events(
    model: Model, upload: Upload, source: SourceSettings, strategy: Strategy | None
) -> Scored:
    """Score a log of events, and place its sessions in the run's segments.

    Raises:
        WillbuyError: It cannot be read.
    """
    import polars as pl

    try:
        found = model.score(upload.path, source=source, beside=COLUMNS)
    except WillbuyError as problem:
        raise WillbuyError(upload.told(problem)) from problem
    assert found.frame is not None
    frame = _placed(found.frame, strategy).drop(
        one for one in COLUMNS if one in found.frame.columns
    )
    notes = []
    if found.bought:
        notes.append(f"{found.bought:,} sessions have bought already: nothing is left to predict.")
    if found.bots:
        notes.append(f"{found.bots:,} sessions are of likely bots and have no probability.")
    if found.early:
        notes.append(found.early)
    first = [name for name in ("user", "session", "probability") if name in frame.columns]
    order = [*first, *(name for name in frame.columns if name not in first)]
    return Scored(
        frame.select(order)
        .sort("probability", descending=True, nulls_last=True, maintain_order=True)
        .with_columns(pl.col("user", "session").cast(pl.String)),
        tuple(notes),
    )  # fmt: skip


def score_sessions(model: TableModel, upload: Upload) -> Scored:
    """Score a table of one row a session with the model of such a table.

    Raises:
        WillbuyError: A column is missing or holds something else.
    """
    try:
        found = model.score(upload.path)
    except WillbuyError as problem:
        raise WillbuyError(upload.told(problem)) from problem
    assert found.frame is not None
    frame = found.frame.sort("probability", descending=True, maintain_order=True)
    return Scored(frame, tuple(upload.told(note) for note in found.notes))


def read_scores(upload: Upload) -> Scored:
    """What `willbuy score` wrote, to be looked at.

    Raises:
        WillbuyError: A probability or percentile is no number.
    """
    import polars as pl

    try:
        frame = read_raw(upload.path).frame
        typed = frame.with_columns(
            *(_numbers(frame, name, upload) for name in SCORED),
        )
    except WillbuyError as problem:
        raise WillbuyError(upload.told(problem)) from problem
    known = typed["probability"].drop_nulls()
    if len(known) and not known.is_between(0, 1).all():
        raise WillbuyError(f"{upload.name}: probabilities lie between 0 and 1; some here do not.")
    return Scored(
        typed.with_columns(pl.col("decile").cast(pl.Int64, strict=False)).sort(
            "probability", descending=True, nulls_last=True, maintain_order=True
        )
    )


def as_csv(frame: pl.DataFrame) -> bytes:
    """The table as a CSV that no spreadsheet runs anything of."""
    file = BytesIO()
    safe_sheet(frame).write_csv(file)
    return file.getvalue()


def _numbers(frame: pl.DataFrame, name: str, upload: Upload) -> pl.Series:
    import polars as pl

    # What is nested in Parquet is not in the frame at all.
    values = frame[name] if name in frame.columns else None
    if values is None or not (values.dtype.is_numeric() or values.dtype == pl.String):
        raise WillbuyError(f"{upload.name}: the column {name} does not hold numbers.")
    if values.dtype != pl.String:
        return values.cast(pl.Float64)
    values = values.replace("", None)
    numbers = values.cast(pl.Float64, strict=False)
    odd = numbers.is_null() & values.is_not_null()
    if odd.any():
        raise WillbuyError(
            f"{upload.name}: {values.filter(odd)[0][:40]!r} in the column {name} is no number."
        )
    return numbers.map_elements(_finite, return_dtype=pl.Float64)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _placed(frame: pl.DataFrame, strategy: Strategy | None) -> pl.DataFrame:
    """The sessions with their segment and what the run's strategy says of it."""
    import polars as pl

    if strategy is None:
        return frame
    segments = segments_from(strategy.rules)
    missing = [
        pl.lit(None, pl.Float32).alias(name)
        for name in segments.behaviour.rules.columns
        if name not in frame.columns
    ]
    placed = segments.of(frame.with_columns(missing, pl.col("probability").fill_null(0.0)))
    names = [" / ".join(segments.name(at)) for at in range(len(segments))]
    advice: dict[str, Any] = {one.segment: one for one in strategy.segments}
    segment = pl.Series("segment", [names[at] for at in placed.tolist()], pl.String)
    told = {name: advice[name].action if name in advice else ANY for name in names}
    try_it = {name: advice[name].recommended if name in advice else "do nothing" for name in names}
    open_still = pl.col("probability").is_not_null()
    return frame.with_columns(segment).with_columns(
        pl.when(open_still).then(pl.col("segment")).alias("segment"),
        pl.when(open_still)
        .then(pl.col("segment").replace_strict(try_it, default=None))
        .alias("recommended"),
        pl.when(open_still)
        .then(pl.col("segment").replace_strict(told, default=None))
        .alias("action"),
    )
