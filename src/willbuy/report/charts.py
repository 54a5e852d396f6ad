"""Small charts of plain SVG: they grow with the page, print, and follow its colours."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from willbuy.report.markup import Html, tag

WIDTH, HEIGHT = 360, 236
LEFT, RIGHT, TOP, BOTTOM = 44, 18, 24, 38

LOOKS = ("c1", "c2")
"""The looks of the first thing compared in a chart, and of the second."""

Point = tuple[float, float]
Span = tuple[float, float, float]


@dataclass(frozen=True)
class Axis:
    """One direction of a chart.

    Attributes:
        label: What it measures.
        low, high: Its ends.
        ticks: Places and what is written there.
    """

    label: str
    low: float
    high: float
    ticks: Sequence[tuple[float, str]]

    def share(self, value: float) -> float:
        """How far along the axis a value lies, 0 to 1; nothing lies outside."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)


def numbers(label: str, low: float, high: float, say: Callable[[float], str]) -> Axis:
    """An axis from a round number below to one above."""
    step = _round_step(max(high - low, 1e-9) / 5)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    last = max(last, first + 1)
    ticks = [(at * step, say(at * step)) for at in range(first, last + 1)]
    return Axis(label, first * step, last * step, ticks)


def events(label: str, ks: Sequence[int]) -> Axis:
    """An axis of events of a session, k = 1, 2, ..., crowded as they are far on."""
    low, high = math.log(ks[0]) - 0.15, math.log(ks[-1]) + 0.15
    ticks: list[tuple[float, str]] = []
    for k in ks:
        if not ticks or math.log(k) - ticks[-1][0] > (high - low) / 15:
            ticks.append((math.log(k), str(k)))
    return Axis(label, low, high, ticks)


def days(label: str, names: Sequence[str]) -> Axis:
    """An axis of days, not all of them written."""
    every = math.ceil(len(names) / 6)
    ticks = [(float(at), names[at][5:]) for at in range(0, len(names), every)]
    return Axis(label, -0.5, len(names) - 0.5, ticks)


def _round_step(wanted: float) -> float:
    size = 10.0 ** math.floor(math.log10(wanted))
    return next(size * one for one in (1, 2, 2.5, 5, 10) if size * one >= wanted * 0.999)


@dataclass
class Chart:
    """Marks over two axes; later ones lie on top."""

    x: Axis
    y: Axis
    _marks: list[Html] = field(default_factory=list)

    def at(self, x: float, y: float) -> Point:
        """The place of a pair of values."""
        across = LEFT + self.x.share(x) * (WIDTH - LEFT - RIGHT)
        return across, HEIGHT - BOTTOM - self.y.share(y) * (HEIGHT - TOP - BOTTOM)

    def line(self, points: Iterable[Point], look: str) -> None:
        """Straight lines from point to point."""
        self._marks.append(tag("path", d=_path(self.at(*one) for one in points), class_=look))

    def steps(self, points: Sequence[Point], look: str) -> None:
        """A line that keeps its height until the next point."""
        path = [points[0]]
        for before, here in itertools.pairwise(points):
            path += [(here[0], before[1]), here]
        self.line(path, look)

    def whiskers(self, spans: Iterable[Span], look: str) -> None:
        """From low to high at each x."""
        for x, low, high in spans:
            self.line([(x, low), (x, high)], f"{look} whisker")

    def dots(self, points: Iterable[Point], look: str) -> None:
        """A dot at each point."""
        for one in points:
            x, y = self.at(*one)
            self._marks.append(tag("circle", cx=x, cy=y, r=3.2, class_=f"{look} dot"))

    def bars(self, points: Iterable[Point], look: str, width: float = 0.7) -> None:
        """A bar from the bottom to each point, so wide in values of x."""
        for x, y in points:
            left, top = self.at(x - width / 2, y)
            right, bottom = self.at(x + width / 2, self.y.low)
            self._marks.append(
                tag("rect", x=left, y=top, width=right - left, height=bottom - top,
                    class_=f"{look} bar")
            )  # fmt: skip

    def svg(self, title: str, told: str) -> Html:
        """The chart; title and text are what screen readers say."""
        floor, right = HEIGHT - BOTTOM, WIDTH - RIGHT
        frame = [tag("text", self.y.label, x=2, y=11, class_="axis")]
        for value, name in self.y.ticks:
            height = self.at(self.x.low, value)[1]
            frame.append(tag("path", d=f"M{LEFT} {height:.1f}H{right}", class_="rule"))
            frame.append(tag("text", name, x=LEFT - 5, y=height + 4, class_="end"))
        for value, name in self.x.ticks:
            across = self.at(value, self.y.low)[0]
            frame.append(tag("text", name, x=across, y=floor + 15, class_="mid"))
        middle = (LEFT + right) / 2
        frame.append(tag("text", self.x.label, x=middle, y=HEIGHT - 6, class_="mid axis"))
        return drawing(title, told, HEIGHT, [*frame, *self._marks])


def drawing(title: str, told: str, height: float, marks: Iterable[Html]) -> Html:
    """An image of marks, with words for those who cannot see it."""
    return tag(
        "svg", tag("title", title), tag("desc", told), *marks,
        viewBox=f"0 0 {WIDTH} {height:.0f}", role="img", aria_label=title,
    )  # fmt: skip


def _path(points: Iterable[Point]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
