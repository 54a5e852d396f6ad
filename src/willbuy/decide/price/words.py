"""What price.json says, in words: for the screen and for the report."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from willbuy.decide.price.bound import is_bound
from willbuy.decide.price.scope import ALL

_ROWS = (
    ("conversion", "purchases per view"),
    ("units", "units"),
    ("revenue", "revenue"),
    ("margin", "margin"),
)


FAR = 2.0
"""A cut of more than so many spreads of what prices did within products is beyond what was seen."""


def headline(found: dict[str, Any]) -> str:
    """The cut, the elasticity, and what kind of evidence it is."""
    used = found["elasticity"]
    return (
        f"Prices lower by {100 * found['cut']:.3g} % for {found['scope']} ({found['products']:,} "
        f"products), over {found['days']} days. Elasticity of purchases per view: "
        f"{between(used, '+.2f')}; {used['evidence']}, {used['of']}."
    )


def consequence_rows(found: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Figure, now, after the cut, change."""
    for name, called in _ROWS:
        if name not in found["after"]:
            continue
        figure = found["after"][name]
        form = ".4f" if name == "conversion" else ",.0f"
        yield (
            called,
            format(figure["before"], form),
            between(figure["after"], form),
            between(figure["change"], "+.1%"),
        )


def notes(found: dict[str, Any]) -> Iterator[str]:
    """All else that belongs to the answer, a sentence or two each, with its kind of evidence."""
    yield break_even(found)
    yield from limits(found)
    taken = found["cannibalised"]
    units = taken.get("units")
    told = f" Units: {between(units, ',.0f')}." if units is not None else ""
    if taken["evidence"] == "identified":
        others = found["after"]["others"]["units"]
        told = f" Other products change by {between(others, '+,.0f')} units."
    yield f"Substitution ({taken['evidence']}): {taken['words']}{told}"
    yield " ".join([traffic(found["traffic"]), *with_traffic(found)])
    yield model_says(found["scenario"])
    yield chance(found["elasticity"])


def chance(used: dict[str, Any]) -> str:
    """What the two ends of every figure hold."""
    kind = used["evidence"]
    if is_bound(used):
        return (
            f"The ends ({kind}) are those of the bound, with the 95 % interval of one product's "
            "elasticity at its far end; the chance of coming weeks is not in them."
        )
    if used["value"] is None:
        return "The ends are those of the range that was given; nothing here tests it."
    return f"Intervals ({kind}) hold the elasticity's own chance only, not that of coming weeks."


def break_even(found: dict[str, Any]) -> str:
    """Below which margin the cut loses money."""
    margin, cut = found["after"]["break_even_margin"], found["cut"]
    if margin["value"] is None and margin["low"] is None:
        return f"Break-even margin: none. A cut of {100 * cut:.3g} % loses money at any margin."
    best = f"{margin['value']:.1%} " if margin["value"] is not None else ""
    low = f"{margin['low']:.1%}" if margin["low"] is not None else "none"
    high = f"{margin['high']:.1%}" if margin["high"] is not None else "no margin pays"
    return (
        f"Break-even margin: {best}[{low}, {high}]. With less of the present price left after "
        f"costs, the cut loses money.{left_out(found)}"
    )


def left_out(found: dict[str, Any]) -> str:
    """What the break-even margin does not count; empty where it counts all."""
    return (
        " What other products lose by it is not in it." if "units" in found["cannibalised"] else ""
    )


def limits(found: dict[str, Any]) -> Iterator[str]:
    """Where the answer reaches beyond what the log has seen."""
    cut, margin = found["cut"], found["margin"]
    if margin is not None and cut >= margin:
        yield "At this cut no unit is sold above its cost: nothing sold more can make up for it."
    used = found["elasticity"]
    if is_bound(used):
        yield (
            f"These products have {used['share']:.0%} of the shop's views, and one of them alone "
            f"has an elasticity of {between(used['own'], '+.2f')}. Products were compared with "
            "others of the same day, so who buys a cheaper one instead of another counts as won. "
            "All figures run from nothing won anew, all of it taken from each other, to what one "
            "product alone wins."
        )
    yield from outdated(found)
    if used["evidence"] == "assumption":
        return
    spread = next((one["spread"] for one in found["checks"] if one["name"] == "variation"), None)
    if spread is not None and -math.log1p(-cut) > FAR * spread:
        yield (
            f"A cut of {100 * cut:.3g} % is beyond what the log has seen: within a product log "
            f"prices spread by {spread:.3f}. That the answer goes on at the same rate is assumed."
        )


def outdated(found: dict[str, Any]) -> Iterator[str]:
    """Of a price.json that an older version wrote: that it tells too much."""
    used = found["elasticity"]
    if used["value"] is not None and found["scope"] == ALL.words and found["products"] > 1:
        yield (
            "price.json was made by an older version, which took what one product wins for what "
            "all of them win at once. That is too much: ask again with willbuy price."
        )


def with_traffic(found: dict[str, Any]) -> Iterator[str]:
    """What the margin would be if the views came, too: from end to end where one is a range."""
    kept, views = found["after"].get("margin"), found["traffic"].get("change")
    if kept is None or views is None:
        return
    names = ("value",) if None not in (kept["change"]["value"], views["value"]) else ("low", "high")
    alone, more = ([one[name] for name in names] for one in (kept["change"], views))
    if None in (*alone, *more):
        return
    both = [(1 + one) * (1 + other) - 1 for one in alone for other in more]
    both = [min(both), max(both)][: len(names)]
    changes = "by about" if len(names) == 1 else "between"
    told, before = (" and ".join(f"{one:+.1%}" for one in ends) for ends in (both, alone))
    yield (
        f"With these views the margin would change {changes} {told} instead of {before}"
        + (
            ": whether the cut pays hangs on whether they come."
            if _sign(both) != _sign(alone)
            else "."
        )
    )


def _sign(ends: list[float]) -> int:
    """1 or -1 where all of them have that sign, else 0."""
    return 1 if min(ends) > 0 else -1 if max(ends) < 0 else 0


def traffic(found: dict[str, Any]) -> str:
    """What the price does to views."""
    if "withheld" in found:
        return f"Traffic: withheld ({found['withheld']}). {found['words']}"
    bound = (
        " A bound, too: from looks that are all taken from each other to what one product alone "
        f"gains, {between(found['own'], '+.2f')}."
        if is_bound(found)
        else ""
    )
    return (
        f"Traffic ({found['evidence']}), not part of the above: views "
        f"{between(found['change'], '+.1%')}, elasticity {between(found, '+.2f')}.{bound} "
        f"{found['words']}"
    )


def model_says(found: dict[str, Any]) -> str:
    """The model's own reading."""
    if found["change"] is None:
        return f"Model ({found['evidence']}): no test moment looks at a product of the scope."
    return (
        f"Model ({found['evidence']}): the chance of a later purchase goes from "
        f"{found['before']:.4f} to {found['after']:.4f}, {between(found['change'], '+.1%')}, over "
        f"{found['moments']:,} test moments. {found['words']}"
    )


def between(figure: dict[str, Any], form: str) -> str:
    """A figure with its interval; a range where it has no best guess."""
    low, high = (
        format(figure[end], form) if figure[end] is not None else "none" for end in ("low", "high")
    )
    if figure["value"] is None:
        return f"from {low} to {high}"
    return f"{format(figure['value'], form)} [{low}, {high}]"
