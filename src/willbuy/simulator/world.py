"""The world of a simulated shop: every number that its shoppers, goods and prices live by."""

from __future__ import annotations

import datetime
import difflib
import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from willbuy.errors import WillbuyError
from willbuy.settings import toml_lines
from willbuy.simulator.traps import Traps

Share = Annotated[float, Field(ge=0, le=1)]
LogOdds = Annotated[float, Field(ge=-20, le=20)]
Appeal = Annotated[float, Field(ge=-10, le=10)]
Factor = Annotated[float, Field(gt=0, le=100)]
Spread = Annotated[float, Field(ge=0, le=5)]
ByIntent = Annotated[tuple[LogOdds, ...], Field(min_length=1, max_length=4)]
SharesByIntent = Annotated[tuple[Share, ...], Field(min_length=1, max_length=4)]
ByNeed = tuple[LogOdds, LogOdds, LogOdds]
SharesByNeed = tuple[Share, Share, Share]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ShopperType(_Section):
    """One kind of shopper."""

    name: str
    share: Share = Field(description="Of all shoppers. The shares of all types sum to 1.")
    stop: Share = Field(description="Chance not to come back after a visit.")
    soon: Annotated[float, Field(ge=0, le=0.9)] = Field(
        description="Chance to come back within hours, if at all."
    )
    gap_days: Annotated[float, Field(ge=1, le=10_000)] = Field(
        description="Mean days to the next visit."
    )
    open: Share = Field(description="Chance that the first visit comes with an open need.")
    eager: LogOdds = Field(description="Tilts the intent a visit begins with; 0 is neutral.")
    keen: LogOdds = Field(description="Added to the log-odds of buying.")
    hasty: LogOdds = Field(description="Added to the log-odds of leaving.")
    evening: LogOdds = Field(description="Above 0: visits rather in the evening.")
    price_sensitivity: Annotated[float, Field(ge=0, le=10)] = Field(
        default=1.0, description="Times the effect of a price above or below the usual one."
    )
    coupon_lift: LogOdds = Field(
        default=0.0, description="A coupon's effect on the log-odds of buying."
    )


class Goods(_Section):
    """The goods and how much they are looked at."""

    events_per_product: Annotated[float, Field(gt=0)] = Field(
        default=254.5, description="Decides how many products there are."
    )
    products: Annotated[int, Field(ge=0, le=2_000_000)] = Field(
        default=0, description="0: by events_per_product."
    )
    categories: Annotated[int, Field(ge=0, le=20_000)] = Field(
        default=0, description="0: by the products."
    )
    brands: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        default=0, description="0: by the products."
    )
    zipf: Annotated[float, Field(ge=0, le=5)] = Field(
        default=1.0, description="Popularity falls with (rank + zipf_shift) to this power."
    )
    zipf_shift: Annotated[float, Field(ge=0, le=1e6)] = Field(default=20.0)
    quality: Annotated[tuple[Appeal, ...], Field(min_length=1, max_length=4)] = Field(
        default=(-1.2, -0.3, 0.5, 1.3), description="What each class of quality adds to appeal."
    )
    quality_share: Annotated[tuple[Share, ...], Field(min_length=1, max_length=4)] = Field(
        default=(0.3, 0.35, 0.25, 0.1), description="Share of products in each class."
    )
    category_spread: Spread = Field(
        default=0.5, description="How much categories differ in quality (log-odds a class)."
    )
    brand_spread: Spread = Field(default=0.3)
    median_price: Annotated[float, Field(gt=0, le=1e9)] = Field(default=160.0)
    price_spread: Spread = Field(
        default=0.9,
        description="Spread of categories' log prices; within a category it is half of it.",
    )
    brand_missing: Share = Field(default=0.14, description="Share of products without a brand.")
    code_missing: Share = Field(
        default=0.33, description="Share of events without a category code."
    )


class Prices(_Section):
    """How prices move from day to day. What a session sees is frozen at its start."""

    cut: Share = Field(default=0.15, description="Share of product-days at a cut price.")
    dear: Share = Field(default=0.12, description="Share of product-days above the usual price.")
    lasts_days: Annotated[float, Field(ge=1)] = Field(
        default=4.0, description="How many days a price lasts."
    )
    appeal: tuple[Appeal, Appeal, Appeal] = Field(
        default=(1.0, 0.0, -1.0),
        description="What a cut, the usual and a dear price add to appeal.",
    )
    factor: tuple[Factor, Factor, Factor] = Field(
        default=(0.75, 1.0, 1.2), description="Times the usual price."
    )


class Behaviour(_Section):
    """What shoppers do next, as log-odds against looking at another product.

    By intent: idle, interested, eager. By need: sated (bought lately), latent, open.
    """

    start: tuple[SharesByIntent, SharesByIntent, SharesByIntent] = Field(
        default=((0.95, 0.045, 0.005), (0.92, 0.07, 0.01), (0.12, 0.38, 0.50)),
        description="Intents a visit begins with, by need.",
    )
    evening_eager: LogOdds = Field(default=0.25, description="Tilts them from 18 h to 22 h.")
    leave: ByIntent = (0.69, -1.33, -0.75)
    leave_sated: LogOdds = 0.2
    leave_appeal: LogOdds = Field(default=-0.35, description="Times the appeal looked at.")
    stay: ByIntent = (-0.6, 0.5, 1.4)
    stay_appeal: LogOdds = 0.25
    cart: ByIntent = (-6.15, -2.75, -1.35)
    cart_appeal: LogOdds = 0.55
    cart_again: LogOdds = Field(default=-1.0, description="Added where the cart holds something.")
    remove: LogOdds = Field(default=-4.0, description="Where the cart holds something.")
    buy: ByIntent = (-9.69, -7.19, -4.09)
    buy_need: ByNeed = (-1.5, 0.0, 1.2)
    buy_cart: LogOdds = Field(default=0.6, description="Added where the cart holds something.")
    buy_appeal: LogOdds = 1.8
    rise: LogOdds = Field(default=-3.9, description="Log-odds that intent rises at a look.")
    rise_appeal: LogOdds = 1.2
    rise_open: LogOdds = 0.6
    fall: Share = Field(
        default=0.05, description="Chance that intent falls at a look, if it didn't rise."
    )
    wake: Share = Field(default=0.06, description="Chance that a look at full appeal opens a need.")
    taste: Spread = Field(
        default=0.25, description="How much appealing goods are preferred when looking on."
    )
    back: SharesByNeed = Field(
        default=(0.05, 0.12, 0.60),
        description="Chance to begin where the last visit ended, by need.",
    )
    first_cart: Share = Field(
        default=0.002, description="Chance that a visit begins with a cart event."
    )
    first_buy: Share = Field(
        default=0.06, description="... with a purchase, where a cart was left."
    )
    revisit: SharesByIntent = Field(
        default=(0.05, 0.40, 0.85), description="Chance to return to a like product seen before."
    )
    focus: SharesByIntent = Field(
        default=(0.15, 0.60, 0.93), description="Chance to stay in the category."
    )
    dwell: tuple[tuple[Share, ...], ...] = Field(
        default=(
            (0.40, 0.36, 0.16, 0.05, 0.02, 0.01),
            (0.05, 0.20, 0.40, 0.25, 0.08, 0.02),
            (0.01, 0.04, 0.17, 0.38, 0.32, 0.08),
        ),
        description="Chances of a look to last 1-5, 6-15, 16-40, 41-100, 101-300, 301-1500 s.",
    )
    order_lines: Annotated[float, Field(ge=0, le=0.9)] = Field(
        default=0.15,
        description="Chance of a further purchase row in an order, and of one after that.",
    )
    keep_open: Share = Field(default=0.93, description="Chance a day that an open need stays open.")
    keep_sated: Share = Field(default=0.93, description="Chance a day that a shopper stays sated.")
    open_daily: Share = Field(default=0.01, description="Chance a day that a latent need opens.")
    keep_cart: Share = Field(default=0.80, description="Chance a day that a cart is kept.")
    stop_open: LogOdds = Field(
        default=-1.4, description="Added to the log-odds of not coming back."
    )
    gap_open: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.35, description="Times the mean gap, where the need is open."
    )
    weekday: tuple[Factor, Factor, Factor, Factor, Factor, Factor, Factor] = Field(
        default=(1.0, 0.98, 0.97, 0.98, 1.0, 1.08, 1.1),
        description="Visits by weekday, from Monday.",
    )


class Causal(_Section):
    """What a causal method can be checked against. All of it is off by default."""

    shock_share: Share = Field(
        default=0.0,
        description="Share of category-days with a price drawn at random for all goods.",
    )
    hot_share: Share = Field(
        default=0.0, description="Share of product-days in demand: a class of quality better."
    )
    hot_dear: Share = Field(
        default=0.0, description="Chance that the price is dear on such a day (confounding)."
    )
    hot_lasts_days: Annotated[float, Field(ge=1)] = Field(
        default=1.0, description="How many days such a demand lasts."
    )
    hot_late: bool = Field(default=False, description="The price follows such a demand a day late.")
    rush_share: Share = Field(
        default=0.0, description="Share of days on which all goods are in demand."
    )
    quality_price: Annotated[float, Field(ge=-2, le=2)] = Field(
        default=0.0, description="Times a product's quality, added to its log price."
    )
    coupon_share: Share = Field(
        default=0.0, description="Share of visits given a coupon, at random."
    )

    @property
    def in_demand(self) -> float:
        """Share of product-days in demand, of the product or of all."""
        return 1 - (1 - self.hot_share) * (1 - self.rush_share)


class World(_Section):
    """All settings of a simulated shop."""

    start: Annotated[
        datetime.date, Field(ge=datetime.date(1970, 1, 1), le=datetime.date(2200, 1, 1))
    ] = Field(default=datetime.date(2024, 3, 1), description="The first day; times are UTC.")
    types: Annotated[tuple[ShopperType, ...], Field(min_length=1, max_length=6)] = (
        ShopperType(name="passer-by", share=0.46, stop=0.58, soon=0.20, gap_days=9.0,
                    open=0.03, eager=-0.5, keen=-2.0, hasty=0.35, evening=0.0),
        ShopperType(name="browser", share=0.20, stop=0.24, soon=0.25, gap_days=5.0,
                    open=0.06, eager=-0.3, keen=-4.0, hasty=-0.3, evening=0.4),
        ShopperType(name="researcher", share=0.16, stop=0.26, soon=0.30, gap_days=4.0,
                    open=0.50, eager=0.3, keen=-0.3, hasty=-0.3, evening=0.2),
        ShopperType(name="quick buyer", share=0.10, stop=0.42, soon=0.15, gap_days=8.0,
                    open=0.70, eager=0.8, keen=2.6, hasty=0.2, evening=0.0),
        ShopperType(name="regular", share=0.08, stop=0.08, soon=0.20, gap_days=4.0,
                    open=0.35, eager=0.4, keen=1.2, hasty=-0.1, evening=-0.2),
    )  # fmt: skip
    behaviour: Behaviour = Behaviour()
    goods: Goods = Goods()
    prices: Prices = Prices()
    causal: Causal = Causal()
    traps: Traps = Traps()

    @model_validator(mode="after")
    def _adds_up(self) -> World:
        _whole("the shares of types", [one.share for one in self.types])
        goods, behaviour, prices = self.goods, self.behaviour, self.prices
        if len(goods.quality) != len(goods.quality_share):
            raise ValueError("goods.quality and goods.quality_share must have as many classes")
        _whole("goods.quality_share", goods.quality_share)
        if prices.cut + prices.dear > 1:
            raise ValueError("prices.cut and prices.dear sum to more than 1")
        if behaviour.first_cart + behaviour.first_buy > 1:
            raise ValueError("behaviour.first_cart and first_buy sum to more than 1")
        for need, shares in zip(("sated", "latent", "open"), behaviour.start, strict=True):
            _whole(f"behaviour.start of need {need}", shares)
        for number, shares in enumerate(behaviour.dwell):
            _whole(f"behaviour.dwell of intent {number}", shares)
            if len(shares) != 6:
                raise ValueError("behaviour.dwell has six shares for each intent")
        intents = {
            len(one)
            for one in (
                *behaviour.start, behaviour.leave, behaviour.stay, behaviour.cart,
                behaviour.buy, behaviour.revisit, behaviour.focus, behaviour.dwell,
            )
        }  # fmt: skip
        if len(intents) > 1:
            raise ValueError(
                "behaviour's start, leave, stay, cart, buy, revisit, focus and dwell have a value "
                "for each intent, so all must have as many"
            )
        return self


def load_world(path: Path) -> World:
    """Read a TOML file.

    Raises:
        WillbuyError: It is not there, is no TOML, or holds a wrong or unknown setting.
    """
    try:
        return World.model_validate(tomllib.loads(path.read_text("utf-8")))
    except FileNotFoundError as problem:
        raise WillbuyError(f"There is no world file {path}.") from problem
    except ValidationError as problem:
        raise WillbuyError(f"{path}: {wrong(problem)}") from problem
    except (OSError, ValueError, RecursionError) as problem:
        raise WillbuyError(f"The world file {path} cannot be read: {problem}") from problem


def as_toml(world: World) -> str:
    """A world as TOML, each setting under its meaning."""
    lines = [
        "# The world of a simulated shop. Change what you like; what is left out stays as it is."
    ]
    lines += toml_lines("start", world.start.isoformat(), World.model_fields["start"].description)
    lines[-1] = lines[-1].replace('"', "")  # a date of TOML
    for name in World.model_fields:
        section = getattr(world, name)
        if isinstance(section, BaseModel):
            about = (type(section).__doc__ or "").splitlines()[0]
            lines += ["", f"[{name}]  # {about}", *_settings_of(section)]
    lines += ["", "# The kinds of shoppers: up to six."]
    for number, one in enumerate(world.types):
        lines += ["", "[[types]]", *_settings_of(one, described=number == 0)]
    return "\n".join(lines) + "\n"


def _settings_of(section: BaseModel, described: bool = True) -> list[str]:
    lines = []
    for name, field in type(section).model_fields.items():
        lines += toml_lines(name, getattr(section, name), field.description if described else None)
    return lines


def wrong(problem: ValidationError) -> str:
    """The first thing that is wrong with a world, in words."""
    first = problem.errors()[0]
    kind, name = first["type"], _called(first["loc"])
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(name, _names(), n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]}?" if near else "`willbuy simulate --show-world` lists all."
        return f"there is no setting {name}. {hint}"
    if kind == "missing":
        return f"{name} is missing."
    if kind == "value_error":
        return first["msg"].removeprefix("Value error, ") + "."
    for start, words in _WORDS.items():
        if kind.startswith(start):
            limits = {
                key: f"{limit:g}" if isinstance(limit, float) else limit
                for key, limit in first.get("ctx", {}).items()
            }
            return f"{name} is {_short(first['input'])}; " + words.format_map(limits) + "."
    return f"{name}: {first['msg']}."


_WORDS = {
    "less_than_equal": "it must not be above {le}",
    "greater_than_equal": "it must not be below {ge}",
    "greater_than": "it must be above {gt}",
    "float": "a number belongs there",
    "finite": "a number belongs there",
    "int": "a whole number belongs there",
    "bool": "true or false belongs there",
    "string": "a text belongs there",
    "date": "a day like 2024-03-01 belongs there",
    "tuple": "several values in [ ] belong there",
    "too_short": "there must be {min_length} values at least",
    "too_long": "there must be {max_length} values at most",
    "model": "settings under a heading in [ ] belong there",
}


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    text = str(value) if isinstance(value, (int, datetime.date)) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _called(place: tuple[int | str, ...]) -> str:
    """The name of a setting; of several values: types.2.share is that of the second type."""
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in place)


def _names() -> list[str]:
    """The names of all settings."""
    names = [f"types.{number}.{one}" for number in range(1, 7) for one in ShopperType.model_fields]
    for name, field in World.model_fields.items():
        inner = getattr(field.annotation, "model_fields", None)
        names += [f"{name}.{one}" for one in inner] if inner else [name]
    return names


def _whole(what: str, shares: tuple[float, ...] | list[float]) -> None:
    if abs(sum(shares) - 1) > 1e-6:
        raise ValueError(f"{what} sum to {sum(shares):.4g}, not to 1")
