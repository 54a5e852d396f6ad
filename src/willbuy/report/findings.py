"""What figures come to, as sentences that charts and cards share."""

from __future__ import annotations

from typing import Any

from willbuy.report.nouns import Nouns
from willbuy.report.words import Figure, apart, decimal, ordinal, percent, told


def in_pairs(auc: Figure, nouns: Nouns) -> str:
    """What a ROC-AUC means."""
    often = told(auc, lambda value: f"{100 * value:.0f}")
    return f"{nouns.pair}, the model puts the first higher {often} times in 100"


def flagged_words(flagged: dict[str, Any]) -> str:
    """By which event how many buyers are flagged: half of them, where it comes to that."""
    known = [one for one in flagged["by_event"] if one["share"]["value"] is not None]
    if not known:
        return "No session buys"
    half = next((one for one in known if one["share"]["value"] >= 0.5), None)
    told_of = half or next((one for one in known if one["k"] == 3), known[-1])
    value = told_of["share"]["value"]
    share = "Half" if 0.5 <= value < 0.55 else percent(value)
    return f"{share} of the buyers are flagged by their {ordinal(told_of['k'])} event"


def right_words(flagged: dict[str, Any]) -> str:
    """How many flags are right, from the shares flagged of sessions that buy and do not."""
    sessions = flagged["sessions"]
    right = (flagged["buyers_flagged"]["value"] or 0.0) * sessions["buying"]
    wrong = (flagged["false_positive_rate"]["value"] or 0.0) * sessions["not_buying"]
    if not right:
        return "No buyer is flagged."
    return (
        f"Of 100 flagged sessions {100 * right / (right + wrong):.0f} buy; of 100 buyers "
        f"{100 * (1 - flagged['buyers_flagged']['value']):.0f} are never flagged in time."
    )


def ranked_words(known: list[dict[str, Any]]) -> str:
    """How the ranking goes with the events; a change is told only outside the intervals."""
    first, last = known[0], known[-1]
    best = max(known, key=lambda one: one["roc_auc"]["value"])
    worst = min(known, key=lambda one: one["roc_auc"]["value"])

    def at(one: dict[str, Any]) -> str:
        return f"{decimal(one['roc_auc']['value'])} after event {one['k']}"

    if len(known) == 1:
        return f"ROC-AUC {at(first)}"
    if not apart(best["roc_auc"], worst["roc_auc"]):
        return f"Ranking changes little with the events: ROC-AUC {at(first)}, {at(last)}"
    if best is last:
        return f"Ranking improves from {at(first)} to {at(last)}"
    if best is first:
        return f"Ranking is best at the beginning: {at(first)}, {at(last)}"
    return f"Among the sessions still open, ranking is best early: ROC-AUC {at(best)}, {at(last)}"


def points(share: float) -> str:
    """A difference of shares."""
    return f"{percent(share).removesuffix('%')} percentage points"
