"""A price cut: conversion, units, revenue and margin, and what they rest on."""

from __future__ import annotations

import shlex
from typing import Any

import streamlit as st

from willbuy.app.charts import chart, plain
from willbuy.app.evidence import label
from willbuy.app.kept import once
from willbuy.app.parts import command, half_percents
from willbuy.app.price_charts import by_cut
from willbuy.app.prices import Prices, curve, prices_of
from willbuy.app.runs import OpenRun
from willbuy.decide.economics import MARGIN
from willbuy.decide.evidence import Evidence
from willbuy.decide.price.again import known_for, price_from
from willbuy.decide.price.answer import Question
from willbuy.decide.price.scope import ALL, Scope
from willbuy.decide.price.words import (
    between,
    break_even,
    chance,
    left_out,
    limits,
    model_says,
    outdated,
    traffic,
)
from willbuy.errors import WillbuyError

_ALL, _CATEGORY, _BRAND, _RANGE = "All products", "A category", "A brand", "A range of prices"
_KNOWN, _OWN = "As this log tells it", "A range of my own"
_CUTS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
_FIGURES = (("conversion", "Purchases per view", ".2%"), ("units", "Units", ",.0f"),
            ("revenue", "Revenue", ",.0f"), ("margin", "Margin", ",.0f"))  # fmt: skip

_LONG = 1e5
_SIZES = ((1e9, "bn"), (1e6, "M"), (1e3, "k"))


def show(run: OpenRun) -> None:
    """Ask for a cut and tell what it brings."""
    prices = prices_of(run)
    told = run.told.price
    with st.container(border=True):
        scope = _scope(run, prices)
        left, right = st.columns(2)
        cut = left.slider("Cut off every price", 1, 50, 10, format="%d%%", key="price-cut") / 100
        own = _own_margin(run)
        margin = right.slider(
            "Margin: of the present price, left after costs", 0.5, 99.5,
            half_percents(MARGIN if own is None else own), 0.5, format="%.1f%%",
            key=f"price-margin-{run.folder}",
            help="Nobody has told it: 30 % only stands in for yours." if own is None
            else "It starts from what this run was told.",
        ) / 100  # fmt: skip
        given = _elasticity(run, scope)
    question = Question(cut, scope, margin, given)
    try:
        sold = once("price-sold", (prices, scope), lambda: prices.sold(scope))
        found = price_from(told, sold, question)
    except WillbuyError as problem:
        st.warning(plain(str(problem).replace("--scope", "scope")))
        return
    _answer(found)
    key = (prices, told, scope, margin, given)
    rows = once("price-curve", key, lambda: curve(told, sold, question, _CUTS))
    _curve(rows, found)
    _rests_on(told, found)


def _own_margin(run: OpenRun) -> float | None:
    """The shop's own: as it was asked with, else of the run's terms; None where nobody told it."""
    told, strategy = run.told.price, run.told.strategy
    if told is not None and told["margin"] is not None:
        return float(told["margin"])
    if strategy is not None and "margin" not in strategy["terms"]["placeholders"]:
        return float(strategy["terms"]["margin"])
    return None


def _scope(run: OpenRun, prices: Prices) -> Scope:
    left, right = st.columns(2)
    kind = left.selectbox("For which products", [_ALL, _CATEGORY, _BRAND, _RANGE], key="price-of")
    if kind == _CATEGORY:
        name = right.selectbox("Category", prices.departments(), key="price-category")
        return Scope(f"category={name}", "category", name=name or "")
    if kind == _BRAND:
        name = right.selectbox("Brand", prices.names("brand"), key="price-brand")
        return Scope(f"brand={name}", "brand", name=name or "")
    if kind == _RANGE:
        low, high = prices.range()
        first, last = right.columns(2)
        # A key of the run's own: another shop has other prices.
        low = first.number_input(
            "From", 0.0, value=float(round(low)), key=f"price-low-{run.folder}"
        )
        high = last.number_input(
            "To", 0.0, value=float(round(high + 1)), key=f"price-high-{run.folder}"
        )
        return Scope(f"price={low:g}-{high:g}", "price", low=low, high=max(low, high))
    return ALL


def _elasticity(run: OpenRun, scope: Scope) -> tuple[float, float] | None:
    """The range that the visitor gives; None where the log's own is taken."""
    told = run.told.price
    known = known_for(told, scope)
    way = _OWN
    if known is not None:
        way = st.segmented_control(
            "What a lower price does", [_KNOWN, _OWN], default=_KNOWN, key="price-way",
            required=True,
        )  # fmt: skip
    else:
        if told is None:
            st.markdown("Nobody has asked this run's log what a price does. This asks it:")
            more = ""
        else:
            st.markdown(
                f"The log was asked about {plain(told['scope'])} only, or could not tell. This "
                "asks it about others:"
            )
            more = "" if scope.kind == "all" else f" --scope {shlex.quote(scope.words)}"
        command(f"willbuy price {shlex.quote(str(run.folder))} --cut 10%{more}")
    if way == _KNOWN:
        return None
    low, high = st.slider(
        "Elasticity of purchases per view that you hold for plausible", -4.0, 0.0, (-2.0, -0.5),
        0.1, key="price-range",
        help="-2 says: a price lower by 1 % brings about 2 % more purchases per view.",
    )  # fmt: skip
    return low, high


def _answer(found: dict[str, Any]) -> None:
    used = found["elasticity"]
    st.subheader(
        f"A cut of {found['cut']:.0%} for {plain(found['scope'])}: {found['products']:,} products, "
        f"over {found['days']} days"
    )
    for begin in range(0, len(_FIGURES), 2):
        for box, (name, called, form) in zip(
            st.columns(2), _FIGURES[begin : begin + 2], strict=True
        ):
            figure = found["after"][name]
            box.metric(
                called, _span(figure["after"], form), border=True,
                help=f"Now {figure['before']:{form}}; after the cut "
                f"{between(figure['after'], form)}.",
                delta=f"{_span(figure['change'], '+.0%')} from {_short(figure['before'], form)}",
                delta_color=_colour(figure), delta_arrow="off",
            )  # fmt: skip
    label(
        Evidence(used["evidence"]),
        f"Elasticity of purchases per view {between(used, '+.2f')}: {used['of']}",
    )
    st.markdown(plain(_break_even(found)))
    for one in limits(found):
        st.markdown(plain(one))
    taken = found["cannibalised"]
    units = f" Units: {between(taken['units'], ',.0f')}." if "units" in taken else ""
    st.markdown(plain(f"Taken from other products: {taken['words']}{units}"))


def _span(figure: dict[str, Any], form: str) -> str:
    """The best guess with its interval; of a range, its two ends."""
    low, high = (_short(figure[end], form) for end in ("low", "high"))
    if figure["value"] is None:
        return f"{low} to {high}"
    return f"{_short(figure['value'], form)} [{low}, {high}]"


def _short(value: float | None, form: str) -> str:
    """A number that fits a small box: from a hundred thousand on, to three digits."""
    if value is None:
        return "not told"
    if form != ",.0f" or abs(value) < _LONG:
        return format(value, form)
    # Rounded first, so that 999,999 is a million and not a thousand thousands.
    rounded = float(f"{value:.3g}")
    size, letter = next(one for one in _SIZES if abs(rounded) >= one[0])
    few = rounded / size
    return f"{few:,.0f}{letter}" if abs(few) >= 100 else f"{few:.3g}{letter}"


def _break_even(found: dict[str, Any]) -> str:
    """Which margin the cut needs; of a range, at both of its ends."""
    margin = found["after"]["break_even_margin"]
    if margin["value"] is not None or margin["low"] is None:
        return break_even(found)
    sure = (
        "at its other end the cut loses money at any margin"
        if margin["high"] is None
        else f"at its other end, from {margin['high']:.1%} on"
    )
    return (
        f"Break-even margin: at one end of the range the cut earns more from a margin of "
        f"{margin['low']:.1%} on; {sure}.{left_out(found)}"
    )


def _colour(figure: dict[str, Any]) -> Any:
    low, high = figure["change"]["low"] or 0.0, figure["change"]["high"] or 0.0
    return "normal" if low > 0 or high < 0 else "off"


def _curve(rows: list[dict[str, Any]], found: dict[str, Any]) -> None:
    loses = [one for one in rows if (one["after"]["margin"]["change"]["high"] or 0) <= 0]
    gains = [one for one in rows if (one["after"]["margin"]["change"]["low"] or 0) > 0]
    if len(loses) == len(rows):
        title = "With as many views as now, no cut earns more at this margin"
    elif gains:
        best = max(gains, key=lambda one: one["after"]["margin"]["change"]["low"])
        title = f"With as many views as now, {best['cut']:.0%} off is the surest to earn more"
    else:
        title = "Whether a cut earns more at this margin cannot be told"
    chart(title, by_cut(rows, found), "Change against present prices. "
          f"{chance(found['elasticity'])} Large cuts reach beyond the price changes that the log "
          "has seen.")  # fmt: skip


def _rests_on(told: dict[str, Any] | None, found: dict[str, Any]) -> None:
    if told is None:
        return
    with st.expander("What it rests on"):
        for one in told["checks"]:
            mark = ":material/check:" if one["passed"] else ":material/close:"
            word = "passed" if one["passed"] else "failed"
            st.markdown(f"{mark} **{plain(one['name'])}**, {word}: {plain(one['words'])}")
        estimate = told["estimate"]
        if "withheld" in estimate:
            st.markdown(f"The log's own estimate is withheld: {plain(estimate['withheld'])}.")
        for one in outdated(told):
            st.markdown(plain(one))
        st.markdown(plain(traffic(told["traffic"])))
        if told["cut"] == found["cut"] and told["scope"] == found["scope"]:
            label(Evidence.SCENARIO)
            st.markdown(plain(model_says(told["scenario"])))
        st.markdown("**What it assumes**")
        st.markdown("\n".join(f"- {plain(one)}" for one in found["assumptions"]))
