"""What sessions do after they came into a segment: to the cart, to the purchase, and where next."""

from __future__ import annotations

from typing import Any

from willbuy.report.markup import Html, details, note, table, tag, together
from willbuy.report.words import cell, count, percent, told

SHOWN = 6
"""So many segments stand in the table; the others are shown on demand."""

DESTINATIONS = 4
"""So many are told of each segment; the rest together."""

HEAD = ("Segment", "Sessions", "Had a cart", "Of the others put in cart", "Bought with a cart",
        "Bought without", "Went next")  # fmt: skip

ONWARD_NOTE = (
    "A session counts once in each segment, from when it first came into it. A cart is any cart "
    "event before the purchase. Next is the first other segment; who came into none has bought or "
    "left from there. Of a segment these shares add up to all."
)


def onward(journeys: list[dict[str, Any]] | None) -> Html | None:
    """A sentence and the table, the largest segments first; None in older files.

    Args:
        journeys: Of churn_summary.json.
    """
    if not journeys:
        return None
    rows = [_row(one) for one in by_size(journeys)]
    more = len(rows) - SHOWN
    return together([
        tag("h3", onward_words(journeys)),
        table(HEAD, rows[:SHOWN]),
        details(f"{more} further segments", table(HEAD, rows[SHOWN:])) if more > 0 else None,
        note(ONWARD_NOTE),
    ])  # fmt: skip


def by_size(journeys: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The segments that most sessions came into first."""
    return sorted(journeys, key=lambda one: -int(one["funnel"]["entered"]))


def onward_words(journeys: list[dict[str, Any]]) -> str:
    """Where the sessions of the largest segment went."""
    largest = by_size(journeys)[0]
    if not largest["next"]:
        return "Too few sessions to say where they went next"
    ways = ", ".join(
        f"{percent(move['share']['value'])} {_towards(move['to'])}" for move in largest["next"][:3]
    )
    return f"Of sessions that came into “{largest['segment']}”, {ways}"


def funnel_words(funnel: dict[str, Any]) -> str:
    """The steps of a segment to the cart and to the purchase."""
    return (
        f"Of {count(funnel['entered'])} sessions {count(funnel['had_cart'])} had something in the "
        f"cart before; of the others {told(funnel['put_in_cart'], percent)} put something in. With "
        f"a cart {told(funnel['bought_with_cart'], percent)} bought, without one "
        f"{told(funnel['bought_without_cart'], percent)}."
    )


def next_words(moves: list[dict[str, Any]]) -> str:
    """The most frequent destinations with their intervals, and the rest together."""
    if not moves:
        return "too few sessions"
    first = [f"{move['to']} {told(move['share'], percent)}" for move in moves[:DESTINATIONS]]
    rest = sum(move["share"]["value"] for move in moves[DESTINATIONS:])
    return "; ".join([*first, *([f"others {percent(rest)}"] if rest else [])])


def _towards(place: str) -> str:
    """A destination as a sentence goes on with it."""
    return f"went on to “{place}”" if " / " in place else place


def _row(journey: dict[str, Any]) -> list[str]:
    funnel = journey["funnel"]
    shares = ("put_in_cart", "bought_with_cart", "bought_without_cart")
    return [
        journey["segment"],
        count(funnel["entered"]),
        count(funnel["had_cart"]),
        *(cell(funnel[name], percent) for name in shares),
        next_words(journey["next"]),
    ]
