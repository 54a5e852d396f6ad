"""How long the app's pages take in a real browser: the first one of a fresh server, then each.

    python benchmarks/app.py runs/demo

Prints medians in seconds, from the click until everything on the page is drawn. Needs the
extra dev and chromium.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

from browsing.browser import chromium, served, settled
from machine import machine

PAGES = ("Overview", "Score", "Explore", "Who and why", "Simulate", "Model")
TITLES = {"Overview": "Will this session buy?"}


def main() -> None:
    """Time the pages of a run."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("run", type=Path)
    asked.add_argument("--times", type=int, default=5)
    told = asked.parse_args()
    first: list[float] = []
    spent: dict[str, list[float]] = {name: [] for name in PAGES}
    for _ in range(told.times):
        with served([told.run]) as address, chromium() as browser:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            begun = time.perf_counter()
            page.goto(address)
            settled(page, TITLES["Overview"])
            first.append(time.perf_counter() - begun)
            for name in (*PAGES[1:], PAGES[0]):
                begun = time.perf_counter()
                page.get_by_role("link", name=name, exact=True).click()
                settled(page, TITLES.get(name, name))
                spent[name].append(time.perf_counter() - begun)
    print(f"{told.run.name}, {told.times} times, {machine()}")
    print(f"first page: {statistics.median(first):.2f} s")
    for name, seconds in spent.items():
        print(f"{name}: {statistics.median(seconds):.2f} s")


if __name__ == "__main__":
    main()
