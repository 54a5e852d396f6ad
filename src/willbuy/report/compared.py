"""Models, days and shoppers beside each other."""

from __future__ import annotations

from typing import Any

from willbuy.report.charts import Chart, days, numbers
from willbuy.report.files import Told
from willbuy.report.markup import (
    Html,
    details,
    figure,
    note,
    paragraph,
    table,
    together,
    withheld,
)
from willbuy.report.rows import Row, dots
from willbuy.report.words import (
    Figure,
    apart,
    cell,
    count,
    decimal,
    percent,
    reason_of,
    signed,
    told,
)

_FIGURES = {
    "roc_auc": "ROC-AUC",
    "average_precision": "Average precision",
    "base_rate": "its base rate",
    "log_loss": "Log loss",
    "brier": "Brier score",
    "f1": "F1 at the threshold",
    "calibration_error": "Calibration error",
}


def side_by_side(run: Told) -> Html:
    """Every model and the base rate, figure by figure."""
    models = {name: model["test"]["headline"] for name, model in run.metrics["models"].items()}
    if "baseline" in run.metrics:
        models["base rate alone"] = run.metrics["baseline"]["test"]["headline"]
    rows = [
        [label, *(cell(_shown(head, name)) for head in models.values())]
        for name, label in _FIGURES.items()
    ]
    chance = [head.get("calibration_error_by_chance") for head in models.values()]
    rows.append(["by chance, up to", *(decimal(one["p95"]) if one else "" for one in chance)])
    made = table([f"Every {run.nouns.row} of test", *models], rows)
    return together([made, *_differences(run), *_other_readings(run.test)])


def _shown(head: dict[str, Any], name: str) -> Figure | None:
    figure: Figure | None = head.get(name)
    if figure is not None and name == "calibration_error":
        return {**figure, "low": None}  # chance moves it: it is read beside what chance makes
    return figure


def _differences(run: Told) -> list[Html]:
    return [
        paragraph(f"{run.model} minus {other}, the same shoppers in both: ROC-AUC "
                  f"{difference(gains['roc_auc'])}; log loss (less is better) "
                  f"{difference(gains['log_loss'])}.")
        for other, gains in run.test["paired"].items()
    ]  # fmt: skip


def _other_readings(test: dict[str, Any]) -> list[Html]:
    """The ranking where rows are weighed otherwise, or outage days are let in."""
    readings = {
        "Each session counted once": test.get("per_session"),
        "With the sessions of outage days": test.get("with_outage_days"),
    }
    return [
        paragraph(f"{name}: ROC-AUC {told(head['roc_auc'])}, average precision "
                  f"{told(head['average_precision'])} at a base rate of "
                  f"{told(head['base_rate'])}.")
        for name, head in readings.items() if head is not None
    ]  # fmt: skip


def difference(gain: Figure) -> str:
    """A paired difference and its verdict."""
    said = told(gain, signed)
    return f"{said}, {gain['verdict']}" if gain.get("verdict") else said


def _two(value: float) -> str:
    return f"{value:.2f}"


def by_day(run: Told) -> Html:
    """The ranking day by day."""
    if reason := reason_of(run.test.get("days")):
        return withheld("Figures by day", reason)
    found = run.test["days"]["days"]
    known = [(at, one["roc_auc"]) for at, one in enumerate(found)
             if one["roc_auc"]["value"] is not None]  # fmt: skip
    if len(found) < 2 or not known:
        few = (
            "sessions of test began on one day only"
            if len(found) < 2
            else f"too few {run.nouns.rows}"
        )
        return withheld("Figures by day", few)
    values = [auc["value"] for _, auc in known]
    title = f"ROC-AUC from {decimal(min(values))} to {decimal(max(values))} over {len(known)} days"
    ends = [auc[end] if auc[end] is not None else auc["value"] for _, auc in known
            for end in ("low", "high")]  # fmt: skip
    axis = numbers("ROC-AUC", min(0.5, *ends), max(ends), _two)
    chart = Chart(days("day on which the session began", [one["day"] for one in found]), axis)
    chart.whiskers([(at, auc["low"], auc["high"]) for at, auc in known if auc["low"] is not None],
                   "c1")  # fmt: skip
    chart.dots([(at, auc["value"]) for at, auc in known], "c1")
    said = "; ".join(f"{one['day']}: {told(one['roc_auc'])}" for one in found)
    numbers_of = table(
        ["Day", run.nouns.rows.capitalize(), "Base rate", "Mean probability", "ROC-AUC"],
        [[one["day"], count(one["moments"]), cell(one["base_rate"], percent),
          cell(one["mean_prediction"], percent), cell(one["roc_auc"])] for one in found],
    )  # fmt: skip
    return figure(title, chart.svg(title, said), details("The numbers", numbers_of))


def by_shopper(run: Told) -> Html:
    """New and returning shoppers."""
    if reason := reason_of(run.test.get("shoppers")):
        return withheld("New and returning shoppers", reason)
    found = run.test["shoppers"]
    kinds = {"new": "New shoppers", "returning": "Returning shoppers"}
    aucs = {kind: found[kind]["roc_auc"] for kind in kinds}
    if any(auc["value"] is None for auc in aucs.values()):
        reasons = "; ".join(f"{kind}: {auc['reason']}" for kind, auc in aucs.items()
                            if auc["value"] is None)  # fmt: skip
        return withheld("New beside returning shoppers", reasons)
    new, returning = aucs["new"], aucs["returning"]
    if not apart(new, returning):
        title = "New and returning shoppers: no clear difference in ranking"
    else:
        better = "Returning" if returning["value"] > new["value"] else "New"
        title = f"{better} shoppers are ranked better"
    rows = [
        Row(f"{name} ({count(found[kind]['moments'])} moments)", auc["value"], told(auc),
            auc["low"], auc["high"])
        for kind, name in kinds.items() for auc in [aucs[kind]]
    ]  # fmt: skip
    ends = [end for row in rows for end in (row.low, row.high, row.value) if end is not None]
    axis = numbers("ROC-AUC", min(0.5, *ends), max(ends), _two)
    return figure(title, dots(rows, axis, title), note(found["note"]))
