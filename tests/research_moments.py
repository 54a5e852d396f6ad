"""Made-up moments: a few features that tell something, some missing, one that never varies."""

from pathlib import Path

import numpy as np
import polars as pl

from willbuy.research.learner import COLUMNS, Moments

DAY = 86_400_000_000


def made(n, seed, *, part="train", days=10, positive=None):
    """Sessions of three moments; the label follows two features, one of them by being missing."""
    draw = np.random.default_rng(seed)
    X = draw.normal(size=(n, 6)).astype(np.float32)
    X[:, 2] = np.exp(2 * X[:, 2])
    X[:, 4] = 1.5
    X[draw.random(n) < 0.3, 3] = np.nan
    odds = 1.5 * X[:, 0] - 1.0 + 1.5 * np.isnan(X[:, 3])
    label = (draw.random(n) < 1 / (1 + np.exp(-odds))) if positive is None else positive(X)
    visit = np.arange(n) // 3
    start = np.sort(draw.integers(0, days * DAY, visit[-1] + 1))[visit]
    values = {
        "visit": visit, "user_key": visit // 2, "session_key": visit, "position": np.arange(n),
        "ordinal": (np.arange(n) % 3 + 1).astype(np.int32), "start": start, "time": start,
        "label": label.astype(np.int8), "weight": np.ones(n), "event_kind": ["view"] * n,
    }  # fmt: skip
    rows = pl.DataFrame(values).with_columns(
        pl.col("start", "time").cast(pl.Datetime("us", "UTC")),
        *(pl.lit(None).alias(name) for name in COLUMNS if name not in values),
    )
    return Moments(X, tuple("abcdef"), rows.select(COLUMNS), Path("nowhere"), part)
