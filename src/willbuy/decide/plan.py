"""A run's decisions: segments, drop-off, what acting must bring, and whom to act on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from willbuy.bundle.model import Bundle
from willbuy.decide.acting import acting
from willbuy.decide.behaviour import COLUMNS, Behaviour, fit_behaviour
from willbuy.decide.dropoff import dropped_off
from willbuy.decide.economics import Terms, gain_note
from willbuy.decide.evidence import Evidence
from willbuy.decide.intent import LEVELS, fit_intent
from willbuy.decide.moves import journeys
from willbuy.decide.profit import bands, lines_of, profit
from willbuy.decide.recommend import recommendations
from willbuy.decide.segments import Segments, described, entered, rules_told
from willbuy.decide.sessions import last_of, moments_of
from willbuy.decide.strategy import DropOff, Figure, Shoppers, Strategy, Summary
from willbuy.decide.strategy import Terms as TermsTold
from willbuy.evaluate.figures import How, share_of
from willbuy.progress import Reporter

if TYPE_CHECKING:
    import polars as pl

_EVIDENCE_NOTE = (
    "A probability is not a gain. What acting brings is its lift: measured by a randomised test, "
    "identified from past data, or assumed. Without one, this file says how large it would have "
    "to be (break_even_lift), and recommends a test where that is worth it."
)


@dataclass(frozen=True)
class Plan:
    """What a run's decisions are.

    Attributes:
        segments: How sessions are placed.
        strategy, summary: The content of the two files.
        last: The test part's sessions, each at its last moment before a purchase, with
            `probability` and `segment`.
    """

    segments: Segments
    strategy: Strategy
    summary: Summary
    last: pl.DataFrame


def plan(
    run: Path,
    bundle: Bundle,
    terms: Terms,
    splits: Mapping[str, Any],
    reporter: Reporter,
    *,
    evidence: Evidence = Evidence.ASSUMPTION,
    shoppers: Shoppers | None = None,
    behaviour: Behaviour | None = None,
    count: int = 500,
) -> Plan:
    """Decide on the test part what is learnt on the calibrate part.

    Args:
        run: The run folder with its snapshots.
        bundle: Its model.
        terms: The shop's numbers.
        splits: Of metrics.json.
        reporter: Told of progress.
        evidence: For the lift, where the terms have one.
        shoppers: Who has stopped coming, where that is known.
        behaviour: Groups that were found on this run before; found anew where not given.
        count: Replicates of the bootstrap.

    Raises:
        WillbuyError: The run is not one of this version.
    """
    import polars as pl

    settings = bundle.settings
    how = {"seed": settings.seed, "count": count, "threads": settings.workers}
    judged = How(bundle.threshold, settings.seed, count, settings.workers)
    with reporter.stage("Segments and what acting must bring"):
        calibrate, test = (scored(run, part, bundle) for part in ("calibrate", "test"))
        learnt = last_of(calibrate)
        if behaviour is None:
            X = learnt.select(COLUMNS).to_numpy().astype(np.float64)
            behaviour = fit_behaviour(X, seed=settings.seed)
        p, value, weight = (learnt[name].to_numpy() for name in ("probability", "value", "weight"))
        intent = fit_intent(p, value, weight, bundle.threshold, terms)
        segments = Segments(intent, behaviour)
        last = last_of(test)
        last = last.with_columns(segment=pl.Series(segments.of(last)))
        entries = entered(segments, test)
        found = described(segments, entries, last, **how)
        labels = {one.name: one.label for one in bundle.features}
        begins, ends = splits["test"]
        days = (test["start"].max() - test["start"].min()).total_seconds() / 86_400  # type: ignore
        advice = recommendations(
            segments, found, entries, terms, evidence, labels, days=max(days, 1 / 24), **how
        )
        gained = profit(calibrate, test, terms, **how) if terms.lift is not None else None
        common = {
            "model_id": str(bundle.about.get("model_id")),
            "data_fingerprint": str(bundle.about.get("data_fingerprint")),
            "begins": begins,
            "ends": ends,
        }
        strategy = Strategy(
            **common,
            terms=TermsTold(
                margin=terms.margin, cost=terms.cost, offer=terms.offer, lift=terms.lift,
                placeholders=list(terms.placeholders), lift_between=terms.between,
            ),
            evidence_note=_EVIDENCE_NOTE,
            gain_note=gain_note(terms, evidence),
            break_even=bands(test, terms),
            profit=gained,
            segments=advice,
            rules=rules_told(segments, labels),
        )  # fmt: skip
        summary = Summary(
            **common,
            sessions=round(float(last["weight"].sum())),
            bought=Figure(
                **share_of(
                    last["label"].to_numpy(),
                    last["weight"].to_numpy(),
                    last["user_key"].to_numpy(),
                    judged,
                    "no sessions",
                )
            ),
            at_stake=float((last["weight"] * last["value"] * ~last["label"]).sum()),
            intent=_by_level(segments, last),
            segments=found,
            drop_off=DropOff(**dropped_off(test, last, intent.high, judged)),
            shoppers=shoppers,
            journeys=journeys(segments, entries, **how),
            acting=acting(calibrate, test, lines_of(calibrate["probability"].to_numpy())),
        )
    return Plan(segments, strategy, summary, last)


def scored(run: Path, part: str, bundle: Bundle) -> pl.DataFrame:
    """The moments of one part with the probability that the model gives them."""
    import polars as pl

    names = [one.name for one in bundle.features]
    pieces = []
    for file in sorted((run / "snapshots").glob(f"{part}-*.parquet")):
        frame = pl.read_parquet(file, columns=["visit", "ordinal", *names])
        X = np.ascontiguousarray(frame.select(names).to_numpy(), dtype=np.float32)
        p = bundle.probability(X, frame["ordinal"].to_numpy())
        pieces.append(frame.select("visit", "ordinal").with_columns(probability=pl.Series(p)))
    return moments_of(run, part).join(
        pl.concat(pieces), on=["visit", "ordinal"], maintain_order="left"
    )


def _by_level(segments: Segments, last: pl.DataFrame) -> list[dict[str, Any]]:
    level = segments.intent(last["probability"].to_numpy())
    weight, y = last["weight"].to_numpy(), last["label"].to_numpy()
    found = []
    for at, name in enumerate(LEVELS):
        size = float(weight[level == at].sum())
        bought = float(weight[(level == at) & y].sum())
        found.append(
            {
                "intent": name,
                "sessions": round(size),
                "share": size / float(weight.sum()),
                "bought": bought / size if size > 0 else None,
            }
        )
    return found
