"""New days for the shop tables of a model: `willbuy counts`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from willbuy.bundle.files import find_bundle, load_settings_of
from willbuy.engines.local import LocalEngine
from willbuy.errors import WillbuyError
from willbuy.events.read import open_log
from willbuy.moments.calendar import make_calendar
from willbuy.moments.rules import make_rules
from willbuy.moments.survey import DailyCounts, combine, survey_batch
from willbuy.moments.tables import ShopTables
from willbuy.progress import Reporter, Silent
from willbuy.snapshots.splits import complete_days, iso


def extend_counts(
    events: Sequence[Path | str] | Path | str,
    into: Path | str,
    *,
    whole_days: bool = False,
    reporter: Reporter | None = None,
) -> ShopTables:
    """Add the complete days of a log to the shop tables of a run's model.

    Days that the tables have already stay as they are, so a log may be given twice. The file is
    replaced whole or not at all.

    Args:
        events: A file, several, or a folder, mapped as the run's own log was.
        into: `runs/<name>`, or its `model/`.
        whole_days: The first and the last day of the log are whole, wherever its first and last
            event lie.
        reporter: Told of progress.

    Returns:
        The tables as they are now.

    Raises:
        WillbuyError: The log has no complete day, or days between it and the tables are missing.
    """
    paths = [events] if isinstance(events, (str, Path)) else list(events)
    reporter = reporter or Silent()
    folder = find_bundle(Path(into))
    settings = load_settings_of(folder)
    path = folder / "shop_tables.npz"
    tables = ShopTables.load(path)
    calendar = make_calendar(settings.timezone)
    log = open_log(paths, settings.source, bad_row_share=settings.bad_row_share)
    counts = DailyCounts(calendar)
    with LocalEngine(log, folder, settings.workers) as engine:
        engine.load(reporter, [lambda chunk: counts.add(chunk.events)])
        rules = make_rules(settings, engine.first_time)
        with reporter.stage("Counting"):
            survey = combine(
                engine.map_users(lambda rows, ends: survey_batch(rows, ends, calendar, rules)),
                counts,
            )
    days = survey.days()["day"]
    if not len(days):
        raise WillbuyError(f"{paths[0]} has no event that counts: all are of likely bots.")
    if whole_days:
        first, last = int(days.min()), int(days.max())
    else:
        first, last = complete_days(
            engine.first_time, engine.last_time, settings.timezone, calendar
        )
    if last < first:
        raise WillbuyError(
            f"{paths[0]} has no complete day: it runs from {iso(engine.first_time)} to "
            f"{iso(engine.last_time)}. Counts are of whole local days ({settings.timezone}), with "
            "events within 3 hours of either midnight. Where the shop is closed at night, say that "
            "the days are whole: --whole-days"
        )
    quiet = sorted(set(range(first, last + 1)) - set(days.tolist()))
    if quiet:
        reporter.say(
            "No event on " + ", ".join(str(np.datetime64(day, "D")) for day in quiet) + ": counted "
            "as days without events. If the log lacks them, take the tables back and give it whole."
        )
    extended = tables.extended(survey.tables(first, last))
    temporary = path.with_name(f".{path.name}.part")
    try:
        extended.save(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return extended
