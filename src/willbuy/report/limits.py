"""What a run is good for and what it is not: the limits of trust, in one short place."""

from __future__ import annotations

from collections.abc import Iterable

from willbuy.report.files import FEW_DAYS, Told
from willbuy.report.markup import Html, tag

SIMULATED = (
    "Simulated shop. Shoppers, goods and purchases are made up; nothing here says anything about "
    "a real shop."
)

REMINDER = "Smoke test, not a measurement"
"""Stands over every chart of a run whose log is too short."""


def banners(run: Told) -> list[Html]:
    """What has to be known before any figure is read."""
    return [tag("p", one, class_="banner") for one in warnings(run)]


def warnings(run: Told) -> list[str]:
    """The same, as sentences."""
    said = [SIMULATED] if run.simulated else []
    if run.smoke:
        said.append(
            f"{REMINDER}. The log has {complete_days(run)}; a run on fewer than {FEW_DAYS} "
            "shows that everything works, not how good the model is."
        )
    return said


def limits(run: Told) -> Html:
    """What can be concluded from the page, and what cannot."""
    return tag(
        "div",
        tag("h3", "What this is good for, and what it is not", class_="wide"),
        _list("good for", good_for(run)),
        _list("not good for", not_good_for(run)),
        class_="limits",
    )


def good_for(run: Told) -> Iterable[str]:
    """What can be concluded."""
    if run.table:
        when = "that come later" if run.of_future else "of the same days as these"
        yield (
            f"Ranking sessions {when} by how likely they are to buy, if the columns are known "
            "before they do."
        )
        yield "Comparing models and columns on the same sessions."
        return
    if run.smoke:
        yield "Seeing that the log is read as it should be, and that every step runs on it."
        yield "Seeing which figures a longer log would get."
        return
    yield (
        "Ranking sessions under way by how likely they are to buy, in "
        + (
            "this simulated shop."
            if run.simulated
            else "this shop, on days like those of the test."
        )
    )
    yield "Telling how early that can be known, and at what price in false alarms."
    if run.simulated:
        yield "Judging a method: here the best that anyone could reach is known."
    else:
        yield "Comparing models and features on the same later sessions."


def not_good_for(run: Told) -> Iterable[tuple[str, str]]:
    """What cannot be concluded, and why."""
    if run.table:
        yield (
            "Telling what is known before the purchase.",
            "Columns may know the end of the session; willbuy audit looks for such columns.",
        )
    if run.simulated:
        yield "A real shop.", "All of this is made up; how good a model is elsewhere is not told."
    if run.smoke:
        yield (
            "Quoting figures.",
            f"A log with {complete_days(run)} cannot tell what other days bring.",
        )
    yield (
        "Telling what to do.",
        "A prediction is not a cause: who is likely to buy may buy anyway, and what a coupon or a "
        "price would change takes an experiment.",
    )
    yield (
        "Telling why people buy.",
        "The reasons shown (SHAP) are the model's: what it goes by, not what moves shoppers.",
    )
    yield (
        "Promising the future.",
        ("" if run.of_future else "Sessions were dealt to the parts by a hash, not by time. ")
        + "The intervals cover which shoppers came, and nothing else: not other weeks, not a "
        "change of season, range or prices, not training again.",
    )


def _list(what: str, entries: Iterable[str | tuple[str, str]]) -> Html:
    items = [
        tag("li", one) if isinstance(one, str) else tag("li", tag("b", one[0]), f" {one[1]}")
        for one in entries
    ]
    return tag("div", tag("p", tag("b", what.capitalize())), tag("ul", *items))


def complete_days(run: Told) -> str:
    """How long a log is that is too short."""
    days = run.metrics["splits"]["complete_days"]
    if days > 1:
        return f"only {days} complete days"
    return "only one complete day" if days else "not one complete day"
