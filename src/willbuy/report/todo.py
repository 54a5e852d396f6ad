"""What we would do on Monday, what it should bring, and how sure we are."""

from __future__ import annotations

from typing import Any

from willbuy.decide.intent import WORDS
from willbuy.report.charts import Chart, numbers
from willbuy.report.files import Told
from willbuy.report.markup import (
    Html,
    details,
    figure,
    grid,
    note,
    paragraph,
    section,
    table,
    together,
)
from willbuy.report.onward import onward
from willbuy.report.rows import Row, bars
from willbuy.report.words import cell, count, percent, told, within

SHOWN = 8
"""So many segments stand in the table; the others are shown on demand."""

SOON = 28
"""A test that ends within so many days is a test for now."""

DO = {"act": "act", "do nothing and test": "test first", "do nothing": "nothing"}
"""What is recommended, in a word or two."""


def todo(run: Told) -> Html:
    """Segments with what is recommended, what acting must bring, and who has left."""
    strategy, summary = run.strategy, run.summary or {}
    assert strategy is not None
    segments = strategy["segments"]
    return section(
        "todo",
        "What to do about it",
        paragraph(monday(segments, strategy["terms"])),
        _said(left_words(summary.get("drop_off"))),
        grid(
            _must_bring(strategy),
            _gains(strategy),
            _who_left(summary.get("drop_off")),
        ),
        _table(segments[:SHOWN], strategy["terms"]),
        details(
            f"{len(segments) - SHOWN} further segments",
            _table(segments[SHOWN:], strategy["terms"]),
        )
        if len(segments) > SHOWN
        else None,
        details("Who belongs where", _rules(strategy["rules"])),
        onward(summary.get("journeys")),
        _said(shoppers_words(summary.get("shoppers"))),
        note(strategy["evidence_note"]),
        note(terms_words(strategy["terms"])),
    )


def _said(text: str | None) -> Html | None:
    return None if text is None else paragraph(text)


def monday(segments: list[dict[str, Any]], terms: dict[str, Any]) -> str:
    """What to do first."""
    acted = [one for one in segments if one["recommended"] == "act"]
    if acted:
        names = ", ".join(one["segment"] for one in acted[:3])
        return (
            f"Act on {len(acted)} of {len(segments)} segments, first of all {names}: by a lift of "
            f"{lift_words(terms)} ({acted[0]['evidence']}) the first of them brings "
            f"{told(acted[0]['expected_gain'], count)} on the test part. Leave "
            f"{percent(acted[0]['control_share'])} of shoppers alone, so that it can be measured."
        )
    tests = [one for one in segments if one["test"]["days"] and _tested(one)]
    by = "" if terms["lift"] is None else f" by a lift of {lift_words(terms)}"
    if not tests:
        return (
            f"Do nothing: nowhere does acting pay at this margin and cost{by}. What is told below "
            "changes with them."
        )
    soon = [one for one in tests if one["test"]["days"] <= SOON]
    free = terms["cost"] == 0 and terms["offer"] == 0
    best = (
        min(soon, key=lambda one: one["break_even_lift"])
        if soon and not free
        else min(tests, key=lambda one: one["test"]["days"])
    )
    test = best["test"]
    why = (
        f"a test needs the least lift of those that end within {SOON} days"
        if soon and not free
        else "a test ends soonest"
    )
    unknown = (
        "nobody knows what acting does here"
        if terms["lift"] is None
        else f"by a lift of {lift_words(terms)} ({best['evidence']}) the gain cannot be told from "
        "nothing"
    )
    pays = (
        ", the smallest worth finding: acting costs nothing, so any lift above 0 pays"
        if free
        else ", at which it pays"
    )
    nobody = " (of numbers that nobody has given yet, see below)" if terms["placeholders"] else ""
    return (
        f"Do nothing yet, and run one test: {unknown}. On sessions that "
        f"{WORDS[best['intent']]} and behave as “{best['behaviour']}” {why}: "
        f"{count(test['sessions_per_group'])} sessions in each of two groups, about "
        f"{count(max(test['days'], 1))} days at this log's traffic, find in four tests of five "
        f"that acting raises the probability, if it does by "
        f"{percent(test['relative_lift'])} of itself{pays}{nobody}."
    )


def lift_words(terms: dict[str, Any]) -> str:
    """The lift, or the ends of its interval."""
    return " to ".join(percent(one) for one in terms.get("lift_between") or (terms["lift"],))


def how(one: dict[str, Any]) -> str:
    """What could be done in a segment; where nothing should be, why not."""
    return str(one["why"] if one["recommended"] == "do nothing" else one["action"])


def _tested(one: dict[str, Any]) -> bool:
    return bool(one["recommended"] == "do nothing and test")


def left_words(drop: dict[str, Any] | None) -> str | None:
    """How many were likely to buy and left; None where nobody was."""
    if drop is None or drop["left"] is None:
        return None
    return (
        f"{count(drop['reached'])} sessions of the test part reached a probability of "
        f"{percent(drop['line'])} or more, half of them by event {count(drop['at_event'])}. "
        f"{told(drop['left'], percent)} of them left without buying, where the model expected "
        f"{percent(drop['expected_to_leave'])}; {count(drop['at_stake'])} was at stake."
    )


MUST_BRING = "The likelier a purchase, the less acting has to bring to pay"


def _must_bring(strategy: dict[str, Any]) -> Html:
    bands = [one for one in strategy["break_even"] if one["break_even_lift"] is not None]
    rows = [
        Row(
            f"probability {percent(one['from'])} to {percent(one['to'])}",
            min(one["break_even_lift"], 1.0),
            f"+{percent(one['break_even_lift'])} of itself, {_points(one['break_even_points'])}",
        )
        for one in bands
    ]
    axis = numbers("least lift at which acting pays", 0, max([0.1, *(r.value or 0 for r in rows)]),
                   percent)  # fmt: skip
    return figure(MUST_BRING, bars(rows, axis, MUST_BRING))


def _points(value: float) -> str:
    return f"{100 * value:.1f} points"


def _who_left(drop: dict[str, Any] | None) -> Html | None:
    if drop is None or not drop["steps"]:
        return None
    title = who_left(drop["steps"])
    rows = [
        Row(one["step"], one["share"], f"{percent(one['share'])}, mean value {worth}")
        for one in drop["steps"]
        for worth in [count(one["mean_value"])]
    ]
    return figure(title, bars(rows, numbers("share of those who left", 0, 1, percent), title))


def who_left(steps: list[dict[str, Any]]) -> str:
    """Where most of the likely buyers left."""
    return f"Of likely buyers who left, {percent(steps[0]['share'])} left {steps[0]['step']}"


def _gains(strategy: dict[str, Any]) -> Html | None:
    profit = strategy["profit"]
    if profit is None:
        return None
    lift = lift_words(strategy["terms"])
    points = [one for one in profit["curve"] if one["acted"]]
    if not points:
        return paragraph(f"With a lift of {lift}: {profit['reason']}.")
    spread = [v for one in points for v in (one["low"], one["high"], one["value"]) if v is not None]
    chart = Chart(
        numbers("acting from this probability on", 0, max(one["line"] for one in points), percent),
        numbers("gain on test", min(0.0, *spread), max(0.0, *spread), count),
    )
    chart.whiskers(((p["line"], p["low"], p["high"]) for p in points if p["low"] is not None), "c1")
    chart.line(((p["line"], p["value"]) for p in points), "c1")
    line = profit["threshold"]
    title = (
        f"With a lift of {lift}, acting from {percent(line)} on brings "
        f"{told(profit['gain'], count)}"
        if line is not None
        else f"With a lift of {lift}, acting on nobody is best"
    )
    said = "; ".join(f"{percent(p['line'])}: {count(p['value'])}" for p in points)
    ks = [one for one in profit["by_k"] if one["acted"]]
    early = table(
        ["Acting only after event", "Sessions", "Gain on test"],
        [[str(one["k"]), count(one["acted"]), cell(one, count)] for one in ks],
    )
    return figure(
        title,
        chart.svg(title, said),
        note(" ".join(filter(None, [strategy.get("gain_note"), line_words(profit)]))),
        details("How early to act", early) if ks else None,
    )


def line_words(profit: dict[str, Any]) -> str | None:
    """How far the line moves with the shoppers that it is chosen on; None in older files.

    Args:
        profit: Of churn_strategy.json, where there is a lift.
    """
    found = profit.get("threshold_interval")
    if found is None:
        return None
    low, high, nobody = found["low"], found["high"], found["nobody"]
    if low is None:
        return f"With other shoppers drawn, {percent(nobody)} of choices are to act on nobody."
    upper = "acting on nobody" if high is None else percent(high)
    least = f" {percent(nobody)} of choices are to act on nobody." if nobody else ""
    return f"With other shoppers drawn, the line lies between {percent(low)} and {upper}.{least}"


def _table(segments: list[dict[str, Any]], terms: dict[str, Any]) -> Html:
    gain = [] if terms["lift"] is None else [f"Gain by a lift of {lift_words(terms)}"]
    return table(
        ["Segment", "Sessions", "Probability", "At stake", "Acting pays above", *gain, "Do", "How"],
        [
            [
                one["segment"],
                count(one["entered"]),
                percent(one["mean_probability"]),
                count(one["at_stake"]),
                "never"
                if one["break_even_lift"] is None
                else f"+{percent(one['break_even_lift'])}",
                *([cell(one["expected_gain"], count)] if gain else []),
                DO[one["recommended"]],
                how(one),
            ]
            for one in segments
        ],
    )


def _rules(rules: dict[str, Any]) -> Html:
    intent = rules["intent"]
    rows = [
        [one["name"], " — or — ".join(within(way) for way in one["rule"])]
        for one in rules["behaviour"]
    ]
    made = (
        f"Groups come back when sessions are drawn anew (adjusted Rand index "
        f"{rules['stability']:.2f}), and the rules place {percent(rules['agreement'])} of sessions "
        f"as the clusters do. Medium intent begins at {percent(intent['medium_from'])}, high at "
        f"{percent(intent['high_from'])}. {intent['note']}"
    )
    return together([table(["Behaviour", "Rule"], rows), note(made)])


def shoppers_words(found: dict[str, Any] | None) -> str | None:
    """Who has stopped coming; None where that is not known."""
    if found is None:
        return None
    check = found["checked"]
    return (
        f"Of {count(found['shoppers'])} shoppers, {percent(found['left'])} have more likely than "
        f"not stopped coming by {found['at'][:10]}; {percent(found['returns'])} are expected again "
        f"within {found['returns_within']} days. (Said {found['returns_within']} days earlier, the "
        f"same model expected {percent(check['expected'])}, and {percent(check['came'])} came.)"
    )


def terms_words(terms: dict[str, Any]) -> str:
    """The shop's numbers, and which of them are nobody's."""
    offer = f", an offer of {percent(terms['offer'])}" if terms["offer"] else ""
    told = (
        f"Reckoned with a margin of {percent(terms['margin'])} of the price and a cost of "
        f"{terms['cost']:g} a session{offer}."
    )
    if not terms["placeholders"]:
        return told
    named = " and ".join(terms["placeholders"])
    many = len(terms["placeholders"]) > 1
    what = "are placeholders, nobody's numbers" if many else "is a placeholder, nobody's number"
    return (
        f"{told} The {named} {what}: give yours with `willbuy "
        "segments RUN --margin 25% --cost 0.40`."
    )
