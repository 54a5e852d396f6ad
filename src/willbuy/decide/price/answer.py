"""`willbuy price`: what a price cut would bring, and what that rests on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from willbuy.decide.evidence import Evidence
from willbuy.decide.price.assumptions import assumptions_of
from willbuy.decide.price.bound import bounded, is_bound, is_bounded, share_of_views
from willbuy.decide.price.checks import Identified, identify, placebo, with_leads, with_log_price
from willbuy.decide.price.cut import MONTH, Baseline, Elasticities, consequences
from willbuy.decide.price.elasticity import elasticity_of, regress
from willbuy.decide.price.scope import ALL, Scope
from willbuy.decide.price.substitution import CROSS, Substitution, shares_in_scope, substitution
from willbuy.errors import WillbuyError

SCHEMA = 1
"""Of price.json."""

FAILED = "a check failed"
"""Why an estimate is withheld that there was enough for."""

_CATEGORIES = 8
_BANDS = ("low", "middle", "high")


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes:
        cut: Share taken off every price of the scope, in (0, 1).
        scope: Which products.
        margin: Share of the present price left after costs; None: unknown.
        given: A range of the elasticity that the user gives, to be used instead of an estimate.
    """

    cut: float
    scope: Scope = ALL
    margin: float | None = None
    given: tuple[float, float] | None = None


@dataclass(frozen=True)
class _Chosen:
    """The elasticity that is used: what price.json tells of it, and its draws."""

    told: dict[str, Any]
    elasticities: Elasticities


def price(
    days: pl.DataFrame, goods: pl.DataFrame, test_days: tuple[int, int], question: Question
) -> dict[str, Any]:
    """Estimate, check, and work out what the cut brings.

    Args:
        days: Product-days, as `panel.product_days` gives them.
        goods: Products, as `panel.goods_of` gives them.
        test_days: First and last day of the test part: its views are what the cut meets.
        question: What is asked.

    Returns:
        The content of price.json but for the scenario.

    Raises:
        WillbuyError: The scope matches nothing or was not sold in test; or the log cannot tell
            the elasticity and none was given: the message has the checks and what to do.
    """
    chosen = question.scope.products(goods)
    base = baseline(days, goods, chosen, test_days)
    priced = with_log_price(days)
    whole = identify(priced)
    scope_days = priced.filter(pl.col("product").is_in(chosen.implode()))
    own = whole if question.scope.kind == "all" else identify(scope_days)
    others = substitution(priced, goods) if whole.passed else Substitution(
        None, "Substitution is not looked at: prices of this log do not tell their own effect."
    )  # fmt: skip
    share = share_of_views(goods, chosen)
    many = is_bounded(len(chosen), share)
    used = _choose(question, own, whole, others, share if many else None)
    return {
        "schema": SCHEMA,
        "scope": question.scope.words,
        "products": len(chosen),
        "cut": question.cut,
        "margin": question.margin,
        "days": MONTH,
        "test_days": test_days[1] - test_days[0] + 1,
        "panel": {
            "product_days": len(days),
            "without_price": len(days) - len(priced),
            "without_view": len(priced.filter(pl.col("views") == 0)),
        },
        "elasticity": used.told,
        "estimate": _estimate(own, question.scope.words),
        "checks": [one.to_dict() for one in own.checks],
        "by_category": list(_groups(priced, goods, "section")) if whole.passed else [],
        "by_price": list(_groups(priced, _banded(goods), "band")) if whole.passed else [],
        "substitution": others.to_dict(),
        "before": {
            "views": float(base.views.sum()),
            "units": float(base.units.sum()),
            "revenue": float(base.revenue.sum()),
            "evidence": Evidence.MEASURED.value,
        },
        "after": consequences(base, question.cut, question.margin, used.elasticities),
        "cannibalised": cannibalised(
            base,
            question.cut,
            used.elasticities,
            others.words,
            bound=is_bound(used.told),
            whole=share == 1,
        ),
        "traffic": _traffic(scope_days, question, share if many else None),
        "assumptions": assumptions_of(
            len(chosen), bound=is_bound(used.told), given=question.given is not None
        ),
    }


def _choose(
    question: Question,
    own: Identified,
    whole: Identified,
    others: Substitution,
    share: float | None,
) -> _Chosen:
    """The range given, else what the scope's own days say, else all products'.

    A bound where `share`, the scope's of the shop's views, is not None.
    """
    if question.given is not None:
        low, high = question.given
        told = {"value": None, "low": low, "high": high, "of": "given with --elasticity"}
        return _Chosen(
            {**told, "evidence": Evidence.ASSUMPTION.value}, Elasticities.of_range(low, high)
        )
    if own.enough and not own.passed:
        raise _unidentified(own, "a check on coming prices failed, so the estimate is withheld")
    if own.passed:
        found, evidence, of = own, Evidence.IDENTIFIED, question.scope.words
    elif whole.passed:
        found, evidence = whole, Evidence.ASSUMPTION
        of = f"all products; that {question.scope.words} answers like them is an assumption"
    else:
        raise _unidentified(own, "there is too little to estimate from")
    assert found.fit is not None
    fit = found.fit
    if share is not None:
        bound = bounded(elasticity_of(fit, evidence, of), share)
        return _Chosen(bound, Elasticities.of_range(bound["low"], bound["high"]))
    value, covariance = fit.value, fit.covariance
    if others.fit is not None and found is whole:
        fit = others.fit
        value, covariance = fit.value, fit.covariance
    elif others.fit is not None:  # of other rows: taken as independent
        cross = others.fit.terms.index(CROSS)
        value = np.append(value, others.fit.value[cross])
        covariance = np.diag([covariance[0, 0], others.fit.covariance[cross, cross]])
    return _Chosen(elasticity_of(fit, evidence, of), Elasticities.of_estimate(value, covariance))


def _unidentified(found: Identified, why: str) -> WillbuyError:
    checks = "\n".join(
        f"  {'passed' if one.passed else 'FAILED'}  {one.name}: {one.words}" for one in found.checks
    )
    return WillbuyError(
        f"This log cannot tell what a price does: {why}.\n{checks}\nGive a range that you hold "
        "for plausible, and the answer is worked out from it and called an assumption: "
        "--elasticity=-2,-0.5 (a price lower by 1 % brings 0.5 to 2 % more purchases per view). "
        "What would tell it: prices changed at random, for some products on some days."
    )


def _estimate(found: Identified, of: str) -> dict[str, Any]:
    """What the scope's own days say, told or withheld."""
    if not found.passed:
        why = "too little to estimate from" if not found.enough else FAILED
        return {"withheld": why, "of": of}
    assert found.fit is not None
    return elasticity_of(found.fit, Evidence.IDENTIFIED, of)


def _groups(days: pl.DataFrame, goods: pl.DataFrame, column: str) -> Iterator[dict[str, Any]]:
    """The elasticity of each group of products, the most bought first."""
    rows = days.join(goods.select("product", column).drop_nulls(), on="product")
    bought = rows.group_by(column).agg(pl.col("purchases").sum())
    largest = bought.sort(["purchases", column], descending=[True, False])[column]
    for name in largest.head(_CATEGORIES):
        yield {"name": name, **_estimate(identify(rows.filter(pl.col(column) == name)), name)}


def _banded(goods: pl.DataFrame) -> pl.DataFrame:
    """Goods with the column `band`: thirds by usual price, equal in views, named by their edges."""
    ordered = goods.drop_nulls("price").sort("price")
    reach = ordered["views"].cum_sum() / max(ordered["views"].sum(), 1)
    third = (reach * len(_BANDS)).ceil().clip(1, len(_BANDS)).cast(pl.Int32) - 1
    ordered = ordered.with_columns(third.alias("third"))
    low, high = pl.col("price").min().over("third"), pl.col("price").max().over("third")
    names = pl.col("third").replace_strict(dict(enumerate(_BANDS)), return_dtype=pl.String)
    return ordered.with_columns(
        pl.format("{} ({} to {})", names, low.round(2), high.round(2)).alias("band")
    )


def baseline(
    days: pl.DataFrame, goods: pl.DataFrame, chosen: pl.Series, test_days: tuple[int, int]
) -> Baseline:
    """What was sold in the test part at its prices, scaled to 30 days.

    Args:
        days, goods, test_days: As for `price`.
        chosen: Keys of the scope's products.

    Raises:
        WillbuyError: Nothing of them was sold.
    """
    first, last = test_days
    test = days.filter(pl.col("day").is_between(first, last))
    scaled = MONTH / (last - first + 1)
    shares = shares_in_scope(goods, chosen)
    touched = shares.filter(pl.col("inside"))["category"].unique().drop_nulls()
    groups = (
        test.join(shares, on="product")
        .filter(pl.col("inside") | pl.col("category").is_in(touched.implode()))
        .group_by("inside", pl.col("others_inside").round(2))
        .agg(
            pl.col("views").sum() * scaled,
            pl.col("purchases").sum().alias("units") * scaled,
            (pl.col("purchases") * pl.col("price")).sum().alias("revenue") * scaled,
        )
        .sort("inside", "others_inside")
    )
    mine, theirs = groups.filter(pl.col("inside")), groups.filter(~pl.col("inside"))
    if not mine["units"].sum() or not mine["views"].sum():
        raise WillbuyError(
            "Nothing of the scope was bought in the test part, so there is nothing that a cut "
            "would change. Choose a wider --scope."
        )
    outside = ("units", "revenue", "others_inside")
    return Baseline(
        *(mine[name].to_numpy() for name in ("views", *outside)),
        *(theirs[name].to_numpy() for name in outside),
    )


def cannibalised(
    base: Baseline,
    cut: float,
    elasticities: Elasticities,
    words: str,
    *,
    bound: bool,
    whole: bool,
) -> dict[str, Any]:
    """How many of the units gained come from other products.

    Args:
        base: What was sold.
        cut: Share taken off.
        elasticities: Own, and cross where it is identified and used.
        words: What is known of substitution.
        bound: Whether the elasticities run from all to none of it taken within the scope.
        whole: Whether no product is outside the scope.

    Returns:
        As price.json has it: `units`, a range, only where products outside the scope may lose
        units of which no figure tells.
    """
    gained = elasticities.told(
        lambda own, cross: np.exp(np.log1p(-cut) * own) * base.units.sum() - base.units.sum()
    )
    if elasticities.cross is not None:
        return {"evidence": Evidence.IDENTIFIED.value, "words": words, "gained": gained}
    if whole:
        held = (
            "The figures hold it at both ends: all of what is gained may come from other "
            "products, or none of it."
            if bound
            else "No product is outside the scope: the range that is given is taken to hold it."
        )
        return {
            "evidence": Evidence.ASSUMPTION.value,
            "words": f"{words} {held}",
            "gained": gained,
        }
    where = "other products" if elasticities.own is not None else "products outside the scope"
    most = max(gained["value"] if gained["value"] is not None else gained["high"] or 0.0, 0.0)
    return {
        "evidence": Evidence.ASSUMPTION.value,
        "words": f"{words} Of the units gained, from none to all may come from {where}.",
        "gained": gained,
        "units": {"value": None, "low": 0.0, "high": most},
    }


def _traffic(days: pl.DataFrame, question: Question, share: float | None) -> dict[str, Any]:
    """What the price does to views: told apart, since all else holds views fixed.

    Looks compare products of the same day, as purchases do, so they are a bound where those are:
    where `share`, the scope's of the shop's views, is not None.
    """
    words = "Views of a product may answer to its price, too; all other figures hold them fixed."
    fit = regress(days, outcome="views", per_view=False)
    if fit is None:
        return {"words": words, "withheld": "too little to estimate from"}
    check = placebo(with_leads(days), "views", per_view=False)
    told = {"words": words, "check": check.to_dict()}
    if not check.passed:
        return {**told, "withheld": "the next price tells today's views: prices follow demand"}
    found = elasticity_of(fit, Evidence.IDENTIFIED, question.scope.words)
    elasticities = Elasticities.of_estimate(fit.value, fit.covariance)
    if share is not None:
        found = bounded(found, share)
        elasticities = Elasticities.of_range(found["low"], found["high"])
    change = elasticities.told(lambda own, cross: np.expm1(np.log1p(-question.cut) * own) + 0.0)
    return {**told, **found, "change": change}
