"""Charts of named rows: a name needs room, so it stands above its marks, not beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from willbuy.report.charts import WIDTH, Axis, drawing
from willbuy.report.markup import Html, tag

PAD = 6
INSET = PAD + 4
"""Names and figures keep clear of the lines at both ends."""

LONGEST = 50
"""Longer names are cut in the drawing; its description has them whole."""

SHADES = 5
"""Colours from low to high values."""


@dataclass(frozen=True)
class Row:
    """One row of dots with intervals, or of bars.

    Attributes:
        name: What it is.
        value: Where the mark is; None where there is none.
        told: The value in words.
        low, high: Ends of the interval, where there is one.
        look: Its class.
    """

    name: str
    value: float | None
    told: str
    low: float | None = None
    high: float | None = None
    look: str = "c1"


def dots(rows: Sequence[Row], axis: Axis, title: str, span: str = "whisker") -> Html:
    """A dot for each row, and its interval, drawn as `span`: a whisker, or a band."""
    marks: list[Html] = []
    for top, row in _lines(rows, 32):
        marks += _named(row, top)
        if row.low is not None and row.high is not None:
            path = f"M{_x(axis, row.low):.1f} {top + 22}H{_x(axis, row.high):.1f}"
            marks.append(tag("path", d=path, class_=f"{row.look} {span}"))
        if row.value is not None:
            x = _x(axis, row.value)
            marks.append(tag("circle", cx=x, cy=top + 22, r=3.6, class_=f"{row.look} dot"))
    return _framed(rows, 32, axis, title, marks)


def bars(rows: Sequence[Row], axis: Axis, title: str) -> Html:
    """A bar from the left for each row."""
    marks: list[Html] = []
    for top, row in _lines(rows, 30):
        width = _x(axis, row.value or 0) - PAD
        bar = tag("rect", x=PAD, y=top + 17, width=width, height=8, class_=f"{row.look} bar")
        marks += [*_named(row, top), bar]
    return _framed(rows, 30, axis, title, marks)


@dataclass(frozen=True)
class Swarm:
    """Single moments of one feature.

    Attributes:
        row: Its name and its size in words.
        values: Where the moments lie.
        ranks: How high the feature is there, 0 to 1; None where it is missing.
    """

    row: Row
    values: Sequence[float]
    ranks: Sequence[float | None]


def swarms(found: Sequence[Swarm], axis: Axis, title: str) -> Html:
    """Each moment as a dot, piled up where many are alike; shaded by how high the value is."""
    rows = [one.row for one in found]
    marks: list[Html] = []
    for (top, row), one in zip(_lines(rows, 44), found, strict=True):
        marks += _named(row, top)
        paths: dict[str, list[str]] = {}
        for (x, y), rank in zip(_piled(one.values, axis), one.ranks, strict=True):
            shade = "none" if rank is None else str(min(int(rank * SHADES), SHADES - 1))
            paths.setdefault(shade, []).append(f"M{x:.1f} {top + 28 + y:.1f}h0")
        marks += [
            tag("path", d="".join(paths[shade]), class_=f"point q{shade}")
            for shade in sorted(paths)
        ]
    return _framed(rows, 44, axis, title, marks)


def _piled(values: Sequence[float], axis: Axis) -> list[tuple[float, float]]:
    """Places of dots around a line: those that would overlap go above and below it in turn."""
    width, most = 2.4, 11.0
    taken: dict[int, int] = {}
    places = []
    for value in values:
        x = _x(axis, value)
        nth = taken.get(int(x / width), 0)
        taken[int(x / width)] = nth + 1
        side = (nth + 1) // 2 * (1 if nth % 2 else -1)
        places.append((x, max(min(side * 1.5, most), -most)))
    return places


def _lines(rows: Sequence[Row], height: int) -> Iterable[tuple[int, Row]]:
    return ((at * height, row) for at, row in enumerate(rows))


def _named(row: Row, top: int) -> list[Html]:
    return [
        tag("text", _shortened(row.name), x=INSET, y=top + 12),
        tag("text", row.told, x=WIDTH - INSET, y=top + 12, class_="end"),
    ]


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def _x(axis: Axis, value: float) -> float:
    return PAD + axis.share(value) * (WIDTH - 2 * PAD)


def _framed(
    rows: Sequence[Row], height: int, axis: Axis, title: str, marks: Sequence[Html]
) -> Html:
    floor = len(rows) * height + 2
    frame = []
    for value, name in axis.ticks:
        across = _x(axis, value)
        place = "mid"
        if across < 2 * PAD or across > WIDTH - 2 * PAD:
            place = "start" if across < 2 * PAD else "end"
        look = "rule zero" if value == 0 else "rule"
        frame.append(tag("path", d=f"M{across:.1f} 0V{floor}", class_=look))
        frame.append(tag("text", name, x=across, y=floor + 14, class_=place))
    frame.append(tag("text", axis.label, x=WIDTH / 2, y=floor + 30, class_="mid axis"))
    told = "; ".join(f"{row.name}: {row.told}" for row in rows)
    return drawing(title, told, floor + 36, [*frame, *marks])
