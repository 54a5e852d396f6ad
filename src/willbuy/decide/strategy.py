"""The content of churn_strategy.json and churn_summary.json, with their JSON Schemas.

Both files are checked against these models when they are written. `strategy_schema` and
`summary_schema` give the schemas that stand in docs/schemas.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from willbuy.decide.evidence import Evidence

VERSION: Literal[1] = 1


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Figure(_Strict):
    """A value with its 95 % interval over shoppers."""

    value: float | None
    low: float | None
    high: float | None
    reason: str = Field("", description="Why there is no value or no interval.")


class Test(_Strict):
    """A randomised test that would show whether acting pays."""

    sessions_per_group: Annotated[int, Field(ge=0)]
    relative_lift: Annotated[
        float | None,
        Field(description="The smallest that pays; where any does, the smallest worth finding."),
    ]
    days: Annotated[float | None, Field(description="At this log's traffic.")]
    level: float
    power: float
    note: Annotated[str, Field(description="What the test shows and what not.")] = ""


class Recommendation(_Strict):
    """What to do with one segment."""

    segment: str
    who: Annotated[str, Field(description="In words.")]
    rule: Annotated[list[str], Field(description="Any of these places a session here.")]
    intent: Literal["low", "medium", "high"]
    behaviour: str
    entered: Annotated[int, Field(ge=0, description="Sessions of test that came into it.")]
    ended: Annotated[int, Field(ge=0, description="Sessions of test that ended in it.")]
    share: Annotated[float, Field(ge=0, le=1, description="Of all sessions, those that ended.")]
    mean_probability: Annotated[float, Field(ge=0, le=1, description="When they came into it.")]
    at_stake: Annotated[float, Field(ge=0, description="Value that left without being bought.")]
    action: Annotated[str, Field(description="What could be done; the shop decides.")]
    recommended: Literal["act", "do nothing and test", "do nothing"]
    why: str
    break_even_lift: Annotated[
        float | None, Field(description="Relative; acting pays above it. Null: no lift pays.")
    ]
    expected_gain: Annotated[Figure, Field(description="On the test part, by the lift given.")]
    evidence: Annotated[
        Evidence | None, Field(description="For the lift; null where nobody knows it.")
    ]
    cost: Annotated[float, Field(ge=0, description="Of acting on one session.")]
    cap: Annotated[str, Field(description="How often one shopper may be acted on.")]
    expiry: Annotated[str, Field(description="When an action ends.")]
    control_share: Annotated[
        float, Field(gt=0, lt=1, description="Left alone at random, so that it can be measured.")
    ]
    consent: str
    test: Test


class Terms(_Strict):
    """The shop's numbers; placeholders are nobody's."""

    margin: float
    cost: float
    offer: float
    lift: float | None
    placeholders: list[str]
    lift_between: Annotated[
        tuple[float, float] | None, Field(description="The interval that a test gives the lift.")
    ] = None


class Strategy(_Strict):
    """churn_strategy.json."""

    version: Literal[1] = VERSION
    model_id: str
    data_fingerprint: str
    part: Literal["test"] = "test"
    begins: str
    ends: str
    terms: Terms
    evidence_note: str
    gain_note: Annotated[
        str, Field(description="What the intervals of gains hold; empty without a lift.")
    ] = ""
    break_even: Annotated[
        list[dict[str, Any]], Field(description="By band of probability, the highest first.")
    ]
    profit: Annotated[
        dict[str, Any] | None,
        Field(description="Only with a lift: threshold and its interval, curve, by k."),
    ]
    segments: list[Recommendation]
    rules: dict[str, Any]


class DropOff(_Strict):
    """High-intent sessions that left."""

    line: float
    reached: int
    expected_to_leave: float | None = None
    left: Figure | None = None
    at_stake: float = 0.0
    at_event: float | None = None
    steps: list[dict[str, Any]] = Field(default_factory=list)
    reason: str = ""


class Funnel(_Strict):
    """From coming into a segment to the cart and to the purchase."""

    entered: Annotated[int, Field(ge=0, description="Sessions of test that came into it.")]
    had_cart: Annotated[int, Field(ge=0, description="Of these, with a cart event by then.")]
    put_in_cart: Annotated[Figure, Field(description="Of the others, the share that did later.")]
    bought_with_cart: Annotated[
        Figure, Field(description="Of those with a cart event before or after, who bought.")
    ]
    bought_without_cart: Annotated[Figure, Field(description="Of those without, who bought.")]


class Move(_Strict):
    """Where some of a segment's sessions went next."""

    to: Annotated[str, Field(description="A segment, 'bought' or 'left without buying'.")]
    share: Annotated[Figure, Field(description="Of the sessions that came into the segment.")]


class Journey(_Strict):
    """What the sessions of one segment did after they had come into it."""

    segment: str
    funnel: Funnel
    next: Annotated[
        list[Move],
        Field(description="The most frequent first, adding up to 1; empty: too few sessions."),
    ]


class Shoppers(_Strict):
    """Who has stopped coming, by their own rhythm."""

    shoppers: int
    at: Annotated[str, Field(description="The end of the log: what came later is not known.")]
    staying: Annotated[float | None, Field(description="Expected share that has not left.")]
    left: Annotated[float | None, Field(description="Share more likely gone than not.")]
    returns_within: int
    returns: Annotated[float | None, Field(description="Expected share that comes within.")]
    checked: Annotated[
        dict[str, Any], Field(description="The same model on an earlier day, against what came.")
    ]
    model: dict[str, float]
    note: str


class Summary(_Strict):
    """churn_summary.json."""

    version: Literal[1] = VERSION
    model_id: str
    data_fingerprint: str
    part: Literal["test"] = "test"
    begins: str
    ends: str
    sessions: int
    bought: Figure
    at_stake: float
    intent: Annotated[list[dict[str, Any]], Field(description="Sessions and rate by level.")]
    segments: list[dict[str, Any]]
    drop_off: DropOff
    shoppers: Shoppers | None
    acting: Annotated[
        list[dict[str, Any]] | None,
        Field(description="By line: sums that the profit of any margin, cost and lift needs."),
    ] = None
    journeys: Annotated[
        list[Journey] | None,
        Field(description="By segment: cart and purchase, and which segment comes next."),
    ] = None


def strategy_schema() -> dict[str, Any]:
    """The JSON Schema of churn_strategy.json."""
    return Strategy.model_json_schema()


def summary_schema() -> dict[str, Any]:
    """The JSON Schema of churn_summary.json."""
    return Summary.model_json_schema()
