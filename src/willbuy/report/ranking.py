"""How good: does the model tell buyers from others?"""

from __future__ import annotations

from typing import Any

from willbuy.report.ceilings import ladder
from willbuy.report.charts import LOOKS, Axis, Chart, Point, numbers
from willbuy.report.compared import by_day, by_shopper, side_by_side
from willbuy.report.files import Told
from willbuy.report.findings import in_pairs
from willbuy.report.markup import (
    Html,
    details,
    figure,
    grid,
    legend,
    note,
    section,
    table,
    withheld,
)
from willbuy.report.nouns import Nouns
from willbuy.report.words import cell, count, decimal, percent, reason_of, times, told


def ranking(run: Told) -> Html:
    """Curves, deciles, and the models beside each other."""
    return section(
        "good",
        "How good",
        side_by_side(run),
        ladder(run),
        grid(*_curves(run), *_deciles(run)),
        grid(by_day(run), None if run.table else by_shopper(run)),
        note(run.test["interval_note"]),
    )


def _curves(run: Told) -> list[Html]:
    if reason := reason_of(run.test.get("curves")):
        return [withheld("ROC and precision-recall curve", reason)]
    head, nouns = run.test["headline"], run.nouns
    auc, average, rate = head["roc_auc"], head["average_precision"], head["base_rate"]["value"]
    keys = legend(zip(LOOKS, run.metrics["models"], strict=False))
    title = in_pairs(auc, nouns)
    roc = _square(f"flagged, of {nouns.negatives}", f"flagged, of {nouns.positives}")
    roc.line([(0, 0), (1, 1)], "faint dashed")
    recall = _square(f"flagged, of {nouns.positives}", nouns.precision)
    recall.line([(0, rate), (1, rate)], "faint dashed")
    for look, model in zip(LOOKS, run.metrics["models"].values(), strict=False):
        found = model["test"]["curves"]
        roc.line(_points(found["roc"], "false_positive_rate", "true_positive_rate"), look)
        points = _points(found["precision_recall"], "recall", "precision")
        # Where none is found yet, precision is 0 whatever the model: the curve begins after.
        recall.line([one for one in points if one[0] > 0], look)
    recall_title = (
        f"Average precision is {decimal(average['value'])}, where guessing has {decimal(rate)}"
    )
    return [
        figure(title, roc.svg(title, f"ROC curve; ROC-AUC {told(auc)}"), keys,
               note("ROC curve. Dashed: guessing.")),
        figure(recall_title, recall.svg(recall_title, f"Average precision {told(average)}"), keys,
               note("Precision-recall curve. Dashed: the base rate.")),
    ]  # fmt: skip


def _square(x: str, y: str) -> Chart:
    return Chart(numbers(x, 0, 1, percent), numbers(y, 0, 1, percent))


def _points(curve: dict[str, list[float]], x: str, y: str) -> list[Point]:
    return list(zip(curve[x], curve[y], strict=True))


def _deciles(run: Told) -> list[Html]:
    if reason := reason_of(run.test.get("lift")):
        return [withheld("Lift and gains", reason)]
    found = run.test["lift"]["deciles"]
    best, nouns = found[0], run.nouns
    if best["lift"]["value"] is None:
        return [withheld("Lift and gains", best["lift"]["reason"])]
    numbers_of = details("The numbers", table(
        ["Tenth", nouns.rows.capitalize(), "Rate", "Lift", "Gain"],
        [[str(one["decile"]), count(one["moments"]), cell(one["rate"], percent),
          cell(one["lift"], times), cell(one["gain"], percent)] for one in found],
    ))  # fmt: skip
    return [_gains(found, nouns), _lift(found, nouns, numbers_of)]


def _gains(found: list[dict[str, Any]], nouns: Nouns) -> Html:
    title = (
        f"The best-ranked tenth holds {told(found[0]['gain'], percent)} of all {nouns.positives}"
    )
    chart = _square(f"share of {nouns.rows}, best first", f"found, of {nouns.positives}")
    chart.line([(0, 0), (1, 1)], "faint dashed")
    gains = [(one["decile"] / 10, one["gain"]) for one in found]
    chart.whiskers([(x, g["low"], g["high"]) for x, g in gains if g["low"] is not None], "c1")
    chart.line([(0, 0), *((x, g["value"]) for x, g in gains)], "c1")
    said = "; ".join(f"{percent(x)}: {told(gain, percent)}" for x, gain in gains)
    return figure(title, chart.svg(title, said), note("Gains. Dashed: in no order."))


def _lift(found: list[dict[str, Any]], nouns: Nouns, numbers_of: Html) -> Html:
    best = found[0]["lift"]
    title = f"There {nouns.happens} {told(best, times)} times as often as on average"
    lifts = [(float(one["decile"]), one["lift"]) for one in found]
    most = max(max(lift["high"] or 0, lift["value"]) for _, lift in lifts)
    tenths = [(one["decile"], str(one["decile"])) for one in found]
    x = Axis(f"tenth of the {nouns.rows}, best first", 0.5, len(found) + 0.5, tenths)
    chart = Chart(x, numbers("lift", 0, most, lambda value: f"{value:g}"))
    chart.bars([(at, lift["value"]) for at, lift in lifts], "c1")
    chart.whiskers([(at, one["low"], one["high"]) for at, one in lifts if one["low"] is not None],
                   "ink")  # fmt: skip
    chart.line([(x.low, 1), (x.high, 1)], "faint dashed")
    said = "; ".join(f"{at:g}: {told(lift, times)}" for at, lift in lifts)
    return figure(title, chart.svg(title, said), note("Lift by tenth. Dashed: average."),
                  numbers_of)  # fmt: skip
