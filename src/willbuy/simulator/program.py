"""The compiled walk and filter."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType

from willbuy.compiled import build
from willbuy.events.keys import NATIVE
from willbuy.simulator.follow import follow
from willbuy.simulator.walk import walk


@lru_cache(maxsize=1)
def program() -> ModuleType:
    """The functions of this room that drivers call from Python, compiled."""
    return build({"walk": walk, "follow": follow}, NATIVE, allocates=True)
