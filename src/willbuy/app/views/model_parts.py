"""What the model is made of: tuning, features, the audit, settings."""

from __future__ import annotations

import streamlit as st

from willbuy.app import charts, parts
from willbuy.app.charts import Line, Point, plain
from willbuy.explain.families import family
from willbuy.features.registry import all_features
from willbuy.report.alike import how_alike
from willbuy.report.files import Told
from willbuy.report.made import drawn, made_by
from willbuy.report.tuned import what_it_bought, which_trial
from willbuy.report.words import OLDER, count, reason_of


def tuned(run: Told) -> None:
    """The search for settings, trial by trial."""
    found = run.metrics.get("tuning")
    if found is None:
        parts.absent("Tuning", "settings were not searched for: willbuy tune RUN --trials 30")
        return
    for words in what_it_bought(found):
        st.markdown(plain(words))
    trees = found["models"][run.model]
    if not trees["history"]:
        parts.absent("The search", trees["note"])
        return
    st.markdown(plain(which_trial(trees)))
    whole = [one for one in trees["history"] if not one["pruned"]]
    points: list[Point] = []
    best: list[Point] = []
    for one in whole:
        at, loss = one["number"] + 1, one["loss"]
        points.append(Point(at, loss, f"trial {at}: {loss:.4f}"))
        best.append(Point(at, min(loss, best[-1].y if best else loss), f"best by trial {at}"))
    line = charts.lines([Line("best so far", best), Line("trial", points)], charts.at("trial"),
                        charts.up("log loss on the windows"))  # fmt: skip
    charts.chart(f"{count(len(whole))} trials that were not given up", line, found["note"])
    given, chosen = trees["given"], trees["chosen"]
    parts.table(["Setting", "Given", "Chosen"],
                [(name, f"{given[name]:g}", f"{chosen[name]:g}") for name in given])  # fmt: skip


def features(run: Told) -> None:
    """Every feature with its meaning, the strongest first."""
    found = run.reasons
    if found is None:
        parts.absent("The features", OLDER)
        return
    told = {one.name: (one.label, one.unit, one.meaning) for one in all_features()}
    told |= {one["name"]: (one["label"], one["unit"], one["meaning"]) for one in found["top"]}
    names = [one["name"] for one in found["features"]]
    texts = [told.get(name, (name, "", "")) for name in names]
    st.markdown(f"{count(len(names))} features, those that move the answer most first.")
    st.dataframe(
        {
            "Feature": [one[0] for one in texts],
            "Size": [one["mean_abs"] for one in found["features"]],
            "Meaning": [one[2] for one in texts],
            "Unit": [one[1] for one in texts],
            "Family": [family(one["family"]) for one in found["features"]],
        },
        column_config={
            "Feature": st.column_config.TextColumn(width="medium", pinned=True),
            "Size": st.column_config.ProgressColumn(
                format="%.2f", min_value=0, max_value=found["features"][0]["mean_abs"] or 1,
                help="Mean size of what it adds to the log-odds",
            ),
            "Meaning": st.column_config.TextColumn(width="large"),
        },
        hide_index=True, width="stretch", height=560,
    )  # fmt: skip
    st.caption(plain(found["note"]))


def audited(run: Told) -> None:
    """What came of looking for leaks, and of changing the future; how alike train and test are."""
    audit = run.audit
    if audit is None:
        why = "of a table, ask for it: willbuy audit TABLE --label COLUMN" if run.table else OLDER
        parts.absent("The audit", why)
    else:
        counts = ", ".join(f"{n} {level}" for level, n in audit["counts"].items())
        st.markdown(plain(
            f"{audit['future']['words']} Looking for leaks in {count(audit['rows'])} rows that the "
            f"model learns from found: {counts}."
        ))  # fmt: skip
        if audit["findings"]:
            parts.table(["Finding", "Level", "Evidence"],
                        [(one["what"], one["level"], one["evidence"])
                         for one in audit["findings"]])  # fmt: skip
    drift = run.metrics.get("drift")
    if drift is not None and not reason_of(drift):
        behaviour = drift["behaviour"]["roc_auc"]["value"]
        if behaviour is not None:
            st.markdown(f"{plain(how_alike(behaviour, run.table))}.")
            st.caption(plain(drift["note"]))


def settings(run: Told) -> None:
    """How the run was made."""
    about = run.about
    if "sampling" in run.metrics:
        st.markdown(plain(drawn(run.metrics)))
    st.markdown(plain(made_by(about)))
    st.json(about["settings"], expanded=1)
