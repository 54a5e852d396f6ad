"""The models beside the best that anyone could reach, which only a simulated shop tells."""

from __future__ import annotations

from typing import Any

from willbuy.report.charts import numbers
from willbuy.report.compared import difference
from willbuy.report.files import Told
from willbuy.report.markup import (
    Html,
    details,
    figure,
    legend,
    note,
    paragraph,
    table,
    tag,
    together,
)
from willbuy.report.rows import Row, dots
from willbuy.report.words import Figure, cell, count, told

RUNGS = {
    "base_rate": "No model: one rate for all",
    "logistic": "Logistic regression",
    "xgboost": "Boosted trees, used to score",
    "learned_products": "(3) The best that can be learned",
    "exact_filter": "(2) Knowing the shop's every rule",
    "hidden_state": "(1) Reading the shopper's mind",
}
"""The steps in plain words, short enough to stand beside their figures."""


def ladder(run: Told) -> Html | None:
    """The models beside the best that anyone could reach; only a simulated shop has it."""
    found = run.metrics.get("ladder")
    if found is None:
        return None
    rungs = {one["name"]: one for one in found["rungs"]}
    rows = [
        Row(RUNGS.get(name, name), auc["value"], told(auc), auc["low"], auc["high"],
            look="c3" if one["step"] else "c1")
        for name, one in rungs.items()
        for auc in [one["headline"]["roc_auc"]]
    ]  # fmt: skip
    title = how_far(run, found)
    axis = numbers(
        "ROC-AUC",
        0.5,
        max(row.high or row.value or 0.5 for row in rows),
        lambda value: f"{value:.2f}",
    )
    inside, test = found["rows"]["inside"], found["rows"]["test"]
    return together(
        [
            figure(
                title,
                dots(rows, axis, title),
                legend([("c1", "this run"), ("c3", "ceilings, from the shop's truth")]),
            ),
            note(f"At the same {count(inside)} of {count(test)} test moments. To (3): what better "
                 "features or models could still gain. From (3) to (2): what only a longer log "
                 "could tell. From (2) to (1): what no log tells, for it is in the shopper's mind. "
                 "Above (1): chance that has not happened yet."),
            details(
                "The ladder in numbers, and what it does not say",
                table(["", "ROC-AUC", "Average precision", "Log loss"],
                      [[RUNGS.get(name, name), *(cell(one["headline"][figure_name]) for figure_name
                        in ("roc_auc", "average_precision", "log_loss"))]
                       for name, one in rungs.items()]),
                *(paragraph(tag("b", RUNGS.get(name, name)), f": {one['meaning']}")
                  for name, one in rungs.items() if one.get("meaning")),
                *(paragraph(one) for one in found["not_covered"]),
            ),
        ]
    )  # fmt: skip


def how_far(run: Told, ladder: dict[str, Any]) -> str:
    """How far the model is from what can be learned."""
    rung = next((one for one in ladder["rungs"] if one["name"] == run.model), None)
    gap = rung["paired"].get("learned_products") if rung else None
    if gap and gap["roc_auc"]["value"] is not None:
        return _below(gap["roc_auc"])
    return "The models beside the best that anyone could reach in this simulated shop"


def _below(gap: Figure) -> str:
    """How far the model is from the lowest ceiling, which the difference is taken to."""
    if gap["verdict"] != "lower":
        return f"The model cannot be told from the best that can be learned: {difference(gap)}"
    under = {"value": -gap["value"], "low": -gap["high"], "high": -gap["low"]}
    return f"The model is {told(under)} of ROC-AUC below the most a learner can hope for"
