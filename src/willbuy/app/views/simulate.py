"""Simulate."""

from __future__ import annotations

import streamlit as st

from willbuy.app.runs import OpenRun


def show(run: OpenRun) -> None:
    """Show the page of a run."""
    st.title("Simulate")
    st.info("This page is not there yet.")
