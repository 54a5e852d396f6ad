"""A little shop to click through: a shelf of the run's own products, scored live at each click."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from willbuy.errors import WillbuyError
from willbuy.events.clean import clean_path, id_key
from willbuy.events.schema import MISSING, Kind
from willbuy.explain.session.timeline import SessionExplanation
from willbuy.moments.calendar import DAY, HOUR, MINUTE, SECOND
from willbuy.moments.shop import PRODUCT
from willbuy.score.live import Score
from willbuy.score.model import Model

SHELF = 6
"""Products on the shelf."""

NEW, LOOKED, BOUGHT = "new", "looked", "bought"
PASTS = {
    NEW: "New shopper",
    LOOKED: "Looked around two days ago",
    BOUGHT: "Bought two days ago",
}
"""What the shopper did before."""

PAUSES = {"1 minute": MINUTE, "10 minutes": 10 * MINUTE}
"""What can be waited."""

_STEP = 20 * SECOND
_USER, _SESSION = "you", "now"
_EARLIER = {
    NEW: (),
    LOOKED: ((Kind.VIEW, 0), (Kind.VIEW, 1), (Kind.VIEW, 2), (Kind.VIEW, 0)),
    BOUGHT: ((Kind.VIEW, 0), (Kind.VIEW, 1), (Kind.CART, 1), (Kind.PURCHASE, 1)),
}


@dataclass(frozen=True)
class Product:
    """A product of the run's log, in the log's own words.

    Attributes:
        fields: What an event about it says: product, category, path, brand, price.
        looks: How often it was looked at on the days that the model has counted.
    """

    fields: dict[str, Any]
    looks: int

    @property
    def called(self) -> str:
        """What it is, for people: its finest category, else just that it is a product."""
        path = clean_path(self.fields["path"])
        return path[-1].replace("_", " ") if path else "product"

    @property
    def brand(self) -> str | None:
        """Its brand."""
        return self.fields["brand"] or None

    @property
    def id(self) -> str:
        """Its id in the log."""
        return str(self.fields["product"])

    @property
    def price(self) -> float:
        """What it costs."""
        return float(self.fields["price"])


def shelf_of(model: Model, most: int = SHELF) -> list[Product]:
    """Products that the model knows, much looked at and of as many departments as there are.

    They come from the model's own golden events: a few hundred shoppers of the run's log, renamed.

    Raises:
        WillbuyError: None of them has an id and a price.
    """
    import polars as pl

    events = model.bundle.golden.events
    rows = (
        events.select("product", "category", "path", "brand", "price")
        .cast(pl.String)
        .with_columns(amount=pl.col("price").cast(pl.Float64, strict=False))
        .filter(pl.col("product").is_not_null() & (pl.col("amount") > 0))
        .group_by("product", maintain_order=True)
        .last()
    )
    looks = _looks(model)
    found = []
    for row in rows.iter_rows(named=True):
        key = id_key(row["product"])
        if key is not None and key != MISSING:
            fields = {name: row[name] for name in ("product", "category", "path", "brand")}
            found.append(Product({**fields, "price": row["amount"]}, looks.get(key, 0)))
    if not found:
        raise WillbuyError(
            "The products of this run have no price, so there is nothing to put on the shelf."
        )
    found.sort(key=lambda one: (not (one.brand and one.fields["path"]), -one.looks, one.id))
    return sorted(_various(found, most), key=lambda one: -one.looks)


def _looks(model: Model) -> dict[int, int]:
    """How often each product was viewed on the counted days."""
    daily = model.bundle.tables.daily
    here = daily[daily["table"] == PRODUCT]
    keys, place = np.unique(here["key"], return_inverse=True)
    views = np.bincount(place, here["views"], len(keys)).astype(np.int64)
    return dict(zip(keys.tolist(), views.tolist(), strict=True))


def _various(products: list[Product], most: int) -> list[Product]:
    """The first of each kind in turn."""
    taken: Counter[str] = Counter()
    order: list[tuple[int, int, Product]] = []
    for one in products:
        order.append((taken[one.called], len(order), one))
        taken[one.called] += 1
    return [one for _, _, one in sorted(order, key=lambda each: each[:2])[:most]]


class Visit:
    """A session that somebody clicks together, and what the model says after each click.

    Attributes:
        products: The shelf.
        past: What the shopper did before, of `PASTS`.
        scores: After each event of this session.
        cart: Numbers of the products in the cart.
        waited: Minutes that were waited since the last click.
    """

    def __init__(self, model: Model, products: list[Product], past: str = NEW) -> None:
        self.products, self.past = products, past
        self.scores: list[Score] = []
        self.cart: list[int] = []
        self.waited = 0
        self._model = model
        self._scorer = model.scorer(model.bundle.log_start)
        self._events: list[dict[str, Any]] = []
        self._clock = _noon_after(model) - 2 * DAY
        for kind, number in _EARLIER[past]:
            # The shelf of a small shop may hold one or two products.
            self._take(kind, number % len(products), "earlier")
        self._clock = _noon_after(model)
        self.scores.clear()

    @property
    def k(self) -> int:
        """Events of this session so far."""
        return len(self.scores)

    def click(self, kind: Kind, number: int) -> None:
        """View a product of the shelf, put it into the cart, or take it out.

        Raises:
            WillbuyError: It is to be taken out and is not in the cart.
        """
        if kind == Kind.REMOVE:
            if number not in self.cart:
                raise WillbuyError("That product is not in the cart.")
            self.cart.remove(number)
        elif kind == Kind.CART:
            self.cart.append(number)
        self._take(kind, number, _SESSION)

    def wait(self, pause: int) -> None:
        """Let time go by, in microseconds, before the next click."""
        self._clock += pause
        self.waited += pause // MINUTE

    def explained(self) -> SessionExplanation:
        """What moved the probability at each click.

        Raises:
            WillbuyError: Nothing was clicked yet.
        """
        return self._model.explain(self._events, session=_SESSION, user=_USER)

    def _take(self, kind: Kind, number: int, session: str) -> None:
        event = {
            **self.products[number].fields,
            "kind": kind,
            "time": self._clock,
            "user": _USER,
            "session": session,
        }
        self.scores.append(self._scorer.update(event))
        self._events.append(event)
        self._clock += _STEP
        self.waited = 0


def _noon_after(model: Model) -> int:
    """Noon (UTC) of the day after the run's log: the shop's counts are those that it left."""
    end = datetime.fromisoformat(model.bundle.about["splits"]["log"][1])
    micros = int(end.timestamp()) * SECOND
    return (micros // DAY + 1) * DAY + 12 * HOUR
