"""One recommendation for each segment, with the evidence that it stands on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from willbuy.decide.actions import ACTIONS, ANY, CAP, CONSENT, CONTROL, EXPIRY
from willbuy.decide.behaviour import told
from willbuy.decide.economics import Terms, sessions_for_test
from willbuy.decide.evidence import Evidence
from willbuy.decide.intent import WORDS
from willbuy.decide.profit import spanned
from willbuy.decide.segments import FEW, Segments
from willbuy.decide.strategy import Figure, Recommendation, Test
from willbuy.evaluate.bootstrap import replicate_sums

if TYPE_CHECKING:
    import polars as pl

LEVEL, POWER = 0.05, 0.8
"""Of the tests that are recommended."""

MOST_LIFT = 1.0
"""A lift that more than doubles the probability is not worth a test: nobody has seen one."""

WORTH_FINDING = 0.05
"""Where acting costs nothing every lift above 0 pays, and no test finds every one: the relative
lift that a test is sized for there."""

TEST_NOTE = (
    "Of this size, a test against no lift finds the relative lift in four of five tries, if it is "
    "the true one. It shows that there is a lift, not that the lift is above the one at which "
    "acting pays. It counts sessions as independent, though shoppers are drawn, who may come "
    "several times: then it takes more."
)


def recommendations(
    segments: Segments,
    described: list[dict[str, Any]],
    entries: pl.DataFrame,
    terms: Terms,
    evidence: Evidence,
    labels: Mapping[str, str],
    *,
    days: float,
    seed: int,
    count: int,
    threads: int,
) -> list[Recommendation]:
    """What to do with each segment: first where to act, then where to test, by what is at stake.

    Acting on a segment means: once on each session, when it first stands in it. Gains of several
    segments do not add up, since a session may pass through more than one.

    Args:
        segments: How sessions are placed.
        described: As `described` tells of them.
        entries: As `entered` gives them, of the test part.
        terms: The shop's.
        evidence: For the lift, where there is one.
        labels: Of features.
        days: How many days the sessions came in.
        seed, count, threads: Of the bootstrap over shoppers.
    """
    import polars as pl

    ways = told(segments.behaviour, labels)
    places = {name: at for at, name in enumerate(segments.behaviour.names)}
    levels = {f"{a} / {b}": n for n in range(len(segments)) for a, b in [segments.name(n)]}
    found = []
    for one in sorted(described, key=lambda each: -each["at_stake"]):
        here = entries.filter(pl.col("segment") == levels[one["segment"]])
        weight, p, value = (here[c].to_numpy() for c in ("weight", "probability", "value"))
        size = float(weight.sum())
        rate = float(np.average(p, weights=weight))
        expected = float(np.average(p * value, weights=weight))
        lift = float(terms.break_even(np.array([expected]), np.ones(1))[0])
        sought = lift if lift > 0 else WORTH_FINDING
        needed = sessions_for_test(rate, sought, level=LEVEL, power=POWER) if lift < np.inf else 0
        gain = _gain(here, terms, seed=seed, count=count, threads=threads)
        recommended, why = _decided(lift, gain, terms, len(here))
        way = ways[places[one["behaviour"]]]
        found.append(
            Recommendation(
                segment=one["segment"],
                who=f"Sessions that {WORDS[one['intent']]} and behave as “{one['behaviour']}”: "
                + _ways(way["rule"]),
                rule=way["rule"],
                intent=one["intent"],
                behaviour=one["behaviour"],
                entered=one["entered"],
                ended=one["ended"],
                share=min(one["share"], 1.0),
                mean_probability=one["mean_probability"],
                at_stake=one["at_stake"],
                action=ACTIONS.get(one["behaviour"], ANY),
                recommended=recommended,
                why=why,
                break_even_lift=lift if np.isfinite(lift) else None,
                expected_gain=gain,
                evidence=evidence if terms.lift is not None else None,
                cost=terms.cost,
                cap=CAP,
                expiry=EXPIRY,
                control_share=CONTROL,
                consent=CONSENT,
                test=Test(
                    sessions_per_group=needed,
                    relative_lift=sought if needed else None,
                    days=2 * needed / (size / days) if needed and size > 0 else None,
                    level=LEVEL,
                    power=POWER,
                    note=TEST_NOTE if needed else "",
                ),
            )
        )
    order = ["act", "do nothing and test", "do nothing"]
    return sorted(found, key=lambda one: order.index(one.recommended))


def _gain(here: pl.DataFrame, terms: Terms, *, seed: int, count: int, threads: int) -> Figure:
    """What acting on these moments brings in all, by the lift and by what happened."""
    if terms.lift is None:
        return Figure(value=None, low=None, high=None,
                      reason="nobody has measured or assumed what acting does")  # fmt: skip
    bought, value = (here[name].to_numpy().astype(np.float64) for name in ("label", "value"))
    weight = here["weight"].to_numpy()
    ends = np.stack([weight * one.gain(bought, value) for one in terms.ends], axis=1)
    drawn = replicate_sums(
        here["user_key"].to_numpy(), np.zeros(len(here), np.int64), ends, 1,
        seed=seed, count=count, threads=threads,
    )[:, 0]  # fmt: skip
    low, high = spanned(drawn[:, 0], drawn[:, 1])
    total = float((weight * terms.gain(bought, value)).sum())
    return Figure(value=total, low=low, high=high, reason="")


def _ways(rule: Sequence[str]) -> str:
    """The first way to be in a group, and how many more there are."""
    more = len(rule) - 1
    return rule[0] + (f", or {more} other way{'s' if more > 1 else ''}" if more else "")


def _decided(lift: float, gain: Figure, terms: Terms, size: int) -> tuple[Any, str]:
    """What is recommended, and why."""
    if terms.hopeless:
        return "do nothing", terms.hopeless
    if size < FEW:
        return "do nothing", f"Fewer than {FEW} sessions: too few to say anything."
    if not np.isfinite(lift):
        return "do nothing", "Nothing is at stake here whose price is known."
    if terms.lift is None and lift > MOST_LIFT:
        return "do nothing", (
            f"Acting would have to raise the probability by {lift:.0%} of itself to pay for its "
            "cost: no test is worth it."
        )
    if terms.lift is None and lift <= 0:
        return "do nothing and test", (
            "Acting costs nothing, so any lift above 0 pays, and nobody knows whether there is "
            f"one. The test is sized for {WORTH_FINDING:.0%}, the smallest worth finding."
        )
    if terms.lift is None:
        return "do nothing and test", (
            f"Acting pays only if it raises the probability by more than {lift:.1%} of itself, and "
            "nobody knows whether it does."
        )
    assert gain.value is not None
    if gain.low is not None and gain.low > 0:
        return "act", f"A lift of {terms.lift_told} is above the {lift:.1%} at which acting pays."
    if gain.high is not None and gain.high < 0:
        return "do nothing", (
            f"A lift of {terms.lift_told} is below the {lift:.1%} at which acting pays."
        )
    if terms.between is not None and lift > max(terms.between):
        return "do nothing", (
            f"The lift's interval, {terms.lift_told}, ends below the {lift:.1%} at which acting "
            "pays."
        )
    return "do nothing and test", (
        f"By a lift of {terms.lift_told} the gain cannot be told from nothing: acting pays above "
        f"{lift:.1%}."
    )
