"""Pieces that several pages are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import streamlit as st

from willbuy.app.charts import plain
from willbuy.report.files import Told
from willbuy.report.limits import warnings
from willbuy.report.words import Figure, Say, decimal, told


def head(title: str, lead: str, run: Told) -> None:
    """A page's title, what it answers, and what to know before any figure is read."""
    st.title(title, anchor=False)
    st.markdown(plain(lead))
    for one in warnings(run):
        st.warning(plain(one), icon=":material/info:")


def absent(what: str, why: str) -> None:
    """Say that something is not shown, and why."""
    ended = why if why.endswith((".", "!", "?")) else f"{why}."
    st.info(f"**{plain(what)}** is not shown: {plain(ended)}", icon=":material/info:")


def section(title: str) -> None:
    """Begin a part of the page."""
    st.header(title, anchor=False, divider="gray")


def listed(entries: Iterable[str]) -> None:
    """Sentences as a list."""
    st.markdown("\n".join(f"- {plain(one)}" for one in entries))


def table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A short table of texts, which wrap."""
    cells = [[plain(cell) for cell in row] for row in rows]
    st.table({name: [row[at] for row in cells] for at, name in enumerate(names)}, hide_index=True)


def half_percents(share: float, least: float = 0.5, most: float = 99.5) -> float:
    """A share in per cent, as a slider of half per cents can stand.

    >>> half_percents(0.125), half_percents(0.001)
    (12.5, 0.5)
    """
    return min(max(round(200 * share) / 2, least), most)


def command(words: str) -> None:
    """A command to copy; it wraps, so that a phone need not scroll."""
    st.code(words, language=None, wrap_lines=True)


def figure(found: Figure, say: Say = decimal) -> str:
    """A figure with its interval, for a cell of a table."""
    return "\N{EN DASH}" if found["value"] is None else told(found, say)
