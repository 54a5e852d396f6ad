"""The model of a run, loaded once for all visitors, and what it says of one session or row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import streamlit as st

from willbuy.app.runs import OpenRun
from willbuy.app.uploads import Upload
from willbuy.bundle.files import find_bundle
from willbuy.errors import WillbuyError
from willbuy.events.read import open_log
from willbuy.explain.row.columns import RowExplanation
from willbuy.explain.session.counterfactual import counterfactual
from willbuy.explain.session.parts import find_part
from willbuy.explain.session.shopper import Shopper, find_in_log
from willbuy.explain.session.timeline import SessionExplanation, explain_part
from willbuy.progress import Silent
from willbuy.score.model import Model, load
from willbuy.score.table import TableModel
from willbuy.settings import SourceSettings

_KEPT = 3


def model_of(run: OpenRun) -> Model | TableModel:
    """The model of a run, from memory where it has been loaded before.

    Raises:
        WillbuyError: It cannot be loaded here.
    """
    return _loaded(str(run.folder), changed(run))


def changed(run: OpenRun) -> int:
    """When the model of a run was written: what was made with an older one is not taken for it."""
    return (find_bundle(run.folder) / "bundle.json").stat().st_mtime_ns


@st.cache_resource(max_entries=_KEPT, show_spinner="Loading the model and checking it …")
def _loaded(folder: str, written: int) -> Model | TableModel:
    return load(Path(folder))


def shopper_of(
    model: Model, upload: Upload, source: SourceSettings, session: str | None, user: str
) -> Shopper:
    """All that one shopper did in an upload.

    Raises:
        WillbuyError: There is no such session.
    """
    share = model.bundle.settings.bad_row_share
    try:
        log = open_log([upload.path], source, bad_row_share=share)
        return find_in_log(log, session, user, Silent())
    except WillbuyError as problem:
        raise WillbuyError(upload.told(problem)) from problem


def explained_row(model: TableModel, upload: Upload, line: int) -> RowExplanation:
    """One row of an uploaded table.

    Raises:
        WillbuyError: The table cannot be read, or has no such row.
    """
    try:
        return model.explain(upload.path, row=line)
    except WillbuyError as problem:
        raise WillbuyError(upload.told(problem)) from problem


def explained(
    model: Model, shopper: Shopper, started: int, at: int | None = None
) -> SessionExplanation:
    """One session at one of its moments, with what would have had to be different.

    Args:
        model: The model.
        shopper: The shopper's events.
        started: When the session began: an id may have several.
        at: After this event of the session; the last moment before a purchase where not given.

    Raises:
        WillbuyError: There is no such moment.
    """
    part = find_part(model.bundle, shopper, at, started)
    told = explain_part(model.bundle, shopper, part)
    return replace(told, counterfactual=counterfactual(model.bundle, shopper, part))
