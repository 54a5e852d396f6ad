"""Starting the app's server."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from willbuy.errors import WillbuyError

_HERE = Path(__file__).parent


def launch(places: Sequence[Path], host: str, port: int, ready: Callable[[], None]) -> None:
    """Serve the app until the process is stopped.

    Args:
        places: Runs, or folders of runs, that it may open.
        host: The address to listen at.
        port: The port there.
        ready: Called when all is there, just before the server starts.

    Raises:
        WillbuyError: A place is not there, or the extra is not installed.
    """
    for one in places:
        if not one.is_dir():
            raise WillbuyError(f"There is no folder {one}. Name a run, or a folder of runs.")
    try:
        from streamlit.web import bootstrap

        import willbuy.app.main  # noqa: F401  the first visitor need not wait for it
    except ImportError as problem:
        raise WillbuyError(
            f"The app needs {problem.name or 'streamlit'}, which is not installed: "
            "pip install 'willbuy[app]'"
        ) from problem
    options = {**settings(), "server.address": host, "server.port": port}
    bootstrap.load_config_options(options)
    ready()
    bootstrap.run(str(_HERE / "main.py"), False, [str(one) for one in places], options)


def settings() -> dict[str, Any]:
    """Streamlit's settings by their dotted names, as config.toml has them."""
    return dict(_flat(tomllib.loads((_HERE / "config.toml").read_text("utf-8"))))


def _flat(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
