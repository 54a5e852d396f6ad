"""Each feature from its meaning. An int is a count and must be equal; a float may be near."""

import math
from collections import Counter
from itertools import groupby, pairwise
from statistics import fmean, pstdev

ORACLE = {}
NAN = float("nan")
SECOND = 1_000_000
DAY = 86_400 * SECOND


def known(function):
    ORACLE[function.__name__] = function
    return function


def divided(part, whole):
    if part is None or whole is None or math.isnan(part) or math.isnan(whole) or whole <= 0:
        return NAN
    return float(part / whole)


def column(session, name):
    return [e[name] for e in session]


def there(values):
    return [v for v in values if v is not None]


def kinds(session, kind):
    return [e for e in session if e["kind"] == kind]


# --- session: counts ------------------------------------------------------------------------------


@known
def events(session, user, shop):
    return len(session)


@known
def views(session, user, shop):
    return len(kinds(session, "view"))


@known
def carts(session, user, shop):
    return len(kinds(session, "cart"))


@known
def removes(session, user, shop):
    return len(kinds(session, "remove"))


@known
def wishes(session, user, shop):
    return len(kinds(session, "wishlist"))


@known
def checkouts(session, user, shop):
    return len(kinds(session, "checkout"))


@known
def view_share(session, user, shop):
    return len(kinds(session, "view")) / len(session)


@known
def cart_share(session, user, shop):
    return len(kinds(session, "cart")) / len(session)


# --- session: variety -----------------------------------------------------------------------------


@known
def distinct_products(session, user, shop):
    return len(set(there(column(session, "product"))))


@known
def distinct_brands(session, user, shop):
    return len(set(there(column(session, "brand"))))


@known
def distinct_categories(session, user, shop):
    return len(set(there(column(session, "category"))))


@known
def distinct_sections(session, user, shop):
    return len(set(there(column(session, "section"))))


@known
def events_per_product(session, user, shop):
    return divided(len(session), distinct_products(session, user, shop))


@known
def returns(session, user, shop):
    products = column(session, "product")
    return sum(
        1
        for j, product in enumerate(products)
        if product is not None and product in products[:j] and product != products[j - 1]
    )


@known
def product_events(session, user, shop):
    now = session[-1]["product"]
    return 0 if now is None else column(session, "product").count(now)


@known
def busiest_product(session, user, shop):
    return max(Counter(there(column(session, "product"))).values(), default=0)


def latest_run(values):
    now = values[-1]
    n = 0
    while now is not None and n < len(values) and values[-1 - n] == now:
        n += 1
    return n


@known
def product_run(session, user, shop):
    return latest_run(column(session, "product"))


@known
def category_run(session, user, shop):
    return latest_run(column(session, "category"))


@known
def category_share(session, user, shop):
    now = session[-1]["category"]
    return 0.0 if now is None else column(session, "category").count(now) / len(session)


@known
def brand_share(session, user, shop):
    now = session[-1]["brand"]
    return 0.0 if now is None else column(session, "brand").count(now) / len(session)


def changes(values):
    return sum(1 for one, other in pairwise(there(values)) if one != other)


@known
def category_switches(session, user, shop):
    return changes(column(session, "category"))


@known
def brand_switches(session, user, shop):
    return changes(column(session, "brand"))


@known
def on_first_product(session, user, shop):
    first, now = session[0]["product"], session[-1]["product"]
    return int(len(session) > 1 and now is not None and now == first)


@known
def seen_once_share(session, user, shop):
    counts = Counter(there(column(session, "product")))
    return divided(sum(1 for n in counts.values() if n == 1), len(counts))


# --- session: pace --------------------------------------------------------------------------------


def gaps(session):
    return [(b - a) / SECOND for a, b in pairwise(column(session, "time"))]


@known
def duration(session, user, shop):
    return (session[-1]["time"] - session[0]["time"]) / SECOND


@known
def last_gap(session, user, shop):
    return gaps(session)[-1] if len(session) > 1 else NAN


@known
def mean_gap(session, user, shop):
    return fmean(gaps(session)) if len(session) > 1 else NAN


@known
def longest_gap(session, user, shop):
    return max(gaps(session), default=NAN)


@known
def shortest_gap(session, user, shop):
    return min(gaps(session), default=NAN)


@known
def gap_against_mean(session, user, shop):
    return divided(gaps(session)[-1], fmean(gaps(session))) if len(session) > 1 else NAN


def within(session, seconds):
    return sum(1 for e in session if session[-1]["time"] - e["time"] < seconds * SECOND)


@known
def events_last_minute(session, user, shop):
    return within(session, 60)


@known
def events_last_five_minutes(session, user, shop):
    return within(session, 300)


@known
def time_on_product(session, user, shop):
    now = session[-1]["product"]
    return sum(
        (
            gap
            for gap, e in zip(gaps(session), session[:-1], strict=True)
            if now is not None and e["product"] == now
        ),
        0.0,
    )


@known
def longest_look(session, user, shop):
    stays = [(p, list(group)) for p, group in groupby(session, key=lambda e: e["product"])]
    ends = [group[0]["time"] for _, group in stays[1:]] + [session[-1]["time"]]
    looks = [
        (end - group[0]["time"]) / SECOND
        for (product, group), end in zip(stays, ends, strict=True)
        if product is not None
    ]
    return max(looks, default=0.0)


@known
def same_second(session, user, shop):
    return gaps(session).count(0)


@known
def hour(session, user, shop):
    return session[-1]["hour"]


@known
def hour_sine(session, user, shop):
    return math.sin(math.tau * session[-1]["hour"] / 24)


@known
def hour_cosine(session, user, shop):
    return math.cos(math.tau * session[-1]["hour"] / 24)


@known
def weekday(session, user, shop):
    return session[-1]["weekday"]


# --- session: looks -------------------------------------------------------------------------------


def log_gaps(session):
    return [math.log2(1 + gap) for gap in gaps(session)]


def looks_of_40_seconds(session):
    return sum(
        1
        for gap, e in zip(gaps(session), session[:-1], strict=True)
        if e["kind"] == "view" and gap >= 40
    )


@known
def usual_gap(session, user, shop):
    return average(log_gaps(session))


@known
def long_looks(session, user, shop):
    return looks_of_40_seconds(session)


# --- session: price -------------------------------------------------------------------------------


def prices(session):
    return there(column(session, "price"))


def or_nan(value):
    return NAN if value is None else value


def average(values):
    return fmean(values) if values else NAN


@known
def price(session, user, shop):
    return or_nan(session[-1]["price"])


@known
def latest_price(session, user, shop):
    return prices(session)[-1] if prices(session) else NAN


@known
def mean_price(session, user, shop):
    return average(prices(session))


@known
def lowest_price(session, user, shop):
    return min(prices(session), default=NAN)


@known
def highest_price(session, user, shop):
    return max(prices(session), default=NAN)


@known
def price_range(session, user, shop):
    return divided(max(prices(session), default=NAN), min(prices(session), default=NAN))


@known
def price_spread(session, user, shop):
    return pstdev(prices(session)) / fmean(prices(session)) if prices(session) else NAN


@known
def price_against_mean(session, user, shop):
    return divided(session[-1]["price"], average(prices(session)))


@known
def price_against_first(session, user, shop):
    return divided(session[-1]["price"], session[0]["price"])


@known
def price_against_previous(session, user, shop):
    return divided(session[-1]["price"], session[-2]["price"]) if len(session) > 1 else NAN


@known
def price_in_category(session, user, shop):
    now = session[-1]["category"]
    alike = [e for e in session if now is not None and e["category"] == now]
    return divided(session[-1]["price"], average(prices(alike)))


@known
def price_rank(session, user, shop):
    now = session[-1]["price"]
    if now is None:
        return NAN
    return sum(1.0 for p in prices(session) if p < now) / len(prices(session))


@known
def price_sum(session, user, shop):
    first = {}
    for e in session:
        if e["product"] is not None and e["price"] is not None:
            first.setdefault(e["product"], e["price"])
    return sum(first.values(), 0.0)


@known
def unpriced(session, user, shop):
    return column(session, "price").count(None)


@known
def cheapest_in_category(session, user, shop):
    now = session[-1]
    others = [
        e["price"]
        for e in session[:-1]
        if now["category"] is not None
        and e["category"] == now["category"]
        and e["price"] is not None
    ]
    return int(now["price"] is not None and bool(others) and min(others) >= now["price"])


# --- session: cart --------------------------------------------------------------------------------


def cart(session):
    """The products in the cart and the price at which each was last put there."""
    inside = {}
    for e in session:
        if e["product"] is None:
            continue
        if e["kind"] == "cart":
            inside[e["product"]] = e["price"]
        elif e["kind"] == "remove":
            inside.pop(e["product"], None)
    return inside


def since(session, kind):
    """The latest event of a kind, and the events after it."""
    for j in reversed(range(len(session))):
        if session[j]["kind"] == kind:
            return session[j], session[j + 1 :]
    return None, []


@known
def cart_size(session, user, shop):
    return len(cart(session))


@known
def cart_value(session, user, shop):
    return sum(there(cart(session).values()), 0.0)


@known
def cart_against_mean(session, user, shop):
    return divided(cart_value(session, user, shop), average(prices(session)))


@known
def product_in_cart(session, user, shop):
    return int(session[-1]["product"] in cart(session))


@known
def since_cart(session, user, shop):
    last, _ = since(session, "cart")
    return (session[-1]["time"] - last["time"]) / SECOND if last else NAN


@known
def events_since_cart(session, user, shop):
    last, after = since(session, "cart")
    return len(after) if last else NAN


@known
def events_before_cart(session, user, shop):
    return column(session, "kind").index("cart") if kinds(session, "cart") else NAN


@known
def since_remove(session, user, shop):
    last, _ = since(session, "remove")
    return (session[-1]["time"] - last["time"]) / SECOND if last else NAN


@known
def strays_since_cart(session, user, shop):
    last, after = since(session, "cart")
    if last is None:
        return NAN
    carted = last["product"]
    return sum(
        1 for e in after if e["kind"] == "view" and (e["product"] is None or e["product"] != carted)
    )


# --- session: the last event ----------------------------------------------------------------------


@known
def is_cart(session, user, shop):
    return int(session[-1]["kind"] == "cart")


@known
def is_remove(session, user, shop):
    return int(session[-1]["kind"] == "remove")


@known
def began_with_cart(session, user, shop):
    return int(session[0]["kind"] == "cart")


@known
def has_brand(session, user, shop):
    return int(session[-1]["brand"] is not None)


@known
def has_section(session, user, shop):
    return int(session[-1]["section"] is not None)


# --- user: past -----------------------------------------------------------------------------------


@known
def past_sessions(session, user, shop):
    return float(user["sessions"])


@known
def past_events(session, user, shop):
    return float(user["events"])


@known
def past_views(session, user, shop):
    return float(user["views"])


@known
def past_carts(session, user, shop):
    return float(user["carts"])


@known
def past_removes(session, user, shop):
    return float(user["removes"])


@known
def past_purchases(session, user, shop):
    return float(user["purchases"])


@known
def past_orders(session, user, shop):
    return float(user["orders"])


@known
def past_spent(session, user, shop):
    return float(user["spent"])


@known
def past_conversion(session, user, shop):
    return divided(user["orders"], user["sessions"])


@known
def past_cart_success(session, user, shop):
    return divided(user["purchases"], user["purchases"] + user["carts"])


@known
def past_session_size(session, user, shop):
    return divided(user["events"], user["sessions"])


@known
def size_against_usual(session, user, shop):
    return divided(len(session), past_session_size(session, user, shop))


@known
def since_last_visit(session, user, shop):
    return (user["asof"] - user["last"]) / DAY if user["last"] else NAN


@known
def since_last_purchase(session, user, shop):
    return (user["asof"] - user["last_purchase"]) / DAY if user["last_purchase"] else NAN


@known
def known_for(session, user, shop):
    return min((user["asof"] - user["first"]) / DAY, 28.0) if user["first"] else NAN


@known
def past_price(session, user, shop):
    return divided(user["price_sum"], user["priced"])


# --- user: affinity -------------------------------------------------------------------------------


def did(session, user):
    return user["products"].get(session[-1]["product"], {"did": None})["did"]


@known
def product_known(session, user, shop):
    return int(did(session, user) is not None)


@known
def product_left_in_cart(session, user, shop):
    return int(did(session, user) == "carted")


@known
def product_bought(session, user, shop):
    return int(did(session, user) == "bought")


def alike(session, user, name):
    now = session[-1][name]
    return [p for p in user["products"].values() if now is not None and p[name] == now]


@known
def brand_affinity(session, user, shop):
    return divided(len(alike(session, user, "brand")), len(user["products"]))


@known
def category_affinity(session, user, shop):
    return divided(len(alike(session, user, "category")), len(user["products"]))


@known
def category_bought(session, user, shop):
    return sum(1 for p in alike(session, user, "category") if p["did"] == "bought")


@known
def known_products_share(session, user, shop):
    products = there(column(session, "product"))
    return divided(sum(1 for p in products if p in user["products"]), len(products))


@known
def price_against_usual(session, user, shop):
    return divided(session[-1]["price"], past_price(session, user, shop))


# --- user: rhythm ---------------------------------------------------------------------------------


@known
def past_gap(session, user, shop):
    return divided(user["log_gaps"], user["gaps"])


@known
def past_long_looks(session, user, shop):
    return float(user["long_looks"])


@known
def previous_break(session, user, shop):
    return NAN if user["last_break"] is None else user["last_break"] / DAY


@known
def usual_break(session, user, shop):
    return divided(user["log_breaks"], user["breaks"])


@known
def break_against_usual(session, user, shop):
    if user["last"] is None:
        return NAN
    hours = (user["asof"] - user["last"]) / (3600 * SECOND)
    return math.log2(1 + hours) - usual_break(session, user, shop)


# --- user: since the last purchase ----------------------------------------------------------------


@known
def sessions_since_purchase(session, user, shop):
    return float(user["sessions_since"])


@known
def events_since_purchase(session, user, shop):
    return float(user["events_since"])


@known
def carts_since_purchase(session, user, shop):
    return float(user["carts_since"])


# --- user: the last visit -------------------------------------------------------------------------


def of_last_visit(function):
    """What a function says of the last visit; missing where there was none."""

    def asked(session, user, shop):
        return function(user["visit"]) if user["visit"] else NAN

    asked.__name__ = function.__name__
    return known(asked)


@of_last_visit
def last_visit_events(visit):
    return len(visit)


@of_last_visit
def last_visit_duration(visit):
    return (visit[-1]["time"] - visit[0]["time"]) / SECOND


@of_last_visit
def last_visit_carts(visit):
    return len(kinds(visit, "cart"))


@of_last_visit
def last_visit_moves(visit):
    return sum(1 for a, b in pairwise(visit) if a["product"] != b["product"])


@of_last_visit
def last_visit_long_looks(visit):
    return looks_of_40_seconds(visit)


@of_last_visit
def last_visit_bought(visit):
    return int(bool(kinds(visit, "purchase")))


@of_last_visit
def last_visit_price(visit):
    return prices(visit)[-1] if prices(visit) else NAN


@known
def price_against_last_visit(session, user, shop):
    return divided(session[-1]["price"], last_visit_price(session, user, shop))


def where_it_ended(user):
    products = there(column(user["visit"], "product"))
    return products[-1] if products else None


@known
def began_where_left(session, user, shop):
    ended = where_it_ended(user)
    return int(ended is not None and session[0]["product"] == ended)


@known
def on_last_product(session, user, shop):
    ended = where_it_ended(user)
    return int(ended is not None and session[-1]["product"] == ended)


# --- shop -----------------------------------------------------------------------------------------


def shop_kinds(shop, kind, column, key, days):
    return len(kinds(shop.events(column, key, days), kind))


def views_a_day(session, shop, column, days):
    key = session[-1][column] if column else None
    return divided(shop_kinds(shop, "view", column, key, days), shop.covered(days))


@known
def product_views_week(session, user, shop):
    return views_a_day(session, shop, "product", 7)


@known
def product_views_month(session, user, shop):
    return views_a_day(session, shop, "product", 28)


@known
def brand_views_week(session, user, shop):
    return views_a_day(session, shop, "brand", 7)


@known
def category_views_week(session, user, shop):
    return views_a_day(session, shop, "category", 7)


@known
def product_share_of_category(session, user, shop):
    now = session[-1]
    return divided(
        shop_kinds(shop, "view", "product", now["product"], 28),
        shop_kinds(shop, "view", "category", now["category"], 28),
    )


@known
def product_trend(session, user, shop):
    return divided(
        views_a_day(session, shop, "product", 7), views_a_day(session, shop, "product", 28)
    )


def whole_share(shop, kind, days):
    return divided(
        shop_kinds(shop, kind, None, None, days), shop_kinds(shop, "view", None, None, days)
    )


def drawn_to(parent, session, shop, kind, column, days):
    """Events of a kind per view, as if 20 more views had been seen at the parent's share."""
    key = session[-1][column]
    n = shop_kinds(shop, kind, column, key, days)
    views = shop_kinds(shop, "view", column, key, days)
    return (n + 20 * parent) / (views + 20)


def category_share_of(session, shop, kind, days):
    return drawn_to(whole_share(shop, kind, days), session, shop, kind, "category", days)


def two_steps(session, shop, kind, column, days):
    parent = category_share_of(session, shop, kind, days)
    return drawn_to(parent, session, shop, kind, column, days)


@known
def section_rate(session, user, shop):
    return drawn_to(whole_share(shop, "purchase", 28), session, shop, "purchase", "section", 28)


@known
def category_rate(session, user, shop):
    return category_share_of(session, shop, "purchase", 28)


@known
def category_rate_week(session, user, shop):
    return category_share_of(session, shop, "purchase", 7)


@known
def brand_rate(session, user, shop):
    return two_steps(session, shop, "purchase", "brand", 28)


@known
def product_rate(session, user, shop):
    return two_steps(session, shop, "purchase", "product", 28)


@known
def product_rate_week(session, user, shop):
    return two_steps(session, shop, "purchase", "product", 7)


@known
def product_cart_rate(session, user, shop):
    return two_steps(session, shop, "cart", "product", 28)


@known
def product_against_category(session, user, shop):
    return divided(product_rate(session, user, shop), category_rate(session, user, shop))


def shop_price(session, shop, column, days):
    return average(prices(shop.events(column, session[-1][column], days)))


@known
def price_against_product(session, user, shop):
    return divided(session[-1]["price"], shop_price(session, shop, "product", 28))


@known
def price_against_product_week(session, user, shop):
    return divided(session[-1]["price"], shop_price(session, shop, "product", 7))


@known
def price_against_category(session, user, shop):
    return divided(session[-1]["price"], shop_price(session, shop, "category", 28))


# --- shop: temptation -----------------------------------------------------------------------------


def temptations(session, shop):
    return [two_steps([e], shop, "purchase", "product", 28) for e in session]


@known
def temptation(session, user, shop):
    return sum(temptations(kinds(session, "view"), shop), 0.0)


@known
def most_tempting(session, user, shop):
    return max(temptations(session, shop))


@known
def temptation_against_mean(session, user, shop):
    return divided(product_rate(session, user, shop), fmean(temptations(session, shop)))


def bargains(session, shop):
    ratios = [divided(e["price"], shop_price([e], shop, "product", 28)) for e in session]
    return [ratio for ratio in ratios if not math.isnan(ratio)]


@known
def best_bargain(session, user, shop):
    return min(bargains(session, shop), default=NAN)


@known
def usual_bargain(session, user, shop):
    return divided(sum(bargains(session, shop)), len(bargains(session, shop)))
