"""What is said where something of the bench cannot be written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from willbuy.errors import WillbuyError


@contextmanager
def writing(target: Path) -> Iterator[None]:
    """Around what writes a file or folder, and around nothing else.

    Args:
        target: What is written.

    Raises:
        WillbuyError: In place of an OSError within.
    """
    try:
        yield
    except OSError as problem:
        raise WillbuyError(
            f"{target} cannot be written: {problem.strerror or problem}. Make room there, or copy "
            "the run to a place where there is some."
        ) from problem
