"""Which products a price change is for."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass

import polars as pl

from willbuy.errors import WillbuyError
from willbuy.events.clean import clean_path, clean_text
from willbuy.events.prices import has_currency

_KINDS = ("category", "brand", "price")


@dataclass(frozen=True)
class Scope:
    """Some of the products.

    Attributes:
        words: As it was asked for; "all products" where nothing was.
        kind: category, brand, price, or all.
        name: Of the category or brand, cleaned as the log's own are.
        low, high: Of the usual price, both included.
    """

    words: str = "all products"
    kind: str = "all"
    name: str = ""
    low: float = 0.0
    high: float = math.inf

    def products(self, goods: pl.DataFrame) -> pl.Series:
        """The keys of its products.

        Args:
            goods: As `panel.goods_of` gives them.

        Raises:
            WillbuyError: There is none; the message has the nearest names, or the range.
        """
        found = goods.filter(self._holds())["product"]
        if not len(found):
            raise WillbuyError(f"--scope {self.words} matches no product. {self._near(goods)}")
        return found

    def _holds(self) -> pl.Expr:
        if self.kind == "category":
            path = pl.col("category")
            under = path.str.starts_with(f"{self.name}.")
            return (path == self.name) | under | (pl.col("section") == self.name)
        if self.kind == "brand":
            return pl.col("brand") == self.name
        if self.kind == "price":
            return pl.col("price").is_between(self.low, self.high)
        return pl.lit(True)

    def _near(self, goods: pl.DataFrame) -> str:
        if self.kind == "price":
            known = goods["price"].drop_nulls().to_numpy()
            if not len(known):
                return "No event of the log has a price."
            return f"Usual prices go from {known.min():.2f} to {known.max():.2f}."
        columns = ("category", "section") if self.kind == "category" else ("brand",)
        views = pl.concat(
            goods.select(pl.col(one).alias("name"), "views").drop_nulls() for one in columns
        )
        names = views.group_by("name").sum().sort("views", descending=True)["name"].to_list()
        near = difflib.get_close_matches(self.name, names, n=3, cutoff=0.5)
        if near:
            return f"Did you mean {' or '.join(near)}?"
        return f"The most looked at: {', '.join(names[:5])}." if names else "The log names none."


ALL = Scope()
"""Every product."""


def parse_scope(text: str | None) -> Scope:
    """A scope as people write it: category=electronics, brand=x or price=20-50.

    >>> parse_scope("price=20-50").high
    50.0

    Raises:
        WillbuyError: It is of no such form.
    """
    if text is None:
        return ALL
    kind, _, value = text.partition("=")
    kind, value = kind.strip().lower(), value.strip()
    if kind == "intent":
        raise WillbuyError(
            "--scope intent=... cannot be answered: what a session intends is read from what it "
            "did, and that answers to the price already, so groups by it would be groups by the "
            f"outcome. Choose {', '.join(_KINDS[:-1])} or {_KINDS[-1]}."
        )
    if kind not in _KINDS or not value:
        raise WillbuyError(
            f"--scope {text}: write category=electronics, brand=samsung or price=20-50."
        )
    if kind == "price":
        low, high = parse_range(value, "--scope price", "20-50", "-")
        if low < 0:
            raise WillbuyError(f"--scope {text}: prices are above zero.")
        return Scope(text, kind, low=low, high=high)
    path = ".".join(clean_path(value)) if kind == "category" else clean_text(value)
    return Scope(text, kind, name=path or value)


def parse_range(text: str, what: str, example: str, separator: str) -> tuple[float, float]:
    """Two numbers, the lower first.

    Raises:
        WillbuyError: They are not.
    """
    try:
        low, high = (float(one) for one in text.split(separator))
    except ValueError:
        low, high = math.nan, math.nan
    if any(has_currency(one) for one in text.split(separator)):
        raise WillbuyError(
            f"{what} is {text}, which has a currency sign; write the numbers alone, the lower "
            f"first: {example}"
        )
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise WillbuyError(f"{what} is {text}; it takes two numbers, the lower first: {example}")
    return low, high
