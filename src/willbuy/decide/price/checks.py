"""Whether a log can tell an elasticity: what must hold, computed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import polars as pl

from willbuy.decide.price.elasticity import PRICE, Fit, regress

LEADS = (1, 2, 3)
"""Days ahead at which prices are looked at."""

_CHANGED = 0.01
"""A product's price changed if its log prices lie further apart."""

_LEAST_PRODUCTS = 30
"""With changed prices. Clustered errors of fewer clusters are too small (Cameron & Miller 2015)."""

_LEAST_PURCHASES = 200
_LEAST_SPREAD = 0.01
_LEVEL = 0.025
"""Of each of the two tests on coming prices: a sound log fails one of them in 5 % at most."""


@dataclass(frozen=True)
class Check:
    """One thing that must hold.

    Attributes:
        name: Of it.
        passed: Whether it holds.
        words: What was found.
        figures: The same as numbers.
    """

    name: str
    passed: bool
    words: str
    figures: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {"name": self.name, "passed": self.passed, "words": self.words, **self.figures}


@dataclass(frozen=True)
class Identified:
    """What a set of product-days tells of its elasticity.

    Attributes:
        fit: The regression; None where there is too little to fit.
        checks: All that were made.
    """

    fit: Fit | None
    checks: tuple[Check, ...]

    @property
    def enough(self) -> bool:
        """Whether there is enough to fit anything, passed or not."""
        return self.fit is not None

    @property
    def passed(self) -> bool:
        """Whether the estimate may be told."""
        return self.fit is not None and all(one.passed for one in self.checks)


def identify(days: pl.DataFrame) -> Identified:
    """Fit the elasticity of purchases per view, and check what it rests on.

    Args:
        days: One row a product-day, as `with_log_price` gives them.
    """
    checks = [variation(days), enough(days)]
    fit = regress(days) if all(one.passed for one in checks) else None
    if fit is None and all(one.passed for one in checks):
        checks.append(Check("fit", False, "The regression found nothing to tell from these days."))
    if fit is not None:
        ahead = with_leads(days)
        checks += [pre_trends(ahead), placebo(ahead)]
    return Identified(fit, tuple(checks))


def with_log_price(days: pl.DataFrame) -> pl.DataFrame:
    """Product-days with the column `log_price`; days without a price are left out."""
    return days.drop_nulls("price").with_columns(pl.col("price").log().alias(PRICE))


def with_leads(days: pl.DataFrame) -> pl.DataFrame:
    """With the log price of coming days beside today's.

    Returns:
        The rows, with `lead_1` and so on (null where that day has no price), and `next`: the
        first of them that is known.
    """
    for lead in LEADS:
        coming = days.select("product", pl.col("day") - lead, pl.col(PRICE).alias(f"lead_{lead}"))
        days = days.join(coming, on=["product", "day"], how="left")
    return days.with_columns(pl.coalesce(f"lead_{lead}" for lead in LEADS).alias("next"))


def variation(days: pl.DataFrame) -> Check:
    """Whether prices move within products."""
    viewed = days.filter(pl.col("views") > 0)
    own = viewed.group_by("product").agg(
        (pl.col(PRICE).max() - pl.col(PRICE).min() > _CHANGED).alias("changed"),
    )
    within = viewed.select((pl.col(PRICE) - pl.col(PRICE).mean().over("product")).std()).item()
    spread, changed = float(within or 0.0), int(own["changed"].sum())
    share = changed / len(own) if len(own) else 0.0
    return Check(
        "variation",
        changed >= _LEAST_PRODUCTS and spread >= _LEAST_SPREAD,
        f"{changed:,} of {len(own):,} products ({share:.0%}) changed their price; within a product "
        f"log prices spread by {spread:.3f}. Needed: {_LEAST_PRODUCTS} products and "
        f"{_LEAST_SPREAD:g}.",
        {"products": len(own), "changed": changed, "share_changed": share, "spread": spread},
    )


def enough(days: pl.DataFrame) -> Check:
    """Whether products with changed prices were bought often enough."""
    moved = (pl.col(PRICE).max() - pl.col(PRICE).min()).over("product") > _CHANGED
    bought = int(days.filter((pl.col("views") > 0) & moved)["purchases"].sum())
    return Check(
        "purchases",
        bought >= _LEAST_PURCHASES,
        f"{bought:,} purchases of products with changed prices, on days with views. Needed: "
        f"{_LEAST_PURCHASES}.",
        {"purchases": bought},
    )


def pre_trends(ahead: pl.DataFrame) -> Check:
    """Whether the prices of the next three days, together, tell today's conversion."""
    leads = [f"lead_{lead}" for lead in LEADS]
    fit = regress(ahead, [PRICE, *leads])
    if fit is None:
        return Check(
            "pre_trends", False, "Too few products are seen four days in a row to look ahead."
        )
    p = fit.wald(leads)
    told = ", ".join(f"{fit.of(one)['value']:+.2f} ± {fit.error(one):.2f}" for one in leads)
    return Check(
        "pre_trends",
        p >= _LEVEL,
        f"Prices of the next three days, today's held fixed, move today's conversion by {told} "
        f"(with standard errors); p = {p:.3f}. Needed: {_LEVEL:g}.",
        {"p": p, "leads": {str(lead): fit.of(f"lead_{lead}") for lead in LEADS}},
    )


def placebo(ahead: pl.DataFrame, outcome: str = "purchases", *, per_view: bool = True) -> Check:
    """Whether the next price tells today's outcome, as no effect of a price can."""
    fit = regress(ahead, [PRICE, "next"], outcome=outcome, per_view=per_view)
    if fit is None:
        return Check("placebo", False, "Too few product-days have a next price to look at.")
    told = fit.of("next")
    return Check(
        "placebo",
        told["p"] >= _LEVEL,
        f"The next price has a placebo elasticity of {told['value']:+.2f} "
        f"[{told['low']:+.2f}, {told['high']:+.2f}]; p = {told['p']:.3f}. Needed: {_LEVEL:g}.",
        {"estimate": told},
    )
