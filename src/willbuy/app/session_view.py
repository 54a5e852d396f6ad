"""One session on the page: its events, its probability, and what would change it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from willbuy.app.answer_view import show_answer
from willbuy.app.charts import chart, plain
from willbuy.app.session_charts import event_words, timeline
from willbuy.explain.sentences import moved, percent
from willbuy.explain.session.counterfactual import NOTE, Counterfactual
from willbuy.explain.session.timeline import SessionExplanation

_STATUS = {
    "repeat": "an exact repeat: does not count",
    "purchase": "the purchase: nothing is left to predict",
    "after": "after the purchase",
    "capped": "too long a session: the last answer stands",
}


def show_moment(told: SessionExplanation) -> None:
    """The answer at the moment, in figures and in three sentences."""
    show_answer(
        told, "Will buy later in this session", "moments",
        "Of the moments with as many events so far, in the part of the log that the model was "
        "calibrated on.",
    )  # fmt: skip


def show_timeline(told: SessionExplanation, zone: str) -> None:
    """The probability event by event, and the events with what moved it."""
    known = [one.probability for one in told.steps if one.probability is not None]
    first, last = percent(known[0]), percent(told.probability)
    title = (
        f"After its first event the session stands at {first}"
        if told.k == 1
        else f"From {first} after the first event to {last} after event {told.k}"
    )
    chart(title, timeline(told))
    days = {one.time.astimezone(ZoneInfo(zone)).date() for one in told.steps}
    form = "%H:%M:%S" if len(days) == 1 else "%Y-%m-%d %H:%M:%S"
    rows = [
        {
            "event": one.k,
            "time": one.time.astimezone(ZoneInfo(zone)).strftime(form),
            "what": event_words(one),
            "product": one.product,
            "probability": None if one.probability is None else 100 * one.probability,
            "points": None if one.change is None else 100 * one.change,
            "what moved it": _STATUS.get(one.status) or "; ".join(map(moved, one.moved[:2])),
        }
        for one in told.steps
    ]
    with st.expander(f"The {len(rows)} events, one by one"):
        st.dataframe(
            pd.DataFrame(rows),
            hide_index=True,
            column_config={
                "event": st.column_config.NumberColumn("event", width="small"),
                "time": st.column_config.TextColumn(f"time ({zone})"),
                "probability": st.column_config.NumberColumn(format="%.1f%%"),
                "points": st.column_config.NumberColumn(format="%+.1f"),
                "what moved it": st.column_config.TextColumn(width="large"),
            },
        )


def show_changes(found: Counterfactual) -> None:
    """What would have had to be different."""
    way = "reach" if found.up else "fall below"
    st.markdown(f"**What would have had to be different to {way} {percent(found.target)}**")
    if not found.reached:
        st.markdown(
            f"Among {found.tried:,} sessions that differ in at most three events, none does."
            + (" The nearest:" if found.ways else "")
        )
    for one in found.ways:
        edits = "; ".join(edit.words for edit in one.edits)
        st.markdown(f"- **{plain(percent(one.probability))}**: {plain(edits)}")
    st.caption(plain(NOTE))
