"""Sessions, the shopper's past and the shop, from a list of events."""

import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

KINDS = ["other", "view", "cart", "remove", "wishlist", "checkout", "purchase"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
REMEMBERED = 32


def local(time, zone):
    """The wall clock of a zone at so many microseconds after 1970 UTC."""
    return (EPOCH + timedelta(microseconds=time)).astimezone(ZoneInfo(zone))


def day_number(moment):
    return moment.date().toordinal() - EPOCH.date().toordinal()


def read_log(array, zone):
    """The log as plain dicts, in its order: time, then place."""
    log = []
    for record in array.tolist():
        event = dict(zip(array.dtype.names, record, strict=True))
        for name in ("session", "product", "brand", "category", "section"):
            if event[name] == -1:
                event[name] = None
        if event["price"] != event["price"]:
            event["price"] = None
        event["kind"] = KINDS[event["kind"]]
        clock = local(event["time"], zone)
        event["day"], event["hour"], event["weekday"] = (
            day_number(clock),
            clock.hour,
            clock.weekday(),
        )
        log.append(event)
    return sorted(log, key=lambda e: (e["time"], e["position"]))


def busy_days(mine, cap):
    return {day for day, n in Counter(e["day"] for e in mine).items() if n > cap}


def equal(one, other):
    return all(one[name] == other[name] for name in one if name != "position")


def sessions_of(mine, rules):
    """One shopper's sessions, each a list of events without its exact repeats."""
    sessions = []
    for event in mine:
        same_id = [s for s in sessions if s[0]["session"] == event["session"]]
        limit = rules.silence if event["session"] is None else rules.id_silence
        if (
            not same_id
            or event["time"] - same_id[-1][-1]["time"] >= limit
            or event["time"] - same_id[-1][0]["time"] >= rules.max_span
        ):
            sessions.append([event])
        elif not any(equal(event, other) for other in same_id[-1]):
            same_id[-1].append(event)
    return sessions


def past_of(session, sessions, rules):
    """What the shopper did strictly before the session's first event, in log order."""
    first = session[0]
    begins = (first["time"], first["position"])

    def before(event):
        return (event["time"], event["position"]) < begins

    past = sorted(
        (e for s in sessions for e in s if before(e)), key=lambda e: (e["time"], e["position"])
    )
    opened = [s[0] for s in sessions if before(s[0])]
    orders = []
    for s in sessions:
        bought = [e for e in s if e["kind"] == "purchase"]
        if bought and before(bought[0]):
            orders.append(bought[0])

    def worth(events, amount=lambda e: 1.0):
        asof = first["time"]
        return sum(amount(e) * 0.5 ** ((asof - e["time"]) / rules.half_life) for e in events)

    def of_kind(kind):
        return [e for e in past if e["kind"] == kind]

    def since_the_last_purchase(events):
        if not purchases:
            return events
        last = (purchases[-1]["time"], purchases[-1]["position"])
        return [e for e in events if (e["time"], e["position"]) > last]

    purchases = of_kind("purchase")
    steps = [pair for s in sessions for pair in pairwise(s) if before(pair[1])]
    breaks = []
    for begun in opened:
        at = (begun["time"], begun["position"])
        earlier = [e["time"] for e in past if (e["time"], e["position"]) < at]
        if earlier:
            breaks.append({"time": begun["time"], "silence": begun["time"] - max(earlier)})
    breaks.sort(key=lambda b: b["time"])
    visits = [s for s in sessions if before(s[0])]
    latest = max(visits, key=lambda s: (s[0]["time"], s[0]["position"]), default=[])
    priced = [e for e in past if e["price"] is not None]
    return {
        "asof": first["time"],
        "watched": first["time"] - rules.log_start,
        "first": min((e["time"] for e in past), default=None),
        "last": max((e["time"] for e in past), default=None),
        "last_purchase": max((e["time"] for e in purchases), default=None),
        "sessions": worth(opened),
        "events": worth(past),
        "views": worth(of_kind("view")),
        "carts": worth(of_kind("cart")),
        "removes": worth(of_kind("remove")),
        "purchases": worth(purchases),
        "orders": worth(orders),
        "spent": worth([e for e in purchases if e["price"] is not None], lambda e: e["price"]),
        "price_sum": worth(priced, lambda e: e["price"]),
        "priced": worth(priced),
        "gaps": worth([b for _, b in steps]),
        "log_gaps": worth([{**b, "gap": seconds(a, b)} for a, b in steps], lambda e: log(e["gap"])),
        "long_looks": worth([b for a, b in steps if a["kind"] == "view" and seconds(a, b) >= 40]),
        "breaks": worth(breaks),
        "log_breaks": worth(breaks, lambda b: log(b["silence"] / 3_600_000_000)),
        "last_break": breaks[-1]["silence"] if breaks else None,
        "sessions_since": worth(since_the_last_purchase(opened)),
        "events_since": worth(since_the_last_purchase(past)),
        "carts_since": worth(since_the_last_purchase(of_kind("cart"))),
        "visit": [e for e in latest if before(e)],
        "products": remembered(past),
    }


def seconds(one, other):
    return (other["time"] - one["time"]) / 1_000_000


def log(amount):
    return math.log2(1 + amount)


def remembered(past):
    """Product → what is known of it. Where 32 are known, a new one replaces the oldest entry."""
    memory = {}
    for event in past:
        product = event["product"]
        if product is None:
            continue
        if product not in memory:
            if len(memory) == REMEMBERED:
                del memory[next(iter(memory))]
            memory[product] = {"did": "viewed"}
        known = memory[product]
        known["brand"], known["category"] = event["brand"], event["category"]
        if event["kind"] == "purchase":
            known["did"] = "bought"
        elif event["kind"] == "cart" and known["did"] == "viewed":
            known["did"] = "carted"
        elif event["kind"] == "remove" and known["did"] == "carted":
            known["did"] = "viewed"
    return memory


class Shop:
    """All shoppers' events on complete, visible days."""

    def __init__(self, kept, day, first_day):
        self.kept = kept
        self.day = day
        self.first_day = first_day

    def events(self, column, key, days):
        """Events of the last so many days whose `column` is `key`; of all where column is None."""
        if column is not None and key is None:
            return []
        return [
            e
            for e in self.kept
            if max(self.first_day, self.day - days + 1) <= e["day"] <= self.day
            and (column is None or e[column] == key)
        ]

    def covered(self, days):
        """How many of the last so many days were counted."""
        return len(range(max(self.first_day, self.day - days + 1), self.day + 1))


def moments_of(log, zone, rules, first_day, last_day, shop_log=None):
    """Every moment of a log, with what is known at it.

    Args:
        log: As `read_log` gives it.
        zone, rules: The shop's local time and settings.
        first_day, last_day: The complete local days that the shop's counts cover.
        shop_log: The log whose events the shop counts; `log` itself where it is None.

    Yields:
        (what to find the moment by, its label and the like, (session, user, shop)).
    """
    counted = [
        e
        for mine in by_user(shop_log or log)
        for s in sessions_of(mine, rules)
        for e in s
        if e["day"] not in busy_days(mine, rules.daily_cap)
    ]
    for mine in by_user(log):
        if busy_days(mine, rules.daily_cap):
            continue
        sessions = sessions_of(mine, rules)
        for session in sessions:
            past = past_of(session, sessions, rules)
            for k in range(1, min(len(session), rules.max_events) + 1):
                seen, event = session[:k], session[k - 1]
                if any(e["kind"] == "purchase" for e in seen):
                    break
                visible = day_number(local(event["time"] - rules.shop_lag, zone)) - 1
                day = min(visible, last_day)
                name = (event["user"], event["session"], session[0]["time"], k)
                facts = {
                    "label": int(any(e["kind"] == "purchase" for e in session[k:])),
                    "time": event["time"],
                    "position": event["position"],
                    "shop_day": day,
                }
                yield name, facts, (seen, past, Shop(counted, day, first_day))


def by_user(log):
    users = {}
    for event in log:
        users.setdefault(event["user"], []).append(event)
    return list(users.values())
