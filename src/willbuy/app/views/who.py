"""Who and why: segments, who left, for whom the model fails, and what its answers are made of."""

from __future__ import annotations

from typing import Any

import streamlit as st

from willbuy.app import charts, parts
from willbuy.app.charts import plain
from willbuy.app.runs import OpenRun
from willbuy.explain.families import family, family_within
from willbuy.report.files import Told
from willbuy.report.onward import ONWARD_NOTE, by_size, funnel_words, onward_words
from willbuy.report.rows import Row
from willbuy.report.todo import (
    DO,
    MUST_BRING,
    how,
    left_words,
    monday,
    shoppers_words,
    terms_words,
    who_left,
)
from willbuy.report.whom import CHANCE, GAP, TOO_FEW, gaps_of
from willbuy.report.why import not_told, shown, told_of
from willbuy.report.words import OLDER, count, percent, told, within

_FAMILIES = 10
_DESTINATIONS = 8


def show(run: OpenRun) -> None:
    """Show segments with what to do, then findings of bias, then the model's reasons."""
    lead = (
        "Which kinds of sessions there are and what acting on them would have to bring; for whom "
        "the model is wrong; and what its answers are made of."
    )
    parts.head("Who and why", lead, run.told)
    parts.section("Segments, and what to do")
    if run.told.strategy is None:
        why = "segments are made of a log's moments" if run.told.table else OLDER
        parts.absent("Segments", why)
    else:
        _segments(run.told.strategy, run.told.summary or {})
    parts.section("For whom it fails")
    _bias(run.told)
    parts.section("What the answers are made of")
    _reasons(run.told)


def _segments(strategy: dict[str, Any], summary: dict[str, Any]) -> None:
    segments, terms = strategy["segments"], strategy["terms"]
    with st.container(border=True):
        st.caption("What to do first")
        st.markdown(plain(monday(segments, terms)))
    bought = {one["segment"]: one["bought"]["value"] for one in summary.get("segments", [])}
    st.dataframe(
        {
            "Segment": [one["segment"] for one in segments],
            "Sessions": [one["entered"] for one in segments],
            "Buy": [bought.get(one["segment"]) for one in segments],
            "At stake": [one["at_stake"] for one in segments],
            "Acting pays above": [one["break_even_lift"] for one in segments],
            "Do": [DO[one["recommended"]] for one in segments],
            "How": [how(one) for one in segments],
        },
        column_config={
            "Segment": st.column_config.TextColumn(help="Intent / behaviour", pinned=True),
            "Sessions": st.column_config.NumberColumn(format="localized"),
            "Buy": st.column_config.NumberColumn(format="percent"),
            "At stake": st.column_config.NumberColumn(
                format="compact", help="In the log's currency, of sessions that left"
            ),
            "Acting pays above": st.column_config.NumberColumn(
                format="percent", help="By so much of itself it must raise the probability"
            ),
        },
        hide_index=True, width="stretch", height=320,
    )  # fmt: skip
    left, right = st.columns(2, gap="large")
    with left:
        _who_left(summary.get("drop_off"))
    with right:
        _must_bring(strategy["break_even"])
    _onward(summary.get("journeys"))
    if words := shoppers_words(summary.get("shoppers")):
        st.markdown(plain(words))
    with st.expander("Who belongs where"):
        rules = strategy["rules"]["behaviour"]
        parts.table(
            ["Behaviour", "Rule"],
            [(one["name"], " - or - ".join(within(way) for way in one["rule"])) for one in rules],
        )
    st.caption(plain(
        "A probability is not a gain. What acting brings is its lift: measured by a randomised "
        f"test, identified from past data, or assumed. {terms_words(terms)} "
        f"{strategy.get('gain_note', '')}"
    ))  # fmt: skip


def _onward(journeys: list[dict[str, Any]] | None) -> None:
    """Of one segment: to the cart, to the purchase, and where its sessions went next."""
    known = [one for one in by_size(journeys or []) if one["next"]]
    if not known:
        parts.absent("What sessions do next", OLDER if journeys is None else "too few sessions")
        return
    one = st.selectbox("Sessions that came into", known, key="onward",
                       format_func=lambda each: each["segment"])  # fmt: skip
    rows = [
        Row(move["to"], move["share"]["value"], told(move["share"], percent))
        for move in one["next"][:_DESTINATIONS]
    ]
    drawn = charts.rows(rows, "share of its sessions", share=True)
    charts.chart(onward_words([one]), drawn, f"{funnel_words(one['funnel'])} {ONWARD_NOTE}")


def _who_left(drop: dict[str, Any] | None) -> None:
    if drop is None or not drop["steps"]:
        parts.absent("Who left", "no session of the test part was likely to buy and left")
        return
    rows = [
        Row(one["step"], one["share"],
            f"{percent(one['share'])}, mean value {count(one['mean_value'])}")
        for one in drop["steps"]
    ]  # fmt: skip
    drawn = charts.rows(rows, "share of those who left", share=True)
    charts.chart(who_left(drop["steps"]), drawn, left_words(drop))


def _must_bring(bands: list[dict[str, Any]]) -> None:
    rows = [
        Row(f"probability {percent(one['from'])} to {percent(one['to'])}",
            min(one["break_even_lift"], 1.0), f"+{percent(one['break_even_lift'])} of itself")
        for one in bands if one["break_even_lift"] is not None
    ]  # fmt: skip
    if not rows:
        parts.absent("What acting must bring", "at this margin and cost acting never pays")
        return
    charts.chart(MUST_BRING, charts.rows(rows, "least lift at which acting pays", share=True))


def _bias(run: Told) -> None:
    found = run.bias
    if found is None or "reason" in found:
        parts.absent("Slices", OLDER if found is None else found["reason"])
        return
    st.markdown(plain(found["words"]))
    parts.listed(one["words"] for one in found["findings"])
    columns = [one for one in found["columns"] if any("gaps" in s for s in one["slices"])]
    if columns:
        column = st.selectbox("Look at", columns, format_func=lambda one: one["title"],
                              key="column")  # fmt: skip
        _column(column)
    st.caption(plain(found["note"]))


def _column(column: dict[str, Any]) -> None:
    """The gap of the level of each slice, with what chance explains around it."""
    title, rows = gaps_of(column)
    if not rows:
        parts.absent(column["title"], TOO_FEW)
        return
    drawn = charts.rows(rows, GAP, share=True, bars=False, guide=0.0)
    charts.chart(title, drawn, CHANCE)


def _reasons(run: Told) -> None:
    found = run.reasons
    families = shown(found) if found else []
    if found is None or not families:
        parts.absent("The model's reasons", "no feature adds anything" if found else not_told(run))
        return
    st.markdown("These are the model's reasons, not causes.")
    left, right = st.columns(2, gap="large")
    with left:
        rows = [Row(family(one["family"]), one["mean_abs"], f"{one['mean_abs']:.2f}")
                for one in families[:_FAMILIES]]  # fmt: skip
        charts.chart(
            f"What weighs most: {family_within(families[0]['family'])}",
            charts.rows(rows, "mean size of what the family adds, log-odds"),
            "0.1 of log-odds makes the odds 1.1 times as high, 0.5 makes them 1.6 times as high.",
        )
    with right:
        top = found["top"][:_FAMILIES]
        points = "mean_points" in top[0]  # an earlier version told log-odds alone
        size, unit = ("mean_points", "percentage points") if points else ("mean_abs", "log-odds")
        rows = [
            Row(one["label"], one[size],
                f"{one[size]:.1f} points" if points else f"{one[size]:.2f}")
            for one in top
        ]  # fmt: skip
        charts.chart(f"“{top[0]['label']}” moves the model's answer most",
                    charts.rows(rows, f"mean size, about, in {unit}"),
                    "How far the probability moves, about, where what the feature adds is taken "
                    "away. These need not add up.")  # fmt: skip
    with st.expander("The strongest features in words"):
        parts.listed(f"{one['label']}: {told_of(one)}" for one in found["top"])
    _beliefs(found)


def _beliefs(found: dict[str, Any]) -> None:
    block = found.get("insights")
    if block is None or "reason" in block:
        return
    st.subheader("What is often said of buyers, and what this run shows", anchor=False)
    rows = [
        (one["claim"], one["verdict"], one["label"], told(one["alone"]), told(one["at_the_end"]))
        for one in block["predictors"]
    ]
    drop = block["drop_off"]
    left = "" if drop["left"]["value"] is None else f"{told(drop['left'], percent)} leave"
    parts.table(
        ["It is said", "In this run", "Here", "Alone, before the end", "Alone, at the end"],
        [*rows, (drop["claim"], drop["verdict"], left, "", "")],
    )
    st.caption(
        "Alone: the ROC-AUC of this one feature; guessing has 0.5. At the end: at each session's "
        "last event, which only those know to be the last who look back."
    )
