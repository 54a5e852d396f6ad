"""Score: a file of events or sessions, or a session that the visitor clicks together."""

from __future__ import annotations

import streamlit as st

from willbuy.app import parts
from willbuy.app.runs import OpenRun
from willbuy.app.views import score_file, score_shop

FILE, SHOP = "Upload a file", "Click through a little shop"


def show(run: OpenRun) -> None:
    """Show the page of a run."""
    what = "table of sessions" if run.told.table else "log of events"
    lead = f"How likely is a purchase? The model of this run has learned from a {what}."
    parts.head("Score", lead, run.told)
    ways = [FILE] if run.told.table else [FILE, SHOP]
    way = st.segmented_control(
        "What is to be scored", ways, default=FILE, key="score-way", required=True
    )
    if way == SHOP:
        score_shop.show(run)
    else:
        score_file.show(run)
