"""Why: what the model's answers are made of."""

from __future__ import annotations

from typing import Any

from willbuy.explain.families import family, family_within
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
from willbuy.report.why_beliefs import beliefs
from willbuy.report.why_values import values
from willbuy.report.words import OLDER, count

_SEEN = 0.005
"""What adds less is written as 0.00: its row would be empty."""

_MOST_FAMILIES = 12

_DRAWN = 10
"""So many features are drawn; the table has them all."""


def why(run: Told) -> Html:
    """The strongest families and features; the model's reasons, not causes."""
    found = run.reasons
    if found is None:
        return section("why", "Why", withheld("The model's reasons", not_told(run)))
    if not shown(found):
        return section("why", "Why", withheld("The model's reasons", "no feature adds anything"))
    return section(
        "why",
        "Why",
        tag("p", "These are the model's reasons, not causes.", class_="banner"),
        grid(_families(found, run.nouns), _swarms(found["top"][:_DRAWN], run.nouns)),
        beliefs(found),
        values(found, run.nouns),
        _words(found),
        note(f"From {count(found['moments'])} {run.nouns.rows} of test. {found['note']}"),
        *_small_print(found),
    )


def not_told(run: Told) -> str:
    """Why a run has no explanations."""
    asked = run.about["settings"].get("explain", {}).get("rows")
    return "the setting explain.rows is 0: none was to be explained" if asked == 0 else OLDER


def shown(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The families that add more than nothing, from the strongest."""
    return [one for one in found["families"] if one["mean_abs"] >= _SEEN]


def _families(found: dict[str, Any], nouns: Nouns) -> Html:
    strongest = shown(found)[:_MOST_FAMILIES]
    title = f"What weighs most: {family_within(strongest[0]['family'])}"
    rank = ranks(found, "families")
    rows = [
        Row(family(one["family"]), one["mean_abs"],
            "; ".join([f"{one['mean_abs']:.2f}", *rank.get(one["family"], ())]))
        for one in strongest
    ]  # fmt: skip
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


def _words(found: dict[str, Any]) -> Html:
    top, rank = found["top"], ranks(found, "features")
    entries = [
        tag("li", tag("b", one["label"]),
            f" ({'; '.join([*_sizes(one), *rank.get(one['name'], ())])}): {told_of(one)}")
        for one in top
    ]  # fmt: skip
    meanings = [(tag("dt", one["label"]), tag("dd", f"{one['meaning']} ({one['unit']})"))
                for one in top]  # fmt: skip
    return together(
        [
            tag("h3", "The strongest features in words"),
            note(
                "What the lowest, the highest and missing values add, in log-odds. In brackets: "
                "the mean size; about how many points of probability that is; the rank."
            ),
            tag("ol", *entries),
            details(
                "What these features mean",
                tag("dl", *(part for entry in meanings for part in entry)),
            ),
        ]
    )


def told_of(feature: dict[str, Any]) -> str:
    """What the lowest, the highest and the missing values add, and the direction."""
    known = [one for one in feature["groups"] if one["low"] is not None]
    missing = [one for one in feature["groups"] if one["low"] is None]
    said = [
        f"{span(one['low'], one['high'], feature['unit'])}: {signed(one['mean_contribution'])}"
        for one in (known if len(known) < 3 else [known[0], known[-1]])
    ]
    said += [f"missing: {signed(one['mean_contribution'])}" for one in missing]
    return f"{'; '.join(said)}. {feature['direction'].capitalize()}."


def _sizes(feature: dict[str, Any]) -> list[str]:
    """The mean size in log-odds, and in points of probability."""
    said = [f"{feature['mean_abs']:.2f}"]
    if "mean_points" in feature:
        said.append(f"{feature['mean_points']:.1f} points")
    return said


def ranks(found: dict[str, Any], kind: str) -> dict[str, list[str]]:
    """By name, where a feature or family stands over the refits; nothing where that is not known.

    >>> ranks({"stability": {"features": [{"name": "a", "low": 1, "high": 3}]}}, "features")
    {'a': ['rank 1 to 3']}
    """
    told = found.get("stability", {}).get(kind, [])
    return {one["name"]: [f"rank {rank_words(one)}"] for one in told}


def rank_words(one: dict[str, Any]) -> str:
    """The range of a rank.

    >>> rank_words({"low": 1, "high": 1}), rank_words({"low": 2, "high": 5})
    ('1', '2 to 5')
    """
    low, high = one["low"], one["high"]
    return f"{low}" if low == high else f"{low} to {high}"


def _small_print(found: dict[str, Any]) -> list[Html]:
    """How exact the sums are, what calibration adds, and how steady the ranks are."""
    said = []
    if "calibration" in found:
        exact, added = found["exact"], found["calibration"]
        said.append(
            f"Base and contributions add up to the trees' own answer: the largest gap is "
            f"{exact['largest_gap']:.0e} log-odds. Calibration then moves it by "
            f"{signed(added['mean'])} on average ({added['mean_abs']:.2f} without regard to sign). "
            f"{found['points_note']}"
        )
    if "stability" in found:
        steady = found["stability"]
        said.append(
            f"Ranks not shown: {steady['reason']}."
            if "reason" in steady
            else f"{steady['note']} {steady['refits']} refits."
        )
    return [note(one) for one in said]
