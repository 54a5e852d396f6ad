"""The app's charts: one look, in light and in dark, and the few shapes that pages are made of.

Colours are the report's: those of Okabe & Ito, which all kinds of colour vision tell apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import altair as alt
import streamlit as st

from willbuy.report.rows import Row

Chart = alt.Chart | alt.LayerChart | alt.HConcatChart | alt.VConcatChart | alt.FacetChart


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
ROW, AXIS = 36, 56
"""Pixels of a named row, and of the axis below the rows."""


def palette() -> Palette:
    """The colours of the visitor's look."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def use_theme() -> None:
    """Let every chart of this visitor have the app's look."""
    alt.theme.register("willbuy", enable=True)(_theme)


def _theme() -> alt.theme.ThemeConfig:
    look = palette()
    axis = {
        "labelColor": look.soft, "titleColor": look.soft, "gridColor": look.rule,
        "domainColor": look.rule, "tickColor": look.rule, "labelFontSize": 12,
        "titleFontSize": 12, "titleFontWeight": "normal", "titlePadding": 8,
    }  # fmt: skip
    legend = {"labelColor": look.ink, "orient": "top", "labelFontSize": 12, "title": None,
              "labelLimit": 320, "symbolType": "stroke", "symbolSize": 300,
              "symbolStrokeWidth": 2.5, "columns": 3, "offset": 24}  # fmt: skip
    config: Any = {
        "background": "transparent",
        "font": "Source Sans, system-ui, sans-serif",
        "view": {"stroke": None},
        "axis": axis,
        "axisX": {"grid": False},
        "legend": legend,
        "range": {"category": list(look[:4])},
    }
    return alt.theme.ThemeConfig(config=config)


def chart(title: str, drawn: Chart, note: str | None = None) -> None:
    """Show a chart under a title that says what is seen.

    Args:
        title: A sentence; what screen readers say, too.
        drawn: The chart; it gets the width of its column.
        note: What to know when reading it.
    """
    st.markdown(f"**{plain(title)}**")
    st.altair_chart(drawn, theme=None, width="stretch", alt=title)
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


def drawn_from(values: Sequence[dict[str, Any]]) -> alt.Chart:
    """A chart of some rows."""
    made: Any = alt.Data  # which has no types
    return alt.Chart(made(values=list(values)))


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
    x: alt.X,
    y: alt.Y,
    *,
    guide: Sequence[tuple[Any, float]] = (),
    marked: Sequence[str] = (),
    dots: bool = True,
    joined: bool = True,
    step: bool = False,
) -> Chart:
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
    base = drawn_from(rows)
    names = [one.name for one in found]
    of = alt.Color(
        "of:N", scale=alt.Scale(domain=names, range=list(look[: len(names)])),
        legend=alt.Legend(title=None) if len(found) > 1 else None,
    )  # fmt: skip
    dash = alt.StrokeDash(
        "of:N", scale=alt.Scale(domain=names, range=_DASHES[: len(names)]),
        legend=alt.Legend(title=None) if len(found) > 1 else None,
    )  # fmt: skip
    layers: list[alt.Chart] = []
    if marked:
        shade = drawn_from([{"x": one} for one in marked])
        layers.append(shade.mark_rule(color=look.warn, opacity=0.35, strokeWidth=14).encode(x=x))
    if guide:
        values = [{"x": at, "y": to} for at, to in guide]
        layers.append(
            drawn_from(values)
            .mark_line(color=look.soft, strokeDash=[4, 4], strokeWidth=1.2)
            .encode(x=x, y=y)
        )
    if any(row["low"] is not None for row in rows):
        spans = base.transform_filter("datum.low != null").mark_rule(strokeWidth=1.5, opacity=0.65)
        layers.append(spans.encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=of))
    if joined:
        line = base.mark_line(strokeWidth=2.2, interpolate="step-after" if step else "linear")
        layers.append(line.encode(x=x, y=y, color=of, strokeDash=dash))
    size = 46 if dots else 220
    marks = base.mark_circle(size=size, opacity=1 if dots else 0)
    layers.append(marks.encode(x=x, y=y, color=of, tooltip=[alt.Tooltip("told:N", title=" ")]))
    return alt.layer(*layers).properties(height=HEIGHT)


_DASHES = [[1, 0], [7, 3], [2, 2]]


def at(title: str, *, share: bool = False, low: float | None = None, high: float | None = None,
       **more: Any) -> alt.X:  # fmt: skip
    """The axis of numbers to the right."""
    return alt.X("x:Q", title=title, scale=_scale(low, high),
                 axis=alt.Axis(labelExpr=_said(share), tickCount=5), **more)  # fmt: skip


def up(title: str, *, share: bool = False, low: float | None = None, high: float | None = None,
       ) -> alt.Y:  # fmt: skip
    """The axis of numbers upwards; its title stands above it, where it can be read."""
    return alt.Y(
        "y:Q", scale=_scale(low, high),
        axis=alt.Axis(labelExpr=_said(share), tickCount=5, title=title, titleAngle=0,
                      titleAlign="left", titleAnchor="start", titleX=-34, titleY=-12),
    )  # fmt: skip


def events() -> alt.X:
    """The axis of events of a session, crowded as they are far on."""
    return alt.X("x:Q", title="event of the session", scale=alt.Scale(type="log", nice=False),
                 axis=alt.Axis(values=[1, 2, 3, 5, 10, 20, 50], format="d"))  # fmt: skip


def days(title: str = "day") -> alt.X:
    """The axis of days."""
    return alt.X("x:T", title=title, axis=alt.Axis(format="%d %b", labelOverlap=True, tickCount=6))


def _scale(low: float | None, high: float | None) -> alt.Scale:
    if low is None and high is None:
        return alt.Scale(zero=False)
    domain: dict[str, Any] = {}
    if low is not None:
        domain["domainMin"] = low
    if high is not None:
        domain["domainMax"] = high
    return alt.Scale(nice=True, zero=low == 0, **domain)


def rows(
    found: Sequence[Row],
    title: str,
    *,
    share: bool = False,
    low: float = 0.0,
    bars: bool = True,
    guide: float | None = None,
) -> Chart:
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
    scale = alt.Scale(domain=[min([low, *ends]), max([low, *ends, guide or low])], nice=True)
    values = [
        {"place": place, "name": row.name, "value": row.value, "told": row.told, "low": row.low,
         "high": row.high, "color": _colour(row.look, look)}
        for place, row in enumerate(found)
    ]  # fmt: skip
    base = drawn_from(values).encode(
        y=alt.Y("place:O", axis=None, scale=alt.Scale(paddingInner=0, paddingOuter=0))
    )
    x = alt.X("value:Q", scale=scale, title=title,
              axis=alt.Axis(labelExpr=_said(share), tickCount=5, grid=True))  # fmt: skip
    color = alt.Color("color:N", scale=None)
    tip = [alt.Tooltip("name:N", title=" "), alt.Tooltip("told:N", title="value")]
    layers: list[alt.Chart] = []
    if guide is not None:
        dashed = drawn_from([{"value": guide}]).mark_rule(
            color=look.soft, strokeDash=[4, 4], strokeWidth=1.2
        )
        layers.append(dashed.encode(x=alt.X("value:Q", scale=scale)))
    if bars:
        bar = base.mark_bar(height=9, yOffset=8, cornerRadiusEnd=2)
        layers.append(bar.encode(x=x, color=color, tooltip=tip))
    else:
        span = base.transform_filter("datum.low != null").mark_rule(strokeWidth=2, yOffset=9)
        layers.append(span.encode(x=alt.X("low:Q"), x2="high:Q", color=color))
        dot = base.mark_circle(size=64, opacity=1, yOffset=9)
        layers.append(dot.encode(x=x, color=color, tooltip=tip))
    # Words are drawn over a seam of the page's colour, so that lines do not cross them.
    seam = {"stroke": look.page, "strokeWidth": 4, "color": look.page}
    for drawn in (seam, {"color": look.ink}):
        text: dict[str, Any] = {"baseline": "middle", "dy": -8, "fontSize": 12.5, **drawn}
        name = base.mark_text(align="left", limit=330, **text)
        layers.append(name.encode(x=alt.value(0), text="name:N"))
        told = base.mark_text(align="right", **text)
        layers.append(told.encode(x=alt.value("width"), text="told:N"))
    return alt.layer(*layers).properties(height=ROW * len(found) + AXIS)


def _colour(name: str, look: Palette) -> str:
    named = {"c1": look.first, "c2": look.second, "c3": look.third, "warn": look.warn}
    return named.get(name, look.soft)
