"""What a user reads when something cannot go on."""

from __future__ import annotations

import os
from pathlib import Path


class WillbuyError(Exception):
    """One clear message for a person: what is wrong, where, and how to mend it.

    The command line prints it without a traceback and leaves with exit code 1.
    """


def check_target(target: Path, what: str) -> None:
    """Refuse to make what could not be written, before the work for it.

    Args:
        target: The file to write.
        what: What it will hold, as a sentence begins.

    Raises:
        WillbuyError: Its folder cannot be written to.
    """
    if not os.access(target.parent, os.W_OK):
        raise WillbuyError(
            f"{what} cannot be written to {target}: {target.parent} is not a folder that can be "
            "written to."
        )
