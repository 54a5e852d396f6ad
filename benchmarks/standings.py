"""Contenders on the same test moments: figures, paired differences, calibration, targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import norm

from willbuy.evaluate.figures import ENOUGH, How, Part, figure
from willbuy.evaluate.judge import differences, headline
from willbuy.evaluate.metrics import METRICS
from willbuy.evaluate.recalibration import recalibration
from willbuy.models.threshold import choose_threshold

CEILING = "learned_products"
OURS = "ours"
TUNED = "tuned_all"
RECIPE = "recipe_xgboost"
KS = tuple(range(1, 11))
STRETCHES = ((1, 1), (2, 3), (4, 10), (11, 20), (21, 500))
"""First and last k of the slices in which the gap to the ceiling is told."""
COMPARED = ("roc_auc", "average_precision", "f1", "log_loss")
SLICES = 10
"""So many departments, the most frequent ones, are slices of their own."""


@dataclass(frozen=True)
class Standings:
    """Probabilities of the same test moments, judged.

    F1 is everybody's best, at a line that is chosen on these very rows: hindsight, the same for
    all. The line stays where it is in the bootstrap.

    Attributes:
        moments: As `kept.moments` tells them.
        p: Name → probabilities of all these moments; ceilings are nan outside the ladder.
        replicates, threads: Of the bootstrap.
    """

    moments: pl.DataFrame
    p: Mapping[str, np.ndarray]
    replicates: int
    threads: int

    @cached_property
    def inside(self) -> np.ndarray:
        """The moments that all can be judged on: those of the ladder, if there is one."""
        if CEILING not in self.moments.columns:
            return np.ones(len(self.moments), dtype=bool)
        return self.moments[CEILING].is_not_null().to_numpy()

    def part(self, name: str, rows: np.ndarray) -> Part:
        """The rows as one contender sees them."""
        frame = self.moments
        columns = [frame[one].to_numpy() for one in ("label", "weight", "user", "visit")]
        y, weight, user, visit = (one[rows] for one in columns)
        return Part(y, self.p[name][rows], weight, user, visit)

    def how(self, part: Part) -> How:
        """The bootstrap, at the line with the best F1."""
        line = choose_threshold(part.p, part.y, part.weight).value
        return How(line, 0, self.replicates, self.threads)

    def compared(self, rows: np.ndarray, minus: Mapping[str, list[str]]) -> dict[str, Any]:
        """Name → its figures on these rows, and `paired` with the names to be subtracted."""
        found: dict[str, Any] = {}
        points: dict[str, dict[str, float | None]] = {}
        drawn: dict[str, np.ndarray] = {}
        for name in dict.fromkeys([*minus, *(one for others in minus.values() for one in others)]):
            part = self.part(name, rows)
            how = self.how(part)
            points[name], drawn[name] = how.points(part), how.draw(part)
            told = {
                metric: figure(points[name][metric], drawn[name][:, METRICS.index(metric)], "")
                for metric in COMPARED
            }
            found[name] = {**part.counts(), **told, "paired": {}}
        y = self.moments["label"].to_numpy()[rows]
        for name, others in minus.items():
            for other in others:
                gains = differences(y, points[name], points[other], drawn[name] - drawn[other])
                found[name]["paired"][other] = {metric: gains[metric] for metric in COMPARED}
        return found

    def by_k(self) -> list[dict[str, Any]]:
        """Ours, tuned too, minus the ceiling and minus the recipe, at each k by itself."""
        ordinal = self.moments["ordinal"].to_numpy()
        others = [name for name in (CEILING, RECIPE) if name in self.p]
        minus = {name: others for name in (OURS, TUNED) if name in self.p}
        told = []
        for k in KS:
            rows = self.inside & (ordinal == k)
            y = self.moments["label"].to_numpy()[rows]
            if not enough(y):
                continue
            told.append({"k": k, "base_rate": y.mean(), **self.compared(rows, minus)})
        return told

    def gaps(self) -> list[dict[str, Any]]:
        """Ours minus the ceiling, of new and of returning shoppers, early and late in a session."""
        ordinal, again = (self.moments[name].to_numpy() for name in ("ordinal", "returning"))
        told = []
        for shopper, who in (("new", ~again), ("returning", again)):
            for first, last in STRETCHES if CEILING in self.p else ():
                rows = self.inside & who & (ordinal >= first) & (ordinal <= last)
                if enough(self.moments["label"].to_numpy()[rows]):
                    found = self.compared(rows, {OURS: [CEILING]})
                    told.append({"shopper": shopper, "k": [first, last], **found})
        return told

    def calibration(self) -> dict[str, Any]:
        """Whether ours is calibrated at all test moments, and in slices of them."""
        part = self.part(OURS, np.ones(len(self.moments), dtype=bool))
        how = self.how(part)
        head = headline(part, how)[0]
        straight = recalibration(part, how)
        return {
            "moments": len(part.y),
            **{name: head[name] for name in ("base_rate", "mean_prediction", "calibration_error")},
            "by_chance": head["calibration_error_by_chance"],
            "slope": straight["slope"],
            "intercept": straight["intercept"],
            "slices": self.slices(part, how),
        }

    def slices(self, part: Part, how: How) -> list[dict[str, Any]]:
        """Mean probability minus rate by slice; `outside` by Holm's step-down at 5 % in all."""
        told = [one for kind in self.labels for one in self._of_kind(kind, part, how)]
        order = np.argsort([one["p_value"] for one in told])
        rejected = True
        for place, at in enumerate(order):
            rejected = rejected and told[at]["p_value"] * (len(told) - place) < 0.05
            told[at]["outside"] = rejected
        return told

    def _of_kind(self, kind: str, part: Part, how: How) -> Iterator[dict[str, Any]]:
        labels, code = np.unique(self.labels[kind].to_numpy(), return_inverse=True)
        values = part.weight[:, None] * np.column_stack([part.p - part.y, np.ones(len(part.y))])
        sums = how.sums(part.user, code, values, len(labels))
        spread = (sums[:, :, 0] / np.maximum(sums[:, :, 1], 1e-300)).std(axis=0)
        for at, label in enumerate(labels):
            rows = code == at
            if not enough(part.y[rows]):
                continue
            gap, mass = values[rows].sum(axis=0)
            level, error = float(gap / mass), float(spread[at])
            yield {
                "slice": f"{kind} {label}", "moments": int(rows.sum()),
                "rate": float(np.average(part.y[rows], weights=part.weight[rows])),
                "gap": level, "standard_error": error,
                "p_value": float(2 * norm.sf(abs(level) / error)) if error > 0 else 1.0,
            }  # fmt: skip

    @cached_property
    def labels(self) -> dict[str, pl.Series]:
        """The slices of calibration: by k, by shopper, by department."""
        frame = self.moments
        common = frame["section"].value_counts(sort=True)["section"].head(SLICES)
        told = frame.select(
            k=pl.when(pl.col("ordinal") <= KS[-1])
            .then(pl.col("ordinal").cast(pl.String).str.zfill(2))
            .when(pl.col("ordinal") <= 20)
            .then(pl.lit("11 to 20"))
            .otherwise(pl.lit("above 20")),
            shopper=pl.when("returning").then(pl.lit("returning")).otherwise(pl.lit("new")),
            department=pl.when(pl.col("section").is_in(common.implode()))
            .then("section")
            .otherwise(pl.lit("(others)")),
        )
        return {name: told[name] for name in told.columns}


def enough(y: np.ndarray) -> bool:
    """Whether figures of a slice with these labels mean anything."""
    return min(y.sum(), (~y).sum()) >= ENOUGH
