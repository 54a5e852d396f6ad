"""The data and its health."""

from __future__ import annotations

from typing import Any

from willbuy.report.charts import Axis, Chart, days, numbers
from willbuy.report.files import Told
from willbuy.report.markup import (
    Html,
    details,
    figure,
    grid,
    note,
    paragraph,
    section,
    table,
    tag,
    withheld,
)
from willbuy.report.rows import Row, bars
from willbuy.report.words import count, percent, times

LEFT_OUT = {
    "warm_up": "in the warm-up, which only teaches what shoppers and the shop did before",
    "outage_days": "began on an outage day",
    "gap_before_a_border": "began shortly before a part ended, and may have gone on in the next",
    "began_with_the_purchase": "began with the purchase: nothing to predict",
}

_KINDS = {"views": "Views", "carts": "Cart events", "purchases": "Purchases"}


def data(run: Told) -> Html:
    """What the log holds, what was left out, and why."""
    health = run.health
    return section(
        "data",
        "The data and its health",
        _told(run),
        grid(*_days(health), _funnel(health["days"]), _left_out(run)),
        details("What is missing, and words of the log", *_missing(health["reading"])),
    )


def _told(run: Told) -> Html:
    totals, reading = run.health["totals"], run.health["reading"]
    buying, sessions = totals["buying_sessions"], totals["sessions"]
    names = ", ".join(one.rsplit("/", 1)[-1] for one in run.about["inputs"])
    return paragraph(
        f"{names}: {count(totals['events'])} events of {count(totals['users'])} shoppers in "
        f"{count(sessions)} sessions, from {_time(reading['first_time'])} to "
        f"{_time(reading['last_time'])} UTC. {count(buying)} sessions buy "
        f"({percent(buying / max(sessions, 1))})."
    )


def _time(iso: str | None) -> str:
    return (iso or "?")[:16].replace("T", " ")


def _funnel(found: list[dict[str, Any]]) -> Html:
    sums = {name: sum(day[name] for day in found) for name in _KINDS}
    most = max(sums.values(), default=0)
    if not most:
        return withheld("Events by kind", "the log has no views, cart events or purchases")
    rows = [
        Row(_KINDS[name], sums[name], count(sums[name]), look=f"c{at}")
        for at, name in enumerate(_KINDS, 1)
    ]
    title = for_views(sums)
    return figure(title, bars(rows, numbers("events", 0, most, _short), title))


def for_views(sums: dict[str, int]) -> str:
    """How many purchases there are for views."""
    if not sums["views"]:
        return "Events by kind"
    return f"{times(100 * sums['purchases'] / sums['views'])} purchases for 100 views"


def vanish(outages: list[str]) -> str:
    """On which days the log has no purchases."""
    if not outages:
        return "No day on which purchases vanish"
    return f"Purchases vanish on {', '.join(sorted(outages))}"


def _short(number: float) -> str:
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:g}{unit}"
    return f"{number:g}"


def _days(health: dict[str, Any]) -> list[Html]:
    found = health["days"]
    if len(found) < 2:
        return [withheld("Events by day", "the log lies within one day")]
    names = [day["day"] for day in found]
    out = set(health["outage_days"])
    views = [day["views"] + day["carts"] + day["purchases"] for day in found]
    title = f"{_short_range(views)} events a day"
    chart = Chart(days("day", names), numbers("events", 0, max(views), _short))
    chart.bars(enumerate(views), "c1")
    events = figure(title, chart.svg(title, _series(names, [count(one) for one in views])))
    rates = [100 * day["purchases"] / day["views"] if day["views"] else 0.0 for day in found]
    rate_title = vanish(health["outage_days"])
    axis: Axis = numbers("purchases for 100 views", 0, max(rates) or 1.0, lambda x: f"{x:g}")
    chart = Chart(days("day", names), axis)
    chart.bars([(at, axis.high) for at, name in enumerate(names) if name in out], "warn shade")
    chart.bars(enumerate(rates), "c3")
    told = _series(names, [times(one) for one in rates])
    return [
        events,
        figure(
            rate_title,
            chart.svg(rate_title, told),
            note("Sessions that began on such a day are left out of every part.") if out else None,
        ),
    ]


def _short_range(values: list[int]) -> str:
    low, high = (_short(float(f"{value:.2g}")) for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def _series(names: list[str], values: list[str]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in zip(names, values, strict=True))


def _left_out(run: Told) -> Html:
    """Every row and session that is not judged or learned from, by reason."""
    health, parts = run.health, run.metrics["parts"]
    totals, reading = health["totals"], health["reading"]
    rows: list[tuple[str, str, str]] = [("Rows of the log", tag("b", count(reading["rows"])), "")]
    rows += [(f"rejected: {why}", count(n), "rejected_rows.csv")
             for why, n in reading["rejected"].items()]  # fmt: skip
    rows.append(("exact repeats", count(totals["repeats_removed"]), "removed"))
    bots, events = totals["users_left_out_as_bots"], health["bots"]["events"]
    if bots:
        rows.append((f"events of {count(bots)} likely bots", count(events), "left out"))
    rows.append(("Sessions", tag("b", count(totals["sessions"])), ""))
    of_all = max(totals["sessions"], 1)
    rows += [(LEFT_OUT.get(why, why), count(n), f"left out, {percent(n / of_all)}")
             for why, n in health["sessions_left_out"].items() if n]  # fmt: skip
    rows += [(f"in {name}", count(part["sessions"]), f"used, {percent(part['sessions'] / of_all)}")
             for name, part in parts.items()]  # fmt: skip
    return tag(
        "div", tag("h3", "What was used, and what was left out"), table(["", "Number", ""], rows)
    )


def _missing(reading: dict[str, Any]) -> list[Html]:
    shares = [(name, percent(share)) for name, share in reading["missing_share"].items()]
    words = [(word, f"read as {kind}") for word, kind in reading["kinds_read"].items()]
    words += [(word, f"{count(n)} times, counted as other")
              for word, n in reading["unknown_words"].items()]  # fmt: skip
    order = "in time order" if reading["in_time_order"] else (
        f"not in time order ({count(reading['rows_out_of_order'])} rows are earlier than the one "
        "before)"
    )  # fmt: skip
    return [
        table(["Field", "Events that lack it"], shares),
        table(["Word for the kind of event", ""], words),
        paragraph(f"The log is {order}."),
    ]
