"""How calibrated: are the probabilities right?"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from willbuy.report.charts import Chart, events, numbers
from willbuy.report.files import Told
from willbuy.report.findings import points
from willbuy.report.markup import (
    Html,
    details,
    figure,
    grid,
    legend,
    note,
    paragraph,
    section,
    table,
    withheld,
)
from willbuy.report.rows import Row, dots
from willbuy.report.words import cell, count, percent, reason_of, told


def calibrated(run: Told) -> Html:
    """The curve, what chance makes, the slope, and the level event by event."""
    return section(
        "calibrated",
        "How calibrated",
        grid(
            _curve(run), None if run.table else _by_k(run.test["by_k"]), _chance(run), _slope(run)
        ),
    )


def _curve(run: Told) -> Html:
    block = run.test.get("calibration")
    if reason := reason_of(block):
        return withheld("Calibration curve", reason)
    assert block is not None
    found = [(one["mean_prediction"], one["observed_rate"]) for one in block["bins"]]
    title = as_said(run, block)
    most = max(max(said, rate["high"] or rate["value"]) for said, rate in found)
    chart = Chart(
        numbers("probability said", 0, most, percent),
        numbers(run.nouns.positive_share, 0, most, percent),
    )
    chart.line([(0, 0), (most, most)], "faint dashed")
    chart.whiskers([(said, rate["low"], rate["high"]) for said, rate in found
                    if rate["low"] is not None], "c1")  # fmt: skip
    chart.dots([(said, rate["value"]) for said, rate in found], "c1")
    told_all = "; ".join(f"said {percent(said)}: {told(rate, percent)}" for said, rate in found)
    rows = [[percent(one["mean_prediction"]), count(one["moments"]),
             cell(one["observed_rate"], percent)] for one in block["bins"]]  # fmt: skip
    return figure(
        title,
        chart.svg(title, told_all),
        note("Ten groups of equal weight. Dashed: said and observed agree. Bars: 95 % intervals."),
        details("The numbers", table(["Said", run.nouns.rows.capitalize(), "Observed"], rows)),
    )


def as_said(run: Told, curve: dict[str, Any]) -> str:
    """Whether groups of moments buy as often as their probability says."""
    bins = curve["bins"]
    outside = sum(_misses(one["mean_prediction"], one["observed_rate"]) for one in bins)
    if not outside:
        return run.nouns.as_said
    return (
        f"In {outside} of {len(bins)} groups the probability lies outside the interval of what "
        "happened"
    )


def _misses(said: float, rate: dict[str, Any]) -> bool:
    return rate["low"] is not None and not rate["low"] <= said <= rate["high"]


def _chance(run: Told) -> Html:
    rows, most = [], 0.0
    for name, model in run.metrics["models"].items():
        head = model["test"]["headline"]
        error, chance = head["calibration_error"], head["calibration_error_by_chance"]
        if error["value"] is None or chance is None:
            return withheld("Calibration error", error.get("reason", "no moments"))
        said = f"{percent(error['value'])}, by chance up to {percent(chance['p95'])}"
        rows.append(Row(name, error["value"], said, 0.0, chance["p95"]))
        most = max(most, error["value"], chance["p95"])
    title = off_by(run)
    axis = numbers("calibration error", 0, most, percent)
    return figure(title, dots(rows, axis, title, "band"),
                  note("The band is what a model with perfect probabilities would show on these "
                       "rows by chance, in 95 of 100 draws of the labels."))  # fmt: skip


def off_by(run: Told) -> str:
    """By how much probabilities are off, beside chance; both must be known."""
    head = run.test["headline"]
    error, chance = head["calibration_error"]["value"], head["calibration_error_by_chance"]["p95"]
    more = "more than" if error > chance else "no more than"
    return f"Probabilities are off by {points(error)} on average, {more} chance alone makes"


def _by_k(by_k: list[dict[str, Any]]) -> Html:
    known = [one for one in by_k if one["base_rate"]["value"] is not None]
    if not known:
        return withheld("Level by event", by_k[0]["base_rate"]["reason"])
    told_all = "; ".join(
        f"event {one['k']}: said {percent(one['mean_prediction']['value'])}, observed "
        f"{told(one['base_rate'], percent)}" for one in known
    )  # fmt: skip
    if len(known) == 1:
        return paragraph(f"Level by event: {told_all}. There are too few moments after others.")
    title = "After each event the mean probability agrees with what happened"
    off = [one for one in known if _misses(one["mean_prediction"]["value"], one["base_rate"])]
    if off:
        high = [one["mean_prediction"]["value"] > one["base_rate"]["value"] for one in off]
        how = "too high" if all(high) else "too high or too low" if any(high) else "too low"
        title = f"Probabilities are {how} on average after event {_listed(one['k'] for one in off)}"
    rates = [(math.log(one["k"]), one["base_rate"]) for one in known]
    means = [(math.log(one["k"]), one["mean_prediction"]["value"]) for one in known]
    most = max([mean for _, mean in means] + [rate["high"] or rate["value"] for _, rate in rates])
    chart = Chart(events("event of the session", [one["k"] for one in by_k]),
                  numbers("share of moments", 0, most, percent))  # fmt: skip
    chart.whiskers([(x, rate["low"], rate["high"]) for x, rate in rates
                    if rate["low"] is not None], "c1")  # fmt: skip
    chart.dots([(x, rate["value"]) for x, rate in rates], "c1")
    chart.line(means, "c2")
    chart.dots(means, "c2")
    return figure(
        title,
        chart.svg(title, told_all),
        legend([("c1", "followed by a purchase"), ("c2", "mean probability")]),
    )


def _listed(ks: Iterable[int]) -> str:
    *some, last = (str(k) for k in ks)
    return f"{', '.join(some)} and {last}" if some else last


def _slope(run: Told) -> Html:
    block = run.test.get("recalibration")
    if reason := reason_of(block):
        return withheld("Slope", reason)
    assert block is not None
    slope = block["slope"]
    if slope["value"] is None:
        return withheld("Slope", slope["reason"])
    verdict = "that cannot be told from 1, where nothing is to be corrected"
    if slope["low"] is not None and slope["low"] > 1:
        verdict = "above 1: high probabilities should be higher and low ones lower"
    elif slope["high"] is not None and slope["high"] < 1:
        verdict = "below 1: high probabilities are too high and low ones too low"
    return paragraph(f"The slope of a recalibration is {told(slope)}: {verdict}.")
