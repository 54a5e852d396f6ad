"""What features that willbuy does not have would bring: boosted trees with them, on the same rows.

    python benchmarks/candidates.py --run RUN --rows 150_000

Two sorts, each added in its turn to all features of a kept run:

*Own pace* holds the session's gaps against those of the shopper's earlier sessions. *Co-viewed*
tells how often looks at the goods that others looked at along with this one end in a purchase.
Those counts are of sessions that ended before the middle of train, so rows of sessions that began
earlier are left out of every fit. Judged as in `ablation.py`.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ablation import REPLICATES, Judge, Rows, rows_of, trees
from machine import machine
from willbuy.evaluate.figures import How
from willbuy.events.schema import MISSING, Kind
from willbuy.moments.shop import smoothed
from willbuy.progress import Silent
from willbuy.research.sequences import sequences_of
from willbuy.research.session2vec.border import border_of

OWN_PACE, CO_VIEWED = "own pace", "co-viewed"

Floats = NDArray[np.float64]


def own_pace(rows: Rows) -> Floats:
    """Usual gap and last gap of the session less the shopper's usual one, log2 seconds (n, 2)."""
    usual, last, before = (
        rows.X[:, rows.names.index(name)].astype(float)
        for name in ("usual_gap", "last_gap", "past_gap")
    )
    return np.column_stack([usual - before, np.log2(1 + last) - before])


class CoViewed:
    """Which products sessions saw together before a border, and how often looks were followed.

    Attributes:
        products: Keys, ascending (p,).
        mean, best: Of the rates of what was seen along with each: the mean, weighted by in how
            many sessions, and the highest of those seen along at least twice (p,).
        rate: Its own (p,).
    """

    def __init__(self, run: Path) -> None:
        sequences, border = sequences_of(run, Silent()), border_of(run)
        session, product, kind, past = [], [], [], 0
        for block in sequences.blocks():
            of = np.repeat(np.arange(len(block.sessions)), block.sessions["events"])
            use = (block.sessions["last"] < border)[of] & (block.steps["product"] != MISSING)
            session.append(of[use] + past)
            product.append(block.steps["product"][use])
            kind.append(block.steps["kind"][use])
            past += len(block.sessions)
        self.products, at = np.unique(np.concatenate(product), return_inverse=True)
        kinds, rows = np.concatenate(kind), np.concatenate(session)
        views = np.bincount(at[kinds == Kind.VIEW], minlength=len(self.products))
        bought = np.bincount(at[kinds == Kind.PURCHASE], minlength=len(self.products))
        shop = bought.sum() / views.sum()
        self.rate = smoothed(bought, views, shop)
        pair = np.unique(np.column_stack([rows, at]), axis=0)
        shown = csr_array(
            (np.ones(len(pair)), (pair[:, 0], pair[:, 1])), shape=(past, len(self.products))
        )
        together = (shown.T @ shown).tocsr()
        together.setdiag(0)
        together.eliminate_zeros()
        total = together @ np.ones(len(self.products))
        with np.errstate(invalid="ignore"):
            self.mean = together @ self.rate / total
        often = together.copy()
        often.data = (often.data >= 2).astype(float)
        rated = often.multiply(self.rate[None, :]).tocsr()
        self.best = np.asarray(rated.max(axis=1).todense()).ravel()
        self.best[self.best == 0] = np.nan

    def columns(self, product: NDArray[np.int64]) -> Floats:
        """Mean, mean against the product's own, and best (n, 3); nan for unseen products."""
        at = np.searchsorted(self.products, product).clip(max=len(self.products) - 1)
        known = self.products[at] == product
        found = np.column_stack([self.mean, self.mean / self.rate, self.best])[at]
        found[~known] = np.nan
        return found


def with_columns(rows: Rows, name: str, columns: Floats) -> Rows:
    """The rows with further features."""
    names = [*rows.names, *(f"{name} {i}" for i in range(columns.shape[1]))]
    return Rows(names, np.hstack([rows.X, columns.astype(np.float32)]), rows.about)


def products_of(run: Path, part: str) -> pl.DataFrame:
    """The product key of each moment, by session and ordinal."""
    files = pl.scan_parquet(run / "snapshots" / f"{part}-*.parquet")
    return files.select("visit", "ordinal", "event_product").collect()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path, required=True, help="a kept run on a log")
    parser.add_argument("--rows", type=int, help="train rows at most; all without")
    parser.add_argument("--fits", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    print(machine("willbuy", "xgboost-cpu"))

    co_viewed, border = CoViewed(given.run), border_of(given.run)
    rows = {
        "train": rows_of(given.run, "train", given.rows, since=border),
        "test": rows_of(given.run, "test"),
    }
    added: dict[str, dict[str, Floats]] = {OWN_PACE: {}, CO_VIEWED: {}}
    for part, its in rows.items():
        added[OWN_PACE][part] = own_pace(its)
        keys = its.about.join(products_of(given.run, part), on=["visit", "ordinal"], how="left")
        product = keys["event_product"].fill_null(MISSING).to_numpy()
        added[CO_VIEWED][part] = co_viewed.columns(product)

    seeds = range(given.seed, given.seed + given.fits)
    judge = Judge(rows["test"], How(0.5, given.seed, REPLICATES, given.threads))
    print(f"{given.run.name}: {len(rows['train'].X):,} train rows, {given.fits} fits each.")
    print(f"{'':<28}" + "".join(f"{name:>28}" for name in judge.slices))
    p = trees(rows["train"], rows["test"], [], seeds, given.threads)
    print(f"{'all features':<28}" + "".join(f"{cell:>28}" for cell in judge.row(p)), flush=True)
    for name, columns in added.items():
        train, test = (with_columns(its, name, columns[part]) for part, its in rows.items())
        cells = judge.row(trees(train, test, [], seeds, given.threads))
        print(f"{f'with {name}':<28}" + "".join(f"{cell:>28}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
