"""A file of events or of sessions: read, scored, told session by session."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path

import streamlit as st

from willbuy.app import scoring
from willbuy.app.answer_view import show_answer, show_reasons
from willbuy.app.charts import plain
from willbuy.app.kept import once
from willbuy.app.models import changed, explained, explained_row, model_of, shopper_of
from willbuy.app.parts import command
from willbuy.app.runs import OpenRun
from willbuy.app.session_view import show_changes, show_moment, show_timeline
from willbuy.app.uploads import MOST_MB, Room, Upload, receive
from willbuy.app.views.score_mapping import choose_mapping
from willbuy.app.views.score_table import choose_row, choose_session, show_scored
from willbuy.bundle.files import find_bundle, load_settings_of
from willbuy.decide.strategy import Strategy
from willbuy.errors import WillbuyError
from willbuy.events.head import Head
from willbuy.events.words import REES46
from willbuy.score.model import Model
from willbuy.score.table import TableModel
from willbuy.settings import SourceSettings

_ROOM, _EXAMPLE = "score-room", "score-example"


def show(run: OpenRun) -> None:
    """Take a file in and tell what the run's model says of it."""
    what = "table of sessions" if run.told.table else "log of events"
    file = st.file_uploader(
        f"A {what}, or scores that `willbuy score` wrote", key="score-file",
        on_change=_no_example,
        help="CSV, .csv.gz, a .zip of one CSV, or Parquet. The file is looked at here, in a "
        "private folder that is removed with your session.",
    )  # fmt: skip
    if file is not None:
        _scored(run, file.name, file.getvalue())
        return
    if st.session_state.get(_EXAMPLE) == run.folder:
        _scored(run, "example.csv", example(run.folder))
        return
    _invite(run)


def _invite(run: OpenRun) -> None:
    st.caption(
        f"Up to {MOST_MB} MB. Score larger files on the command line and upload the result here:"
    )
    command(f"willbuy score {shlex.quote(str(run.folder))} FILE --out scores.csv")
    if not run.told.table:
        st.markdown("No file at hand?")
        if st.button("Try it with some shoppers of this run", icon=":material/science:"):
            st.session_state[_EXAMPLE] = run.folder
            st.rerun()


def _no_example() -> None:
    st.session_state.pop(_EXAMPLE, None)


def _scored(run: OpenRun, name: str, data: bytes) -> None:
    digest = hashlib.sha256(data).hexdigest()
    try:
        upload = once("upload", (name, digest), lambda: receive(name, data, _room()))
        for note in upload.notes:
            st.caption(plain(note))
        head = scoring.header(upload)
        if scoring.holds_scores(head):
            show_scored(once("scores", (name, digest), lambda: scoring.read_scores(upload)))
            st.info("This is a file of scores: to see why a session stands where it does, upload "
                    "its events.")  # fmt: skip
        elif run.told.table:
            _sessions(run, upload, digest)
        else:
            _events(run, upload, digest, head)
    except WillbuyError as problem:
        st.error(plain(str(problem)), icon=":material/error:")


def _sessions(run: OpenRun, upload: Upload, digest: str) -> None:
    model = model_of(run)
    assert isinstance(model, TableModel)
    with st.spinner("Scoring …"):
        key = (run.folder, changed(run), digest)
        found = once("scored", key, lambda: scoring.score_sessions(model, upload))
    show_scored(found)
    line = choose_row(found)
    if line is None:
        return
    told = once("row", (key, line), lambda: explained_row(model, upload, line))
    show_answer(
        told, "Will buy", "sessions",
        "Of the sessions in the part of the table that the model was calibrated on.",
    )  # fmt: skip
    show_reasons(told)


def _events(run: OpenRun, upload: Upload, digest: str, head: Head) -> None:
    trained = load_settings_of(find_bundle(run.folder)).source
    source = choose_mapping(upload, head, trained, digest)
    if source is None:
        return
    model = model_of(run)
    assert isinstance(model, Model)
    strategy = None if run.told.strategy is None else Strategy(**run.told.strategy)
    key = (run.folder, changed(run), digest, source.model_dump_json())
    with st.spinner("Scoring …"):
        found = once("scored", key, lambda: scoring.score_events(model, upload, source, strategy))
    show_scored(found)
    _one_session(model, upload, source, found, key)


def _one_session(
    model: Model, upload: Upload, source: SourceSettings, found: scoring.Scored, key: object
) -> None:
    chosen = choose_session(found)
    if chosen is None:
        return
    session, user, started = chosen
    shopper = once(
        "shopper", (key, chosen), lambda: shopper_of(model, upload, source, session, user)
    )
    slider = f"score-at-{hash((key, chosen))}"
    # Where the visitor has set it, it is known before it is drawn: one explanation is enough.
    at = st.session_state.get(slider)
    told = once("told", (key, chosen, at), lambda: explained(model, shopper, started, at))
    moments = [one.k for one in told.steps if one.k is not None]
    if len(moments) > 1:
        st.select_slider("Explain the moment after event", moments, value=moments[-1], key=slider)
    show_moment(told)
    show_timeline(told, model.bundle.settings.timezone)
    show_reasons(told)
    if told.counterfactual is not None:
        show_changes(told.counterfactual)


def example(folder: Path) -> bytes:
    """Some events of the run's own log, shoppers and sessions renamed, as a CSV."""
    import polars as pl

    from willbuy.events.schema import Kind

    events = pl.read_parquet(find_bundle(folder) / "golden_events.parquet")
    names = {int(kind): kind.name.lower() for kind in Kind}
    time = pl.from_epoch("micros", time_unit="us").dt.strftime("%Y-%m-%d %H:%M:%S UTC")
    shown = events.with_columns(
        time=time, kind=pl.col("kind").replace_strict(names, return_dtype=pl.String)
    )
    return scoring.as_csv(shown.select(pl.col(ours).alias(name) for ours, name in REES46.items()))


def _room() -> Room:
    """This visitor's private folder."""
    if _ROOM not in st.session_state:
        st.session_state[_ROOM] = Room()
    room: Room = st.session_state[_ROOM]
    return room
