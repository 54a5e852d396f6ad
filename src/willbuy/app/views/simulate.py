"""Simulate: what a price cut would bring, and where acting on shoppers pays."""

from __future__ import annotations

import streamlit as st

from willbuy.app import parts
from willbuy.app.runs import OpenRun
from willbuy.app.views import simulate_acting, simulate_price

PRICE, ACTING = "A price cut", "Acting on shoppers"


def show(run: OpenRun) -> None:
    """Show the page of a run."""
    lead = "What a price cut would bring, and where acting on shoppers pays."
    parts.head("Simulate", lead, run.told)
    if run.told.table:
        st.info(
            "This run is of a table of sessions. It does not tell what was looked at and bought "
            "at which price, so there is nothing to simulate. Choose a run on a log of events."
        )
        return
    way = st.segmented_control(
        "What is to be simulated", [PRICE, ACTING], default=PRICE, key="simulate-way",
        required=True,
    )  # fmt: skip
    if way == ACTING:
        simulate_acting.show(run)
    else:
        simulate_price.show(run)
