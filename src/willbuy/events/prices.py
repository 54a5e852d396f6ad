"""Prices that could not be read: why, with an example, and what to do about it."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from willbuy.events.clean import HIGHEST_PRICE

if TYPE_CHECKING:
    import polars as pl

CURRENCY = "has a currency sign"
THOUSANDS = "has a mark of thousands"
TOO_HIGH = f"is above {HIGHEST_PRICE:,.0f}"
NO_NUMBER = "is no number"

MEANINGS = {
    CURRENCY: "write the number alone, such as 12.50",
    THOUSANDS: "write 1234.50 for 1,234.50 or 1.234,50; 1,234 alone could mean either",
    TOO_HIGH: "is another column the price?",
    NO_NUMBER: "is another column the price? A price that is not known is left empty",
}
"""What each reason means, and what to do about it."""

_AMOUNT = r"[+-]?\d[\d.,'\u2019\s]*"
_CODE = r"(?:[A-Z]{3}|[Kk]r|z\u0142|Fr|Ft|K\u010d|Rs|lei)\.?"
_WITH_CODE = re.compile(rf"{_CODE}\s*{_AMOUNT}|{_AMOUNT}{_CODE}")
_AMOUNT_ALONE = re.compile(_AMOUNT)
_EXAMPLE = 20
"""Longest text that is shown as it is."""


def why_unread(text: str) -> str:
    """Why `clean.read_price` makes nothing of a text.

    >>> why_unread("$12.50"), why_unread("12,50 EUR"), why_unread("1,234.50"), why_unread("free")
    ('has a currency sign', 'has a currency sign', 'has a mark of thousands', 'is no number')
    """
    plain = text.strip()
    if has_currency(plain):
        return CURRENCY
    try:
        return TOO_HIGH if abs(float(plain)) > HIGHEST_PRICE else NO_NUMBER
    except ValueError:
        pass
    if _AMOUNT_ALONE.fullmatch(plain):
        return THOUSANDS
    return NO_NUMBER


def has_currency(text: str) -> bool:
    """Whether a number stands beside the sign or the short name of a currency.

    >>> has_currency("5 \N{EURO SIGN}"), has_currency("USD 5"), has_currency("5")
    (True, True, False)
    """
    signs = any(unicodedata.category(one) == "Sc" for one in text)
    if signs and any(one.isdigit() for one in text):
        return True
    return _WITH_CODE.fullmatch(text.strip()) is not None


@dataclass
class Unread:
    """How many prices could not be read, by reason, with the first example of each."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, texts: pl.Series) -> None:
        """Count texts that were not read, each as often as it occurs."""
        for text, times in texts.value_counts(sort=True).iter_rows():
            reason = why_unread(text)
            self.counts[reason] += times
            self.examples.setdefault(reason, text)

    def words(self) -> list[str]:
        """A sentence for each reason, the most frequent first."""
        found = []
        for reason, times in self.counts.most_common():
            example = self.examples[reason]
            shown = example if len(example) <= _EXAMPLE else f"{example[:_EXAMPLE]}\u2026"
            found.append(
                f"{times:,} price{'s' if times > 1 else ''} cannot be read and count"
                f"{'' if times > 1 else 's'} as missing: the price {reason} ({shown!r}); "
                f"{MEANINGS[reason]}."
            )
        return found

    def to_dict(self) -> dict[str, Any]:
        """By reason: how many, and an example."""
        return {
            reason: {"prices": times, "example": self.examples[reason]}
            for reason, times in self.counts.most_common()
        }
