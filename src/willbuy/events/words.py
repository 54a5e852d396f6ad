"""The words by which shops' logs call columns and events, in the order of our trust in them."""

from __future__ import annotations

import re

from willbuy.events.schema import Kind

FIELDS = ("time", "kind", "user", "session", "product", "category", "path", "brand", "price")
"""What we read of a log."""
REQUIRED = ("time", "kind", "user")

REES46 = {
    "time": "event_time",
    "kind": "event_type",
    "user": "user_id",
    "session": "user_session",
    "product": "product_id",
    "category": "category_id",
    "path": "category_code",
    "brand": "brand",
    "price": "price",
}
"""The columns of the REES46 / Open CDP multi category store logs."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "time": (
        *("event_time", "event_timestamp", "timestamp", "ts", "time", "datetime", "date_time"),
        *("event_datetime", "original_timestamp", "derived_tstamp", "collector_tstamp"),
        *("server_timestamp_epoch_ms", "created_at", "occurred_at", "sent_at", "received_at"),
        *("event_date_time", "utc_time", "date", "event_date"),
    ),
    "kind": (
        *("event_type", "event_name", "event", "action", "event_kind", "behavior_type"),
        *("behavior", "behaviour", "product_action", "action_type", "activity", "type", "kind"),
    ),
    "user": (
        *("user_id", "userid", "user", "visitor_id", "visitor", "customer_id", "customer"),
        *("client_id", "user_pseudo_id", "full_visitor_id", "domain_userid", "anonymous_id"),
        *("distinct_id", "network_userid", "shopper_id", "shopper", "member_id", "cookie_id"),
        *("person_id", "profile_id", "device_id", "uid"),
    ),
    "session": (
        *("user_session", "session_id", "session", "session_id_hash", "domain_sessionid"),
        *("ga_session_id", "visit_id", "visit", "sid"),
    ),
    "product": (
        *("product_id", "product", "item_id", "itemid", "item", "sku", "product_sku", "sku_id"),
        *("article_id", "product_sku_hash", "variant_id", "goods_id", "asin", "pid"),
    ),
    "category": (
        *("category_id", "categoryid", "item_category_id", "cat_id", "product_category_id"),
    ),
    "path": (
        *("category_code", "category_path", "category", "item_category", "product_category"),
        *("category_name", "department", "category_hash"),
    ),
    "brand": ("brand", "item_brand", "product_brand", "brand_name", "manufacturer", "vendor"),
    "price": ("price", "item_price", "unit_price", "product_price", "price_usd", "amount"),
}
"""Names that other logs' columns go by."""

KINDS: dict[str, Kind] = {
    word: kind
    for kind, words in {
        Kind.VIEW: (
            *("view", "page_view", "pageview", "view_item", "product viewed", "product view"),
            *("view product", "item view", "detail", "product detail", "view content", "pv"),
            *("click", "product clicked", "select_item", "viewed product", "page viewed", "page"),
            *("view_item_list", "product list viewed"),
        ),
        Kind.CART: (
            *("cart", "addtocart", "add to basket", "add", "product added", "added to cart"),
            *("cart add", "basket", "add product to cart", "addtobag"),
        ),
        Kind.REMOVE: (
            *("remove", "remove_from_cart", "removed from cart", "product removed", "cart remove"),
            *("remove from basket", "remove product from cart", "delete from cart"),
        ),
        Kind.WISHLIST: (
            *("wishlist", "add_to_wishlist", "product added to wishlist", "favorite", "favourite"),
            *("fav", "like", "added to wishlist", "save for later"),
        ),
        Kind.CHECKOUT: (
            *("checkout", "begin_checkout", "checkout started", "initiate checkout"),
            *("start checkout", "started checkout", "add_payment_info", "add_shipping_info"),
            *("checkout step viewed", "checkout step completed", "payment info entered"),
        ),
        Kind.PURCHASE: (
            *("purchase", "buy", "order", "transaction", "order completed", "ordered", "sale"),
            *("order placed", "placed order", "completed order", "transaction item", "bought"),
            *("ecommerce purchase", "checkout completed", "order complete", "payment completed"),
        ),
        Kind.OTHER: ("other",),
    }.items()
    for word in (re.sub(r"[^a-z0-9]", "", w) for w in words)
}
"""Words for kinds of event, folded. They hold wherever the user's own words do not."""


def fold(name: str) -> str:
    """A name without case, blanks and punctuation: ``Product Viewed`` → ``productviewed``."""
    return re.sub(r"[\W_]+", "", name.casefold())


KIND_NAMES = {kind.name.lower(): kind for kind in Kind}
"""Our own names of the kinds."""
