"""Columns that by name and shape look as if they were known only afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator

from willbuy.leaks.derived import Alone
from willbuy.leaks.finding import Finding, Level
from willbuy.leaks.table import Table

OUTCOME = (
    "purchase", "purchases", "purchased", "buy", "buys", "bought", "buyer", "order", "orders",
    "ordered", "revenue", "revenues", "sale", "sales", "sold", "transaction", "transactions",
    "conversion", "conversions", "converted", "payment", "payments", "paid", "spend", "spent",
    "refund", "refunds", "invoice", "receipt", "shipping", "shipped", "delivery", "delivered",
    "value", "values", "profit", "margin", "outcome", "target", "label", "result",
)  # fmt: skip
"""Words of what comes with an outcome or after it."""

PAST = (
    "past", "previous", "prev", "prior", "before", "history", "historical", "earlier", "ago",
    "days", "lifetime", "shop", "product", "brand", "category", "section", "user", "since", "far",
)  # fmt: skip
"""Words that say a count is of the past, of others, or as of the moment."""

_JUMP, _COVERED, _RATE = 8.0, 0.6, 0.3
_NAMED_JUMP, _NAMED_COVERED = 4.0, 0.25
_FEWEST = 50
_NAMED_LOW = 0.75

_FIX = (
    "Find out when {name} is computed. If anything in it can happen after the row's moment, leave "
    "it out or compute it as of the moment; with the log at hand, --events tells."
)


def named(table: Table, found: dict[str, Alone], flagged: set[str]) -> Iterator[Finding]:
    """Suspicions on columns by their names and by a jump of the rate where they are set.

    Args:
        table: The table.
        found: Of `alone`.
        flagged: Columns that were found already.
    """
    for name in table.features:
        one = found[name]
        mark = max(one.marks, key=lambda each: each.contrast, default=None)
        if name in flagged or mark is None or mark.marked < _FEWEST or mark.contrast <= 0:
            continue
        word = outcome_word(name)
        jump = mark.rate / max(mark.rest_rate, 1e-9)
        steep = jump >= _JUMP and mark.covered >= _COVERED and mark.rate >= _RATE
        fits = jump >= _NAMED_JUMP and mark.covered >= _NAMED_COVERED
        if not (steep or (word and (fits or one.low >= _NAMED_LOW))):
            continue
        yield Finding(
            Level.SUSPICIOUS, "afterwards", (name,),
            f"{name} may be computed from what it should predict.",
            f"{mark.rate:.1%} of the {mark.marked:,} rows in which it is set are positive, and "
            f"{mark.rest_rate:.1%} where {mark.rest}; its rows hold {mark.covered:.0%} of the "
            "positives."
            + (f' Its name says "{word}", which comes with the outcome.' if word else ""),
            _FIX.format(name=name), one.auc,
            {"rate_where_set": mark.rate, "rate_elsewhere": mark.rest_rate,
             "covered": mark.covered},
        )  # fmt: skip


def outcome_word(name: str) -> str | None:
    """The word of a column's name that speaks of the outcome, unless others say it is past.

    >>> outcome_word("PageValues"), outcome_word("past_purchases"), outcome_word("ExitRates")
    ('values', None, None)
    """
    words = words_of(name)
    if any(word in PAST for word in words):
        return None
    return next((word for word in words if word in OUTCOME), None)


def words_of(name: str) -> list[str]:
    """The words of a column's name, in small letters.

    >>> words_of("TotalOrderValue_7d")
    ['total', 'order', 'value', '7', 'd']
    """
    return [one.casefold() for one in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]
