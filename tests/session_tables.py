"""Tables of one row a session, as users have them."""

from __future__ import annotations

import csv

import numpy as np

WORDS = ("direct", "search", "mail", "=cmd()")
HEADER = ("started", "visitor", "session", "pages", "minutes", "source", "city", "member", "shop",
          "bought")  # fmt: skip


def rows(n: int, seed: int = 0) -> list[list[object]]:
    """Sessions in the order of time; who sees more pages, and comes by mail, buys more often."""
    draw = np.random.default_rng(seed)
    pages = draw.poisson(6, n) + 1
    source = draw.integers(0, len(WORDS), n)
    member = draw.random(n) < 0.3
    odds = -4.5 + 0.35 * pages + 1.5 * (source == 2) + 0.8 * member
    bought = draw.random(n) < 1 / (1 + np.exp(-odds))
    return [
        [
            f"2024-03-{1 + 27 * i // n:02} {i % 24:02}:{i % 60:02}:00",
            f"v{draw.integers(0, n)}",
            f"s-{i:06}-{draw.integers(0, 10**6)}",
            int(pages[i]) if i % 17 else "",
            f"{draw.gamma(2, 3):.3f}",
            WORDS[source[i]],
            f"city {draw.integers(0, 40)}",
            "yes" if member[i] else "no",
            "the only one",
            "TRUE" if bought[i] else "FALSE",
        ]
        for i in range(n)
    ]


def write_table(path, n, seed=0, *, separator=",", header=HEADER, change=None) -> None:
    """Write such a table; `change` is told each row as a dictionary and gives back another."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, delimiter=separator)
        out.writerow(header)
        for row in rows(n, seed):
            told = dict(zip(HEADER, row, strict=True))
            out.writerow((change(told) if change else told).values())
