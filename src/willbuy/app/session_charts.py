"""The chart of one session: its probability event by event."""

from __future__ import annotations

from willbuy.app.charts import Spec, channel, depending, layered, layers, mark, palette
from willbuy.explain.sentences import moved, percent
from willbuy.explain.session.timeline import SessionExplanation, Step


def event_words(step: Step) -> str:
    """What an event was, in a line."""
    what = [step.kind, step.category, step.brand]
    price = [] if step.price is None else [f"{step.price:,.2f}"]
    return " · ".join([*(one for one in what if one), *price])


def timeline(told: SessionExplanation) -> Spec:
    """The probability after each event, with the line from which on a moment is flagged."""
    look = palette()
    rows: list[Spec] = [
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
    top = max(told.threshold, *(one["probability"] for one in rows)) * 1.15
    shared = {
        "x": channel("k:Q", title="event of the session", axis={"tickMinStep": 1, "format": "d"},
                     scale={"nice": False}),
        "y": channel("probability:Q", title="probability of a purchase", axis={"format": "%"},
                     scale={"domain": [0, min(top, 1.0)]}),
        "tooltip": [
            channel("k:Q", title="event"),
            channel("event:N", title="what happened"),
            channel("told:N", title="probability"),
            channel("moved:N", title="what moved it"),
        ],
    }  # fmt: skip
    limit, words = {"y": channel("y:Q")}, {"x": {"value": 0}, "text": channel("told:N")}
    return layered(
        layers(
            [{"y": told.threshold, "told": "flagged from here on"}],
            mark("rule", strokeDash=[4, 4]),
            mark("text", words, align="left", dy=-7, dx=4, color=look.soft),
            encoding=limit,
        ),
        layers(
            rows,
            mark("line", color=look.first, strokeWidth=2),
            mark("circle", {"color": depending("datum.chosen", look.second, look.first),
                            "size": depending("datum.chosen", 140, 60)}, opacity=1),
            encoding=shared,
        ),
        height=240,
    )  # fmt: skip
