"""The answer for another cut, margin or scope, from elasticities that a run has told already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from willbuy.decide.evidence import Evidence
from willbuy.decide.price.answer import FAILED, Question, baseline, cannibalised
from willbuy.decide.price.assumptions import assumptions_of
from willbuy.decide.price.bound import bounded, is_bound, is_bounded, own_of, share_of_views
from willbuy.decide.price.cut import MONTH, Baseline, Elasticities, consequences
from willbuy.decide.price.scope import ALL, Scope
from willbuy.errors import WillbuyError

_UNASKED = "Nobody has asked this log about substitution."


@dataclass(frozen=True, eq=False)
class Sold:
    """What a scope sold, which serves any cut, margin and elasticity.

    Attributes:
        products: How many products it has.
        base: What was sold of them.
        share: Of the shop's views, theirs.
    """

    products: int
    base: Baseline
    share: float


def sold_in(
    scope: Scope, days: pl.DataFrame, goods: pl.DataFrame, test_days: tuple[int, int]
) -> Sold:
    """Count what a scope sold in the test part.

    Args:
        scope: Of products.
        days, goods, test_days: As for `answer.price`.

    Raises:
        WillbuyError: The scope matches nothing or was not sold in test.
    """
    chosen = scope.products(goods)
    base = baseline(days, goods, chosen, test_days)
    return Sold(len(chosen), base, share_of_views(goods, chosen))


def price_from(told: Mapping[str, Any] | None, sold: Sold, question: Question) -> dict[str, Any]:
    """Work out what a cut brings without any estimation.

    Args:
        told: price.json of the run; None where it has none, and then a range is needed.
        sold: What the question's scope sold.
        question: What is asked. A range given is used, and called an assumption.

    Returns:
        Of what price.json has: scope, products, cut, margin, days, elasticity, checks (as the log
        was asked), before, after, cannibalised and assumptions.

    Raises:
        WillbuyError: price.json does not tell of the scope, and no range is given.
    """
    base = sold.base
    used, elasticities = _used(told, sold, question)
    return {
        "scope": question.scope.words,
        "products": sold.products,
        "cut": question.cut,
        "margin": question.margin,
        "days": MONTH,
        "elasticity": used,
        "checks": told["checks"] if told is not None else [],
        "before": {
            "views": float(base.views.sum()),
            "units": float(base.units.sum()),
            "revenue": float(base.revenue.sum()),
            "evidence": Evidence.MEASURED.value,
        },
        "after": consequences(base, question.cut, question.margin, elasticities),
        "cannibalised": cannibalised(
            base,
            question.cut,
            elasticities,
            told["substitution"]["words"] if told is not None else _UNASKED,
            bound=is_bound(used),
            whole=sold.share == 1,
        ),
        "assumptions": assumptions_of(
            sold.products, bound=is_bound(used), given=question.given is not None
        ),
    }


def known_for(told: Mapping[str, Any] | None, scope: Scope) -> dict[str, Any] | None:
    """The elasticity of one product's own price that price.json tells of a scope; None: none.

    That of the scope itself, if it was asked for or is a department of `by_category`; else that
    of all products, which is then an assumption. None, too, where a check of the department's
    own failed: the command borrows nothing then.
    """
    own = None if told is None else own_of(told["elasticity"])
    if told is None or own is None or own["value"] is None:
        return None
    if told["scope"] == scope.words:
        return own
    if told["scope"] != ALL.words:
        return None
    for one in told["by_category"]:
        if scope.kind != "category" or one["name"] != scope.name:
            continue
        if "value" in one:
            return dict(one)
        if one["withheld"] == FAILED:
            return None
    of = f"all products; that {scope.words} answers like them is an assumption"
    return {**own, "evidence": Evidence.ASSUMPTION.value, "of": of}


def _used(
    told: Mapping[str, Any] | None, sold: Sold, question: Question
) -> tuple[dict[str, Any], Elasticities]:
    if question.given is not None:
        low, high = question.given
        used = {"value": None, "low": low, "high": high, "of": "the range that you give"}
        return {**used, "evidence": Evidence.ASSUMPTION.value}, Elasticities.of_range(low, high)
    known = known_for(told, question.scope)
    if known is None:
        raise WillbuyError(
            f"Nothing in this run tells what a price does for {question.scope.words}. Give a range "
            "for the elasticity."
        )
    if is_bounded(sold.products, sold.share):
        bound = bounded(known, sold.share)
        return bound, Elasticities.of_range(bound["low"], bound["high"])
    assert told is not None
    identified = told["substitution"]["identified"]
    if identified and known["evidence"] == Evidence.ASSUMPTION and told["scope"] == ALL.words:
        # Borrowed from all products: as it was fitted beside the cross-price term.
        known = {**known, **told["substitution"]["own"]}
    value, error = known["value"], known["standard_error"]
    found = Elasticities.of_estimate(np.array([value]), np.array([[error**2]]))
    return known, _with_cross(found, told["substitution"]["cross"]) if identified else found


def _with_cross(own: Elasticities, cross: Mapping[str, Any]) -> Elasticities:
    """The cross-price term that the log identified beside it; taken as independent."""
    drawn = np.random.default_rng(1).normal(cross["value"], cross["standard_error"], len(own.draws))
    return replace(own, cross=cross["value"], draws=np.column_stack([own.draws[:, 0], drawn]))
