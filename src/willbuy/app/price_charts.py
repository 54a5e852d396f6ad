"""Charts of what cuts and actions bring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from willbuy.app.charts import Chart, palette

_MOST_LIFT = 1.0
"""A lift that more than doubles the probability is drawn at this edge: nobody has seen one."""


def by_cut(rows: Sequence[dict[str, Any]], chosen: dict[str, Any]) -> Chart:
    """Change of revenue and margin by the size of the cut, with its band.

    Args:
        rows: What `price_from` gives, by cut.
        chosen: The cut that the visitor has chosen.
    """
    look = palette()
    frame = pd.DataFrame(
        [
            {"cut": one["cut"], "figure": name, "low": change["low"], "high": change["high"],
             "value": _middle(change)}
            for one in rows
            for name, change in (
                (each, one["after"][each]["change"]) for each in ("revenue", "margin")
            )
        ]
    )  # fmt: skip
    legend = alt.Legend(title=None, orient="top", symbolOpacity=1, symbolType="stroke",
                        symbolStrokeWidth=3)  # fmt: skip
    colour = alt.Color("figure:N", legend=legend,
                       scale=alt.Scale(domain=["revenue", "margin"],
                                       range=[look.first, look.second]))  # fmt: skip
    x = alt.X("cut:Q", title="cut off every price", axis=alt.Axis(format="%", tickCount=6))
    base = alt.Chart(frame).encode(x=x, color=colour)
    top = min(max(frame["high"].max(), 0.2), 2.0)
    # Below -100 % everything earned is lost; how much more is drawn nowhere.
    y = alt.Y("low:Q", title="change", axis=alt.Axis(format="+%", tickCount=5),
              scale=alt.Scale(domain=[-1.0, top]))  # fmt: skip
    tooltip = [
        alt.Tooltip("figure:N", title="of"),
        alt.Tooltip("cut:Q", format=".0%"),
        alt.Tooltip("low:Q", title="from", format="+.1%"),
        alt.Tooltip("high:Q", title="to", format="+.1%"),
    ]
    rule = alt.Chart(pd.DataFrame([{"cut": chosen["cut"], "zero": 0.0}]))
    return alt.layer(
        rule.mark_rule(color=look.soft).encode(y="zero:Q"),
        rule.mark_rule(strokeDash=[4, 4], color=look.soft).encode(x="cut:Q"),
        base.mark_area(opacity=0.3, clip=True).encode(y=y, y2="high:Q", tooltip=tooltip),
        base.mark_line(strokeWidth=2, clip=True).encode(y="value:Q", tooltip=tooltip),
    ).properties(height=260)


def break_even_by_band(bands: Sequence[dict[str, Any]]) -> Chart:
    """The lift at which acting pays, by band of probability, the likeliest first.

    Args:
        bands: Each with `from`, `to`, `moments` and `lift` (None where no lift pays).
    """
    look = palette()
    frame = pd.DataFrame(
        [
            {
                "row": at,
                "band": f"{one['from']:.1%} to {one['to']:.1%}",
                "lift": _MOST_LIFT if one["lift"] is None else min(one["lift"], _MOST_LIFT),
                "told": "no lift pays" if one["lift"] is None
                else f"over +{_MOST_LIFT:.0%}" if one["lift"] > _MOST_LIFT
                else f"+{one['lift']:.1%}",
                "way": "may pay" if one["lift"] is not None and one["lift"] <= _MOST_LIFT
                else "would have to more than double it",
                "moments": one["moments"],
            }
            for at, one in enumerate(bands)
        ]
    )  # fmt: skip
    order = frame["band"].tolist()
    base = alt.Chart(frame).encode(
        y=alt.Y("band:N", sort=order, title="probability of a purchase",
                axis=alt.Axis(labelLimit=120)),
        x=alt.X("lift:Q", title="lift from which acting pays",
                axis=alt.Axis(format="+%", tickCount=5),
                scale=alt.Scale(domain=[0, 1.15 * frame["lift"].max()])),
        tooltip=[alt.Tooltip("band:N", title="probability"),
                 alt.Tooltip("told:N", title="acting pays from"),
                 alt.Tooltip("moments:Q", format=",")],
    )  # fmt: skip
    names = ["may pay", "would have to more than double it"]
    legend = alt.Legend(title=None, orient="top", labelLimit=0)
    mixed = frame["way"].nunique() > 1
    colour = alt.Color("way:N", legend=legend if mixed else None,
                       scale=alt.Scale(domain=names, range=[look.first, look.rule]))  # fmt: skip
    return alt.layer(
        base.mark_bar(height=16).encode(color=colour),
        base.mark_text(align="left", dx=5, color=look.ink).encode(text="told:N"),
    ).properties(height=30 * len(frame) + 40)


def profit_by_line(profit: dict[str, Any], lift: float) -> Chart:
    """What acting brings by the probability from which it is done, with its interval.

    Args:
        profit: As `profit_of` gives it.
        lift: That it is worked out for.
    """
    look = palette()
    frame = pd.DataFrame(profit["curve"])
    tooltip = [
        alt.Tooltip("line:Q", title="acting from", format=".1%"),
        alt.Tooltip("acted:Q", title="sessions acted on", format=","),
        alt.Tooltip("value:Q", title="gain", format=",.0f"),
        alt.Tooltip("low:Q", title="from", format=",.0f"),
        alt.Tooltip("high:Q", title="to", format=",.0f"),
    ]
    x = alt.X("line:Q", title="acting from this probability on",
              axis=alt.Axis(format="%", tickCount=6))  # fmt: skip
    base = alt.Chart(frame).encode(x=x, tooltip=tooltip)
    y = alt.Y("low:Q", title=f"gain with a lift of {lift:.0%}", axis=alt.Axis(tickCount=5))
    zero = alt.Chart(pd.DataFrame([{"zero": 0.0}])).mark_rule(color=look.soft).encode(y="zero:Q")
    layers = [
        zero,
        base.mark_area(opacity=0.2, color=look.first).encode(y=y, y2="high:Q"),
        base.mark_line(strokeWidth=2, color=look.first).encode(y="value:Q"),
    ]
    if profit["threshold"] is not None:
        best = alt.Chart(
            pd.DataFrame(
                [{"line": profit["threshold"], "value": profit["gain"]["value"],
                  "told": f"best on the part before: {profit['threshold']:.1%}"}]
            )
        ).encode(x="line:Q")  # fmt: skip
        layers += [
            best.mark_rule(strokeDash=[4, 4], color=look.second),
            best.mark_circle(size=110, opacity=1, color=look.second).encode(y="value:Q"),
            best.mark_text(align="left", dx=8, dy=-6, color=look.second).encode(
                y=alt.value(10), text="told:N"
            ),
        ]
    return alt.layer(*layers).properties(height=260)


def _middle(change: dict[str, Any]) -> float | None:
    """The best guess; of a range, none."""
    value: float | None = change["value"]
    return value
