"""How sessions go on, as flows between columns of events."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from willbuy.app.charts import Palette, Spec, channel, layered, layers, mark, palette
from willbuy.report.words import count, percent

_ORDER = ("bought", "checkout", "wishlist", "cart", "remove", "view", "view another",
          "view again", "other", "more events", "left")  # fmt: skip
_GAP = 0.035
"""Between the nodes of a column, in shares of all sessions."""
_HALF = 0.035
"""Half a node's width, in steps."""
_ROOM = 0.5
"""To the right of the last column, for its names."""
_POINTS = 16
"""Of a flow's edge."""
_LEAST = 0.004
"""Flows of a smaller share of all sessions would be hairs."""
_NAMED = 0.012
"""Nodes of a smaller share have no room for a name."""
_TWO = 0.08
"""Nodes of a larger share have room for two lines, which a phone's columns need."""
_LINE = "\n"
_HEIGHT = 400
_DOWN = {"reverse": True, "nice": False, "zero": True}


class _Node(NamedTuple):
    column: int
    name: str


class _Flow(NamedTuple):
    begin: _Node
    end: _Node
    sessions: int
    buyers: int


def sankey(steps: Sequence[Sequence[dict[str, Any]]], total: int) -> Spec:
    """Draw the flows.

    Args:
        steps: Of paths.json, the first ones.
        total: Sessions that begin.
    """
    flows = [
        _Flow(_Node(column, one["from"]), _Node(column + 1, one["to"]), one["sessions"],
              one["buyers"])
        for column, step in enumerate(steps) for one in step
    ]  # fmt: skip
    spans = _placed(flows, total)
    drawn = [one for one in flows if one.sessions >= _LEAST * total]
    last = max(node.column for node in spans)
    return layered(
        _bands(drawn, spans, total, last),
        _boxes(spans, flows, total),
        _names(spans),
        height=_HEIGHT,
    )


def _placed(flows: Sequence[_Flow], total: int) -> dict[_Node, tuple[float, float]]:
    """Where each node begins and ends in its column, from the top, in shares of all sessions."""
    sizes: dict[_Node, int] = {}
    for one in flows:
        if one.begin.column == 0:
            sizes[one.begin] = sizes.get(one.begin, 0) + one.sessions
        sizes[one.end] = sizes.get(one.end, 0) + one.sessions
    spans: dict[_Node, tuple[float, float]] = {}
    for column in sorted({node.column for node in sizes}):
        top = 0.0
        for node in sorted((n for n in sizes if n.column == column), key=lambda n: _rank(n.name)):
            spans[node] = top, top + sizes[node] / total
            top += sizes[node] / total + _GAP
    return spans


def _rank(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else _ORDER.index("other")


def _bands(
    flows: Sequence[_Flow],
    spans: dict[_Node, tuple[float, float]],
    total: int,
    last: int,
) -> Spec:
    look = palette()
    used: dict[tuple[_Node, bool], float] = {}
    rows = []
    ordered = sorted(flows, key=lambda f: (f.begin.column, _rank(f.begin.name), _rank(f.end.name)))
    for at, one in enumerate(ordered):
        size = one.sessions / total
        left = spans[one.begin][0] + used.get((one.begin, True), 0.0)
        right = spans[one.end][0] + used.get((one.end, False), 0.0)
        used[one.begin, True] = used.get((one.begin, True), 0.0) + size
        used[one.end, False] = used.get((one.end, False), 0.0) + size
        words = (
            f"{one.begin.name}, then {one.end.name}: {count(one.sessions)} sessions "
            f"({percent(size)} of all); {percent(one.buyers / one.sessions)} of them buy"
        )
        for step in range(_POINTS + 1):
            share = step / _POINTS
            bend = 0.5 - 0.5 * math.cos(math.pi * share)
            x = one.begin.column + _HALF + share * (1 - 2 * _HALF)
            top = left + bend * (right - left)
            rows.append({"flow": at, "x": x, "top": top, "end": top + size, "words": words,
                         "color": _colour(one.end.name, look)})  # fmt: skip
    across = {"domain": [-_HALF, last + _ROOM], "nice": False}
    encoding = {
        "x": channel("x:Q", axis=None, scale=across),
        "y": channel("top:Q", axis=None, scale=_DOWN), "y2": {"field": "end"},
        "detail": channel("flow:N"), "color": channel("color:N", scale=None),
        "tooltip": channel("words:N", title=" "),
    }  # fmt: skip
    return layers(rows, mark("area", encoding, opacity=0.32))


def _boxes(
    spans: dict[_Node, tuple[float, float]],
    flows: Sequence[_Flow],
    total: int,
) -> Spec:
    look = palette()
    buyers: dict[_Node, int] = {}
    for one in flows:
        if one.begin.column == 0:
            buyers[one.begin] = buyers.get(one.begin, 0) + one.buyers
        buyers[one.end] = buyers.get(one.end, 0) + one.buyers
    rows = [
        {"x": node.column - _HALF, "x2": node.column + _HALF, "top": top, "end": end,
         "color": _colour(node.name, look),
         "words": f"event {node.column + 1}, {node.name}: {count((end - top) * total)} sessions "
                  f"({percent(end - top)} of all); "
                  f"{percent(buyers[node] / max((end - top) * total, 1))} of them buy"}
        for node, (top, end) in spans.items()
    ]  # fmt: skip
    encoding = {
        "x": channel("x:Q"), "x2": {"field": "x2"},
        "y": channel("top:Q", scale=_DOWN), "y2": {"field": "end"},
        "color": channel("color:N", scale=None), "tooltip": channel("words:N", title=" "),
    }  # fmt: skip
    return layers(rows, mark("rect", encoding))


def _names(spans: dict[_Node, tuple[float, float]]) -> Spec:
    look = palette()
    rows = [
        {
            "x": node.column + _HALF,
            "y": (top + end) / 2,
            "name": f"{node.name}{_LINE if end - top >= _TWO else ' '}{percent(end - top)}",
        }
        for node, (top, end) in spans.items()
        if end - top >= _NAMED
    ]
    encoding = {"x": channel("x:Q"), "y": channel("y:Q", scale=_DOWN), "text": channel("name:N")}
    return layers(rows, mark("text", encoding, align="left", dx=4, fontSize=11.5, color=look.ink,
                             baseline="middle", lineBreak=_LINE))  # fmt: skip


def _colour(name: str, look: Palette) -> str:
    if name == "bought":
        return look.third
    if name in ("cart", "checkout", "wishlist"):
        return look.warn
    if name in ("left", "more events"):
        return look.soft
    return look.second if name == "remove" else look.first
