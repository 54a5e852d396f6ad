"""Words for the job: the command line."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the `willbuy` command."""
    from willbuy.cli.commands import app
    from willbuy.errors import WillbuyError

    try:
        app()
    except WillbuyError as problem:
        from willbuy.cli.screen import show_error

        show_error(str(problem))
        sys.exit(1)
