"""Charts of what cuts and actions bring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from willbuy.app.charts import SQUARES, Spec, channel, layered, layers, mark, palette

_MOST_LIFT = 1.0
"""A lift that more than doubles the probability is drawn at this edge: nobody has seen one."""


def by_cut(rows: Sequence[dict[str, Any]], chosen: dict[str, Any]) -> Spec:
    """Change of revenue and margin by the size of the cut, with its band.

    Args:
        rows: What `price_from` gives, by cut.
        chosen: The cut that the visitor has chosen.
    """
    look = palette()
    values = [
        {"cut": one["cut"], "figure": name, "low": change["low"], "high": change["high"],
         "value": change["value"]}  # the best guess; of a range, none
        for one in rows
        for name in ("revenue", "margin")
        for change in [one["after"][name]["change"]]
    ]  # fmt: skip
    most = max((one["high"] for one in values if one["high"] is not None), default=0.2)
    # Below -100 % everything earned is lost; how much more is drawn nowhere.
    y = channel("low:Q", title="change", axis={"format": "+%", "tickCount": 5},
                scale={"domain": [-1.0, min(max(most, 0.2), 2.0)]})  # fmt: skip
    shared = {
        "x": channel("cut:Q", title="cut off every price", axis={"format": "%", "tickCount": 6}),
        "color": channel(
            "figure:N", scale={"domain": ["revenue", "margin"], "range": [look.first, look.second]},
            legend={"title": None, "orient": "top", "symbolOpacity": 1, "symbolType": "stroke",
                    "symbolStrokeWidth": 3},
        ),
        "tooltip": [
            channel("figure:N", title="of"),
            channel("cut:Q", format=".0%"),
            channel("low:Q", title="from", format="+.1%"),
            channel("high:Q", title="to", format="+.1%"),
        ],
    }  # fmt: skip
    return layered(
        layers(
            [{"cut": chosen["cut"], "zero": 0.0}],
            mark("rule", {"y": channel("zero:Q")}, color=look.soft),
            mark("rule", {"x": channel("cut:Q")}, strokeDash=[4, 4], color=look.soft),
        ),
        layers(
            values,
            mark("area", {"y": y, "y2": {"field": "high"}}, opacity=0.3, clip=True),
            mark("line", {"y": channel("value:Q")}, strokeWidth=2, clip=True),
            encoding=shared,
        ),
        height=260,
    )


def break_even_by_band(bands: Sequence[dict[str, Any]]) -> Spec:
    """The lift at which acting pays, by band of probability, the likeliest first.

    Args:
        bands: Each with `from`, `to`, `moments` and `lift` (None where no lift pays).
    """
    look = palette()
    values = [
        {
            "band": f"{one['from']:.1%} to {one['to']:.1%}",
            "lift": _MOST_LIFT if one["lift"] is None else min(one["lift"], _MOST_LIFT),
            "told": "no lift pays" if one["lift"] is None
            else f"over +{_MOST_LIFT:.0%}" if one["lift"] > _MOST_LIFT
            else f"+{one['lift']:.1%}",
            "way": "may pay" if one["lift"] is not None and one["lift"] <= _MOST_LIFT
            else "would have to more than double it",
            "moments": one["moments"],
        }
        for one in bands
    ]  # fmt: skip
    names = ["may pay", "would have to more than double it"]
    mixed = len({one["way"] for one in values}) > 1
    shared = {
        "y": channel("band:N", sort=[one["band"] for one in values],
                     title="probability of a purchase", axis={"labelLimit": 120}),
        "x": channel("lift:Q", title="lift from which acting pays",
                     axis={"format": "+%", "tickCount": 5},
                     scale={"domain": [0, 1.15 * max(one["lift"] for one in values)]}),
        "tooltip": [channel("band:N", title="probability"),
                    channel("told:N", title="acting pays from"),
                    channel("moments:Q", format=",")],
    }  # fmt: skip
    colour = channel(
        "way:N",
        legend={**SQUARES, "labelLimit": 0} if mixed else None,
        scale={"domain": names, "range": [look.first, look.rule]},
    )  # fmt: skip
    drawn = layers(
        values,
        mark("bar", {"color": colour}, height=16),
        mark("text", {"text": channel("told:N")}, align="left", dx=5, color=look.ink),
        encoding=shared,
    )
    return layered(drawn, height=30 * len(values) + 40)


def profit_by_line(profit: dict[str, Any], lift: float) -> Spec:
    """What acting brings by the probability from which it is done, with its interval.

    Args:
        profit: As `profit_of` gives it.
        lift: That it is worked out for.
    """
    look = palette()
    line, value = channel("line:Q"), channel("value:Q")
    shared = {
        "x": {**line, "title": "acting from this probability on",
              "axis": {"format": "%", "tickCount": 6}},
        "tooltip": [
            channel("line:Q", title="acting from", format=".1%"),
            channel("acted:Q", title="sessions acted on", format=","),
            channel("value:Q", title="gain", format=",.0f"),
            channel("low:Q", title="from", format=",.0f"),
            channel("high:Q", title="to", format=",.0f"),
        ],
    }  # fmt: skip
    y = channel("low:Q", title=f"gain with a lift of {lift:.0%}", axis={"tickCount": 5})
    drawn = [
        layers([{"zero": 0.0}], mark("rule", {"y": channel("zero:Q")}, color=look.soft)),
        layers(
            profit["curve"],
            mark("area", {"y": y, "y2": {"field": "high"}}, opacity=0.2, color=look.first),
            mark("line", {"y": value}, strokeWidth=2, color=look.first),
            encoding=shared,
        ),
    ]
    if profit["threshold"] is not None:
        best = {"line": profit["threshold"], "value": profit["gain"]["value"],
                "told": f"best on the part before: {profit['threshold']:.1%}"}  # fmt: skip
        words = {"y": {"value": 10}, "text": channel("told:N")}
        drawn.append(layers(
            [best],
            mark("rule", strokeDash=[4, 4], color=look.second),
            mark("circle", {"y": value}, size=110, opacity=1, color=look.second),
            mark("text", words, align="left", dx=8, dy=-6, color=look.second),
            encoding={"x": line},
        ))  # fmt: skip
    return layered(*drawn, height=260)
