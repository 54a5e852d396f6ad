"""What a figure rests on. Every figure of a decision carries one of these words."""

from __future__ import annotations

from enum import StrEnum


class Evidence(StrEnum):
    """The kinds of evidence, from the surest to the least sure."""

    MEASURED = "measured"
    IDENTIFIED = "identified"
    SCENARIO = "scenario"
    ASSUMPTION = "assumption"

    @property
    def meaning(self) -> str:
        """In a sentence."""
        return _MEANING[self]


_MEANING = {
    Evidence.MEASURED: "Counted in the log, or found by an experiment.",
    Evidence.IDENTIFIED: "Estimated from the log under stated assumptions, whose checks it passed.",
    Evidence.SCENARIO: "What the model answers when it is asked of other events. Not an effect.",
    Evidence.ASSUMPTION: "Given by a person, or taken over from elsewhere. Nothing here tests it.",
}
