"""What the page of a price cut needs of a run: its daily counts of products, never its events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from willbuy.app.runs import OpenRun
from willbuy.bundle.files import find_bundle, load_settings_of, read_told
from willbuy.decide.price.again import Sold, price_from, sold_in
from willbuy.decide.price.answer import Question
from willbuy.decide.price.panel import GOODS, goods_of, product_days
from willbuy.decide.price.scope import Scope
from willbuy.errors import WillbuyError
from willbuy.job.pricing import test_days
from willbuy.moments.tables import load_counts

if TYPE_CHECKING:
    import polars as pl

_KEPT = 3
_MOST = 60


@dataclass(frozen=True, eq=False)
class Prices:
    """Products and their days.

    Attributes:
        days: Product-days, as `panel.product_days` gives them.
        goods: Products, as `panel.goods_of` gives them.
        test_days: First and last day of the test part.
    """

    days: pl.DataFrame
    goods: pl.DataFrame
    test_days: tuple[int, int]

    def names(self, column: str) -> list[str]:
        """Categories, departments or brands, the most looked at first."""
        import polars as pl

        seen = self.goods.drop_nulls(column).group_by(column).agg(pl.col("views").sum())
        return seen.sort(["views", column], descending=[True, False])[column].head(_MOST).to_list()

    def departments(self) -> list[str]:
        """First levels of the category paths, then whole paths."""
        return list(dict.fromkeys(self.names("section") + self.names("category")))

    def range(self) -> tuple[float, float]:
        """The lowest and the highest usual price; zeros where no product has one."""
        known = self.goods["price"].drop_nulls().to_numpy()
        return (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)

    def sold(self, scope: Scope) -> Sold:
        """What some of the products sold, as `price_from` needs it."""
        return sold_in(scope, self.days, self.goods, self.test_days)


def curve(
    told: dict[str, Any] | None, sold: Sold, question: Question, cuts: Sequence[float]
) -> list[dict[str, Any]]:
    """What several cuts bring, as `price_from` gives it."""
    return [price_from(told, sold, replace(question, cut=cut)) for cut in cuts]


def prices_of(run: OpenRun) -> Prices:
    """The products of a run, from memory where they were read before.

    Raises:
        WillbuyError: The run has no complete day in its test part, or no daily counts.
    """
    told = find_bundle(run.folder) / "bundle.json"
    return _read(str(run.folder), told.stat().st_mtime_ns)


@st.cache_resource(max_entries=_KEPT, show_spinner="Reading what was sold …")
def _read(folder: str, changed: int) -> Prices:
    bundle = find_bundle(Path(folder))
    # Without the index of all keys by midnight, which takes longer than the rest of the page.
    daily, begin, end = load_counts(bundle / "shop_tables.npz")
    splits = read_told(bundle)["about"]["splits"]
    first, last = test_days(splits, load_settings_of(bundle).timezone)
    last = min(last, end)
    if first > last:
        raise WillbuyError(
            "The test part of this run has no complete day, so there is no day to price. Give "
            "willbuy a log of more days."
        )
    days = product_days(daily, begin, last)
    return Prices(days, _goods(Path(folder), days), (first, last))


def _goods(folder: Path, days: pl.DataFrame) -> pl.DataFrame:
    """What the products are; a run of an earlier version tells only in its moments."""
    import polars as pl

    path = folder / GOODS
    return pl.read_parquet(path) if path.is_file() else goods_of(folder, days)
