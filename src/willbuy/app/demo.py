"""The demo run, made at a visitor's wish."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from willbuy.app.charts import plain
from willbuy.app.parts import command
from willbuy.errors import WillbuyError

EVENTS = 100_000
"""Of the demo's log: enough for every page, and a minute or two of work."""
_working = threading.Lock()


class _Stage:
    """A stage whose work is done in other threads, which may not write to the page."""

    def advance(self, amount: float, rows: int = 0) -> None:
        """The page shows stages, not their parts."""

    def note(self, text: str) -> None:
        """The page shows stages, not their parts."""


class _OnPage:
    """Names each stage on the page as it begins."""

    def __init__(self, box: st.delta_generator.DeltaGenerator) -> None:
        self._box = box

    @contextmanager
    def stage(self, title: str, total: float | None = None) -> Iterator[_Stage]:
        """Show a stage while the block runs."""
        self._box.markdown(f"{title} …")
        yield _Stage()

    def say(self, text: str) -> None:
        """Say nothing: lines are for the command line."""


def offer(runs: Path) -> None:
    """Say that there is no run, and make the demo's where the visitor wants it.

    Args:
        runs: The folder that the run goes to.
    """
    st.title("willbuy")
    st.markdown(
        "Will this session buy? This app shows what a **run** has learned from a shop's log. "
        f"There is no run in the folder `{runs}` yet."
    )
    with st.container(border=True):
        st.subheader("Look around with a simulated shop")
        st.markdown(
            f"Makes up the log of a shop, some {EVENTS:,} events, and does the whole job on it. "
            "It is not real data. It takes about two minutes."
        )
        if st.button("Make the demo run", type="primary"):
            _make(runs)
    with st.container(border=True):
        st.subheader("Or use a log of your own")
        st.markdown("On the command line, then load this page again:")
        command("willbuy run EVENTS.csv")


def _make(runs: Path) -> None:
    import willbuy

    if not _working.acquire(blocking=False):
        st.info("The demo run is being made already. Load this page again in a minute.")
        return
    try:
        with st.status("Making the demo run; keep this page open", expanded=True) as box:
            willbuy.demo(runs, events=EVENTS, reporter=_OnPage(box))
    except WillbuyError as problem:
        st.error(plain(str(problem)))
        return
    finally:
        _working.release()
    st.rerun()
