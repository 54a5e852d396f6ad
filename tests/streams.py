"""Random event streams that hold every awkward thing a shop's log holds."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from hypothesis import strategies as st

from willbuy.events.schema import EVENT, Kind

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MISSING = -1

# Neighbours of 19 digits and negative hashes: a float anywhere would mix them up.
BIG = 2_053_013_555_631_882_655
USERS = [BIG, BIG + 1, -7, 512_000_001]
SESSIONS = [MISSING, BIG + 2, BIG + 3, -9]

# product → (brand, category, section, price)
CATALOGUE = {
    BIG + 10: (BIG + 30, BIG + 50, BIG + 70, 100.1),
    BIG + 11: (BIG + 30, BIG + 50, BIG + 70, 250.0),
    BIG + 12: (BIG + 31, BIG + 51, BIG + 70, 0.35),
    -13: (BIG + 31, BIG + 52, -71, 99.99),
    BIG + 14: (MISSING, BIG + 52, MISSING, 1299.95),
    BIG + 15: (MISSING, MISSING, MISSING, float("nan")),
    MISSING: (MISSING, BIG + 50, BIG + 70, 12.5),
}

# Hours before and after a clock change, and days with none.
STARTS = [
    ("Europe/Berlin", datetime(2019, 10, 26, 12, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2020, 3, 28, 20, tzinfo=UTC)),
    ("America/New_York", datetime(2019, 11, 2, 15, tzinfo=UTC)),
    ("America/New_York", datetime(2020, 3, 8, 1, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2020, 4, 4, 3, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2019, 10, 5, 9, tzinfo=UTC)),
    ("Asia/Kathmandu", datetime(2019, 12, 31, 17, tzinfo=UTC)),
    ("UTC", datetime(2020, 2, 28, 22, tzinfo=UTC)),
]

SHORT = [0, 0, 0, 1, SECOND, 20 * SECOND, 40 * SECOND - 1, 40 * SECOND, 60 * SECOND]
SHORT += [300 * SECOND - 1, 300 * SECOND]
BORDERS = [30 * MINUTE - 1, 30 * MINUTE, 6 * HOUR - 1, 6 * HOUR, 5 * HOUR, 24 * HOUR]
LONG = [9 * HOUR, 20 * HOUR, 2 * DAY, 8 * DAY, 15 * DAY]

KINDS = [Kind.VIEW] * 7 + [Kind.CART] * 3 + [Kind.REMOVE, Kind.PURCHASE, Kind.PURCHASE]
KINDS += [Kind.OTHER, Kind.WISHLIST, Kind.CHECKOUT]


@dataclass(frozen=True, repr=False)
class Log:
    """Rows of EVENT in the order of the log, and the shop's zone."""

    zone: str
    events: np.ndarray

    def __repr__(self):
        rows = "".join(f"\n    {row}" for row in self.events.tolist())
        return f"Log in {self.zone}, rows of {self.events.dtype.names}:{rows}"


def microseconds(moment):
    return round(moment.timestamp()) * SECOND


def make_events(rows):
    """Rows of EVENT from dicts; what a dict does not name is missing."""
    events = np.zeros(len(rows), EVENT)
    for name in ("session", "product", "brand", "category", "section"):
        events[name] = MISSING
    events["price"] = np.nan
    events["kind"] = Kind.VIEW
    events["position"] = np.arange(len(rows))
    for i, row in enumerate(rows):
        for name, value in row.items():
            events[name][i] = value
    return events


def step_of(gap, user, session, kind, product, spoilt, again):
    """What one step of a stream does; `spoilt` 0 to 4 of 12 makes a field unusual."""
    brand, category, section, price = CATALOGUE[product]
    return {
        "user": user,
        "session": session,
        "kind": kind,
        "product": product,
        "brand": MISSING if spoilt == 0 else brand,
        "category": MISSING if spoilt == 1 else category,
        "section": section,
        "price": {2: float("nan"), 3: round(price * 0.9, 2), 4: 5.0}.get(spoilt, price),
        "gap": gap,
        "again": again,  # the shopper's last event once more
    }


def steps():
    return st.builds(
        step_of,
        gap=st.sampled_from(SHORT * 3 + BORDERS + LONG),
        user=st.sampled_from(USERS),
        session=st.sampled_from(SESSIONS),
        kind=st.sampled_from(KINDS),
        product=st.sampled_from(list(CATALOGUE)),
        spoilt=st.integers(0, 11),
        again=st.sampled_from([False] * 9 + [True]),
    )


def as_log(zone, begin, steps, order):
    """The log that these steps make, its rows written in this order."""
    clocks, last, rows = {}, {}, []
    for step in steps:
        user = step["user"]
        if step["again"] and user in last:
            rows.append(dict(last[user]))
            continue
        clocks[user] = clocks.get(user, begin) + step["gap"]
        row = {k: v for k, v in step.items() if k not in ("gap", "again")}
        row["time"] = clocks[user]
        last[user] = row
        rows.append(row)
    events = make_events(rows)[order(len(rows))]
    events["position"] = 3 * np.arange(len(events)) + 5  # rows between were rejected
    return Log(zone, events)


@st.composite
def logs(draw, min_size=1, max_size=30):
    """A log, choice by choice, so that a failure shrinks to a few events."""
    zone, start = draw(st.sampled_from(STARTS))
    begin = microseconds(start) + draw(st.integers(0, 26)) * 30 * MINUTE
    chosen = draw(st.lists(steps(), min_size=min_size, max_size=max_size))
    shuffled = draw(st.booleans())  # a log that is not in the order of time
    return as_log(
        zone, begin, chosen, lambda n: draw(st.permutations(range(n))) if shuffled else slice(None)
    )


@st.composite
def crowds(draw, max_size=70):
    """A log from a seed: fuller than those of `logs`, with sessions of many events."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    zone, start = rng.choice(STARTS)
    begin = microseconds(start) + rng.randrange(27) * 30 * MINUTE
    calm = rng.choice([1, 3, 10])  # how rare long silences are
    gaps = SHORT * 3 * calm + BORDERS + LONG
    users = rng.sample(USERS, rng.randint(1, len(USERS)))
    ids = rng.sample(SESSIONS, rng.randint(1, len(SESSIONS)))
    kinds = KINDS + [Kind.VIEW] * rng.choice([0, 30])
    chosen = [
        step_of(
            rng.choice(gaps),
            rng.choice(users),
            rng.choice(ids),
            rng.choice(kinds),
            rng.choice(list(CATALOGUE)),
            rng.randrange(12),
            rng.randrange(10) == 0,
        )
        for _ in range(rng.randint(1, max_size))
    ]
    shuffled = rng.random() < 0.3
    return as_log(
        zone, begin, chosen, lambda n: rng.sample(range(n), n) if shuffled else slice(None)
    )
