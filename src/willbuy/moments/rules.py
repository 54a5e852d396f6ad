"""The settings as the fold wants them."""

from __future__ import annotations

from willbuy.moments.calendar import DAY, HOUR, MINUTE
from willbuy.moments.state import Rules
from willbuy.settings import Settings


def make_rules(settings: Settings, log_start: int) -> Rules:
    """Borders, caps and half-life in microseconds; `log_start` is where history begins."""
    return Rules(
        silence=round(settings.session.silence_minutes * MINUTE),
        id_silence=round(settings.session.id_silence_hours * HOUR),
        max_span=round(settings.session.max_hours * HOUR),
        max_events=settings.session.max_events,
        daily_cap=settings.session.daily_event_cap,
        half_life=round(settings.history.half_life_days * DAY),
        shop_lag=round(settings.shop.lag_hours * HOUR),
        log_start=log_start,
    )
