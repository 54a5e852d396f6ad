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
from willbuy.report.rows import SHADES, Row, Swarm, bars, swarms
from willbuy.report.words import OLDER, count

_DRAWN = 10
"""So many features are drawn; the table has them all."""

_WHO = {"session": "this session", "user": "the shopper before", "shop": "the shop before"}


def why(run: Told) -> Html:
    """The strongest families and features; the model's reasons, not causes."""
    found = run.reasons
    if found is None:
        return section("why", "Why", withheld("The model's reasons", OLDER))
    if not found["top"]:
        return section("why", "Why", withheld("The model's reasons", "no feature adds anything"))
    return section(
        "why",
        "Why",
        tag("p", "These are the model's reasons, not causes.", class_="banner"),
        grid(_families(found), _swarms(found["top"][:_DRAWN])),
        _words(found["top"]),
        note(f"From {count(found['moments'])} moments of test. {found['note']}"),
    )


def _families(found: dict[str, Any]) -> Html:
    shown = [one for one in found["families"] if one["mean_abs"] > 0]
    title = f"What weighs most: {_family(shown[0]['family'])}"
    rows = [Row(_family(one["family"]), one["mean_abs"], f"{one['mean_abs']:.2f}") for one in shown]
    axis = numbers("mean size of what the family adds, log-odds", 0, shown[0]["mean_abs"], _plain)
    return figure(
        title,
        bars(rows, axis, title),
        note("What the features of a family add together, moment by moment."),
    )


def _family(name: str) -> str:
    scope, _, theme = name.partition(".")
    return f"{theme.capitalize()} ({_WHO[scope]})" if scope in _WHO else "Features of your own"


def _swarms(top: list[dict[str, Any]]) -> Html:
    title = f"“{top[0]['label']}” moves the answer most"
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
                  note("Each dot is one moment: to the right, the feature speaks for a purchase. "
                       "The number is its mean size."))  # fmt: skip


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
            tag("h3", "The strongest features in words, in log-odds"),
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
