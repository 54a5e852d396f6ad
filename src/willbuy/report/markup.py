"""HTML in which every text is escaped unless it was made here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

VOID = frozenset(("meta", "path", "circle", "line", "rect"))
"""Elements that hold nothing."""


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def tag(name: str, /, *children: str | None, **attributes: str | float | None) -> Html:
    """An element; children and attributes are escaped where they are not markup.

    Args:
        name: Of the element.
        children: What it holds; None is left out.
        attributes: `class_` stands for class and `_` for `-`; None is left out.

    >>> tag("p", "a < b", tag("b", "!"), class_="note")
    '<p class="note">a &lt; b<b>!</b></p>'
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_plain(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID:
        return Html(f"<{name}{told}/>")
    return Html(f"<{name}{told}>{together(children)}</{name}>")


def together(parts: Iterable[str | None]) -> Html:
    """Parts one after the other."""
    return Html(
        "".join(one if isinstance(one, Html) else escape(one) for one in parts if one is not None)
    )


def paragraph(*children: str | None) -> Html:
    """A paragraph."""
    return tag("p", *children)


def note(*children: str | None) -> Html:
    """What helps to read a figure, in small print."""
    return tag("p", *children, class_="note")


def withheld(what: str, reason: str) -> Html:
    """Say that something is not shown, and why."""
    return tag("p", tag("b", f"{what} not shown: "), _ended(reason), class_="withheld")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Html:
    """A table; its first column names the row."""
    body = [
        tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:]))
        for row in rows
    ]
    columns = [tag("th", one, scope="col") for one in head]
    made = tag("table", tag("thead", tag("tr", *columns)), tag("tbody", *body))
    return tag("div", made, class_="scroll")


def details(summary: str, *children: str | None) -> Html:
    """What is shown on demand."""
    return tag("details", tag("summary", summary), *children)


def section(name: str, title: str, *children: str | None) -> Html:
    """One part of the page, with its own address."""
    return tag("section", tag("h2", title), *children, id=name)


def figure(title: str, chart: str, *children: str | None) -> Html:
    """A chart under the sentence that it shows."""
    return tag("figure", tag("figcaption", title), chart, *children)


def reminded(part: Html, reminder: str) -> Html:
    """Put a reminder over every chart of a part, where it is copied along with the chart."""
    stamp = tag("span", reminder, class_="stamp")
    return Html(part.replace("<figcaption>", f"<figcaption>{stamp}"))


def grid(*children: str | None) -> Html:
    """Charts beside each other where there is room."""
    return tag("div", *children, class_="grid")


def legend(entries: Iterable[tuple[str, str]]) -> Html:
    """Which colour is what: class and name."""
    return tag(
        "p",
        *(tag("span", tag("i", class_=f"key {key}"), name) for key, name in entries),
        class_="legend",
    )


def _plain(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
