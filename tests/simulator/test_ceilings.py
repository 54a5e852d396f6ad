"""The ladder of ceilings is right: better step by step, calibrated, and never surprised."""

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from willbuy.evaluate.metrics import equal_mass_bins, error_by_chance

pytestmark = pytest.mark.slow

LADDER = ("hidden_state", "exact_filter", "learned_products")
EXACT = LADDER[:2]
VISIT = ["user_key", "session_key"]


def inside(million):
    return million[1].filter("in_ladder").with_columns(pl.col(LADDER).cast(pl.Float64))


def test_each_step_knows_more(million):
    rows = inside(million)
    y = rows["label"].to_numpy()
    auc = [roc_auc_score(y, rows[name].to_numpy()) for name in LADDER]
    loss = [log_loss(y, rows[name].to_numpy()) for name in LADDER]
    assert auc == sorted(auc, reverse=True)
    assert loss == sorted(loss)
    assert 0.75 < auc[1] < 0.88
    assert auc[0] - auc[1] > 0.03
    assert auc[1] - auc[2] > 0.001


@pytest.mark.parametrize("name", EXACT)
def test_the_exact_chances_are_calibrated(million, name):
    rows = inside(million)
    y, p = rows["label"].to_numpy(), rows[name].to_numpy()
    session = rows.select(pl.struct(VISIT).rank("dense")).to_series().to_numpy().astype(np.int64)
    weight = np.ones(len(p))
    chance = error_by_chance(p, weight, session, seed=0)
    assert equal_mass_bins(p, weight).error(y, p, weight) < 1.2 * chance["p95"]


@pytest.mark.parametrize("name", EXACT)
def test_each_bin_holds(million, name):
    """In ten bins alike in size, buyers are as many as the chances say."""
    rows = inside(million)
    at = equal_mass_bins(rows[name].to_numpy(), np.ones(len(rows))).of(rows[name].to_numpy())
    # The moments of a visit share its fate; the errors of several visits are not correlated.
    off = (
        rows.with_columns(bin=at, off=pl.col("label").cast(pl.Float64) - pl.col(name))
        .group_by("bin", *VISIT)
        .agg(pl.col("off").sum())
        .group_by("bin")
        .agg(z=pl.col("off").sum() / (pl.col("off") ** 2).sum().sqrt())
    )
    assert len(off) == 10
    assert off["z"].abs().max() < 4


@pytest.mark.parametrize("name", EXACT)
def test_what_is_told_next_is_on_average_what_was_told_before(million, name):
    """A martingale, event by event: 1 where the shopper bought then, 0 where the shopper left."""
    rows = inside(million).sort(*VISIT, "ordinal")
    told = rows.with_columns(
        moved=pl.col(name).shift(-1).over(VISIT).fill_null(pl.col("label").cast(pl.Float64))
        - pl.col(name)
    )
    by_k = (
        told.group_by("ordinal")
        .agg(pl.len(), z=pl.col("moved").mean() / (pl.col("moved").std() / pl.len().sqrt()))
        .filter(pl.col("len") >= 1_000)
    )
    assert len(by_k) > 20
    assert by_k["z"].abs().max() < 4
