"""How the app's charts look: one theme for Altair, in light and in dark, and titled charts.

Colours are the report's: those of Okabe & Ito, which all kinds of colour vision tell apart.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import altair as alt
import streamlit as st

Chart = alt.Chart | alt.LayerChart | alt.HConcatChart | alt.VConcatChart | alt.FacetChart


class Palette(NamedTuple):
    """Colours of one look."""

    first: str
    second: str
    third: str
    warn: str
    ink: str
    soft: str
    rule: str
    page: str


LIGHT = Palette(
    "#0072b2", "#d55e00", "#009e73", "#e69f00", "#1b1f24", "#57606a", "#d8dee4", "#ffffff"
)
DARK = Palette(
    "#56b4e9", "#f0793a", "#2dc79a", "#e6b54a", "#e6e9ec", "#a3adb8", "#333b44", "#14181d"
)
HEIGHT = 260
"""Pixels of a chart, unless its rows ask for more."""


def palette() -> Palette:
    """The colours of the visitor's look."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def use_theme() -> None:
    """Let every chart of this visitor have the app's look."""
    # Streamlit would add a menu of its own to every chart, and Altair refuses over 5,000 rows.
    alt.theme.register("willbuy", enable=True)(_theme)


def _theme() -> alt.theme.ThemeConfig:
    look = palette()
    axis = {
        "labelColor": look.soft, "titleColor": look.soft, "gridColor": look.rule,
        "domainColor": look.rule, "tickColor": look.rule, "labelFontSize": 12,
        "titleFontSize": 12, "titleFontWeight": "normal", "labelLimit": 220,
    }  # fmt: skip
    legend = {"labelColor": look.ink, "titleColor": look.soft, "orient": "top",
              "labelFontSize": 12, "title": None}  # fmt: skip
    config: Any = {
        "background": "transparent",
        "font": "Source Sans, system-ui, sans-serif",
        "view": {"stroke": None},
        "axis": axis,
        "axisX": {"grid": False},
        "legend": legend,
        "range": {"category": list(look[:4])},
        "mark": {"color": look.first},
        "text": {"color": look.ink},
        "rule": {"color": look.soft},
    }
    return alt.theme.ThemeConfig(config=config)


def chart(title: str, drawn: Chart, note: str | None = None) -> None:
    """Show a chart under a title that says what is seen.

    Args:
        title: A sentence.
        drawn: The chart; it gets the width of its column.
        note: What to know when reading it.
    """
    st.markdown(f"**{plain(title)}**")
    st.altair_chart(drawn, theme=None, width="stretch")
    if note:
        st.caption(plain(note))


def plain(text: str) -> str:
    r"""Text that Markdown shows as it is, whoever wrote it.

    >>> plain("5 * 3_000 <b>")
    '5 \\* 3\\_000 \\<b\\>'
    """
    return "".join("\\" + one if one in _MARKS else one for one in text)


_MARKS = frozenset("\\`*_{}[]<>#+!|~$:")
