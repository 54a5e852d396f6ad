"""Overview: the answer in one screen."""

from __future__ import annotations

import streamlit as st

from willbuy.app import charts, parts
from willbuy.app.charts import Line, Point
from willbuy.app.runs import OpenRun
from willbuy.report.answer import Card, cards
from willbuy.report.calibrated import off_by
from willbuy.report.data import for_views, vanish
from willbuy.report.files import Told
from willbuy.report.findings import flagged_words, in_pairs, points, right_words
from willbuy.report.limits import good_for, not_good_for
from willbuy.report.rows import Row
from willbuy.report.words import count, percent, reason_of, times, told

_KINDS = {"views": "Views", "carts": "Cart events", "purchases": "Purchases"}


def show(run: OpenRun) -> None:
    """Show how good, how early, what is at stake, and the shop's own figures."""
    found, asked = run.told, cards(run.told)
    of_what = "A table of sessions" if found.table else "A shop's log"
    parts.head("Will this session buy?", f"{of_what}, run {run.name}. {_size(found)}", found)
    _badges(found)
    first = [_good(found), _early(found), _trusted(found, asked), _at_stake(found)]
    known = [one for one in first if one is not None]
    for box, card in zip(st.columns(len(known)), known, strict=True):
        with box.container(border=True, height="stretch", gap="xxsmall"):
            st.caption(card.question)
            st.subheader(charts.plain(card.short), anchor=False)
            for one in card.text:
                st.caption(charts.plain(one))
    if not found.table:
        left, right = st.columns(2, gap="large")
        with left:
            _by_day(found)
        with right:
            _funnel(found)
    parts.section("In full")
    for begin in range(0, len(asked), 2):
        for box, card in zip(st.columns(2), asked[begin : begin + 2], strict=False):
            with box.container(border=True, height="stretch"):
                _in_full(card)
    parts.section("What this is good for, and what it is not")
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Good for**")
        parts.listed(good_for(found))
    with right:
        st.markdown("**Not good for**")
        parts.listed(f"{what} {why}" for what, why in not_good_for(found))
    if cautions := found.metrics["cautions"]:
        st.markdown("**Read with care**")
        parts.listed(cautions)


def _in_full(card: Card) -> None:
    st.caption(card.question)
    st.markdown(f"**{charts.plain(card.short)}**")
    for one in card.text:
        st.markdown(charts.plain(one))


def _size(run: Told) -> str:
    totals = run.metrics["totals"]
    share = percent(totals["buying_sessions"] / max(totals["sessions"], 1))
    sessions = f"{count(totals['sessions'])} sessions, {share} of which buy"
    if run.table:
        return f"{sessions}."
    begins, ends = (one[:10] for one in run.metrics["splits"]["log"])
    shoppers = f"{count(totals['events'])} events of {count(totals['users'])} shoppers"
    return f"{shoppers} in {sessions}, from {begins} to {ends}."


def _good(run: Told) -> Card:
    auc = run.test["headline"]["roc_auc"]
    if auc["value"] is None:
        return Card("How good is it?", "Not known", (f"{auc['reason']}.",))
    short = f"{100 * auc['value']:.0f} of 100 pairs ranked right"
    return Card("How good is it?", short, (f"{in_pairs(auc, run.nouns)}. Guessing: 50.",))


def _early(run: Told) -> Card | None:
    flagged = run.test.get("flagged_early")
    if run.table or flagged is None or reason_of(flagged):
        return None
    return Card("How early?", flagged_words(flagged), (right_words(flagged),))


def _trusted(run: Told, asked: list[Card]) -> Card | None:
    found = next((one for one in asked if one.question == "Can it be trusted?"), None)
    if found is None:
        return None
    head = run.test["headline"]
    known = head["calibration_error"]["value"] is not None and head["calibration_error_by_chance"]
    return Card(found.question, found.short, (f"{off_by(run)}.",) if known else found.text[:1])


def _at_stake(run: Told) -> Card | None:
    if run.summary is None:
        return None
    text = (
        "List prices, in the log's currency: the carts, or else the products last looked at, of "
        "the test part's sessions that did not buy. Most would not have bought in any case."
    )
    return Card("What was left?", f"{count(run.summary['at_stake'])} unbought", (text,))


def _badges(run: Told) -> None:
    """Whether the audit, the calibration and the data give cause to doubt."""
    with st.container(horizontal=True):
        _badge(*_audited(run))
        _badge(*_calibrated(run))
        _badge(*_healthy(run))


def _badge(words: str, good: bool | None) -> None:
    color = "gray" if good is None else "green" if good else "orange"
    icon = {None: ":material/help:", True: ":material/check_circle:", False: ":material/warning:"}
    st.badge(charts.plain(words), color=color, icon=icon[good])  # type: ignore[arg-type]


def _audited(run: Told) -> tuple[str, bool | None]:
    if run.audit is None:
        return "No audit of this run", None
    found = len(run.audit["findings"])
    return (f"Audit: {found} signs of leaks", False) if found else ("Audit: no leak found", True)


def _calibrated(run: Told) -> tuple[str, bool | None]:
    head = run.test["headline"]
    error, chance = head["calibration_error"]["value"], head["calibration_error_by_chance"]
    if error is None or chance is None:
        return "Calibration: cannot be told", None
    if error <= chance["p95"]:
        return "Calibration: off no more than by chance", True
    return f"Calibration: off by {points(error)}", False


def _healthy(run: Told) -> tuple[str, bool | None]:
    if run.table:
        table = run.health["table"]
        share = table["used"] / max(table["rows"], 1)
        return f"Data: {percent(share)} of rows used", share > 0.95
    reading, out = run.health["reading"], run.health["outage_days"]
    bad = sum(reading["rejected"].values()) / max(reading["rows"], 1)
    words = f"Data: {percent(1 - bad)} of rows read"
    if out:
        days = "1 day" if len(out) == 1 else f"{len(out)} days"
        words += f", {days} without purchases left out"
    return words, bad < 0.01 and not out


def _by_day(run: Told) -> None:
    days, out = run.health["days"], set(run.health["outage_days"])
    if len(days) < 2:
        parts.absent("Conversion by day", "the log lies within one day")
        return
    rates = [100 * day["purchases"] / day["views"] if day["views"] else 0.0 for day in days]
    found = [
        Point(day["day"], rate, f"{day['day']}: {times(rate)} purchases for 100 views")
        for day, rate in zip(days, rates, strict=True)
    ]
    drawn = charts.lines(
        [Line("purchases for 100 views", found)], charts.days(),
        charts.up("purchases for 100 views", low=0), marked=sorted(out),
    )  # fmt: skip
    note = "Shaded: left out. Sessions that began on such a day are in no part." if out else None
    charts.chart(vanish(list(out)), drawn, note)


def _funnel(run: Told) -> None:
    days = run.health["days"]
    sums = {name: sum(day[name] for day in days) for name in _KINDS}
    if not any(sums.values()):
        parts.absent("Events by kind", "the log has no views, cart events or purchases")
        return
    rows = [
        Row(label, sums[name], _of_views(sums[name], sums["views"]), look=f"c{at}")
        for at, (name, label) in enumerate(_KINDS.items(), 1)
    ]
    totals = run.metrics["totals"]
    bought = f"{count(totals['buying_sessions'])} of {count(totals['sessions'])} sessions buy."
    rate = run.test["headline"]["base_rate"]
    note = f"{bought} In the test part a purchase follows {told(rate, percent)} of moments."
    charts.chart(for_views(sums), charts.rows(rows, "events"), note)


def _of_views(number: int, views: int) -> str:
    share = f" ({percent(number / views)} of views)" if views and number != views else ""
    return f"{count(number)}{share}"
