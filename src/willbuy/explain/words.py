"""Numbers and directions as people say them."""

from __future__ import annotations

import math

SURE, MOSTLY = 0.7, 0.3
"""From these rank correlations on, a contribution goes with the value, or mostly does."""

YES_NO = "yes/no"
LOG_SECONDS = "log2 seconds"
"""Of means of log2(1 + seconds): people are told the seconds."""

_UNNAMED = ("price", "ratio", "value", "sine", "cosine", "hour", "weekday")
"""Units that only repeat the label."""

_TIMES = ((172_800, 86_400, "days"), (7_200, 3_600, "hours"), (120, 60, "minutes"))


def rounded(value: float, digits: int = 3) -> str:
    """So many significant digits, thousands marked, no zeros at the end.

    >>> rounded(0.012345), rounded(1234.5), rounded(12.0)
    ('0.0123', '1,230', '12')
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    told = f"{round(value, places):,.{max(places, 0)}f}"
    return told.rstrip("0").rstrip(".") if "." in told else told


def signed(value: float) -> str:
    """Log-odds with their sign.

    >>> signed(0.404), signed(0.001)
    ('+0.40', '0.00')
    """
    told = f"{abs(value):.2f}"
    sign = "" if float(told) == 0 else "+" if value > 0 else "\N{MINUS SIGN}"
    return sign + told


def quantity(value: float, unit: str) -> str:
    """A feature's value with its unit.

    >>> quantity(95, "seconds"), quantity(5400, "seconds"), quantity(0.25, "share")
    ('95 seconds', '90 minutes', '25%')
    >>> quantity(0.4, "days"), quantity(2.5, "days"), quantity(0, "days")
    ('9.6 hours', '2.5 days', '0 seconds')
    >>> quantity(0.996, "events, fading")
    '0.996 events (older ones count less)'
    >>> quantity(5.0, "log2 seconds")
    '31 seconds'
    """
    if unit == LOG_SECONDS:
        value, unit = 2.0**value - 1, "seconds"
    if unit == YES_NO:
        return "yes" if value > 0 else "no"
    if unit == "share":
        return f"{rounded(100 * value, 2)}%"
    if unit == "days" and abs(value) < 2:
        value, unit = value * 86_400, "seconds"
    if unit == "seconds":
        for least, size, name in _TIMES:
            if abs(value) >= least:
                return f"{rounded(value / size, 2)} {name}"
    named, _, fading = unit.partition(", ")
    if named in _UNNAMED:
        return rounded(value)
    if fading:
        named += " (older ones count less)"
    elif value == 1:
        named = f"{named[:-3]}y" if named.endswith("ies") else named.removesuffix("s")
    return f"{rounded(value)} {named}"


def titled(label: str, unit: str) -> str:
    """A feature's label with its unit, where the unit says more.

    >>> titled("Time since the event before", "seconds"), titled("Mean price", "price")
    ('Time since the event before (seconds)', 'Mean price')
    >>> titled("Days since the last visit", "days"), titled("Earlier visits", "sessions, fading")
    ('Days since the last visit', 'Earlier visits (sessions, older ones count less)')
    """
    named, _, fading = unit.partition(", ")
    if unit == YES_NO or named in _UNNAMED:
        return label
    said = [] if named.lower() in label.lower() else [named]
    said += ["older ones count less"] if fading else []
    return f"{label} ({', '.join(said)})" if said else label


def span(low: float, high: float, unit: str) -> str:
    """A range of values.

    >>> span(1, 3, "events"), span(2, 2, "events"), span(90, 300, "seconds")
    ('1 to 3 events', '2 events', '90 seconds to 5 minutes')
    """
    first, last = quantity(low, unit), quantity(high, unit)
    if first == last:
        return first
    number, _, name = first.partition(" ")
    same = name and last.partition(" ")[2].rstrip("s") == name.rstrip("s")
    return f"{number if same else first} to {last}"


def direction(correlation: float | None, unit: str) -> str:
    """How a contribution goes with the value.

    Args:
        correlation: Spearman's, between value and contribution; None where either never changes.
        unit: Of the value.
    """
    if correlation is None:
        return "too few different values to tell a direction"
    if abs(correlation) < MOSTLY:
        return "no single direction"
    what = "yes" if unit == YES_NO else "a higher value"
    way = "higher" if correlation > 0 else "lower"
    mostly = "" if abs(correlation) >= SURE else "mostly "
    return f"{what} {mostly}goes with a {way} probability"
