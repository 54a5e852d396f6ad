"""Product-days made by a documented process, so that the truth is known."""

import numpy as np
import polars as pl


def panel(
    seed=0, products=120, days=28, elasticity=-1.5, lasting=0.0, sudden=0.0, moves=True, views=40.0
):
    """Poisson purchases: views * exp(product + day + demand + elasticity * log price).

    Good products and good days are dear, which pooled regressions take for an effect. `lasting`
    is demand of a product over several days that its price follows a day late, `sudden` demand of
    a day that its price follows at once.
    """
    rng = np.random.default_rng(seed)
    shape = (products, days)
    product, day = 0.8 * rng.standard_normal((products, 1)), 0.3 * rng.standard_normal((1, days))
    spell = np.zeros(shape)
    spell[:, 0] = rng.random(products) < 0.3
    for t in range(1, days):
        anew = rng.random(products) < 0.25
        spell[:, t] = np.where(anew, rng.random(products) < 0.3, spell[:, t - 1])
    burst = rng.random(shape) < 0.3
    step = rng.choice([-0.22, 0.0, 0.22], shape)
    noticed = np.hstack([np.zeros((products, 1)), spell[:, :-1]])
    log_price = 4 + product + 0.3 * day + step
    log_price += 0.25 * noticed * (lasting > 0) + 0.25 * burst * (sudden > 0)
    if not moves:
        log_price = np.repeat(4 + product, days, axis=1)
    looked = rng.poisson(views * np.exp(0.5 * rng.standard_normal((products, 1))), shape)
    demand = lasting * spell + sudden * burst
    # Against the product's own level: what matters is what changes within it.
    rate = np.exp(-3.3 + product + day + demand + elasticity * (log_price - 4 - product))
    return pl.DataFrame(
        {
            "product": np.repeat(np.arange(products), days),
            "day": np.tile(np.arange(days, dtype=np.int32), products),
            "views": looked.ravel(),
            "carts": np.zeros(looked.size, np.int64),
            "purchases": rng.poisson(looked * rate).ravel(),
            "price": np.exp(log_price).ravel(),
        }
    )


def goods(days, categories=4):
    """What these products are: `categories` paths under two sections, three brands."""
    told = days.group_by("product").agg(pl.col("price").median(), pl.col("views").sum())
    number = pl.col("product")
    return told.sort("product").with_columns(
        pl.format("{}.c{}", pl.when(number % 2 == 0).then(pl.lit("home")).otherwise(
            pl.lit("toys")), number % categories).alias("category"),
        pl.when(number % 2 == 0).then(pl.lit("home")).otherwise(pl.lit("toys")).alias("section"),
        pl.format("brand{}", number % 3).alias("brand"),
    )  # fmt: skip
