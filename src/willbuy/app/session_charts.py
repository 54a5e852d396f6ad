"""Charts of one session: the probability event by event, and what a moment's answer is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from willbuy.app.charts import Chart, palette
from willbuy.explain.session.sentences import Term, moved, percent, points, valued
from willbuy.explain.session.timeline import SessionExplanation, Step

SHOWN = 8
"""Reasons that a chart names; the others are one bar."""

_ROW, _FRAME = 38, 70
_UP, _DOWN, _WHOLE = "raises it", "lowers it", "the model's answer"


def event_words(step: Step) -> str:
    """What an event was, in a line."""
    what = [step.kind, step.category, step.brand]
    price = [] if step.price is None else [f"{step.price:,.2f}"]
    return " · ".join([*(one for one in what if one), *price])


def timeline(told: SessionExplanation) -> Chart:
    """The probability after each event, with the line from which on a moment is flagged."""
    look = palette()
    rows = [
        {
            "k": one.k,
            "probability": one.probability,
            "told": percent(one.probability),
            "event": event_words(one),
            "moved": "; ".join(map(moved, one.moved[:2])) or "nothing that shows",
            "chosen": one.k == told.k,
        }
        for one in told.steps
        if one.probability is not None
    ]
    frame = pd.DataFrame(rows)
    tooltip = [
        alt.Tooltip("k:Q", title="event"),
        alt.Tooltip("event:N", title="what happened"),
        alt.Tooltip("told:N", title="probability"),
        alt.Tooltip("moved:N", title="what moved it"),
    ]
    x = alt.X("k:Q", title="event of the session",
              axis=alt.Axis(tickMinStep=1, format="d"), scale=alt.Scale(nice=False))  # fmt: skip
    top = max(frame["probability"].max(), told.threshold) * 1.15
    y = alt.Y("probability:Q", title="probability of a purchase",
              axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, min(top, 1.0)]))  # fmt: skip
    base = alt.Chart(frame).encode(x=x, y=y, tooltip=tooltip)
    limit = alt.Chart(pd.DataFrame([{"y": told.threshold, "told": "flagged from here on"}]))
    return alt.layer(
        limit.mark_rule(strokeDash=[4, 4]).encode(y="y:Q"),
        limit.mark_text(align="left", dy=-7, dx=4, color=look.soft).encode(
            x=alt.value(0), y="y:Q", text="told:N"
        ),
        base.mark_line(color=look.first, strokeWidth=2),
        base.mark_circle(size=70, opacity=1).encode(
            color=alt.condition("datum.chosen", alt.value(look.second), alt.value(look.first)),
            size=alt.condition("datum.chosen", alt.value(140), alt.value(60)),
        ),
    ).properties(height=240)


def force(told: SessionExplanation) -> Chart:
    """What pushes the probability up, from the left, and what pushes it down, from the right."""
    look = palette()
    rows: list[dict[str, Any]] = []
    for way, sign in ((_UP, 1), (_DOWN, -1)):
        end = told.probability
        pushing = [one for one in told.terms if one.points * sign > 0]
        for name, size in _named(pushing):
            start = end - size
            rows.append({"low": min(start, end), "high": max(start, end), "way": way,
                         "reason": name, "points": points(size)})  # fmt: skip
            end = start
    marks = pd.DataFrame(
        [{"x": told.base_probability, "told": "before anything is known"},
         {"x": told.probability, "told": f"after event {told.k}"}]
    )  # fmt: skip
    bars = (
        alt.Chart(pd.DataFrame(rows, columns=["low", "high", "way", "reason", "points"]))
        .mark_bar(height=34, stroke=look.page, strokeWidth=1.5)
        .encode(
            x=_x(),
            x2="high:Q",
            color=_colour(_UP, _DOWN),
            tooltip=[alt.Tooltip("reason:N"), alt.Tooltip("points:N", title="effect on it")],
        )
    )  # fmt: skip
    ends = alt.Chart(marks).mark_tick(thickness=3, size=52)
    colour = alt.condition("datum.told == 'before anything is known'",
                           alt.value(look.soft), alt.value(look.ink))  # fmt: skip
    tooltip = alt.Tooltip("told:N", title="the model")
    return alt.layer(bars, ends.encode(x="x:Q", color=colour, tooltip=tooltip)).properties(
        height=130
    )


def waterfall(told: SessionExplanation) -> Chart:
    """From what the model says before anything is known to its answer, reason by reason."""
    look = palette()
    at = told.base_probability
    rows = [_whole("Before anything is known", at)]
    for name, size in _named(told.terms):
        rows.append({"low": min(at, at + size), "high": max(at, at + size),
                     "way": _UP if size > 0 else _DOWN, "label": name,
                     "figure": points(size).removesuffix(" points")})  # fmt: skip
        at += size
    rows.append(_whole(f"After event {told.k}", told.probability))
    frame = pd.DataFrame(rows)
    frame["row"] = range(len(frame))
    base = alt.Chart(frame).encode(y=alt.Y("row:O", axis=None))
    bars = base.mark_bar(height=9, yOffset=9).encode(
        x=_x(),
        x2="high:Q",
        color=_colour(_UP, _DOWN, _WHOLE),
        tooltip=[alt.Tooltip("label:N", title="reason"), alt.Tooltip("figure:N", title="points")],
    )  # fmt: skip
    label = base.mark_text(align="left", yOffset=-7, limit=520, color=look.ink).encode(
        x=alt.value(0), text="label:N"
    )
    figure = base.mark_text(align="right", yOffset=-7, fontWeight="bold", color=look.ink).encode(
        x=alt.value("width"), text="figure:N"
    )
    return alt.layer(bars, label, figure).properties(height=_ROW * len(frame) + _FRAME)


def _whole(label: str, probability: float) -> dict[str, Any]:
    return {"low": 0.0, "high": probability, "way": _WHOLE, "label": label,
            "figure": percent(probability)}  # fmt: skip


def _x() -> alt.X:
    return alt.X("low:Q", title="probability of a purchase",
                 axis=alt.Axis(format="%", tickCount=5),
                 scale=alt.Scale(zero=False, nice=True))  # fmt: skip


def _colour(*ways: str) -> alt.Color:
    look = palette()
    colours = {_UP: look.second, _DOWN: look.first, _WHOLE: look.soft}
    scale = alt.Scale(domain=list(ways), range=[colours[one] for one in ways])
    return alt.Color("way:N", scale=scale, legend=alt.Legend(title=None, orient="top"))


def _named(terms: Sequence[Term]) -> list[tuple[str, float]]:
    """The strongest reasons in words with their points, and the sum of the others."""
    ordered = sorted(terms, key=lambda one: -abs(one.points))
    named = [
        (f"{one.label}: {valued(one.value, one.unit)}" if one.unit else one.label, one.points)
        for one in ordered[:SHOWN]
    ]
    rest = ordered[SHOWN:]
    if rest:
        named.append((f"{len(rest)} others", sum(one.points for one in rest)))
    return named
