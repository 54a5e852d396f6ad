"""All features of a moment, as one compiled function."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

from willbuy.compiled import Function, build, unique_name
from willbuy.events.keys import NATIVE
from willbuy.features.registry import Feature
from willbuy.moments.shop import Shop
from willbuy.moments.state import Session, User


def row(session: Session, user: User, shop: Shop, out: Any) -> None:
    """Fill `out`, one float32 a feature, for a moment.

    Drivers call this name; `build_program` puts the chosen features in its place.
    """
    raise AssertionError("row() stands for the chosen features; drivers run compiled.")


def plain_row(features: Sequence[Feature], session: Session, user: User, shop: Shop) -> list[float]:
    """The same numbers from the uncompiled functions, as float64."""
    return [float(one.function(session, user, shop)) for one in features]


def build_program(features: Sequence[Feature], drivers: dict[str, Function]) -> ModuleType:
    """Compile drivers that call `row` with these features in its place.

    Args:
        features: The columns, in order.
        drivers: Name → plain function.
    """
    lines = [f"def {unique_name(row)}(session, user, shop, out):"]
    lines += [
        f"    out[{i}] = {unique_name(one.function)}(session, user, shop)"
        for i, one in enumerate(features)
    ]
    chosen = ("\n".join(lines), [one.function for one in features])
    return build(drivers, {**NATIVE, row: chosen})
