"""The app's charts: one look, in light and in dark, and the few shapes that pages are made of.

A chart is plain Vega-Lite (https://vega.github.io/vega-lite/docs/spec.html). Altair's objects check
themselves at every step, which took most of a page's time.

Colours are the report's: those of Okabe & Ito, which all kinds of colour vision tell apart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import streamlit as st

from willbuy.report.rows import Row

Spec = dict[str, Any]
"""A chart, or a piece of one, in the words of Vega-Lite."""


class Palette(NamedTuple):
    """Colours of one look."""

    first: str
    second: str
    third: str
    warn: str
    ink: str
    soft: str
    rule: str
    page: str


LIGHT = Palette(
    "#0072b2", "#d55e00", "#009e73", "#e69f00", "#1b1f24", "#57606a", "#d8dee4", "#ffffff"
)
DARK = Palette(
    "#56b4e9", "#f0793a", "#2dc79a", "#e6b54a", "#e6e9ec", "#a3adb8", "#333b44", "#14181d"
)
HEIGHT = 280
"""Pixels of a chart over two axes, its axes included."""
SQUARES = {"title": None, "orient": "top", "symbolType": "square", "symbolSize": 120,
           "symbolStrokeWidth": 0}  # fmt: skip
"""A legend of bars; that of lines is the default."""
ROW, AXIS = 36, 56
"""Pixels of a named row, and of the axis below the rows."""


def palette() -> Palette:
    """The colours of the visitor's look."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def _config() -> Spec:
    """The app's look, as charts are given it."""
    look = palette()
    axis = {
        "labelColor": look.soft, "titleColor": look.soft, "gridColor": look.rule,
        "domainColor": look.rule, "tickColor": look.rule, "labelFontSize": 12,
        "titleFontSize": 12, "titleFontWeight": "normal", "titlePadding": 8,
    }  # fmt: skip
    legend = {"labelColor": look.ink, "orient": "top", "labelFontSize": 12, "title": None,
              "labelLimit": 320, "symbolType": "stroke", "symbolSize": 300,
              "symbolStrokeWidth": 2.5, "columns": 3, "offset": 28}  # fmt: skip
    return {
        "background": "transparent",
        "font": "Source Sans, system-ui, sans-serif",
        "view": {"stroke": None},
        "axis": axis,
        "axisX": {"grid": False},
        "legend": legend,
        "range": {"category": list(look[:4])},
    }


def chart(title: str, drawn: Spec, note: str | None = None) -> None:
    """Show a chart under a title that says what is seen.

    Args:
        title: A sentence; what screen readers say, too.
        drawn: The chart; it gets the width of its column.
        note: What to know when reading it.
    """
    st.markdown(f"**{plain(title)}**")
    spec = {"config": _config(), **drawn}
    st.vega_lite_chart(spec, theme=None, width="stretch", alt=title)
    if note:
        st.caption(plain(note))


def plain(text: str) -> str:
    r"""Text that Markdown shows as it is, whoever wrote it.

    >>> plain("5 * 3_000 <b>")
    '5 \\* 3\\_000 \\<b\\>'
    >>> plain("www.example.com")
    'www\\.example.com'
    """
    marked = "".join("\\" + one if one in _MARKS else one for one in text)
    return _LINK.sub(r"\1\\.", marked).replace("\n", "  \n")


_MARKS = frozenset("\\`*_{}[]<>#+!|~$:@")
_LINK = re.compile(r"(www)\.", re.IGNORECASE)


def channel(shorthand: str, **more: Any) -> Spec:
    """What a mark's place or colour is taken from.

    >>> channel("share:Q", title=None)
    {'field': 'share', 'type': 'quantitative', 'title': None}
    """
    name, _, kind = shorthand.partition(":")
    return {"field": name, "type": _KINDS[kind], **more}


_KINDS = {"Q": "quantitative", "N": "nominal", "O": "ordinal", "T": "temporal"}


def mark(kind: str, encoding: Spec | None = None, *, where: str | None = None, **look: Any) -> Spec:
    """One layer.

    Args:
        kind: Of mark: bar, line, text and so on.
        encoding: Its channels.
        where: Which of the rows, as an expression.
        look: What is the same for all of its marks.
    """
    made: Spec = {"mark": {"type": kind, **look}, "encoding": encoding or {}}
    return made if where is None else {"transform": [{"filter": where}], **made}


def depending(test: str, then: Any, other: Any) -> Spec:
    """One value where an expression holds, and another elsewhere."""
    return {"condition": {"test": test, "value": then}, "value": other}


def layers(values: Sequence[Spec], *marks: Spec, encoding: Spec | None = None) -> Spec:
    """Layers over the same rows, which travel once.

    Args:
        values: The rows.
        marks: From the back to the front.
        encoding: Channels of all of them.
    """
    # Streamlit would turn rows at the top of a chart into an Arrow table, which takes longer.
    return {"data": {"values": list(values)}, "encoding": encoding or {}, "layer": list(marks)}


def layered(*found: Spec, height: int) -> Spec:
    """A whole chart of such layers, so many pixels high."""
    return {"layer": list(found), "height": height}


def _said(share: bool) -> str:
    """How an axis writes its numbers."""
    return _SHARE if share else _PLAIN


_SHARE = "format(datum.value, '~%')"
_PLAIN = "abs(datum.value) >= 1000 ? format(datum.value, '~s') : format(datum.value, '~g')"


class Point(NamedTuple):
    """One point of a line: where it is, its interval where it has one, and both in words."""

    x: float | str
    y: float
    told: str
    low: float | None = None
    high: float | None = None


class Line(NamedTuple):
    """Points of one thing."""

    name: str
    points: Sequence[Point]


def lines(
    found: Sequence[Line],
    x: Spec,
    y: Spec,
    *,
    guide: Sequence[tuple[Any, float]] = (),
    marked: Sequence[str] = (),
    dots: bool = True,
    joined: bool = True,
    step: bool = False,
) -> Spec:
    """Lines with their intervals over two axes.

    Args:
        found: One to three lines; several get a legend.
        x, y: The axes, of the fields `x` and `y`.
        guide: A dashed line to compare with.
        marked: Values of x to shade.
        dots: Mark each point.
        joined: Join the points.
        step: Keep the height until the next point.
    """
    look = palette()
    rows = [{"of": one.name, **point._asdict()} for one in found for point in one.points]
    names = [one.name for one in found]
    legend = {"title": None} if len(found) > 1 else None
    of = channel("of:N", legend=legend,
                 scale={"domain": names, "range": list(look[: len(names)])})  # fmt: skip
    dash = channel("of:N", legend=legend,
                   scale={"domain": names, "range": _DASHES[: len(names)]})  # fmt: skip
    behind: list[Spec] = []
    if marked:
        shade = mark("rule", {"x": x}, color=look.warn, opacity=0.35, strokeWidth=14)
        behind.append(layers([{"x": one} for one in marked], shade))
    if guide:
        values = [{"x": at, "y": to} for at, to in guide]
        dashed = mark("line", {"x": x, "y": y}, color=look.soft, strokeDash=[4, 4],
                      strokeWidth=1.2)  # fmt: skip
        behind.append(layers(values, dashed))
    marks: list[Spec] = []
    if any(row["low"] is not None for row in rows):
        ends = {"y": channel("low:Q"), "y2": {"field": "high"}}
        marks.append(mark("rule", ends, where="datum.low != null", strokeWidth=1.5, opacity=0.65))
    if joined:
        line = {"y": y, "strokeDash": dash}
        marks.append(
            mark("line", line, strokeWidth=2.2, interpolate="step-after" if step else "linear")
        )
    tip = {"y": y, "tooltip": [channel("told:N", title=" ")]}
    marks.append(mark("circle", tip, size=46 if dots else 220, opacity=1 if dots else 0))
    front = layers(rows, *marks, encoding={"x": x, "color": of})
    return layered(*behind, front, height=HEIGHT)


_DASHES = [[1, 0], [7, 3], [2, 2]]


def cloud(seen: Sequence[Spec], named: Sequence[str], others: str) -> Spec:
    """Points on a plane without measure.

    Args:
        seen: Each with `x`, `y`, `kind`, and what it says when pointed at: `category`, `product`,
            `shown`.
        named: Kinds that get a colour, five at most.
        others: The kind that lies behind them, in grey.
    """
    look = palette()
    colours = [look.first, look.second, look.third, look.warn, _FIFTH][: len(named)]
    scale = {"domain": [*named, others], "range": [*colours, look.soft]}
    circles = {**SQUARES, "symbolType": "circle"}
    encoding = {
        "x": channel("x:Q", axis=None),
        "y": channel("y:Q", axis=None),
        "color": channel("kind:N", scale=scale, legend=circles),
        "tooltip": [channel("category:N", title=" "), channel("product:N"),
                    channel("shown:N", title="times shown")],
    }  # fmt: skip
    marks = [
        mark("circle", where=f"datum.kind {same} {json.dumps(others)}", size=26, opacity=0.8)
        for same in ("==", "!=")
    ]
    return layered(layers(seen, *marks, encoding=encoding), height=2 * HEIGHT)


_FIFTH = "#cc79a7"


def at(title: str, *, share: bool = False, low: float | None = None,
       high: float | None = None) -> Spec:  # fmt: skip
    """The axis of numbers to the right."""
    axis = {"labelExpr": _said(share), "tickCount": 5}
    return channel("x:Q", title=title, scale=_scale(low, high), axis=axis)


def up(title: str, *, share: bool = False, low: float | None = None,
       high: float | None = None) -> Spec:  # fmt: skip
    """The axis of numbers upwards; its title stands above it, where it can be read."""
    axis = {"labelExpr": _said(share), "tickCount": 5, "title": title, "titleAngle": 0,
            "titleAlign": "left", "titleAnchor": "start", "titleX": -34,
            "titleY": -12}  # fmt: skip
    return channel("y:Q", scale=_scale(low, high), axis=axis)


def events() -> Spec:
    """The axis of events of a session, crowded as they are far on."""
    return channel("x:Q", title="event of the session", scale={"type": "log", "nice": False},
                   axis={"values": [1, 2, 3, 5, 10, 20, 50], "format": "d"})  # fmt: skip


def days(title: str = "day") -> Spec:
    """The axis of days."""
    axis = {"format": "%d %b", "labelOverlap": True, "tickCount": 6}
    return channel("x:T", title=title, axis=axis)


def _scale(low: float | None, high: float | None) -> Spec:
    if low is None and high is None:
        return {"zero": False}
    ends = {"domainMin": low, "domainMax": high}
    return {"nice": True, "zero": low == 0,
            **{name: end for name, end in ends.items() if end is not None}}  # fmt: skip


def rows(
    found: Sequence[Row],
    title: str,
    *,
    share: bool = False,
    low: float = 0.0,
    bars: bool = True,
    guide: float | None = None,
) -> Spec:
    """Named rows with bars, or dots with intervals: the name stands above its mark.

    Args:
        found: The rows, from the top.
        title: Of the axis.
        share: Write the axis in percent.
        low: Where the axis begins at the latest.
        bars: Bars from 0; else dots with their intervals.
        guide: A value to compare with, dashed.
    """
    look = palette()
    ends = [v for row in found for v in (row.value, row.low, row.high) if v is not None]
    domain = [min([low, *ends]), max([low, *ends, guide or low])]
    scale = {"domain": domain, "nice": True}
    values = [
        {"place": place, "name": row.name, "value": row.value, "told": row.told, "low": row.low,
         "high": row.high, "color": _colour(row.look, look)}
        for place, row in enumerate(found)
    ]  # fmt: skip
    place = channel("place:O", axis=None, scale={"paddingInner": 0, "paddingOuter": 0})
    axis = {"labelExpr": _said(share), "tickCount": 5, "grid": True}
    x = channel("value:Q", scale=scale, title=title, axis=axis)
    color = channel("color:N", scale=None)
    tip = [channel("name:N", title=" "), channel("told:N", title="value")]
    if bars:
        seen = [mark("bar", {"x": x, "color": color, "tooltip": tip}, height=9, yOffset=8,
                     cornerRadiusEnd=2)]  # fmt: skip
    else:
        ends_of = {"x": channel("low:Q", scale=scale), "x2": {"field": "high"}, "color": color}
        seen = [
            mark("rule", ends_of, where="datum.low != null", strokeWidth=2, yOffset=9),
            mark("circle", {"x": x, "color": color, "tooltip": tip}, size=64, opacity=1,
                 yOffset=9),
        ]  # fmt: skip
    # Words are drawn over a seam of the page's colour, so that lines do not cross them.
    for drawn in ({"stroke": look.page, "strokeWidth": 4, "color": look.page}, {"color": look.ink}):
        text: Spec = {"baseline": "middle", "dy": -8, "fontSize": 12.5, **drawn}
        seen += [
            mark("text", {"x": {"value": 0}, "text": channel("name:N")}, align="left", limit=330,
                 **text),
            mark("text", {"x": {"value": "width"}, "text": channel("told:N")}, align="right",
                 **text),
        ]  # fmt: skip
    behind = []
    if guide is not None:
        dashed = mark("rule", {"x": channel("value:Q", scale=scale)}, color=look.soft,
                      strokeDash=[4, 4], strokeWidth=1.2)  # fmt: skip
        behind = [layers([{"value": guide}], dashed)]
    front = layers(values, *seen, encoding={"y": place})
    return layered(*behind, front, height=ROW * len(found) + AXIS)


def _colour(name: str, look: Palette) -> str:
    named = {"c1": look.first, "c2": look.second, "c3": look.third, "warn": look.warn}
    return named.get(name, look.soft)
