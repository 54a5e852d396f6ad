"""Which column of an uploaded log is what: guessed, shown, and changed by the visitor."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from willbuy.app import scoring
from willbuy.app.charts import plain
from willbuy.app.kept import once
from willbuy.app.uploads import Upload
from willbuy.errors import WillbuyError
from willbuy.events.check import CheckResult
from willbuy.events.head import Head
from willbuy.events.words import FIELDS, KIND_NAMES, REQUIRED
from willbuy.settings import SourceSettings

_CALLED = {
    "time": "Time",
    "kind": "Kind of event",
    "user": "Shopper",
    "session": "Session",
    "product": "Product",
    "category": "Category id",
    "path": "Category path",
    "brand": "Brand",
    "price": "Price",
}
_NONE = "(none)"
_SURE = "score-sure"


def choose_mapping(
    upload: Upload, head: Head, trained: SourceSettings, digest: str
) -> SourceSettings | None:
    """Show how the log is read, and let it be changed.

    Args:
        upload: The log.
        head: Its columns and first rows.
        trained: The mapping of the run's own log.
        digest: Of the file, for the widgets' keys.

    Returns:
        The mapping; None where the visitor has to say first, or something is wrong.

    Raises:
        WillbuyError: It is no log at all.
    """
    start = scoring.source_for(head, trained)
    found = _looked("guess", upload, start, digest)
    if found.guess is None and found.command:
        with st.expander("How the file is read"):
            _first_rows(found)
            return _chosen(upload, found, start, digest)[0]
    kept = st.session_state.get(_SURE)
    if kept is not None and kept[0] == digest:
        with st.expander("How the file is read"):
            return _agreed(upload, found, start, digest)
    st.subheader("Which column is what?")
    st.markdown("The columns were guessed from their names and values. Check them, then go on.")
    if found.guess is not None and "kind" in found.guess.missing:
        st.warning(
            "No column says what happened, such as view, cart or purchase. Is this a table of one "
            "row a session? This run's model scores events; a model of such a table is made with "
            "`willbuy run FILE --sessions --label COLUMN`."
        )
    return _agreed(upload, found, start, digest)


def _agreed(
    upload: Upload, found: CheckResult, start: SourceSettings, digest: str
) -> SourceSettings | None:
    """The mapping, once the visitor has said that it is right."""
    source, checked = _chosen(upload, found, start, digest)
    if source is None or checked is None:
        return None
    _first_rows(checked)
    if not checked.command:
        return None
    sure = (digest, source.model_dump_json())
    if st.session_state.get(_SURE) == sure:
        return source
    if st.button("Score with these columns", type="primary"):
        st.session_state[_SURE] = sure
        st.rerun()
    return None


def _chosen(
    upload: Upload, found: CheckResult, start: SourceSettings, digest: str
) -> tuple[SourceSettings | None, CheckResult | None]:
    """The mapping as the visitor has it, and what the log is by it."""
    given = found.source.columns if found.source else (found.guess.columns if found.guess else {})
    columns: dict[str, str | None] = {}
    for row in (FIELDS[:3], FIELDS[3:6], FIELDS[6:]):
        for field, place in zip(row, st.columns(3), strict=True):
            choice = place.selectbox(
                _CALLED[field] + (" (required)" if field in REQUIRED else ""),
                [_NONE, *found.header],
                index=1 + found.header.index(given[field]) if field in given else 0,
                key=f"map-{field}-{digest}",
            )
            columns[field] = None if choice == _NONE else choice
    try:
        source = scoring.mapped(start, columns)
        unknown = _unknown_words(found, columns)
        if unknown:
            source = source.model_copy(update={"kinds": _kinds(unknown, start, digest)})
        checked = _looked("choice", upload, source, digest)
    except WillbuyError as problem:
        st.error(plain(str(problem)))
        return None, None
    if checked.source is None:
        for note in checked.on_mapping:
            st.error(plain(note))
        return None, None
    return source, checked


def _looked(name: str, upload: Upload, source: SourceSettings, digest: str) -> CheckResult:
    key = (digest, source.model_dump_json())
    return once(f"look-{name}", key, lambda: scoring.look(upload, source))


def _unknown_words(found: CheckResult, columns: dict[str, str | None]) -> list[str]:
    if found.guess is None or found.guess.columns.get("kind") != columns["kind"]:
        return []
    return found.guess.unknown_words


def _kinds(words: list[str], start: SourceSettings, digest: str) -> dict[str, str]:
    """What the words mean that nobody knows."""
    st.markdown("What do these words mean?")
    kinds = dict(start.kinds)
    for first in range(0, len(words), 3):
        for word, place in zip(words[first : first + 3], st.columns(3), strict=False):
            choice = place.selectbox(plain(word), list(KIND_NAMES), key=f"kind-{word}-{digest}")
            kinds[word] = choice
    return kinds


def _first_rows(found: CheckResult) -> None:
    if found.rows:
        st.markdown("The first rows, as they are read:")
        names = [name for name in FIELDS if any(name in row for row in found.rows)]
        st.dataframe(
            pd.DataFrame([{_CALLED[n]: row.get(n, "") for n in names} for row in found.rows]),
            hide_index=True,
        )
    health = found.health
    if health is not None and health.events:
        st.markdown(f"{health.rows:,} rows, {health.events:,} of them events.")
    for note in found.on_health:
        st.warning(plain(note))
