"""Model: how well it ranks, how right its probabilities are, and all that it is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from willbuy.app import charts, parts
from willbuy.app.charts import Line, Point, plain
from willbuy.app.runs import OpenRun
from willbuy.app.views.model_parts import audited, features, settings, tuned
from willbuy.app.views.model_rivals import rivals
from willbuy.report.calibrated import as_said, off_by
from willbuy.report.ceilings import RUNGS, how_far
from willbuy.report.compared import difference
from willbuy.report.files import Told
from willbuy.report.findings import flagged_words, in_pairs, ranked_words, right_words
from willbuy.report.rows import Row
from willbuy.report.words import count, decimal, percent, reason_of, times, told

_FIGURES = {"roc_auc": "ROC-AUC", "average_precision": "Average precision",
            "base_rate": "its base rate", "log_loss": "Log loss", "brier": "Brier score",
            "f1": "F1 at the threshold", "calibration_error": "Calibration error"}  # fmt: skip


def show(run: OpenRun) -> None:
    """Show one view of the model at a time: what is not looked at costs no time."""
    parts.head("Model", "How good the model is, and how it came about.", run.told)
    names = list(_VIEWS)
    chosen = st.pills("View", names, default=names[0], key="view",
                                  required=True)  # fmt: skip
    _VIEWS[chosen or names[0]](run.told)


def _ranking(run: Told) -> None:
    _side_by_side(run)
    left, right = st.columns(2, gap="large")
    with left:
        _roc(run)
    with right:
        _precision(run)
    left, right = st.columns(2, gap="large")
    with left:
        _gains(run)
    with right:
        _lift(run)
    st.caption(plain(run.test["interval_note"]))


def _side_by_side(run: Told) -> None:
    heads = {name: one["test"]["headline"] for name, one in run.metrics["models"].items()}
    if "baseline" in run.metrics:
        heads["base rate alone"] = run.metrics["baseline"]["test"]["headline"]
    empty = {"value": None}
    parts.table(
        [f"Every {run.nouns.row} of test", *heads],
        [[label, *(parts.figure(head.get(name, empty)) for head in heads.values())]
         for name, label in _FIGURES.items()],
    )  # fmt: skip
    for other, gain in run.test["paired"].items():
        of_what = f"{run.model} minus {other}, the same shoppers in both: ROC-AUC"
        st.markdown(plain(f"{of_what} {difference(gain['roc_auc'])}."))


def _curve(run: Told, name: str, x: str, y: str) -> list[Line]:
    return [
        Line(model, [Point(across, up, f"{model}: {percent(across)}, {percent(up)}")
                     for across, up in zip(found[x], found[y], strict=True)
                     if name == "roc" or across > 0])
        for model, one in run.metrics["models"].items()
        for found in [one["test"]["curves"][name]]
    ]  # fmt: skip


def _roc(run: Told) -> None:
    if reason := reason_of(run.test.get("curves")):
        parts.absent("ROC curve", reason)
        return
    found = _curve(run, "roc", "false_positive_rate", "true_positive_rate")
    drawn = charts.lines(
        found, charts.at(f"flagged, of {run.nouns.negatives}", share=True, low=0, high=1),
        charts.up(f"flagged, of {run.nouns.positives}", share=True, low=0, high=1),
        guide=[(0, 0), (1, 1)], dots=False,
    )  # fmt: skip
    title = in_pairs(run.test["headline"]["roc_auc"], run.nouns)
    charts.chart(title, drawn, "ROC curve. Dashed: guessing.")


def _precision(run: Told) -> None:
    if reason := reason_of(run.test.get("curves")):
        parts.absent("Precision-recall curve", reason)
        return
    head = run.test["headline"]
    average, rate = head["average_precision"]["value"], head["base_rate"]["value"]
    drawn = charts.lines(
        _curve(run, "precision_recall", "recall", "precision"),
        charts.at(f"flagged, of {run.nouns.positives}", share=True, low=0, high=1),
        charts.up(run.nouns.precision, share=True, low=0), guide=[(0, rate), (1, rate)],
        dots=False,
    )  # fmt: skip
    title = f"Average precision is {decimal(average)}, where guessing has {decimal(rate)}"
    charts.chart(title, drawn, "Precision-recall curve. Dashed: the base rate.")


def _deciles(run: Told, what: str) -> list[dict[str, Any]] | None:
    reason = reason_of(run.test.get("lift"))
    found = [] if reason else run.test["lift"]["deciles"]
    if reason or found[0]["lift"]["value"] is None:
        parts.absent(what, reason or found[0]["lift"]["reason"])
        return None
    return list(found)


def _gains(run: Told) -> None:
    if (found := _deciles(run, "Gains")) is None:
        return
    gains = [(one["decile"] / 10, one["gain"]) for one in found]
    points = [Point(x, g["value"], f"best {percent(x)}: {told(g, percent)}", g["low"], g["high"])
              for x, g in gains]  # fmt: skip
    drawn = charts.lines(
        [Line(run.model, [Point(0, 0, "nothing"), *points])],
        charts.at(f"share of {run.nouns.rows}, best first", share=True, low=0, high=1),
        charts.up(f"found, of {run.nouns.positives}", share=True, low=0, high=1),
        guide=[(0, 0), (1, 1)],
    )  # fmt: skip
    share = told(found[0]["gain"], percent)
    title = f"The best-ranked tenth holds {share} of all {run.nouns.positives}"
    charts.chart(title, drawn, "Gains. Dashed: in no order.")


def _lift(run: Told) -> None:
    if (found := _deciles(run, "Lift")) is None:
        return
    points = [
        Point(one["decile"], lift["value"], f"tenth {one['decile']}: {told(lift, times)}",
              lift["low"], lift["high"])
        for one in found for lift in [one["lift"]]
    ]  # fmt: skip
    drawn = charts.lines(
        [Line(run.model, points)],
        charts.at(f"tenth of the {run.nouns.rows}, best first", low=1, high=10),
        charts.up("times as often as on average", low=0), guide=[(1, 1), (10, 1)],
    )  # fmt: skip
    best = told(found[0]["lift"], times)
    title = f"There {run.nouns.happens} {best} times as often as on average"
    charts.chart(title, drawn, "Lift by tenth. Dashed: average.")


def _calibration(run: Told) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        _reliability(run)
    with right:
        _level(run)
        head = run.test["headline"]
        if head["calibration_error"]["value"] is not None and head["calibration_error_by_chance"]:
            st.markdown(f"{plain(off_by(run))}.")


def _reliability(run: Told) -> None:
    block = run.test.get("calibration")
    if reason := reason_of(block):
        parts.absent("Calibration curve", reason)
        return
    assert block is not None
    points = [
        Point(one["mean_prediction"], rate["value"],
              f"said {percent(one['mean_prediction'])}: {told(rate, percent)}", rate["low"],
              rate["high"])
        for one in block["bins"] for rate in [one["observed_rate"]]
    ]  # fmt: skip
    most = max(one["mean_prediction"] for one in block["bins"])
    most = max([most, *(one.high or one.y for one in points)])
    drawn = charts.lines(
        [Line(run.model, points)], charts.at("probability said", share=True, low=0),
        charts.up(run.nouns.positive_share, share=True, low=0), joined=False,
        guide=[(0, 0), (most, most)],
    )  # fmt: skip
    note = "Ten groups of equal weight, 95 % intervals. Dashed: said and observed agree."
    charts.chart(as_said(run, block), drawn, note)


def _level(run: Told) -> None:
    known = [one for one in run.test.get("by_k", []) if one["base_rate"]["value"] is not None]
    if run.table or len(known) < 2:
        return
    happened = [
        Point(one["k"], rate["value"], f"event {one['k']}: observed {told(rate, percent)}",
              rate["low"], rate["high"])
        for one in known for rate in [one["base_rate"]]
    ]  # fmt: skip
    expected = [Point(one["k"], said, f"event {one['k']}: said {percent(said)}")
                for one in known for said in [one["mean_prediction"]["value"]]]  # fmt: skip
    drawn = charts.lines(
        [Line("followed by a purchase", happened), Line("mean probability", expected)],
        charts.events(), charts.up("share of moments", share=True, low=0),
    )  # fmt: skip
    charts.chart("What was said and what happened, event by event", drawn)


def _early(run: Told) -> None:
    if run.table:
        parts.absent("How early", "a row of a table is a whole session, not a moment of one")
        return
    left, right = st.columns(2, gap="large")
    with left:
        _flagged(run)
    with right:
        _by_event(run)


def _flagged(run: Told) -> None:
    block = run.test.get("flagged_early")
    known = [] if reason_of(block) or block is None else [
        one for one in block["by_event"] if one["share"]["value"] is not None
    ]  # fmt: skip
    if block is None or not known:
        parts.absent("Buyers flagged by event", reason_of(block) or "no session buys")
        return
    points = [
        Point(one["k"], share["value"], f"by event {one['k']}: {told(share, percent)}",
              share["low"], share["high"])
        for one in known for share in [one["share"]]
    ]  # fmt: skip
    drawn = charts.lines(
        [Line(run.model, points)], charts.events(),
        charts.up("of all buying sessions, flagged by then", share=True, low=0), step=True,
    )  # fmt: skip
    charts.chart(flagged_words(block), drawn, right_words(block))


def _by_event(run: Told) -> None:
    series = []
    for name, model in run.metrics["models"].items():
        known = [one for one in model["test"]["by_k"] if one["roc_auc"]["value"] is not None]
        points = [
            Point(one["k"], auc["value"], f"{name}, event {one['k']}: {told(auc)}", auc["low"],
                  auc["high"])
            for one in known for auc in [one["roc_auc"]]
        ]  # fmt: skip
        series.append((known, Line(name, points)))
    if len(series[0][0]) < 2:
        parts.absent("Ranking by event", "there are too few moments after most events")
        return
    ks = [one["k"] for one in series[0][0]]
    drawn = charts.lines([line for _, line in series], charts.events(), charts.up("ROC-AUC"),
                         guide=[(ks[0], 0.5), (ks[-1], 0.5)])  # fmt: skip
    note = (
        "Each point asks the sessions that have come so far without a purchase, so points are "
        "about different sessions. Dashed: guessing."
    )
    charts.chart(ranked_words(series[0][0]), drawn, note)


def _ceilings(run: Told) -> None:
    found = run.metrics.get("ladder")
    if found is None:
        parts.absent(
            "The best that anyone could reach",
            "only a simulated shop knows it: willbuy simulate --truth, then willbuy run --truth",
        )
        return
    rows = [
        Row(RUNGS.get(one["name"], one["name"]), auc["value"], told(auc), auc["low"], auc["high"],
            "c3" if one["step"] else "c1")
        for one in found["rungs"] for auc in [one["headline"]["roc_auc"]]
    ]  # fmt: skip
    inside, test = found["rows"]["inside"], found["rows"]["test"]
    note = (
        f"At the same {count(inside)} of {count(test)} test moments. Green: ceilings, from the "
        "shop's truth. To (3): what better features or models could still gain. From (3) to (2): "
        "what only a longer log could tell. From (2) to (1): what no log tells."
    )
    charts.chart(how_far(run, found), charts.rows(rows, "ROC-AUC", low=0.5, bars=False), note)
    with st.expander("What the ceilings are, and what they do not say"):
        parts.listed(f"{RUNGS.get(one['name'], one['name'])}: {one['meaning']}"
                     for one in found["rungs"] if one.get("meaning"))  # fmt: skip
        parts.listed(found["not_covered"])


_VIEWS: dict[str, Callable[[Told], None]] = {
    "Ranking": _ranking,
    "Calibration": _calibration,
    "How early": _early,
    "Best possible": _ceilings,
    "Tuning": tuned,
    "Other models": rivals,
    "Features": features,
    "Audit": audited,
    "Settings": settings,
}
