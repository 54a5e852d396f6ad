"""What the log holds, what was left out of it, and what to be careful about, in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from willbuy.events.health import ReadHealth
from willbuy.events.read import EventLog
from willbuy.moments.calendar import DAY, HOUR, MINUTE
from willbuy.settings import Settings
from willbuy.snapshots.from_events import Snapshots
from willbuy.snapshots.splits import PARTS, TEST, TRAIN, days_between

FEW_BUYERS = 200
"""With fewer buying sessions in test, intervals are too wide to conclude much."""

MANY_REPEATS = 0.01
"""A larger share of exact repeats is worth a look."""

UNREAD_PRICES = 0.001
"""A larger share of events whose price could not be read is worth a look."""

SHORT = 10
"""A log of fewer days says nothing about other days."""


def totals(snapshots: Snapshots) -> dict[str, int]:
    """The log in eight numbers, bots and exact repeats left out."""
    survey = snapshots.survey
    sessions = survey.sessions
    bought = sessions["purchase"] > 0
    return {
        "events": survey.events,
        "repeats_removed": survey.repeats,
        "users": survey.users - len(survey.bots),
        "users_left_out_as_bots": len(survey.bots),
        "sessions": len(sessions),
        "buying_sessions": int(bought.sum()),
        "moments": int(sessions["moments"].sum()),
        "moments_followed_by_a_purchase": int(sessions["moments"][bought].sum()),
    }


def left_out(snapshots: Snapshots) -> dict[str, int]:
    """Sessions that give no rows, by reason; one with several reasons counts under the first."""
    sessions, splits = snapshots.survey.sessions, snapshots.splits
    warm_up = sessions["start"] < splits.begins[TRAIN]
    outage = ~warm_up & np.isin(sessions["day"], snapshots.outages)
    in_gap = ~warm_up & ~outage & (splits.part(sessions["start"]) < 0)
    used = ~(warm_up | outage | in_gap)
    return {
        "warm_up": int(warm_up.sum()),
        "outage_days": int(outage.sum()),
        "gap_before_a_border": int(in_gap.sum()),
        "began_with_the_purchase": int((used & (sessions["moments"] == 0)).sum()),
    }


def data_health(log: EventLog, snapshots: Snapshots) -> dict[str, Any]:
    """The content of data_health.json."""
    days = snapshots.survey.days()
    return {
        "reading": log.health.to_dict(),
        "totals": totals(snapshots),
        "sessions_left_out": left_out(snapshots),
        "bots": {"events": snapshots.survey.bot_events, "keys": snapshots.survey.bots.tolist()},
        "outage_days": [str(np.datetime64(int(day), "D")) for day in snapshots.outages],
        "days": [
            {
                "day": str(np.datetime64(int(day["day"]), "D")),
                **{name: int(day[name]) for name in ("views", "carts", "purchases")},
            }
            for day in days
        ],
    }


def cautions(snapshots: Snapshots, settings: Settings) -> list[str]:
    """What stands in the way of trusting the figures, in plain sentences; the gravest first."""
    return [
        *_about_length(snapshots),
        *_about_buyers(snapshots),
        *_about_gap(snapshots),
        *_about_repeats(snapshots),
        *_about_leaving_out(snapshots, settings),
    ]


def _about_length(snapshots: Snapshots) -> list[str]:
    splits, starts = snapshots.splits, snapshots.survey.sessions["start"]
    found = []
    span = splits.log_end - splits.log_start
    if span < SHORT * DAY:
        crowded = splits.log_end - int(np.quantile(starts, 0.1))
        where = ""
        if crowded < span / 2:
            where = f", and nine in ten of its sessions began in the last {_span(crowded)}"
        found.append(
            f"The log covers only {_span(span)}{where}. That is too little to trust the figures: "
            "they say nothing about other hours and days."
        )
    if not splits.complete_days:
        found.append(
            "There is no complete day, so there is nothing to fill the shop tables with: features "
            "about the popularity and the rates of products, brands and categories are left out."
        )
    return found


def _about_buyers(snapshots: Snapshots) -> list[str]:
    buyers = int((snapshots.sessions_of(TEST)["purchase"] > 0).sum())
    if buyers >= FEW_BUYERS:
        return []
    return [
        f"Only {buyers} sessions of the test part buy after one of their moments. Read the "
        "intervals, not the figures."
    ]


def _about_gap(snapshots: Snapshots) -> list[str]:
    splits = snapshots.splits
    if not splits.censored:
        return []
    return [
        f"The gap before each border should be {_span(splits.wanted_gap)}, so that sessions can "
        f"end before it; to keep enough buyers it is {_span(splits.gap)}. Some sessions were "
        "still under way at a border: their later purchases are missing from the labels "
        "(they are censored)."
    ]


def _about_repeats(snapshots: Snapshots) -> list[str]:
    survey = snapshots.survey
    share = survey.repeats / max(survey.events + survey.repeats, 1)
    if share <= MANY_REPEATS:
        return []
    return [
        f"{survey.repeats:,} events ({share:.1%}) were removed as exact repeats: equal to another "
        "event of their session in every field, the time too. If the log writes times to the "
        "minute, or names no products, these may be real events."
    ]


def _about_leaving_out(snapshots: Snapshots, settings: Settings) -> list[str]:
    found = []
    if len(snapshots.outages):
        dates = ", ".join(str(np.datetime64(int(day), "D")) for day in snapshots.outages)
        found.append(
            f"Purchases all but vanish on {dates}: sessions that began on such a day are left out "
            "(metrics.json has the test figures with them, too)."
        )
    if len(snapshots.survey.bots):
        found.append(
            f"{len(snapshots.survey.bots)} shoppers with more than "
            f"{settings.session.daily_event_cap:,} events on one day are left out as likely bots "
            "(listed in data_health.json)."
        )
    if snapshots.c < settings.sampling.c:
        found.append(
            "To keep train within its row limit, moments were drawn at min(1, "
            f"{snapshots.c:.3g}/k) and weighted."
        )
    for part, name in enumerate(PARTS):
        if snapshots.shares[part] < 1:
            found.append(
                f"To keep {name} within its row limit, {snapshots.shares[part]:.1%} of its "
                "sessions were drawn and weighted."
            )
    return found


def caution_of_prices(reading: ReadHealth) -> list[str]:
    """Prices that could not be read, where there are more than a few.

    Args:
        reading: Of the log, all of which has been read.
    """
    if reading.price_unreadable <= UNREAD_PRICES * reading.events:
        return []
    return reading.unread_prices.words()


def _span(micros: int) -> str:
    if micros < 2 * HOUR:
        return f"{micros / MINUTE:.0f} minutes"
    if micros < 2 * DAY:
        return f"{micros / HOUR:.1f} hours"
    return f"{days_between(0, micros):.1f} days"


def caution_of_level(test: dict[str, Any]) -> list[str]:
    """Where the model's probabilities are, on average, far from what happened in test.

    Args:
        test: What `judge` said of the shipped model.
    """
    rate, mean = (test["headline"][name]["value"] for name in ("base_rate", "mean_prediction"))
    gap = test["headline"]["calibration_in_the_large"]
    if gap["low"] is None or gap["low"] <= 0 <= gap["high"] or abs(mean - rate) < rate / 4:
        return []
    return [
        f"In the test part a purchase follows {rate:.1%} of moments, but the probabilities say "
        f"{mean:.1%} on average: the shop changed after the calibrate part, or labels are missing."
    ]
