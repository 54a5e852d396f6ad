"""What Streamlit runs for every visitor and every click: the frame around the pages."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from willbuy.app import charts, demo, runs
from willbuy.app.password import let_in
from willbuy.app.views import explore, model, overview, score, simulate, who
from willbuy.errors import WillbuyError

if TYPE_CHECKING:
    from streamlit.navigation.page import Page

RUNS = Path("runs")
_ICON = Path(__file__).with_name("icon.svg")

_PAGES: tuple[tuple[str, str, Callable[[runs.OpenRun], None]], ...] = (
    ("Overview", ":material/dashboard:", overview.show),
    ("Score", ":material/fact_check:", score.show),
    ("Explore", ":material/query_stats:", explore.show),
    ("Who and why", ":material/groups:", who.show),
    ("Simulate", ":material/sell:", simulate.show),
    ("Model", ":material/monitoring:", model.show),
)


def main() -> None:
    """Show the page that the visitor is at."""
    st.set_page_config("willbuy", str(_ICON), layout="wide")
    if not let_in():
        return
    places = [Path(one) for one in sys.argv[1:]] or [RUNS]
    found = runs.find(places)
    if not found:
        demo.offer(places[0])
        return
    with st.sidebar:
        folder = st.selectbox("Run", found, format_func=lambda one: one.name, key="run")
    st.navigation(_pages(folder or found[0])).run()


def _pages(folder: Path) -> list[Page]:
    return [
        st.Page(
            _shown(show, folder), title=title, icon=icon, default=at == 0,
            url_path=title.lower().replace(" ", "-"),
        )
        for at, (title, icon, show) in enumerate(_PAGES)
    ]  # fmt: skip


def _shown(show: Callable[[runs.OpenRun], None], folder: Path) -> Callable[[], None]:
    """A page of a run; what cannot be read is told instead."""

    def page() -> None:
        try:
            show(runs.open_run(folder))
        except WillbuyError as problem:
            st.error(charts.plain(str(problem)))

    return page


if __name__ == "__main__":
    main()
