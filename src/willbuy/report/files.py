"""What the report is made of: the JSON files of a run folder, and nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from willbuy.errors import WillbuyError
from willbuy.report.nouns import MOMENTS, SESSIONS, Nouns

METRICS, HEALTH, ABOUT, REASONS, AUDIT, BIAS, PRICE, STRATEGY, SUMMARY, COMPARED = (
    "metrics.json", "data_health.json", "run.json", "explanations.json", "audit.json",
    "bias.json", "price.json", "churn_strategy.json", "churn_summary.json", "compare.json",
)  # fmt: skip

FEW_DAYS = 10
"""A log of fewer complete days says little about others: its run only shows that all works."""

SCHEMAS = {
    METRICS: (1, 2, 3),
    ABOUT: (1,),
    REASONS: (1, 2),
    AUDIT: (1,),
    BIAS: (1,),
    PRICE: (1,),
    STRATEGY: (1,),
    SUMMARY: (1,),
    COMPARED: (1,),
}
"""What this version can read. Those of schema 1 lack the later figures."""


@dataclass(frozen=True)
class Told:
    """The content of a run's JSON files.

    Attributes:
        metrics, health, about: Of metrics.json, data_health.json and run.json.
        reasons: Of explanations.json; None where the run has none.
        audit: Of audit.json; None where the run has none.
        bias: Of bias.json; None where the run has none.
        price: Of price.json; None where no price was asked for.
        strategy, summary: Of churn_strategy.json and churn_summary.json, where it has them.
        compared: Of compare.json; None where no models were compared.
    """

    metrics: dict[str, Any]
    health: dict[str, Any]
    about: dict[str, Any]
    reasons: dict[str, Any] | None
    audit: dict[str, Any] | None = None
    bias: dict[str, Any] | None = None
    price: dict[str, Any] | None = None
    strategy: dict[str, Any] | None = None
    summary: dict[str, Any] | None = None
    compared: dict[str, Any] | None = None

    @property
    def model(self) -> str:
        """The name of the model that scores."""
        return str(next(iter(self.metrics["models"])))

    @property
    def test(self) -> dict[str, Any]:
        """The figures on test of the model that scores."""
        found: dict[str, Any] = self.metrics["models"][self.model]["test"]
        return found

    @property
    def table(self) -> bool:
        """Whether the run was of a table, in which a row is a whole session."""
        return self.metrics.get("rows") == "sessions"

    @property
    def nouns(self) -> Nouns:
        """What a row is called."""
        return SESSIONS if self.table else MOMENTS

    @property
    def of_future(self) -> bool:
        """Whether the test part lies after train."""
        return not self.table or self.metrics["splits"]["by"] == "time"

    @property
    def simulated(self) -> bool:
        """Whether the log is known to be of a simulated shop: only such a one has a truth."""
        return self.about.get("truth") is not None

    @property
    def smoke(self) -> bool:
        """Whether the log is so short that the run is a smoke test and no measurement."""
        days = self.metrics["splits"].get("complete_days")
        return days is not None and days < FEW_DAYS


def read(folder: Path) -> Told:
    """Read the JSON files of a run.

    Raises:
        WillbuyError: There is no run, a file is missing or broken, or it is of another version.
    """
    if not folder.is_dir():
        raise WillbuyError(f"There is no run {folder}. Name its folder, such as runs/october.")
    if not (folder / METRICS).is_file():
        raise WillbuyError(f"{folder} is not a run, or not a whole one: it has no {METRICS}.")
    asked = (
        read_one(folder / name) if (folder / name).is_file() else None
        for name in (REASONS, AUDIT, BIAS, PRICE, STRATEGY, SUMMARY, COMPARED)
    )
    whole = (read_one(folder / name) for name in (METRICS, HEALTH, ABOUT))
    return Told(*whole, *asked)


def read_one(path: Path) -> dict[str, Any]:
    """Read one JSON file of a run.

    Raises:
        WillbuyError: It is missing or broken, or of another version.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
    except OSError as problem:
        raise WillbuyError(f"{path} cannot be read: {problem.strerror}.") from problem
    except ValueError as problem:
        raise WillbuyError(f"{path} is broken: {problem}. Repeat the run.") from problem
    known = SCHEMAS.get(path.name)
    schema = found.get("schema", found.get("version")) if isinstance(found, dict) else None
    if not isinstance(found, dict) or (known and schema not in known):
        raise WillbuyError(
            f"{path} is of schema {schema}, which this version of willbuy cannot read. Repeat the "
            "run, or use the version that made it."
        )
    return found
