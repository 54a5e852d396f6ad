"""Figures as people read them: two or three digits, and the interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from willbuy.report.markup import Html, tag, together

Figure = dict[str, Any]
"""``value``, ``low``, ``high``, and ``reason`` where one of them is None."""

Say = Callable[[float], str]

OLDER = "the run was made by an earlier version, which did not tell it; repeat the run to have it"


def percent(share: float) -> str:
    """A share in percent.

    >>> percent(0.3657), percent(0.1027), percent(0.05), percent(0.0042)
    ('37%', '10.3%', '5%', '0.42%')
    """
    hundred = 100 * share
    size = abs(hundred)
    places = 0 if size >= 19.95 else 1 if size >= 0.995 else 2
    told = f"{hundred:.{places}f}"
    return (told.rstrip("0").rstrip(".") if "." in told else told) + "%"


def decimal(value: float) -> str:
    """A figure with three places."""
    return f"{value:.3f}".replace("-", "\N{MINUS SIGN}")


def signed(value: float, places: int = 3) -> str:
    """A difference, with its sign.

    >>> signed(0.0021), signed(0.00213, 4), signed(0.0, 4)
    ('+0.002', '+0.0021', '+0.0000')
    """
    return f"{value:+.{places}f}".replace("-", "\N{MINUS SIGN}")


def count(number: float) -> str:
    """A whole number with thousands marked."""
    return f"{number:,.0f}"


def times(number: float) -> str:
    """How often, or how much: two digits.

    >>> times(7.95), times(12.4)
    ('8', '12')
    """
    return f"{number:.1f}".removesuffix(".0") if abs(number) < 9.95 else f"{number:.0f}"


def within(name: str) -> str:
    """A name inside a sentence.

    >>> within("The cart in this session")
    'the cart in this session'
    """
    return name[:1].lower() + name[1:]


def ordinal(k: int) -> str:
    """1st, 2nd, 3rd, 4th ...

    >>> ordinal(2), ordinal(11), ordinal(23)
    ('2nd', '11th', '23rd')
    """
    ending = {1: "st", 2: "nd", 3: "rd"}.get(k % 10, "th")
    return f"{k}{'th' if k % 100 in (11, 12, 13) else ending}"


def told(figure: Figure, say: Say = decimal) -> str:
    """A figure with its interval, in a sentence."""
    if figure["value"] is None:
        return f"not told ({figure['reason']})"
    if not _spread(figure, say):
        return say(figure["value"])
    return f"{say(figure['value'])} [{say(figure['low'])}, {say(figure['high'])}]"


def cell(figure: Figure | None, say: Say = decimal) -> Html:
    """A figure in a table: the value, and the interval or the reason under it."""
    if figure is None:
        return Html("")
    if figure["value"] is None:
        return tag("small", figure["reason"])
    if not _spread(figure, say):
        return together([tag("b", say(figure["value"]))])
    under = f"{say(figure['low'])}\N{EN DASH}{say(figure['high'])}"
    return together([tag("b", say(figure["value"])), " ", tag("small", under, class_="whole")])


def _spread(figure: Figure, say: Say) -> bool:
    """Whether there is an interval, and in words it is more than its point."""
    return figure.get("low") is not None and say(figure["low"]) != say(figure["high"])


def reason_of(block: dict[str, Any] | None) -> str | None:
    """Why a block of figures is not there; None where it is."""
    if block is None:
        return OLDER
    return str(block["reason"]) if "reason" in block and "value" not in block else None


def apart(one: Figure, two: Figure) -> bool:
    """Whether the intervals of two figures leave a gap: then a difference may be told."""
    if one.get("low") is None or two.get("low") is None:
        return False
    return bool(one["low"] > two["high"] or two["low"] > one["high"])
