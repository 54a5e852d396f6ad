"""Scored sessions as a table, and the choice of one of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl
import streamlit as st

from willbuy.app.charts import plain
from willbuy.app.scoring import Scored, as_csv
from willbuy.explain.sentences import percent, valued
from willbuy.score.table import OURS

SHOWN = 1_000
"""Rows of the table; the download has all."""

OFFERED = 500
"""Sessions to choose from, the likeliest."""

_COLUMNS = {
    "user": st.column_config.TextColumn("shopper"),
    "session": st.column_config.TextColumn("session"),
    "probability": st.column_config.ProgressColumn(
        "probability", format="percent", min_value=0.0, max_value=1.0,
        help="Of a purchase later in the session, as of its latest event.",
    ),
    "percentile": st.column_config.NumberColumn(
        "percentile", format="%.0f",
        help="The share of sessions of the same length so far that are not likelier.",
    ),
    "decile": st.column_config.NumberColumn("decile", help="1 is the likeliest tenth."),
    "k": st.column_config.NumberColumn("events"),
    "segment": st.column_config.TextColumn("segment", help="Intent / behaviour."),
    "recommended": st.column_config.TextColumn("recommended"),
    "action": st.column_config.TextColumn(
        "what could be tried", width="large", help="None of it is known to work: test it."
    ),
}  # fmt: skip
_FIRST = ("user", "session", "probability", "percentile", "decile", "segment", "recommended",
          "action", "k", "status")  # fmt: skip


def show_scored(found: Scored) -> None:
    """The sessions, the likeliest first, in figures, as a table and as a file."""
    frame = found.frame
    known = frame["probability"].drop_nulls()
    st.subheader(f"{len(frame):,} sessions")
    if len(known):
        with st.container(horizontal=True):
            st.metric("Mean probability", percent(float(known.mean())), border=True)  # type: ignore[arg-type]
            st.metric("Highest", percent(float(known.max())), border=True)  # type: ignore[arg-type]
            st.metric("In the best tenth", f"{(frame['decile'] == 1).sum():,}", border=True,
                      help="By the deciles of the run's own sessions.")  # fmt: skip
    for note in found.notes:
        st.caption(plain(note))
    shown = _narrowed(frame)
    order = [name for name in _FIRST if name in shown.columns]
    st.dataframe(
        shown.head(SHOWN), hide_index=True, column_config=_COLUMNS,
        column_order=[*order, *(one for one in shown.columns if one not in order)],
    )  # fmt: skip
    if len(shown) > SHOWN:
        st.caption(f"The {SHOWN:,} likeliest of {len(shown):,}. The file has all.")
    st.download_button(
        f"Download {len(shown):,} sessions as CSV", lambda: as_csv(shown), "scores.csv", "text/csv",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def _narrowed(frame: pl.DataFrame) -> pl.DataFrame:
    """The sessions of the segments chosen."""
    if "segment" not in frame.columns:
        return frame
    counts = frame["segment"].drop_nulls().value_counts(sort=True)
    sizes = dict(counts.iter_rows())
    chosen = st.multiselect(
        "Segments", list(sizes), format_func=lambda one: f"{one} ({sizes[one]:,})",
        placeholder="All segments",
    )  # fmt: skip
    return frame.filter(pl.col("segment").is_in(chosen)) if chosen else frame


def choose_session(found: Scored) -> tuple[str | None, str, int] | None:
    """The session that the visitor wants explained: its id, its shopper and its start."""
    known = found.frame.filter(pl.col("probability").is_not_null()).head(OFFERED)
    if not len(known):
        return None
    st.subheader("One session")
    rows = known.select("session", "user", "probability", "started").rows()
    chosen = st.selectbox(
        "Session" if len(known) < OFFERED else f"Session, of the {OFFERED} likeliest",
        range(len(rows)),
        format_func=lambda at: _called(*rows[at]),
    )
    session, user, _, _ = rows[chosen]
    return session, user, int(known["started"].dt.epoch("us")[chosen])


def choose_row(found: Scored) -> int | None:
    """The row of a table that the visitor wants explained: its line in the file."""
    known = found.frame.head(OFFERED)
    if not len(known):
        return None
    st.subheader("One session")
    names = [name for name in known.columns if name not in OURS]
    rows = known.select("probability", "line", *names).rows()
    chosen = st.selectbox(
        "Session" if len(known) == len(found.frame) else f"Session, of the {OFFERED} likeliest",
        range(len(rows)),
        format_func=lambda at: _row_called(names, *rows[at]),
    )
    return int(rows[chosen][1])


def _row_called(names: Sequence[str], probability: float, line: int, *values: object) -> str:
    told = [f"{name.removeprefix('table.')} {valued(str(value), '')}"
            for name, value in zip(names, values, strict=True) if value is not None]  # fmt: skip
    return ", ".join([percent(probability), f"line {line}", *told])


def _called(session: str | None, user: str, probability: float, started: datetime) -> str:
    named = f"{session} of shopper {user}" if session else f"shopper {user}"
    # Several sessions may have the same ids; the page takes equal labels for one.
    return f"{percent(probability)}, {named}, from {started:%Y-%m-%d %H:%M:%S} UTC"
