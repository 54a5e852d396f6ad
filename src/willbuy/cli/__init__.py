"""Words for the job: the command line."""

from __future__ import annotations

import signal
import sys

_INTERRUPTED = 130  # typer's exit code after Ctrl-C


def main() -> None:
    """Run the `willbuy` command."""
    from willbuy.cli.commands import app
    from willbuy.errors import WillbuyError

    # A polite kill ends like an error does: what was begun is removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        app()
    except WillbuyError as problem:
        from willbuy.cli.screen import show_error

        show_error(str(problem))
        sys.exit(1)
    except SystemExit as stop:
        if stop.code == _INTERRUPTED:
            print("Stopped. What was begun is removed.", file=sys.stderr)
        raise
