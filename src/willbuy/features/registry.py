"""A feature is a small pure function of (session, user, shop), with its name, label and unit."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import linecache
import re
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from willbuy.errors import WillbuyError

Function = Callable[[Any, Any, Any], float]

FAMILIES = (
    "session.counts",
    "session.variety",
    "session.pace",
    "session.looks",
    "session.price",
    "session.cart",
    "session.last",
    "user.past",
    "user.affinity",
    "user.rhythm",
    "user.since_purchase",
    "user.last_visit",
    "shop.popularity",
    "shop.rates",
    "shop.prices",
    "shop.temptation",
)
"""The modules of this room that hold features, in the order of the table's columns."""

SESSION, SHOP, OWN = "session", "shop", "own"
"""Scopes that are treated apart: what shoppers do now, what is missing without a complete day, and
what a user wrote."""


@dataclass(frozen=True)
class Feature:
    """One column of the table.

    Attributes:
        name: The function's own name, and the column's.
        label: For people, as in "Product views so far".
        unit: What the number counts: events, seconds, share, price, ...
        meaning: The function's docstring.
        family: `scope.theme`, such as session.pace; `own` for a user's.
        function: Plain Python, called with (session, user, shop).
    """

    name: str
    label: str
    unit: str
    meaning: str
    family: str
    function: Function = field(repr=False)

    @property
    def scope(self) -> str:
        """What the feature looks at: session, user, shop or own."""
        return self.family.split(".")[0]


_LOADED: dict[str, list[Feature]] = {}


def feature(label: str, *, unit: str) -> Callable[[Function], Function]:
    """Register a function of (session, user, shop) as a feature.

    Args:
        label: What people read, without the unit.
        unit: events, seconds, share, price, ...

    Raises:
        WillbuyError: The function does not take exactly (session, user, shop), has no docstring,
            or its name is not lower_case.
    """

    def register(function: Function) -> Function:
        name, where = function.__name__, function.__module__
        if list(inspect.signature(function).parameters) != ["session", "user", "shop"]:
            raise WillbuyError(
                f"The feature {name} must take (session, user, shop), in this order."
            )
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise WillbuyError(f"The feature name {name!r} must be lower_case letters and digits.")
        if not inspect.getdoc(function):
            raise WillbuyError(f"The feature {name} needs a docstring that says what it means.")
        prefix = __package__ + "."
        family = where.removeprefix(prefix) if where.startswith(prefix) else OWN
        meaning = " ".join((inspect.getdoc(function) or "").split())
        _LOADED.setdefault(where, []).append(Feature(name, label, unit, meaning, family, function))
        return function

    return register


@lru_cache(maxsize=1)
def built_in() -> tuple[Feature, ...]:
    """The features that come with willbuy, in the order of the table's columns."""
    found: list[Feature] = []
    for family in FAMILIES:
        module = f"{__package__}.{family}"
        importlib.import_module(module)
        found += _LOADED[module]
    return tuple(found)


def from_file(path: Path) -> tuple[Feature, ...]:
    """The features that a user's Python file registers.

    Features are code: the file is run. It is only ever one that the user names.

    Raises:
        WillbuyError: The file is not there, fails, registers nothing, or a name is taken.
    """
    path = path.resolve()
    if not path.is_file():
        raise WillbuyError(f"There is no feature file {path}.")
    # The same name in every process, so that compiled code is found again.
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
    module = types.ModuleType(f"willbuy_own_{path.stem}_{digest}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    _LOADED.pop(module.__name__, None)
    linecache.cache.pop(str(path), None)
    try:
        # Not through an import: its bytecode cache can miss an edit made within a second.
        exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)  # noqa: S102
    except WillbuyError as problem:
        raise WillbuyError(f"{path}: {problem}") from problem
    except Exception as problem:
        raise WillbuyError(
            f"The feature file {path} fails: {type(problem).__name__}: {problem}"
        ) from problem
    own = tuple(_LOADED.get(module.__name__, ()))
    if not own:
        raise WillbuyError(
            f"{path} registers no feature. Decorate a function with "
            '@willbuy.feature("Label", unit="events").'
        )
    check_names([*built_in(), *own])
    return own


def check_names(features: list[Feature]) -> None:
    """Raise WillbuyError where two features have one name."""
    seen: set[str] = set()
    for one in features:
        if one.name in seen:
            raise WillbuyError(
                f"There are two features called {one.name}; give yours another name."
            )
        seen.add(one.name)


def all_features(own: Path | None = None) -> list[Feature]:
    """The built-in features and those of a user's file."""
    return [*built_in(), *(from_file(own) if own else ())]
