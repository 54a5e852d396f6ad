"""Sessions by intent and behaviour: how many, what is at stake, what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from willbuy.decide.behaviour import Behaviour
from willbuy.decide.intent import LEVELS, Intent
from willbuy.decide.rules import Rules
from willbuy.evaluate.bootstrap import replicate_sums
from willbuy.evaluate.figures import rate, withheld

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SOON = 3
"""Days within which a shopper who comes again has come soon."""

FEW = 50
"""A segment with fewer sessions is counted, but nothing is said about it."""


@dataclass(frozen=True)
class Segments:
    """How sessions are placed.

    Attributes:
        intent: By probability.
        behaviour: By what was done so far.
    """

    intent: Intent
    behaviour: Behaviour

    def of(self, sessions: pl.DataFrame) -> Ints:
        """The number of each session's segment: behaviours within a level of intent (n,)."""
        level = self.intent(sessions["probability"].to_numpy())
        X = sessions.select(self.behaviour.rules.columns).to_numpy().astype(np.float64)
        return np.asarray(level * len(self.behaviour.names) + self.behaviour.rules(X))

    def name(self, segment: int) -> tuple[str, str]:
        """Intent and behaviour of a segment."""
        level, behaviour = divmod(segment, len(self.behaviour.names))
        return LEVELS[level], self.behaviour.names[behaviour]

    def __len__(self) -> int:
        return len(LEVELS) * len(self.behaviour.names)


def segments_from(rules: Mapping[str, Any]) -> Segments:
    """The inverse of `rules_told`, so that a run's file places sessions to come.

    Args:
        rules: Of churn_strategy.json.
    """
    intent = rules["intent"]
    return Segments(
        Intent(intent["medium_from"], intent["high_from"], intent["note"]),
        Behaviour(
            Rules.from_dict(rules["rules"]),
            tuple(rules["names"]),
            rules["stability"],
            rules["agreement"],
            {int(k): (one, other) for k, (one, other) in rules["tried"].items()},
        ),
    )


def entered(segments: Segments, moments: pl.DataFrame) -> pl.DataFrame:
    """The first moment of each session in each segment that it passes through, with `segment`.

    What is known at such a moment is known while the session goes on, so that probabilities there
    are to be believed. At a session's last moment they are not: that it left is not known yet.

    Returns:
        These moments with `segment`, and what came of them: `next`, the next segment of the
        session, null where there is none; `had_cart`: something had been put in the cart by then;
        `puts_in_cart`: nothing had, and something was later, before any purchase.
    """
    import polars as pl

    carted = pl.col("carts").fill_nan(None).fill_null(0) > 0
    segment = pl.col("segment")
    placed = moments.with_columns(
        had_cart=carted, segment=pl.Series(segments.of(moments))
    ).with_columns(puts_in_cart=pl.col("had_cart").any().over("visit") & ~pl.col("had_cart"))
    stays = placed.filter(segment.ne_missing(segment.shift(1).over("visit")))
    stays = stays.with_columns(next=segment.shift(-1).over("visit"))
    return stays.group_by("visit", "segment", maintain_order=True).first()


def described(
    segments: Segments,
    entries: pl.DataFrame,
    last: pl.DataFrame,
    *,
    seed: int,
    count: int,
    threads: int,
) -> list[dict[str, Any]]:
    """Each segment that has sessions.

    Args:
        segments: How they are placed.
        entries: As `entered` gives them.
        last: Each session at its last moment before a purchase, with `segment`.
        seed, count, threads: Of the bootstrap over shoppers.

    Returns:
        ``segment``, ``intent``, ``behaviour``. Of the sessions that entered it: ``entered``: how
        many, ``mean_probability`` then, ``bought``: the share that bought, as a figure,
        ``mean_value``, ``carted``: the share with something in the cart. Of those that ended in
        it, which is known only afterwards: ``ended``: how many, ``share`` of all sessions,
        ``at_stake``: the value that they left unbought, ``soon``: the share of those without a
        purchase whose shopper came again within `SOON` days. Sessions count by their sampling
        weight.
    """
    first = _sums(segments, entries, ["label", "probability", "value", "carted"])
    drawn = replicate_sums(
        entries["user_key"].to_numpy(),
        entries["segment"].to_numpy(),
        np.stack([entries["weight"], entries["weight"] * entries["label"]], axis=1),
        len(segments),
        seed=seed,
        count=count,
        threads=threads,
    )
    end = _sums(segments, _came_soon(last), ["lost", "soon", "asked"])
    total = float(last["weight"].sum())
    size = np.bincount(entries["segment"].to_numpy(), minlength=len(segments))
    found = []
    for one in np.flatnonzero(size).tolist():
        came, bought, chance, worth, cart = first[one].tolist()
        ended, lost, soon, asked = end[one].tolist()
        intent, behaviour = segments.name(one)
        with np.errstate(invalid="ignore"):
            shares = drawn[:, one, 1] / drawn[:, one, 0]
        few = size[one] < FEW
        found.append(
            {
                "segment": f"{intent} / {behaviour}",
                "intent": intent,
                "behaviour": behaviour,
                "entered": round(came),
                "mean_probability": chance / came,
                "bought": (
                    withheld(f"fewer than {FEW} sessions")
                    if few
                    else rate(bought, came, shares, "no sessions")
                ),
                "mean_value": worth / came,
                "carted": cart / came,
                "ended": round(ended),
                "share": ended / total,
                "at_stake": lost,
                "soon": soon / asked if asked > 0 and not few else None,
            }
        )
    return found


def _sums(segments: Segments, rows: pl.DataFrame, columns: list[str]) -> Floats:
    """Weights, and weighted sums of columns, by segment (segments, 1 + columns)."""
    import polars as pl

    cart = (pl.col("cart_size").fill_nan(None).fill_null(0) > 0).alias("carted")
    rows = rows.with_columns(cart)
    weight = rows["weight"].to_numpy()
    values = [np.ones(len(rows)), *(rows[name].to_numpy().astype(np.float64) for name in columns)]
    segment = rows["segment"].to_numpy()
    return np.stack([np.bincount(segment, weight * one, len(segments)) for one in values], axis=1)


def _came_soon(last: pl.DataFrame) -> pl.DataFrame:
    """Add what sessions `lost`; whether the shopper came `soon`; of which that is `asked`."""
    import polars as pl

    wait = pl.duration(days=SOON)
    left = ~pl.col("label")
    again = (pl.col("start").shift(-1).over("user_key") - pl.col("time") <= wait).fill_null(
        value=False
    )
    asked = left & (pl.col("time") + wait <= pl.col("start").max())
    return last.sort("user_key", "start").with_columns(
        lost=pl.col("value") * left, soon=asked & again, asked=asked
    )


def rules_told(segments: Segments, labels: Mapping[str, str]) -> dict[str, Any]:
    """The rules as data and in words, so that a new session can be placed by hand.

    Args:
        segments: How sessions are placed.
        labels: Of features.
    """
    from willbuy.decide.behaviour import told

    one = segments.behaviour
    return {
        "intent": {
            "medium_from": segments.intent.medium,
            "high_from": segments.intent.high,
            "note": segments.intent.note,
        },
        "behaviour": told(one, labels),
        "rules": one.rules.to_dict(),
        "names": list(one.names),
        "stability": one.stability,
        "agreement": one.agreement,
        "tried": {str(k): list(v) for k, v in sorted(one.tried.items())},
    }
