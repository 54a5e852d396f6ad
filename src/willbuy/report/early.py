"""How early: what is known after the first events."""

from __future__ import annotations

import math
from typing import Any

from willbuy.report.charts import LOOKS, Chart, events, numbers
from willbuy.report.files import Told
from willbuy.report.findings import flagged_words, ranked_words
from willbuy.report.markup import (
    Html,
    figure,
    grid,
    legend,
    note,
    section,
    table,
    tag,
    withheld,
)
from willbuy.report.words import cell, count, decimal, percent, reason_of, times, told


def early(run: Told) -> Html:
    """Landmarks, buyers flagged, and the same sessions over time."""
    return section(
        "early",
        "How early",
        grid(
            _flagged(run),
            _landmarks(run.test["by_k"]),
            _cohorts(run),
            _numbers(run.test["by_k"]),
        ),
    )


def _known(by_k: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in by_k if one["roc_auc"]["value"] is not None]


def _landmarks(by_k: list[dict[str, Any]]) -> Html:
    known = _known(by_k)
    if not known:
        return withheld("Ranking by event", by_k[0]["roc_auc"]["reason"])
    if len(known) == 1:
        return withheld("Ranking by event", f"only after event {known[0]['k']} are there enough "
                        "moments; the table has them")  # fmt: skip
    title = ranked_words(known)
    chart = _aucs([known], [one["k"] for one in by_k])
    said = "; ".join(f"event {one['k']}: {told(one['roc_auc'])}" for one in known)
    return figure(
        title,
        chart.svg(title, said),
        note("Each point asks the sessions that have come so far without a purchase, so points are "
             "about different sessions. Dashed: guessing."),
    )  # fmt: skip


def _aucs(series: list[list[dict[str, Any]]], ks: list[int]) -> Chart:
    ends = [end for known in series for one in known
            for end in one["roc_auc"].values() if isinstance(end, float)]  # fmt: skip
    axis = numbers("ROC-AUC", min(0.5, *ends), max(ends), lambda value: f"{value:.2f}")
    chart = Chart(events("event of the session", ks), axis)
    chart.line([(chart.x.low, 0.5), (chart.x.high, 0.5)], "faint dashed")
    for look, known in zip(LOOKS, series, strict=False):
        points = [(math.log(one["k"]), one["roc_auc"]) for one in known]
        chart.whiskers([(x, auc["low"], auc["high"]) for x, auc in points
                        if auc["low"] is not None], look)  # fmt: skip
        chart.line([(x, auc["value"]) for x, auc in points], look)
        chart.dots([(x, auc["value"]) for x, auc in points], look)
    return chart


def _flagged(run: Told) -> Html:
    found = run.test.get("flagged_early")
    if reason := reason_of(found):
        return withheld("Buyers flagged by event", reason)
    assert found is not None
    known = [(one["k"], one["share"]) for one in found["by_event"]
             if one["share"]["value"] is not None]  # fmt: skip
    if not known:
        return withheld("Buyers flagged by event", found["buyers_flagged"]["reason"])
    title = flagged_words(found)
    most = max(max(share["high"] or 0, share["value"]) for _, share in known)
    axis = numbers("of all buying sessions, flagged by then", 0, max(most, 0.1), percent)
    chart = Chart(events("event of the session", [k for k, _ in known]), axis)
    points = [(math.log(k), share) for k, share in known]
    chart.steps([(x, share["value"]) for x, share in points], "c1")
    chart.whiskers([(x, share["low"], share["high"]) for x, share in points
                    if share["low"] is not None], "c1")  # fmt: skip
    chart.dots([(x, share["value"]) for x, share in points], "c1")
    said = "; ".join(f"by event {k}: {told(share, percent)}" for k, share in known)
    return figure(title, chart.svg(title, said), note(_cost(found)))


def _cost(found: dict[str, Any]) -> str:
    sessions, lead = found["sessions"], found["lead"]
    ahead = "."
    if lead["events"]["value"] is not None:
        ahead = (
            f". From the first flag to the purchase: {told(lead['events'], times)} events and "
            f"{told(lead['minutes'], times)} minutes (medians)."
        )
    return (
        f"One line for the whole session, chosen on calibrate to flag {percent(found['allowed'])} "
        f"of the sessions that do not buy; on test it flags "
        f"{told(found['false_positive_rate'], percent)} of them. Of {count(sessions['buying'])} "
        f"buying sessions {told(found['buyers_flagged'], percent)} are flagged before they buy; "
        f"{count(sessions['first_event_is_the_purchase'])} begin with the purchase and cannot be"
        + ahead
    )


def _cohorts(run: Told) -> Html:
    block = run.test.get("fixed_cohorts")
    if reason := reason_of(block):
        return withheld("The same sessions over time", reason)
    assert block is not None
    series = [known for one in block["cohorts"] if (known := _known(one["by_k"]))]
    if not series:
        return withheld("The same sessions over time",
                        block["cohorts"][0]["by_k"][0]["roc_auc"]["reason"])  # fmt: skip
    first, last = series[0][0]["roc_auc"]["value"], series[0][-1]["roc_auc"]["value"]
    title = (
        f"In hindsight, on the same sessions: ROC-AUC {decimal(first)} after event "
        f"{series[0][0]['k']}, {decimal(last)} after event {series[0][-1]['k']}"
    )
    chart = _aucs(series, [one["k"] for one in max(series, key=len)])
    names = [f"sessions with {one['least_moments']} moments or more" for one in block["cohorts"]]
    said = "; ".join(f"event {one['k']}: {told(one['roc_auc'])}" for one in series[0])
    return figure(title, chart.svg(title, said), legend(zip(LOOKS, names, strict=False)),
                  note(block["note"]))  # fmt: skip


def _numbers(by_k: list[dict[str, Any]]) -> Html:
    """The landmarks in numbers; those that are withheld with their reason."""
    rows = [
        [str(one["k"]), count(one["moments"]), cell(one["base_rate"], percent),
         *(cell(one[name]) if one[name]["value"] is not None else ""
           for name in ("roc_auc", "average_precision"))]
        for one in by_k
    ]  # fmt: skip
    head = ["After event", "Moments", "Base rate", "ROC-AUC", "Average precision"]
    return tag("div", tag("h3", "After each event, in numbers"), table(head, rows))
