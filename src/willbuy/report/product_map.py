"""The products shown most on a plane, where their vectors were learnt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from willbuy.report.charts import WIDTH, drawing
from willbuy.report.markup import Html, figure, legend, note, tag
from willbuy.report.words import count

OTHERS = "all others"

TITLE = "Products that are shown near each other lie near each other"

_LOOKS = ("q0", "q4", "c3", "q3", "qnone")
_FAINT = "faint"
_FREE = 12
"""Left free around the points."""

_LETTER, _LINE, _LEAST = 6.2, 13.0, 5
"""Width of a letter, height of a line, and the products that a category needs to be named."""


class Kinds(NamedTuple):
    """What points are coloured by.

    Attributes:
        of: Each point's kind; `OTHERS` where it has no colour of its own, or is not known.
        named: The kinds that have one, the most frequent first.
    """

    of: list[str]
    named: list[str]


def kinds(points: Sequence[dict[str, Any]]) -> Kinds:
    """Departments, or categories where there is one department only.

    >>> kinds([{"section": "toys", "category": one} for one in ("toys.doll", None)])
    Kinds(of=['toys.doll', 'all others'], named=['toys.doll'])
    """
    sections = {one["section"] for one in points} - {None}
    field = "section" if len(sections) > 1 else "category"
    said = Counter(one[field] for one in points if one[field] is not None)
    named = [name for name, _ in said.most_common(len(_LOOKS))]
    return Kinds([one[field] if one[field] in named else OTHERS for one in points], named)


def told_by(found: dict[str, Any]) -> str:
    """How the map came about, and how far it may be read."""
    return (
        f"The {count(len(found['points']))} products shown most, of {count(found['products'])} "
        f"with a vector, laid on a plane by {found['method']}. It tells neighbours from "
        "strangers; how far apart strangers lie, and where, means nothing. The vectors were "
        "learnt from sessions up to the middle of train; a product's category was a word of "
        "theirs, its department was not."
    )


def product_map(found: dict[str, Any]) -> Html:
    """The map of compare.json; it has points."""
    points = found["points"]
    its = kinds(points)
    looks = dict(zip([*its.named, OTHERS], [*_LOOKS[: len(its.named)], _FAINT], strict=True))
    height = WIDTH * 0.9
    at = np.array([(one["x"], 1 - one["y"]) for one in points])
    at = _FREE + at * (np.array([WIDTH, height]) - 2 * _FREE)
    marks = []
    for kind, look in reversed(looks.items()):
        mine = at[[one == kind for one in its.of]]
        dots = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in mine)
        if dots:
            marks.append(tag("path", d=dots, class_=f"{look} point"))
    said = Counter(its.of)
    spoken = "; ".join(f"{one}: {said[one]} products" for one in looks if said[one])
    return figure(
        TITLE,
        drawing(TITLE, spoken, height, [*marks, *_written(points, at)]),
        legend([(look, kind) for kind, look in looks.items() if said[kind]]),
        note(told_by(found)),
    )


def _written(points: Sequence[dict[str, Any]], at: Any) -> list[Html]:
    """The most frequent categories, each above its products, as far as there is room.

    The last part of a category's name is written: its department has a colour. One that is a
    number says nothing.
    """
    said = Counter(one["category"] for one in points if one["category"] is not None)
    taken: list[tuple[float, float, float]] = []
    marks = []
    for name, times in said.most_common():
        text = name.rpartition(".")[2].replace("_", " ")
        if times < _LEAST or text.isdigit():
            continue
        mine = at[[one["category"] == name for one in points]]
        apart = np.median(np.hypot(*(mine[:, None] - mine[None]).T), axis=1)
        x, y = mine[np.argmin(apart)].tolist()
        half = len(text) * _LETTER / 2
        x = min(max(x, half), WIDTH - half)
        y = max(y - 1.5 * float(apart.min()) - _LINE / 2, _LINE)
        if all(abs(y - b) > _LINE or abs(x - a) > half + c for a, b, c in taken):
            taken.append((x, y, half))
            marks.append(tag("text", text, x=x, y=y, class_="mid"))
    return marks
