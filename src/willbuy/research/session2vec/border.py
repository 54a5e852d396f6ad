"""Up to when embeddings may learn, so that later rows may use them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from willbuy.bundle.files import find_bundle, load_settings_of, read_told
from willbuy.moments.calendar import DAY, day_of, make_calendar, midnight, to_local


def border_of(run: Path) -> int:
    """The middle of a run's train, at a local midnight where train has days enough.

    Embeddings are learnt from sessions that ended before it, rows of sessions that began since
    may use them. To learn from all of train would not do: a row's own later events were in it.

    Args:
        run: The folder of a run on a log.

    Returns:
        Microseconds UTC.
    """
    bundle = find_bundle(run)
    splits = read_told(bundle)["about"]["splits"]
    begin, end = _micros(splits["train"][0]), _micros(splits["calibrate"][0])
    middle = (begin + end) // 2
    if end - begin < 2 * DAY:
        return middle
    zone = load_settings_of(bundle).timezone
    return midnight(zone, day_of(to_local(make_calendar(zone), middle + DAY // 2)))


def _micros(iso: str) -> int:
    moment = datetime.fromisoformat(iso).replace(tzinfo=UTC)
    return round(moment.timestamp()) * 1_000_000
