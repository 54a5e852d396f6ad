"""Explore: conversion by anything, how sessions go on, and what the model makes of a feature."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from willbuy.app import cells as counted
from willbuy.app import charts, parts
from willbuy.app.cells import FEWEST, Group
from willbuy.app.charts import Line, Point
from willbuy.app.runs import OpenRun
from willbuy.app.sankey import sankey
from willbuy.explain.words import YES_NO, quantity, rounded, span, titled
from willbuy.job.exploring import PATHS
from willbuy.report.rows import Row
from willbuy.report.why import not_told
from willbuy.report.why_values import said
from willbuy.report.words import OLDER, count, percent, told

if TYPE_CHECKING:
    import polars as pl
    from streamlit.delta_generator import DeltaGenerator

_SHOWN = 12
"""So many names of a column are drawn, those with most sessions."""


def show(run: OpenRun) -> None:
    """Show one view of the test part's sessions at a time: what is not looked at costs no time."""
    parts.head("Explore", "Which sessions buy, how they go on, and what single features tell.",
               run.told)  # fmt: skip
    names = list(_VIEWS)
    first = names[-1] if run.told.table else names[0]
    chosen = st.pills("View", names, default=first, key="explore-view", required=True)
    if not run.told.table and (share := _drawn(run)) < 1:
        st.info(
            f"The run drew {percent(share)} of the test part's sessions, and all numbers of "
            "sessions here are of those drawn. Shares are as they would be of all.",
            icon=":material/info:",
        )
    _VIEWS[chosen or first](run)


def _drawn(run: OpenRun) -> float:
    """The share of the test part's sessions that were drawn, and so are counted."""
    return float(run.told.metrics["sampling"]["session_share"]["test"])


def _conversion(run: OpenRun) -> None:
    if run.told.table:
        parts.absent("Conversion by anything", "the run is of a table, whose columns are its own; "
                     "look at single features, which are these columns")  # fmt: skip
        return
    found = run.cells()
    if found is None:
        parts.absent("Conversion by anything", OLDER)
        return
    st.markdown(
        "Sessions of the test part, by what is known after their first event. Choose some of "
        "them, and all figures and charts are about these."
    )
    cells, drawn = counted.named(found), _drawn(run) < 1
    whole = counted.total(cells)
    width = counted.hours_as_one(run.optional(PATHS), cells)
    chosen = counted.kept(cells, _filters(cells, width))
    here = counted.total(chosen)
    if not here.sessions:
        st.info("No session is like this. Take back one of the choices.")
        return
    low, high = here.interval
    all_of = "all drawn" if drawn else "all"
    told_of = (
        (
            "Sessions",
            count(here.sessions),
            f"{percent(here.sessions / whole.sessions)} of {all_of}",
        ),
        ("Conversion", percent(here.share), f"95 % interval {percent(low)} to {percent(high)}"),
        ("The model expects", percent(here.expected / here.sessions), "after the first event"),
    )
    for box, (name, value, more) in zip(st.columns(3), told_of, strict=True):
        box.metric(name, value, more, delta_color="off", delta_arrow="off", border=True)
    names = [name for name in counted.BY if name not in ("hour", "weekday")]
    for begin in range(0, len(names), 2):
        for box, name in zip(st.columns(2, gap="large"), names[begin : begin + 2], strict=False):
            with box:
                _by_name(chosen, name, here)
    for box, name in zip(st.columns(2, gap="large"), ("hour", "weekday"), strict=True):
        with box:
            _by_time(chosen, name, here, width)
    st.caption(
        "Lines: 95 % intervals, as if each session were another shopper's. Dashed: all chosen "
        f"sessions. Groups of fewer than {FEWEST} sessions are left out. These are plain shares: "
        "whatever goes along with a group is in them."
    )


def _filters(cells: pl.DataFrame, width: int) -> dict[str, list[Any]]:
    """What the visitor wants to see."""
    wanted: dict[str, list[Any]] = {}
    with st.container(border=True):
        for names in (("section", "brand", "price"), ("hour", "weekday", "returning")):
            for box, name in zip(st.columns(3), names, strict=True):
                label = counted.BY[name]
                if name == "hour":
                    wanted[name] = _hours(box, label, width)
                else:
                    wanted[name] = box.multiselect(
                        label, counted.options(cells, name), placeholder="All", key=name
                    )
    return wanted


def _hours(box: DeltaGenerator, label: str, width: int) -> list[int]:
    """The hours that are wanted, as the counts have them; none where all are."""
    end = 24 - width
    asked = label if width == 1 else f"{label} ({width} at a time, by the first)"
    first, last = box.slider(asked, 0, end, (0, end), step=width, key="hour")
    return [] if (first, last) == (0, end) else [*range(first, last + 1, width)]


def _known(cells: pl.DataFrame, name: str) -> list[Group]:
    return [one for one in counted.groups(cells, name) if one.sessions >= FEWEST]


def _words(one: Group) -> str:
    low, high = one.interval
    return f"{percent(one.share)} [{percent(low)}, {percent(high)}]"


def _spread(label: str, found: list[Group]) -> str:
    """What a chart shows: the extremes, where they differ though they were looked for."""
    high, low = (pick(found, key=lambda one: one.share) for pick in (max, min))
    if low.within(len(found))[1] >= high.within(len(found))[0]:
        return f"{label}: no clear difference"
    return f"{label}: from {percent(low.share)} ({low.name}) to {percent(high.share)} ({high.name})"


def _by_name(cells: pl.DataFrame, name: str, here: Group) -> None:
    found, label = _known(cells, name)[:_SHOWN], counted.BY[name]
    if not found:
        parts.absent(label, "too few sessions")
        return
    rows = [
        Row(f"{one.name} ({count(one.sessions)})", one.share, _words(one), *one.interval)
        for one in found
    ]
    drawn = charts.rows(rows, "share of sessions that buy", share=True, bars=False,
                        guide=here.share)  # fmt: skip
    charts.chart(_spread(label, found), drawn)


def _by_time(cells: pl.DataFrame, name: str, here: Group, width: int) -> None:
    found, label = _known(cells, name), counted.BY[name]
    if name == "hour" and width > 1:
        found = [replace(one, name=f"{one.name}\N{EN DASH}{int(one.name) + width - 1}")
                 for one in found]  # fmt: skip
    if not found:
        parts.absent(label, "too few sessions")
        return
    points = [
        Point(one.name, one.share, f"{one.name}: {_words(one)}, {count(one.sessions)} sessions",
              *one.interval)
        for one in found
    ]  # fmt: skip
    names = [one.name for one in found]
    short = "datum.label" if name == "hour" else "slice(datum.label, 0, 3)"
    x = charts.channel(
        "x:O", sort=names, title="local hour" if name == "hour" else None,
        axis={"labelAngle": 0, "labelOverlap": True, "labelExpr": short},
    )  # fmt: skip
    drawn = charts.lines(
        [Line("share", points)], x, charts.up("share of sessions that buy", share=True, low=0),
        guide=[(at, here.share) for at in names], joined=name == "hour",
    )  # fmt: skip
    charts.chart(_spread(label, found), drawn)


def _paths(run: OpenRun) -> None:
    if run.told.table:
        parts.absent("The first steps", "a row of a table is a whole session")
        return
    found = run.optional(PATHS)
    if found is None:
        parts.absent("The first steps", OLDER)
        return
    if not found["sessions"]:
        parts.absent("The first steps", "no session of the test part has a moment")
        return
    last = st.slider("Events to follow", 2, len(found["steps"]), 3, key="steps", width=320)
    steps, sessions = found["steps"][:last], found["sessions"]
    left = sum(one["sessions"] for one in steps[0] if one["to"] == "left")
    title = (
        f"{percent(left / sessions)} of {count(sessions)} {'drawn ' if _drawn(run) < 1 else ''}"
        "sessions leave after their first event"
    )
    note = (
        "Each column is an event, of all sessions of the test part. “View another” is of a second "
        "product, “view again” of the same one. Point at a flow to see how many of its sessions "
        "buy in the end."
    )
    charts.chart(title, sankey(steps, sessions), note)
    with st.expander("The numbers"):
        parts.table(
            ["Event", "What it was", "What came next", "Sessions", "Buy in the end"],
            [
                (str(at), one["from"], one["to"], count(one["sessions"]),
                 percent(one["buyers"] / one["sessions"]))
                for at, step in enumerate(steps, 1) for one in step
            ],
        )  # fmt: skip


def _features(run: OpenRun) -> None:
    top = [one for one in (run.told.reasons or {}).get("top", []) if "by_value" in one]
    if not top:
        parts.absent("Single features", not_told(run.told))
        return
    feature = st.selectbox("Feature", top, format_func=lambda one: one["label"], key="feature")
    st.caption(charts.plain(f"{feature['meaning']} Unit: {feature['unit']}."))
    left, right = st.columns(2, gap="large")
    with left:
        _plain_rate(feature, run)
    with right:
        _swarm(feature)


def _plain_rate(feature: dict[str, Any], run: OpenRun) -> None:
    block, unit, nouns = feature["by_value"], feature["unit"], run.told.nouns
    names = [
        "missing" if one["low"] is None else span(one["low"], one["high"], unit)
        for one in block["bins"]
    ]
    plain = [Point(at, one["rate"]["value"], f"{name}: {told(one['rate'], percent)}",
                   one["rate"]["low"], one["rate"]["high"])
             for at, (name, one) in enumerate(zip(names, block["bins"], strict=True))]  # fmt: skip
    model = [Point(at, one["as_rate"], f"{name}: the model {percent(one['as_rate'])}")
             for at, (name, one) in enumerate(zip(names, block["bins"], strict=True))]  # fmt: skip
    labels = json.dumps([_tick(one["low"], unit) for one in block["bins"]])
    axis = {"labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 6,
            "labelExpr": f"{labels}[datum.value]"}  # fmt: skip
    x = charts.channel("x:O", title=titled(feature["label"], unit), axis=axis)
    drawn = charts.lines(
        [Line("plain share", plain), Line("what the model adds for it alone", model)], x,
        charts.up(nouns.positive_share, share=True, low=0),
        guide=[(at, block["overall"]) for at in range(len(names))],
    )  # fmt: skip
    note = (
        f"Plain: among {nouns.rows} with such a value, whatever goes along with it. Model: the "
        "share of all (dashed), moved by what the model adds for this feature alone."
    )
    charts.chart(f"Data and model {said(block['agreement'])}", drawn, note)


def _tick(low: float | None, unit: str) -> str | list[str]:
    """The lowest value of a group, short."""
    if low is None:
        return ["no", "value"]  # two lines, or there is no room for it
    if unit in ("seconds", "days", "share", YES_NO):
        return quantity(low, unit)
    return rounded(low)


def _swarm(feature: dict[str, Any]) -> None:
    found, look = feature["points"], charts.palette()
    values = [{"x": rank, "y": added, "told": f"{added:+.2f} log-odds"}
              for rank, added in zip(found["rank"], found["contribution"], strict=True)
              if rank is not None]  # fmt: skip
    if not values:
        parts.absent("Single moments", "the value is missing in all that were drawn")
        return
    zero = charts.mark("rule", {"y": charts.channel("y:Q")}, color=look.soft, strokeDash=[4, 4])
    words = "datum.value == 0 ? 'lowest' : datum.value == 1 ? 'highest' : 'middle'"
    encoding = {
        "x": charts.channel("x:Q", title="value, from the lowest to the highest",
                            axis={"values": [0, 0.5, 1], "labelExpr": words}),
        "y": charts.up("what it adds, log-odds"),
        "tooltip": charts.channel("told:N", title=" "),
    }  # fmt: skip
    dots = charts.mark("circle", encoding, size=26, opacity=0.55, color=look.first)
    drawn = charts.layered(charts.layers([{"y": 0}], zero), charts.layers(values, dots),
                           height=charts.HEIGHT)  # fmt: skip
    charts.chart(
        feature["direction"].capitalize(),
        drawn,
        "Each dot is one moment: above the line, the feature speaks for a purchase.",
    )


_VIEWS: dict[str, Callable[[OpenRun], None]] = {
    "Conversion": _conversion,
    "How sessions go on": _paths,
    "Single features": _features,
}
