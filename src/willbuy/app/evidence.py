"""What a figure rests on, shown beside it in the same words everywhere."""

from __future__ import annotations

import streamlit as st

from willbuy.app.charts import plain
from willbuy.decide.evidence import Evidence

_LOOK = {
    Evidence.MEASURED: ("green", ":material/check_circle:"),
    Evidence.IDENTIFIED: ("blue", ":material/science:"),
    Evidence.SCENARIO: ("gray", ":material/help:"),
    Evidence.ASSUMPTION: ("orange", ":material/edit:"),
}


def label(kind: Evidence, of: str = "") -> None:
    """The kind of evidence as a badge, with what it means.

    Args:
        kind: Of evidence.
        of: Where it comes from.
    """
    colour, icon = _LOOK[kind]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(kind.value, color=colour, icon=icon)  # type: ignore[arg-type]
        st.caption(plain(f"{of}. {kind.meaning}" if of else kind.meaning), width="content")
