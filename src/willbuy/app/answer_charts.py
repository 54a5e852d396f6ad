"""Charts of what an answer is made of, whether of a moment of a session or of a row of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from willbuy.app.charts import SQUARES, Spec, channel, depending, layered, layers, mark, palette
from willbuy.explain.answer import Answer
from willbuy.explain.sentences import Term, percent, points, valued

SHOWN = 8
"""Reasons that a chart names; the others are one bar."""

_ROW, _FRAME = 38, 70
_UP, _DOWN, _WHOLE = "raises it", "lowers it", "the model's answer"
_UNKNOWN = "before anything is known"


def force(told: Answer) -> Spec:
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
    marks = [{"x": told.base_probability, "told": _UNKNOWN},
             {"x": told.probability, "told": told.place}]  # fmt: skip
    bars = {
        "x": _x(), "x2": {"field": "high"}, "color": _colour(_UP, _DOWN),
        "tooltip": [channel("reason:N"), channel("points:N", title="effect on it")],
    }  # fmt: skip
    ends = {
        "x": channel("x:Q"), "tooltip": channel("told:N", title="the model"),
        "color": depending(f"datum.told == '{_UNKNOWN}'", look.soft, look.ink),
    }  # fmt: skip
    return layered(
        layers(rows, mark("bar", bars, height=34, stroke=look.page, strokeWidth=1.5)),
        layers(marks, mark("tick", ends, thickness=3, size=52)),
        height=130,
    )


def waterfall(told: Answer) -> Spec:
    """From what the model says before anything is known to its answer, reason by reason."""
    look = palette()
    at = told.base_probability
    rows = [_whole("Before anything is known", at)]
    for name, size in _named(told.terms):
        rows.append({"low": min(at, at + size), "high": max(at, at + size),
                     "way": _UP if size > 0 else _DOWN, "label": name,
                     "figure": points(size).removesuffix(" points")})  # fmt: skip
        at += size
    rows.append(_whole(f"{told.place[0].upper()}{told.place[1:]}", told.probability))
    rows = [{**one, "row": at} for at, one in enumerate(rows)]
    bars = {
        "x": _x(), "x2": {"field": "high"}, "color": _colour(_UP, _DOWN, _WHOLE),
        "tooltip": [channel("label:N", title="reason"), channel("figure:N", title="points")],
    }  # fmt: skip
    label = {"x": {"value": 0}, "text": channel("label:N")}
    figure = {"x": {"value": "width"}, "text": channel("figure:N")}
    drawn = layers(
        rows,
        mark("bar", bars, height=9, yOffset=9),
        mark("text", label, align="left", yOffset=-7, limit=520, color=look.ink),
        mark("text", figure, align="right", yOffset=-7, fontWeight="bold", color=look.ink),
        encoding={"y": channel("row:O", axis=None)},
    )
    return layered(drawn, height=_ROW * len(rows) + _FRAME)


def _whole(label: str, probability: float) -> dict[str, Any]:
    return {"low": 0.0, "high": probability, "way": _WHOLE, "label": label,
            "figure": percent(probability)}  # fmt: skip


def _x() -> Spec:
    return channel("low:Q", title="probability of a purchase", axis={"format": "%", "tickCount": 5},
                   scale={"zero": False, "nice": True})  # fmt: skip


def _colour(*ways: str) -> Spec:
    look = palette()
    colours = {_UP: look.second, _DOWN: look.first, _WHOLE: look.soft}
    scale = {"domain": list(ways), "range": [colours[one] for one in ways]}
    return channel("way:N", scale=scale, legend=SQUARES)


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
