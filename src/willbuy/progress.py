"""How long work tells the people who wait for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Stage(Protocol):
    """A stage of work under way."""

    def advance(self, amount: float, rows: int = 0) -> None:
        """Report progress: a part of the stage's total, and rows worked on."""

    def note(self, text: str) -> None:
        """Say in a few words how far it is, where there is no total."""


class Reporter(Protocol):
    """Shows stages; the command line has one with bars."""

    @contextmanager
    def stage(self, title: str, total: float | None = None) -> Iterator[Stage]:
        """Work of `total` size (any unit; None where nobody knows) begins and ends."""
        ...

    def say(self, text: str) -> None:
        """One line worth reading."""


class _SilentStage:
    def advance(self, amount: float, rows: int = 0) -> None:
        """Nobody is watching."""

    def note(self, text: str) -> None:
        """Nobody is watching."""


class Silent:
    """Says nothing."""

    @contextmanager
    def stage(self, title: str, total: float | None = None) -> Iterator[Stage]:
        """Nobody is watching."""
        yield _SilentStage()

    def say(self, text: str) -> None:
        """Nobody is listening."""
