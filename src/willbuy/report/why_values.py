"""The plain rate by value of a feature, beside what the model makes of the feature."""

from __future__ import annotations

from typing import Any

from willbuy.explain.words import quantity, span, titled
from willbuy.report.charts import Axis, Chart, numbers
from willbuy.report.markup import Html, figure, grid, legend, note, tag, together
from willbuy.report.nouns import Nouns
from willbuy.report.words import percent, told

_DRAWN = 6
"""So many features are drawn; explanations.json has more."""


def values(found: dict[str, Any], nouns: Nouns) -> Html | None:
    """A chart for each of the strongest features; nothing of a run that did not tell it."""
    top = [one for one in found["top"][:_DRAWN] if "by_value" in one]
    if not top:
        return None
    return together(
        [
            tag("h3", "What the plain data say, beside the model"),
            legend([("c1", f"plain {nouns.positive_share}, with its interval"),
                    ("c2", "what the model adds for this feature alone, as a rate")]),
            grid(*(_chart(one, nouns) for one in top)),
            note(
                f"Plain: among {nouns.rows} with such a value, whatever goes along with it. "
                "Model: the share of all (dashed), moved by what the model adds for this feature "
                f"alone. Tenths of the {nouns.rows}, or single values. Where the two disagree, "
                "other features explain the plain difference."
            ),
        ]
    )  # fmt: skip


def _chart(feature: dict[str, Any], nouns: Nouns) -> Html:
    block = feature["by_value"]
    bins = block["bins"]
    rates = [(at, one["rate"]) for at, one in enumerate(bins)]
    known = [at for at, one in enumerate(bins) if one["low"] is not None]
    most = max(max(one["rate"]["high"] or one["rate"]["value"], one["as_rate"]) for one in bins)
    x = Axis(titled(feature["label"], feature["unit"]), -0.5, len(bins) - 0.5,
             list(_ticks(bins, feature["unit"])))  # fmt: skip
    chart = Chart(x, numbers(nouns.positive_share, 0, most, percent))
    chart.line([(x.low, block["overall"]), (x.high, block["overall"])], "faint dashed")
    chart.whiskers(
        [(at, one["low"], one["high"]) for at, one in rates if one["low"] is not None], "c1"
    )
    chart.dots([(at, one["value"]) for at, one in rates], "c1")
    chart.line([(at, bins[at]["as_rate"]) for at in known], "c2")
    chart.dots([(at, one["as_rate"]) for at, one in enumerate(bins) if at not in known], "c2")
    title = f"“{feature['label']}”: data and model {said(block['agreement'])}"
    spoken = "; ".join(
        f"{_value(one, feature['unit'])}: {told(one['rate'], percent)}, model "
        f"{percent(one['as_rate'])}"
        for one in bins
    )
    return figure(title, chart.svg(title, spoken))


def said(agreement: dict[str, Any]) -> str:
    """Whether they agree, after "data and model".

    >>> said({"words": "agree in part", "rank_correlation": {"value": 0.5}})
    'agree in part (rank correlation 0.50)'
    >>> said({"words": "too few different values to compare", "rank_correlation": {"value": None}})
    'cannot be compared: too few different values to compare'
    """
    words, value = agreement["words"], agreement["rank_correlation"]["value"]
    if not words.startswith(("agree", "disagree")):
        return f"cannot be compared: {words}"
    number = f"{value:.2f}".replace("-", "\N{MINUS SIGN}")
    verb, colon, reason = words.partition(":")
    return f"{verb} (rank correlation {number}){colon}{reason}"


def _ticks(bins: list[dict[str, Any]], unit: str) -> list[tuple[float, str]]:
    """The lowest value of the first group, of a middle one and of the last; and what is missing."""
    known = [at for at, one in enumerate(bins) if one["low"] is not None]
    missing = [(float(at), "missing") for at, one in enumerate(bins) if one["low"] is None]
    told = known
    if len(bins) > 3:  # "missing" takes the room of the last
        told = [known[0], known[len(known) // 2], *([] if missing else known[-1:])]
    return [(float(at), _short(bins[at]["low"], unit)) for at in told] + missing


def _short(value: float, unit: str) -> str:
    return quantity(value, unit).partition(" (")[0]


def _value(one: dict[str, Any], unit: str) -> str:
    return "missing" if one["low"] is None else span(one["low"], one["high"], unit)
