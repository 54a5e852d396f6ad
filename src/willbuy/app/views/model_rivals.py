"""Other models on the same moments, where `willbuy compare` was asked for."""

from __future__ import annotations

from typing import Any

import streamlit as st

from willbuy.app import charts, parts
from willbuy.app.charts import Line, Point, plain
from willbuy.report.bench import (
    ceiling_rows,
    cost_rows,
    curve_rows,
    difference_rows,
    fit_notes,
    has_map,
    leading,
    mask_rows,
    model_rows,
)
from willbuy.report.files import Told
from willbuy.report.product_map import OTHERS, TITLE, kinds, told_by
from willbuy.report.rivals import COSTS, how
from willbuy.report.rows import Row
from willbuy.report.words import count, told


def rivals(run: Told) -> None:
    """The verdict first, then the figures it follows from."""
    found = run.compared
    if found is None:
        parts.absent("Other models", "none were compared with the trees: willbuy compare RUN")
        return
    parts.listed(found["verdict"])
    st.caption(plain(how(found)))
    left, right = st.columns(2, gap="large")
    with left:
        _ranked(found)
    with right:
        _learning(found)
    parts.table(*model_rows(found))
    parts.table(*difference_rows(found))
    st.caption(plain("A star: the interval leaves 0 outside. " + found["interval_note"]))
    parts.table(*cost_rows(found))
    st.caption(plain(COSTS))
    if (ceilings := ceiling_rows(found)) is not None:
        with st.expander("Beside the ceilings"):
            parts.table(*ceilings)
    if found["masks"] is not None:
        with st.expander("What TabNet looks at, beside SHAP"):
            parts.table(*mask_rows(found))
            st.caption(plain(found["masks"]["note"]))
    if has_map(found):
        _map(found["map"])
    if notes := fit_notes(found):
        parts.listed(notes)


def _ranked(found: dict[str, Any]) -> None:
    rows = [
        Row(model["title"], auc["value"], told(auc), auc["low"], auc["high"],
            "c1" if name == found["reference"] else "c2")
        for name, model in found["models"].items()
        for auc in [model["headline"]["roc_auc"]]
    ]  # fmt: skip
    low = min(row.low or row.value or 0.5 for row in rows)
    charts.chart("ROC-AUC of each model on test", charts.rows(rows, "ROC-AUC", low=low, bars=False),
                 "To tell two models apart, read their difference below.")  # fmt: skip


def _learning(found: dict[str, Any]) -> None:
    if curve_rows(found) is None:
        parts.absent("Learning curve", "it was not asked for: willbuy compare RUN --curve")
        return
    models, curve = found["models"], found["curve"]
    drawn = [
        Line(models[name]["title"], [
            Point(one["rows"], auc["value"],
                  f"{models[name]['title']} from {count(one['rows'])}: {told(auc)}")
            for one in curve for auc in [one["models"][name]["roc_auc"]]
            if auc["value"] is not None
        ])
        for name in leading(found)
    ]  # fmt: skip
    axis = charts.at("moments learnt from", low=0)
    charts.chart("What more moments to learn from bring",
                 charts.lines(drawn, axis, charts.up("ROC-AUC")))  # fmt: skip


def _map(found: dict[str, Any]) -> None:
    its = kinds(found["points"])
    seen = [
        {"x": one["x"], "y": one["y"], "kind": kind,
         "category": one["category"] or "category not known", "shown": count(one["count"]),
         # A text in the log has no number of its own (see events/keys.py).
         "product": str(one["product"]) if one["product"] >= 0 else "named by a text"}
        for one, kind in zip(found["points"], its.of, strict=True)
    ]  # fmt: skip
    charts.chart(TITLE, charts.cloud(seen, its.named, OTHERS), told_by(found))
