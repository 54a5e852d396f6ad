"""The way through the app in a real browser, at a desk and on a phone."""

import re

import pytest

from browser import chromium, found, served, settled

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(found() is None, reason="no chromium here: apt-get install -y chromium"),
]

PAGES = ("Score", "Explore", "Who and why", "Simulate", "Model")
FIRST = "Will this session buy?"


@pytest.fixture(scope="module")
def address(small_run):
    with served([small_run.folder]) as found_at:
        yield found_at


@pytest.fixture(scope="module")
def browser():
    with chromium() as made:
        yield made


@pytest.fixture(params=[(1280, "light"), (390, "dark")], ids=["desk", "phone"])
def page(request, browser, address):
    width, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, accept_downloads=True
    )
    context.set_default_timeout(120_000)
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("console", lambda one: wrong.append(one.text) if one.type == "error" else None)
    opened.on("pageerror", lambda one: wrong.append(str(one)))
    opened.on("requestfailed", lambda one: wrong.append(one.url))
    opened.goto(address)
    settled(opened, FIRST)
    yield opened
    context.close()
    assert wrong == []


def go(page, name):
    """Open a page by its link, as people do."""
    link = page.get_by_role("link", name=name, exact=True)
    if not link.is_visible() or link.bounding_box()["x"] < 0:
        page.get_by_test_id("stExpandSidebarButton").click()
    link.click()
    if page.viewport_size["width"] < 768:  # there it lies over the page
        page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    settled(page, name)


def serious(page):
    """What axe finds that keeps people out."""
    from axe_playwright_python.sync_playwright import Axe

    found_by = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in found_by
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def overflow(page):
    """By how many pixels the page is wider than the screen."""
    return page.evaluate(
        "document.querySelector('[data-testid=stMain]').scrollWidth - window.innerWidth"
    )


def test_every_page_is_drawn_and_open_to_all(page):
    assert serious(page) == []
    for name in PAGES:
        go(page, name)
        assert serious(page) == [], name
        assert overflow(page) <= 0, name
        assert page.get_by_test_id("stException").count() == 0


def test_a_page_opens_without_a_mouse(page):
    if page.viewport_size["width"] < 768:
        pytest.skip("a phone has no keyboard")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText").strip().endswith("Score"):
            break
    page.keyboard.press("Enter")
    settled(page, "Score")


def test_from_a_file_to_a_download(page, small_log, tmp_path):
    head = tmp_path / "some.csv"
    with small_log.open() as log:
        head.write_text("".join(line for _, line in zip(range(400), log, strict=False)), "utf-8")
    go(page, "Score")
    page.locator("input[type=file]").first.set_input_files(head)
    settled(page, "Score")
    text = page.get_by_test_id("stMain")
    page.get_by_text(re.compile("probability", re.I)).first.wait_for()
    assert re.search(r"\d+(\.\d+)?%", text.inner_text())
    page.get_by_role("heading", name="One session").wait_for()
    page.get_by_text("reason by reason").wait_for()  # of the likeliest: its waterfall
    settled(page, "Score")
    assert serious(page) == []
    assert overflow(page) <= 0
    with page.expect_download() as given:
        page.get_by_test_id("stDownloadButton").first.get_by_role("button").click()
    scores = given.value.path().read_text("utf-8")
    assert "probability" in scores.splitlines()[0]
    go(page, "Simulate")
    page.get_by_role("slider").first.focus()
    before = page.get_by_role("slider").first.get_attribute("aria-valuetext")
    page.keyboard.press("ArrowRight")
    settled(page, "Simulate")
    assert page.get_by_role("slider").first.get_attribute("aria-valuetext") != before
    assert page.get_by_test_id("stException").count() == 0
