"""What a simulated log is like: close to a published real month, and counted rightly."""

import datetime

import polars as pl
import pytest

from simulator.tiny import tiny_world
from willbuy.simulator.simulate import simulate

REAL = {
    "events_per_session": (4.6, 0.46),
    "sessions_of_one_event": (0.41, 0.02),
    "views": (0.961, 0.005),
    "carts": (0.022, 0.0025),
    "purchases": (0.017, 0.002),
    "buying_sessions": (0.066, 0.007),
    "sessions_per_shopper": (3.06, 0.3),
    "purchases_without_cart": (0.67, 0.04),
    "no_brand": (0.14, 0.02),
    "no_category_code": (0.33, 0.02),
}
"""REES46, October 2019: the figure of the month, and how far off it a simulated one may be."""


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_a_million_events_are_like_the_real_month(million, name):
    wanted, off = REAL[name]
    assert million[0].marginals[name] == pytest.approx(wanted, abs=off)


@pytest.mark.slow
def test_a_million_events_come_when_a_million_are_asked_for(million):
    done, _ = million
    assert done.events == pytest.approx(1_000_000, rel=0.05)
    log = pl.read_parquet(done.path, columns=["event_time", "product_id", "event_type"])
    assert len(log) == done.events
    assert log["event_time"].str.head(10).n_unique() == 31


@pytest.mark.slow
def test_few_products_have_most_of_the_views(million):
    """Popularity is like Zipf's: the first hundredth of the products has much, the rest a tail."""
    views = pl.read_parquet(million[0].path).filter(pl.col("event_type") == "view")
    counts = views["product_id"].value_counts()["count"].sort(descending=True)
    share = counts.cum_sum() / counts.sum()
    assert 0.15 < share[round(0.01 * len(counts)) - 1] < 0.50
    assert 0.45 < share[round(0.10 * len(counts)) - 1] < 0.75
    assert share[0] < 0.03
    assert len(counts) > 3_500


def test_marginals_are_those_of_the_log(tmp_path):
    """Counted again from the file, of a log without flaws that ends after all visits do."""
    path = tmp_path / "shop.parquet"
    done = simulate(path, events=20_000, days=12, world=tiny_world(), clean=True)
    log = pl.read_parquet(path)
    kind = pl.col("event_type")
    last = datetime.date(2024, 3, 12)
    log = log.with_columns(
        first=pl.col("event_time").first().over("user_session"),
        bought=(kind == "purchase").cum_sum().over("user_session") > 0,
        carted=(kind == "cart").any().over("user_session"),
    )
    visits = log.group_by("user_session", maintain_order=True).agg(
        pl.len(),
        (kind == "purchase").any().alias("bought"),
        ((kind != "purchase") & pl.col("bought")).any().alias("went_on"),
        (kind.first() != "view").alias("otherwise"),
    )
    purchases = log.filter(kind == "purchase")
    shares = dict(log["event_type"].value_counts(normalize=True).iter_rows())
    assert last.isoformat() == log["event_time"].str.head(10).max()
    assert done.events == len(log)
    assert done.users == log["user_id"].n_unique()
    assert done.sessions == len(visits)
    assert done.buying_sessions == pytest.approx(visits["bought"].sum(), abs=3)
    wanted = {
        "events_per_session": visits["len"].mean(),
        "sessions_of_one_event": (visits["len"] == 1).mean(),
        "views": shares["view"],
        "carts": shares["cart"],
        "removals": shares["remove_from_cart"],
        "purchases": shares["purchase"],
        "buying_sessions": visits["bought"].mean(),
        "sessions_per_shopper": len(visits) / log["user_id"].n_unique(),
        "purchases_without_cart": 1 - purchases["carted"].mean(),
        "buying_sessions_that_go_on": visits["went_on"].sum() / visits["bought"].sum(),
        "sessions_that_begin_with_cart_or_purchase": visits["otherwise"].mean(),
        "no_brand": log["brand"].null_count() / len(log),
        "no_category_code": log["category_code"].null_count() / len(log),
    }
    # A visit may go on after the log's last midnight, and is counted whole.
    assert done.marginals == pytest.approx(wanted, rel=0.01)
