"""The families whose worth `ablation.py` measures: the registry's, and themes across them."""

from __future__ import annotations

from collections.abc import Sequence

from willbuy.features.registry import FAMILIES, SESSION, Feature, built_in

MONEY = ("cart_value", "cart_against_mean", "past_spent", "unpriced")

THEMES = {
    "clock": ("hour", "hour_sine", "hour_cosine", "weekday"),
    "sequence and transition": (
        "returns", "product_events", "busiest_product", "product_run", "category_run",
        "category_switches", "brand_switches", "on_first_product", "seen_once_share",
        "last_visit_moves", "began_where_left", "on_last_product",
    ),
    "price dynamics": (
        "price_range", "price_spread", "price_against_mean", "price_against_first",
        "price_against_previous", "price_in_category", "price_rank", "cheapest_in_category",
        "price_against_usual", "price_against_last_visit", "price_against_product",
        "price_against_product_week", "best_bargain", "usual_bargain",
    ),
    "pace": (
        "duration", "last_gap", "mean_gap", "usual_gap", "shortest_gap", "gap_against_mean",
        "events_last_minute", "events_last_five_minutes", "same_second", "past_gap",
    ),
    "hesitation": (
        "longest_gap", "time_on_product", "longest_look", "long_looks", "past_long_looks",
        "last_visit_long_looks", "removes", "since_remove",
    ),
    "since the last cart event": (
        "since_cart", "events_since_cart", "strays_since_cart", "carts_since_purchase",
    ),
}  # fmt: skip
"""Names of features by theme; a feature may be in several."""


def without(chosen: Sequence[str] | None = None) -> dict[str, set[str]]:
    """The names of the features that are left out in their turn.

    Args:
        chosen: Families or themes, several joined by `+`; all of them where None.
    """
    known = _known()
    if chosen is None:
        return known
    lacking = {one for name in chosen for one in name.split("+")} - set(known)
    if lacking:
        raise SystemExit(f"There is no family {min(lacking)!r}. There are: {', '.join(known)}.")
    return {name: set().union(*(known[one] for one in name.split("+"))) for name in chosen}


def _known() -> dict[str, set[str]]:
    features = built_in()
    names = {one.name for one in features}
    assert {name for theme in THEMES.values() for name in theme} <= names
    prices = {one.name for one in features if _is_price(one)}
    return {
        "history": {one.name for one in features if one.scope == "user"},
        "shop tables": {one.name for one in features if one.scope == "shop"},
        "session": {one.name for one in features if one.scope == SESSION}
        - prices
        - set(THEMES["clock"]),
        "price": prices,
        **{name: {one.name for one in features if one.family == name} for name in FAMILIES},
        **{name: set(theme) for name, theme in THEMES.items()},
    }


def _is_price(one: Feature) -> bool:
    """Whether a feature tells of prices or money."""
    return "price" in one.name or "bargain" in one.name or one.name in MONEY
