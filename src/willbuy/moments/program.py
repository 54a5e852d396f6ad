"""The compiled fold."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType

from willbuy.compiled import Function, build, unique_name
from willbuy.events.keys import product
from willbuy.moments.sessions import survey_users
from willbuy.moments.tally import index_rows, index_slots

NATIVE: dict[Function, tuple[str, list[Function]]] = {
    product: (f"def {unique_name(product)}(a, b):\n    return a * b", [])
}
"""Compiled, a 64-bit product simply wraps; plain Python has to take it by halves."""


@lru_cache(maxsize=1)
def fold_program() -> ModuleType:
    """The functions of this room that drivers call from Python, compiled."""
    return build(
        {
            "survey_users": survey_users,
            "index_rows": index_rows,
            "index_slots": index_slots,
        },
        NATIVE,
    )
