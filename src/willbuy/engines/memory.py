"""How much memory may be used."""

from __future__ import annotations

import re
from pathlib import Path

from willbuy.errors import WillbuyError

_SHARE = 0.6
"""Of the memory that is free when the work begins; others use the machine, too."""

_GROUPS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def free_memory() -> int:
    """Bytes that this process may take, of what is free on the machine and within its group."""
    import psutil

    free = int(psutil.virtual_memory().available)
    for limit in _GROUPS:
        try:
            free = min(free, int(limit.read_text("ascii")))
        except (OSError, ValueError):  # no group, or "max"
            continue
    return int(_SHARE * free)


_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_LEAST = 500_000_000


def parse_memory(text: str) -> int:
    """Bytes of a text like 4GB, 500 MB or 2.5g.

    Raises:
        WillbuyError: It is none, or so little that nothing could be done with it.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    if found is None:
        raise WillbuyError(f"{text!r} is no amount of memory. Write it like 4GB or 800MB.")
    amount = int(float(found[1]) * _UNITS[found[2].upper()])
    if amount < _LEAST:
        raise WillbuyError(
            f"{text} of memory is too little: the libraries alone take some 400 MB. Give 1GB or "
            "more."
        )
    return amount
