"""What a row is: a moment of a session, or in a table a whole session; and how that is said."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Nouns:
    """Words for rows.

    Attributes:
        row, rows: One, and several.
        pair: Of one of either kind.
        positives, negatives: Rows of either kind.
        positive_share: What share of rows of about one probability is positive.
        precision: Positives among those flagged.
        happens: What a rate is the rate of.
        as_said: That probabilities agree with what happened.
    """

    row: str
    rows: str
    pair: str
    positives: str
    negatives: str
    positive_share: str
    precision: str
    happens: str
    as_said: str


MOMENTS = Nouns(
    row="moment",
    rows="moments",
    pair="Of one moment that a purchase follows and one that none follows",
    positives="moments before a purchase",
    negatives="moments that no purchase follows",
    positive_share="share followed by a purchase",
    precision="before a purchase, of those flagged",
    happens="a purchase follows",
    as_said="Among moments of about one probability, as many are followed by a purchase as it says",
)

SESSIONS = Nouns(
    row="session",
    rows="sessions",
    pair="Of one session that buys and one that does not",
    positives="sessions that buy",
    negatives="sessions that do not buy",
    positive_share="share that buy",
    precision="that buy, of those flagged",
    happens="sessions buy",
    as_said="Among sessions of about one probability, as many buy as it says",
)
