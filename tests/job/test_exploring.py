"""Counts for the page Explore, against a plain recount of the run's moments."""

from collections import Counter
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from willbuy.job.exploring import MOST_CELLS, OTHER, STEPS, cells_of
from willbuy.report.files import read


@pytest.fixture(scope="module")
def cells(small_run):
    return pl.read_parquet(small_run.folder / "explore.parquet")


@pytest.fixture(scope="module")
def moments(small_run):
    frame = pl.read_parquet(small_run.folder / "predictions.parquet")
    return frame.sort("visit", "ordinal")


@pytest.fixture(scope="module")
def firsts(moments):
    return moments.filter(pl.col("ordinal") == 1)


def test_every_session_is_counted_once(cells, firsts, small_run):
    test = read(small_run.folder).metrics["parts"]["test"]
    assert cells["sessions"].sum() == len(firsts) == test["sessions"]
    assert cells["buyers"].sum() == firsts["label"].sum() == test["buying_sessions"]
    assert cells["expected"].sum() == pytest.approx(firsts["probability"].sum(), rel=1e-5)


@pytest.mark.parametrize("name", ["hour", "weekday", "section", "brand"])
def test_a_column_alone_agrees_with_a_recount(cells, firsts, name):
    told = {
        row[0]: row[1:]
        for row in cells.group_by(name).agg(pl.col("sessions", "buyers").sum()).rows()
    }
    plain = Counter(firsts[f"event_{name}"].to_list())
    bought = Counter(firsts.filter(pl.col("label") == 1)[f"event_{name}"].to_list())
    for value, (sessions, buyers) in told.items():
        if value != OTHER:
            assert (sessions, buyers) == (plain[value], bought[value])
    assert set(plain) <= set(told) | (set(plain) if OTHER in told else set())


def test_several_columns_together_agree_with_a_recount(cells, firsts):
    inside = (pl.col("weekday") < 5) & (pl.col("hour") >= 18)
    asked = (pl.col("event_weekday") < 5) & (pl.col("event_hour") >= 18)
    assert cells.filter(inside)["buyers"].sum() == firsts.filter(asked)["label"].sum()


def test_price_bands_hold_their_prices(cells, firsts):
    under = next(one for one in cells["price"].drop_nulls().unique() if one.startswith("under "))
    end = float(under.removeprefix("under ").replace(",", ""))
    assert (
        cells.filter(pl.col("price") == under)["sessions"].sum()
        == (firsts["event_price"] < end).sum()
    )


def test_paths_agree_with_a_recount(moments, small_run):
    import json

    told = json.loads((small_run.folder / "paths.json").read_text("utf-8"))
    plain = [Counter() for _ in range(STEPS)]
    for (_,), one in moments.group_by("visit", maintain_order=True):
        kinds, products = one["event_kind"].to_list(), one["event_product"].to_list()
        names = [kinds[0]]
        for (_, before), (kind, product) in pairwise(zip(kinds, products, strict=True)):
            again = "again" if product is not None and product == before else "another"
            names.append(f"view {again}" if kind == "view" else kind)
        end = "bought" if one["label"][0] else "left"
        for at, name in enumerate(names[:STEPS]):
            after = names[at + 1] if at + 1 < len(names) else end
            if at + 1 == STEPS and at + 1 < len(names):
                after = "more events"
            plain[at][name, after] += 1
    found = [{(one["from"], one["to"]): one["sessions"] for one in step} for step in told["steps"]]
    assert found == plain
    assert told["hours_as_one"] == 1
    for step, following in pairwise(told["steps"]):
        went_on = sum(one["sessions"] for one in step if one["to"] not in ("bought", "left"))
        assert went_on == sum(one["sessions"] for one in following)


def test_it_stays_small_however_many_sessions_differ(tmp_path):
    draw, n = np.random.default_rng(0), 300_000
    first = pl.DataFrame(
        {
            "section": draw.integers(0, 40, n).astype(str),
            "brand": draw.integers(0, 500, n).astype(str),
            "price": draw.lognormal(3, 1, n),
            "hour": draw.integers(0, 24, n).astype(np.int8),
            "weekday": draw.integers(0, 7, n).astype(np.int8),
            "returning": draw.integers(0, 2, n).astype(bool),
            "bought": draw.random(n) < 0.05,
            "probability": draw.random(n),
        }
    )
    cells, hours = cells_of(first)
    cells.write_parquet(tmp_path / "explore.parquet", compression="zstd")
    assert len(cells) <= MOST_CELLS
    assert cells["hour"].n_unique() == 24 / hours
    assert cells["sessions"].sum() == n
    assert (tmp_path / "explore.parquet").stat().st_size < 1_000_000
