"""Draw the app's pages to docs/app-*.png, for the README and docs/app.md.

python benchmarks/screenshots.py runs/demo
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from PIL import Image

from app import PAGES, TITLES
from browsing.browser import chromium, served, settled

DOCS = Path(__file__).parents[1] / "docs"
MOST = 250_000
"""Bytes of a picture."""


def main() -> None:
    """Draw every page, the first in the dark, too, one as a phone shows it, and a session."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("run", type=Path)
    told = asked.parse_args()
    wanted = [(name, 1280, 900, "light") for name in PAGES]
    wanted += [("Overview", 1280, 900, "dark"), ("Explore", 390, 844, "light")]
    with served([told.run]) as address, chromium() as browser:
        for name, width, height, scheme in wanted:
            size = {"width": width, "height": height}
            context = browser.new_context(viewport=size, color_scheme=scheme)
            page = context.new_page()
            where = "" if name == "Overview" else name.lower().replace(" ", "-")
            page.goto(f"{address}/{where}")
            settled(page, TITLES.get(name, name))
            page.wait_for_timeout(500)  # fonts and the last frame
            more = "-dark" if scheme == "dark" else "-phone" if width < 500 else ""
            path = DOCS / f"app-{where or 'overview'}{more}.png"
            small(page.screenshot(), path)
            print(path.relative_to(DOCS.parent), f"{path.stat().st_size / 1000:.0f} kB")
            context.close()
        page = browser.new_context(viewport={"width": 1280, "height": 2400}).new_page()
        page.goto(f"{address}/score")
        settled(page, "Score")
        page.get_by_role("button", name="Try it with some shoppers of this run").click()
        page.get_by_text("reason by reason").wait_for()
        settled(page, "Score")
        page.wait_for_timeout(500)
        box = page.get_by_role("heading", name="One session").bounding_box()
        assert box is not None
        clip = {"x": 340, "y": box["y"] - 20, "width": 900, "height": 1075}
        path = DOCS / "app-session.png"
        small(page.screenshot(clip=clip), path)
        print(path.relative_to(DOCS.parent), f"{path.stat().st_size / 1000:.0f} kB")


def small(picture: bytes, path: Path) -> None:
    """Write a picture with 256 colours, which charts and text do with."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    assert path.stat().st_size <= MOST, path


if __name__ == "__main__":
    main()
