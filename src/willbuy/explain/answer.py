"""One answer of a model and what it is made of, whether of a moment or of a row of a table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from willbuy.explain.sentences import Term

CALIBRATION = "calibration", "Calibration", ""
"""Name, label and unit of the closing term; a term without a unit is no reason."""

NOTE = (
    "Exact SHAP values (TreeSHAP, Lundberg et al. 2020) of the boosted trees, and what calibration "
    "adds to them: with the base they add up to the log-odds of the probability. `points` share "
    "the change from base_probability to probability out among them, all at the same slope "
    "(Aumann-Shapley values). They are the model's reasons, not causes."
)
"""Of explanation.json: what its figures are."""


@dataclass(frozen=True, eq=False)
class Answer(ABC):
    """What the model answers about one session, and why.

    Attributes:
        outcome: What the probability is of, for people.
        probability: As shipped.
        base_probability: What the model says before anything is known.
        threshold: At or above it the session is flagged.
        percentile, decile: Against the calibrate part; decile 1 is the best tenth.
        terms: What each known thing adds, the strongest first, and calibration. Their points add
            up to `probability - base_probability`, their log-odds to the log-odds of the two.
        sentences: The strongest reasons, at most three.
    """

    outcome: ClassVar[str]

    probability: float
    base_probability: float
    threshold: float
    percentile: float
    decile: int
    terms: tuple[Term, ...] = field(repr=False)
    sentences: tuple[str, ...]

    @property
    @abstractmethod
    def place(self) -> str:
        """Where this is the answer, for people: "after event 3"."""

    @property
    def flagged(self) -> bool:
        """Whether the probability reaches the threshold."""
        return self.probability >= self.threshold


def plain_answer(told: Answer) -> dict[str, Any]:
    """The entries of explanation.json that all answers have: plain numbers and texts."""
    return {
        "probability": told.probability,
        "base_probability": told.base_probability,
        "threshold": told.threshold,
        "flagged": told.flagged,
        "percentile": told.percentile,
        "decile": told.decile,
        "sentences": list(told.sentences),
        "terms": [asdict(one) for one in told.terms],
    }
