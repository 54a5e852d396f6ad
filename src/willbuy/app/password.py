"""An optional password, from the environment."""

from __future__ import annotations

import hmac
import os
import threading
import time

import streamlit as st

VARIABLE = "WILLBUY_APP_PASSWORD"
_WAIT = 1.0
"""Seconds that a wrong password costs."""
_one_at_a_time = threading.Lock()


def let_in() -> bool:
    """Whether this visitor may see anything; asks for the password where one is set."""
    wanted = os.environ.get(VARIABLE)
    if not wanted or st.session_state.get("let_in"):
        return True
    st.title("willbuy")
    with st.form("password", border=False):
        given = st.text_input("Password", type="password", autocomplete="current-password")
        asked = st.form_submit_button("Open", type="primary")
    if not asked:
        return False
    if hmac.compare_digest(given.encode(), wanted.encode()):
        st.session_state["let_in"] = True
        st.rerun()
    with _one_at_a_time:  # else many guesses at once would cost no more than one
        time.sleep(_WAIT)
    st.error("That is not the password.")
    return False
