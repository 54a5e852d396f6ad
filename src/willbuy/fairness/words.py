"""Slices and findings as sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from willbuy.fairness.search import Look, Slice

TITLES = {
    "shopper": "New and returning shoppers",
    "section": "Department",
    "brand": "Brand",
    "price": "Price band",
    "hour": "Hour",
    "weekday": "Weekday",
    "k": "Events so far",
}
"""Of the columns that every run has."""

_HAPPENED = {
    "true_positive_rate": "of the moments before a purchase {observed} are flagged",
    "false_positive_rate": "of the moments that no purchase follows {observed} are flagged",
}
_WHO = {
    "calibration": "shoppers",
    "true_positive_rate": "shoppers who buy",
    "false_positive_rate": "shoppers who do not buy",
}


def called(slice_: Slice) -> str:
    """A slice in words: "brand acme, after event 3"."""
    pairs = zip(slice_.columns, slice_.levels, strict=True)
    return ", ".join(_called(column, level) for column, level in pairs)


def _called(column: str, level: str) -> str:
    if column == "shopper":
        return f"{level} shoppers"
    if column == "weekday":
        return f"{level}s"
    if column == "k":
        return f"after event{'' if level.isdigit() else 's'} {level}"
    named = {"section": "department", "hour": "the hour from"}.get(column, column)
    return f"{named} {level}"


def told(look: Look) -> str:
    """A gap in a sentence or two."""
    observed, expected, chance = (
        f"{100 * value:.1f} %" for value in (look.observed, look.expected, look.chance)
    )
    whom = f"It concerns {look.shoppers:,} {_WHO[look.kind]}."
    limit = f"chance explains a gap of up to {chance.removesuffix(' %')} points"
    name = called(look.of)
    name = name[:1].upper() + name[1:]
    if look.kind == "calibration":
        way = "high" if look.gap > 0 else "low"
        return (
            f"{name}: the probabilities are too {way}. A purchase follows {observed} of the "
            f"moments, where the model expects {expected}; {limit}. {whom}"
        )
    way = "more" if look.gap > 0 else "less"
    happened = _HAPPENED[look.kind].format(observed=observed)
    return (
        f"{name}: flagged {way} often than the model itself expects. {happened[:1].upper()}"
        f"{happened[1:]}, where it expects {expected}; {limit}. {whom}"
    )
