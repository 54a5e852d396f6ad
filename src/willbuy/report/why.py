"""Why: what the model's answers are made of."""

from __future__ import annotations

from typing import Any

from willbuy.explain.words import signed, span
from willbuy.report.charts import Axis, numbers
from willbuy.report.files import Told
from willbuy.report.markup import (
    Html,
    details,
    figure,
    grid,
    legend,
    note,
    section,
    tag,
    together,
    withheld,
)
from willbuy.report.nouns import Nouns
from willbuy.report.rows import SHADES, Row, Swarm, bars, swarms
from willbuy.report.words import OLDER, count, within

_SEEN = 0.005
"""What adds less is written as 0.00: its row would be empty."""

_MOST_FAMILIES = 12

_DRAWN = 10
"""So many features are drawn; the table has them all."""

_FAMILIES = {
    "session.counts": "How much happened in this session",
    "session.variety": "How wide this session's interest is",
    "session.pace": "This session's pace",
    "session.looks": "How long this session looks before going on",
    "session.price": "Prices looked at in this session",
    "session.cart": "The cart in this session",
    "session.last": "The present event",
    "user.past": "The shopper's earlier visits",
    "user.affinity": "Whether the shopper knew the product",
    "user.rhythm": "The shopper's pace and how often they come",
    "user.since_purchase": "What the shopper did since the last purchase",
    "user.last_visit": "The last visit by itself",
    "shop.popularity": "How popular the product is",
    "shop.rates": "How often lookers buy the product",
    "shop.prices": "Today's price against the usual one",
    "shop.temptation": "How tempting the goods were that were seen so far",
}

_WHO = {"session": "this session", "user": "the shopper before", "shop": "the shop before"}


def why(run: Told) -> Html:
    """The strongest families and features; the model's reasons, not causes."""
    found = run.reasons
    if found is None:
        return section("why", "Why", withheld("The model's reasons", OLDER))
    if not shown(found):
        return section("why", "Why", withheld("The model's reasons", "no feature adds anything"))
    return section(
        "why",
        "Why",
        tag("p", "These are the model's reasons, not causes.", class_="banner"),
        grid(_families(found, run.nouns), _swarms(found["top"][:_DRAWN], run.nouns)),
        _words(found["top"]),
        note(f"From {count(found['moments'])} {run.nouns.rows} of test. {found['note']}"),
    )


def shown(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The families that add more than nothing, from the strongest."""
    return [one for one in found["families"] if one["mean_abs"] >= _SEEN]


def _families(found: dict[str, Any], nouns: Nouns) -> Html:
    strongest = shown(found)[:_MOST_FAMILIES]
    title = f"What weighs most: {family_within(strongest[0]['family'])}"
    rows = [
        Row(family(one["family"]), one["mean_abs"], f"{one['mean_abs']:.2f}") for one in strongest
    ]
    axis = numbers(
        "mean size of what the family adds, log-odds", 0, strongest[0]["mean_abs"], _plain
    )
    return figure(
        title,
        bars(rows, axis, title),
        note(
            f"What the features of a family add together, {nouns.row} by {nouns.row}. 0.1 of "
            "log-odds makes the odds 1.1 times as high, 0.5 makes them 1.6 times as high."
        ),
    )


def family(name: str) -> str:
    """A family of features in plain words.

    >>> family("session.pace"), family("own")
    ("This session's pace", 'Features of your own')
    """
    scope, _, theme = name.partition(".")
    if scope == "column":
        return theme
    return _FAMILIES.get(name) or (
        f"{theme.capitalize()} ({_WHO[scope]})" if scope in _WHO else "Features of your own"
    )


def family_within(name: str) -> str:
    """A family of features inside a sentence; a table's column is written as it is."""
    plain = family(name)
    return plain if name.startswith("column.") else within(plain)


def _swarms(top: list[dict[str, Any]], nouns: Nouns) -> Html:
    title = f"“{top[0]['label']}” moves the model's answer most"
    found = [
        Swarm(Row(one["label"], one["mean_abs"], f"{one['mean_abs']:.2f}"),
              one["points"]["contribution"], one["points"]["rank"])
        for one in top
    ]  # fmt: skip
    values = sorted(value for one in found for value in one.values)
    clipped = values[len(values) // 200], values[-1 - len(values) // 200]
    axis: Axis = numbers("what it adds to the log-odds of a purchase", *clipped, _plain)
    shades = [(f"q{at}", "") for at in range(SHADES)]
    shades[0], shades[-1] = ("q0", "low value"), (f"q{SHADES - 1}", "high value")
    return figure(title, swarms(found, axis, title), legend([*shades, ("qnone", "missing")]),
                  note(f"Each dot is one {nouns.row}: to the right, the feature speaks for a "
                       "purchase. The number is its mean size."))  # fmt: skip


def _plain(value: float) -> str:
    return f"{value:.2g}" if value else "0"


def _words(top: list[dict[str, Any]]) -> Html:
    entries = [
        tag("li", tag("b", one["label"]), f" ({one['mean_abs']:.2f}): {_told(one)}") for one in top
    ]
    meanings = [(tag("dt", one["label"]), tag("dd", f"{one['meaning']} ({one['unit']})"))
                for one in top]  # fmt: skip
    return together(
        [
            tag("h3", "The strongest features in words"),
            note("What the lowest, the highest and missing values add, in log-odds."),
            tag("ol", *entries),
            details(
                "What these features mean",
                tag("dl", *(part for entry in meanings for part in entry)),
            ),
        ]
    )


def _told(feature: dict[str, Any]) -> str:
    """What the lowest, the highest and the missing values add, and the direction."""
    known = [one for one in feature["groups"] if one["low"] is not None]
    missing = [one for one in feature["groups"] if one["low"] is None]
    said = [
        f"{span(one['low'], one['high'], feature['unit'])}: {signed(one['mean_contribution'])}"
        for one in (known if len(known) < 3 else [known[0], known[-1]])
    ]
    said += [f"missing: {signed(one['mean_contribution'])}" for one in missing]
    return f"{'; '.join(said)}. {feature['direction'].capitalize()}."
