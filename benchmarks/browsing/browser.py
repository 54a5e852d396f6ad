"""The app served to a real browser: for timings, pictures and the journey in the tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_READY = """() =>
  document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'
  && !document.querySelector('[data-testid=stSkeleton]')
  && [...document.querySelectorAll('[data-testid=stVegaLiteChart]')]
     .every(one => one.querySelector('canvas, svg'))"""
_STARTS = 300.0
"""Seconds that a server may take to start on a busy machine."""


def found() -> str | None:
    """The first browser that is there."""
    return next((path for one in _NAMES if (path := shutil.which(one))), None)


@contextmanager
def served(places: Sequence[Path]) -> Iterator[str]:
    """The address of a server of its own, which ends with the block.

    Args:
        places: Runs, or folders of runs.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    willbuy = Path(sys.executable).with_name("willbuy")
    command = [str(willbuy), "app", *map(str, places), "--port", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, **quiet)
    try:
        _wait(port, server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()  # it holds nothing that is worth a farewell
        server.wait()


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _STARTS
    while time.monotonic() < until and server.poll() is None:
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"the app did not start at port {port}")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    path = found()
    if path is None:
        raise RuntimeError("this needs chromium; on Debian: apt-get install -y chromium")
    # The sandbox does not start for root.
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        try:
            yield browser
        finally:
            browser.close()


def settled(page: Page, title: str, timeout: float = 120.0) -> None:
    """Wait until the page has its title, and nothing runs or is still to be drawn."""
    within = 1000 * timeout
    page.get_by_role("heading", level=1, name=title, exact=True).wait_for(timeout=within)
    page.wait_for_function(_READY, timeout=within)
