"""What was worked out for a visitor, kept until it is asked for something else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

T = TypeVar("T")

_KEPT = "kept"


def once(name: str, key: object, make: Callable[[], T]) -> T:
    """What was made last time, if the key is the same; one of each name is kept.

    Args:
        name: What it is.
        key: What it depends on.
        make: Makes it.
    """
    kept = st.session_state.setdefault(_KEPT, {})
    if name not in kept or kept[name][0] != key:
        kept.pop(name, None)  # what cannot be made is not followed by what was there before
        kept[name] = (key, make())
    found: T = kept[name][1]
    return found
