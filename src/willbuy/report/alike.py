"""How alike: has the shop changed between train and test?"""

from __future__ import annotations

from typing import Any

from willbuy.report.charts import numbers
from willbuy.report.files import Told
from willbuy.report.markup import Html, details, figure, note, section, table, withheld
from willbuy.report.rows import Row, dots
from willbuy.report.words import decimal, percent, reason_of, told

_HARDLY, _SOMEWHAT = 0.55, 0.65
"""Below these ROC-AUCs train and test can hardly, or somewhat, be told apart."""

_BLOCKS = {"behaviour": "By what shoppers do in the session", "all_features": "By all features"}


def alike(run: Told) -> Html:
    """How well train can be told from test, and by what."""
    return section(
        "alike", "How alike train and test are", *_drift(run.metrics.get("drift"), run.table)
    )


def _drift(found: dict[str, Any] | None, of_table: bool) -> list[Html]:
    if reason := reason_of(found):
        return [withheld("Train against test", reason)]
    assert found is not None
    behaviour = found["behaviour"]["roc_auc"]
    if behaviour["value"] is None:
        return [withheld("Train against test", behaviour["reason"])]
    blocks = {"all_features": "By all columns"} if of_table else _BLOCKS
    title = how_alike(behaviour["value"], of_table)
    rows = [
        Row(name, auc["value"], told(auc), auc["low"], auc["high"])
        for block, name in blocks.items() for auc in [found[block]["roc_auc"]]
    ]  # fmt: skip
    lowest = min(row.low or row.value or 0.5 for row in rows)
    axis = numbers("ROC-AUC of telling test from train", min(lowest, 0.5), 1, _two)
    return [
        figure(title, dots(rows, axis, title)),
        note(found["note"]),
        details("By which features", *(_top(found[block], name) for block, name in blocks.items())),
    ]


def how_alike(auc: float, of_table: bool) -> str:
    """How well train and test can be told apart, by the ROC-AUC of telling them apart."""
    how = "can hardly be told apart"
    if auc >= _HARDLY:
        how = "differ somewhat" if auc < _SOMEWHAT else "differ clearly"
    by = "their columns" if of_table else "what shoppers do"
    return f"By {by}, train and test {how} (ROC-AUC {decimal(auc)})"


def _two(value: float) -> str:
    return f"{value:.2f}"


def _top(block: dict[str, Any], name: str) -> Html:
    rows = [
        [one["label"], percent(one["gain"]), "only says when it was" if one["calendar"] else ""]
        for one in block["top"]
    ]
    return table([name, "Share of the gain", ""], rows)
